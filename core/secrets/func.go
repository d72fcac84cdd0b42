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

// MaxTenants is how many tenants' lists are kept; more, where the source lists more.
const MaxTenants = 4096

// leastTTL keeps a function from being asked all the time.
const leastTTL = time.Second

// maxStrangers is how many tenants that are not known, or not yet, are remembered at a time.
const maxStrangers = 1024

// FuncSource is a [Source] that asks a function. Make it with [FromFunc].
type FuncSource struct {
	fetch func(context.Context, string) ([]Secret, error)
	ttl   time.Duration
	limit time.Duration
	err   error // of the configuration

	known     *recent.Cache[*renewal]
	strangers *recent.Cache[*renewal] // asked apart, so that strangers neither push out nor delay who is known
	looking   sync.Map                // tenant to *renewal: those with a look under way, which must not be forgotten
	ofKnown   *lookQueue
	ofOthers  *lookQueue
}

// FromFunc asks a function, such as a client of a secret manager, and keeps what it gives for ttl, at least a second.
//
// The function gets a context with a deadline of five seconds, and the tenant, which is "" without core.Config.Tenant.
// For a tenant that it does not know it returns [ErrUnknownTenant], which is remembered for ten seconds. It is called
// by one goroutine at a time for each tenant, and again ahead of the end of ttl, beside the deliveries; after a pause a
// delivery waits for it. It must be safe for concurrent use.
//
// At most 16 calls at a time are for tenants that are known here, and 16 for others. Half of these are kept for senders
// that [Config.Sources] lists or that sent a genuine delivery within 24 hours. In the other half senders take turns:
// those go first that named the fewest unknown tenants within a minute; those of one IPv6 /48 count together. So
// whoever invents tenants keeps out nobody who is new to the process. A sender with too many calls waiting is answered
// 503, which is not remembered.
//
// When it fails, panics, never returns, or gives no secret, the last good list stays in force, for as long as
// [FuncSource.RefuseAfter] allows, and the guards that use it say so in their log, records and health. Its error must
// not hold a secret.
func FromFunc(fetch func(ctx context.Context, tenant string) ([]Secret, error), ttl time.Duration) *FuncSource {
	s := &FuncSource{
		fetch: fetch, ttl: ttl,
		known: recent.New[*renewal](MaxTenants), strangers: recent.New[*renewal](maxStrangers),
		ofKnown: newLookQueue(true), ofOthers: newLookQueue(false),
	}
	switch {
	case fetch == nil:
		s.err = errors.New("FromFunc has no function")
	case ttl < leastTTL:
		s.err = fmt.Errorf("FromFunc keeps what it is given for %s; it must be at least %s", ttl, leastTTL)
	}
	return s
}

// RefuseAfter returns a source that gives no list older than d, so that deliveries are answered 503: for secrets that
// must not be accepted when nobody can say whether they were revoked. Default: the last good list is kept.
func (s *FuncSource) RefuseAfter(d time.Duration) *FuncSource {
	out := FromFunc(s.fetch, s.ttl)
	out.limit = d
	if out.err == nil && d < s.ttl {
		out.err = fmt.Errorf("RefuseAfter is %s; a list is looked up again after %s only, so it must be longer", d,
			s.ttl)
	}
	return out
}

// Lookup answers from memory, or waits for the function: at the first time, and where nothing has asked for a while.
func (s *FuncSource) Lookup(ctx context.Context, tenant string) (*List, error) {
	if s.err != nil {
		return nil, s.err
	}
	r, known := s.known.Get(tenant)
	if !known {
		r = s.strangers.GetOrAdd(tenant, func() *renewal {
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
		s.strangers.Drop(tenant)
	case known && errors.Is(err, ErrUnknownTenant):
		s.strangers.GetOrAdd(tenant, func() *renewal { return r })
		s.known.Drop(tenant)
	}
	return list, err
}

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
			s.found(tenant, r) // also where every delivery that waited for it is gone
		}
	}
	return r
}

// found keeps who is a tenant apart from who is not known to be one.
func (s *FuncSource) found(tenant string, r *renewal) {
	s.known.GetOrAdd(tenant, func() *renewal { return r })
	s.strangers.Drop(tenant)
}

// Format shows nothing of what the function gave, whatever the verb.
func (s *FuncSource) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secrets.FromFunc") }
