package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/recent"
)

// MaxTenants is how many tenants' lists are kept. A source that lists its tenants has all of them kept.
const MaxTenants = 4096

// leastTTL is the shortest ttl of FromFunc. Below it nearly every delivery would call the function.
const leastTTL = time.Second

// maxUnknown is how many names are remembered that no list was found for yet. Senders choose the names, so the number
// has to be bounded.
const maxUnknown = 1024

// FuncSource is a [Source] that calls a function. Make it with [FromFunc].
type FuncSource struct {
	fetch func(context.Context, string) ([]Secret, error)
	ttl   time.Duration
	limit time.Duration // of RefuseAfter; 0: no limit
	err   error         // a mistake of the configuration, which every Lookup returns

	known    *recent.Cache[*renewal] // tenants that the function had a list for
	unknown  *recent.Cache[*renewal] // a cache of its own, because invented names must not displace known tenants
	looking  sync.Map                // tenant to *renewal: those with a look under way, which must not be forgotten
	ofKnown  *lookQueue              // the looks for tenants in known
	ofOthers *lookQueue              // all others, so that invented names do not delay known tenants
}

// FromFunc calls a function, such as a client of a secret manager, and keeps each result for ttl, at least a second.
//
// The function gets a context with a deadline of five seconds, and the tenant, which is "" without core.Config.Tenant.
// For a tenant that it does not know it returns [ErrUnknownTenant], which is remembered for ten seconds. It must be
// safe
// for concurrent use. Its error must not hold a secret.
//
// One goroutine at a time calls it for a tenant. The next call starts in the background before ttl is over. After a
// pause in the deliveries, the first one waits for the call.
//
// At most 16 calls at a time are for tenants that are known here, and 16 for others. Half of these 16 are kept for
// senders that Config.Sources lists or that sent a genuine delivery within 24 hours. In the other half, senders take
// turns: those that named the fewest unknown tenants within a minute go first. The senders of one IPv6 /48 count
// together. So invented tenants do not keep out a sender that is new to the process. A sender with too many calls
// waiting
// is answered 503, which is not remembered.
//
// When the function fails, panics, does not return or returns no secret, the last good list stays in force, for as long
// as [FuncSource.RefuseAfter] allows. This fails open for a secret that was just revoked, because deliveries must not
// stop with the secret manager. The guards that use the list report it in their log, records and health.
func FromFunc(fetch func(ctx context.Context, tenant string) ([]Secret, error), ttl time.Duration) *FuncSource {
	s := &FuncSource{
		fetch: fetch, ttl: ttl,
		known: recent.New[*renewal](MaxTenants), unknown: recent.New[*renewal](maxUnknown),
		ofKnown: newLookQueue(true), ofOthers: newLookQueue(false),
	}
	switch {
	case fetch == nil:
		s.err = errNoFunction
	case ttl < leastTTL:
		s.err = fmt.Errorf("FromFunc keeps a list for %s; it must be at least %s", ttl, leastTTL)
	}
	return s
}

var errNoFunction = errors.New("FromFunc has no function") //lint:immutable an error value

// RefuseAfter returns a source that returns no list older than d. It then fails closed: deliveries are answered 503
// until the function answers again. Use it for secrets that must not be accepted while their revocation cannot be
// checked. Default: the last good list is kept without limit.
func (s *FuncSource) RefuseAfter(d time.Duration) *FuncSource {
	if s == nil {
		return FromFunc(nil, 0)
	}
	out := FromFunc(s.fetch, s.ttl)
	out.limit = d
	if out.err == nil && d < s.ttl {
		out.err = fmt.Errorf("RefuseAfter is %s; a list is looked up again after %s only, so it must be longer", d,
			s.ttl)
	}
	return out
}

// Lookup returns the list from memory. It waits for the function at the first call for a tenant, and after a pause of
// ttl without calls.
func (s *FuncSource) Lookup(ctx context.Context, tenant string) (*List, error) {
	if s == nil || s.known == nil { // it was not made by FromFunc
		return nil, errNoFunction
	}
	if s.err != nil {
		return nil, s.err
	}
	r, known := s.known.Get(tenant)
	if !known {
		r = s.unknown.GetOrAdd(tenant, func() *renewal {
			// A full cache may have displaced the name while its look runs. A second look for it would cost twice.
			if r, ok := s.looking.Load(tenant); ok {
				return r.(*renewal) // the map holds nothing else
			}
			return s.renewal(tenant)
		})
	}
	list, err := r.get(ctx)
	switch {
	case err == nil && !known:
		s.found(tenant, r)
	case !known && err == errTooMany && r.idle(): // it is never wrapped
		s.unknown.Drop(tenant) // a refused sender must not fill the cache
	case known && errors.Is(err, ErrUnknownTenant):
		// The tenant is gone: from now on its looks compete with those of other unknown names.
		s.unknown.GetOrAdd(tenant, func() *renewal { return r })
		s.known.Drop(tenant)
	}
	return list, err
}

// renewal returns the state of one tenant, which has no list yet. The next look starts at four fifths of ttl, so that
// it
// usually ends before a delivery would have to wait for it.
func (s *FuncSource) renewal(tenant string) *renewal {
	r := &renewal{
		soft: s.ttl / 5 * 4, hard: s.ttl, patience: time.Second, limit: s.limit,
		look: func(ctx context.Context) ([]Secret, bool, error) {
			secrets, err := s.fetch(ctx, tenant)
			return secrets, false, err
		},
	}
	r.queue = func() *lookQueue {
		if _, known := s.known.Get(tenant); known || tenant == "" { // a request cannot name the empty one
			return s.ofKnown
		}
		return s.ofOthers
	}
	r.begun = func() { s.looking.Store(tenant, r) }
	r.ended = func(err error) {
		s.looking.Delete(tenant)
		if err == nil {
			s.found(tenant, r) // here as well as in Lookup: the delivery that waited may be gone
		}
	}
	return r
}

// found moves a tenant that has a list to the known ones. It adds before it drops: in between, the tenant is in both
// caches, and never in neither.
func (s *FuncSource) found(tenant string, r *renewal) {
	s.known.GetOrAdd(tenant, func() *renewal { return r })
	s.unknown.Drop(tenant)
}

// Format prints nothing that the function returned, whatever the verb.
func (s *FuncSource) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secrets.FromFunc") }
