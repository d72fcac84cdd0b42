// Package keyring holds the accepted secrets of an endpoint: compiled, checked by its rules, and by tenant. It knows
// which of them matched, which expire, and which are needed.
package keyring

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/recent"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Ring holds the compiled secrets of one source, one list per tenant. A list takes effect as a whole, once all of it
// keeps the rules. A list with a mistake leaves the last good one in force: a mistake in a file must not stop what
// works.
//
// Current may be called from any number of goroutines. Open must return before the first call. Unknown
// tenants must not be distinguishable by time, or anybody could list the customers of an app. Hence the
// decoys.
type Ring[T any] struct {
	owner  *Owner
	source secrets.Source
	rules  Rules
	make   func([]Checked) T // compiles a valid list
	sums   *digest.Pool      // hashes keys under a key of this process, to recognise them

	alone state[T] // of an endpoint without tenants, or of secrets that all tenants share

	perTenant bool
	tenants   *recent.Cache[*state[T]] // nil unless perTenant
	unknown   *List[T]                 // decoys for unknown tenants; nil unless perTenant
}

// Owner is the endpoint that a keyring belongs to. It is the same for all keyrings of an endpoint.
//
// The guard owns it and never changes it. Now is the guard's clock, so that tests and validity agree on
// the time.
type Owner struct {
	Endpoint string // for logs
	Provider string // for logs
	Logger   *slog.Logger
	Now      func() time.Time
	Silence  time.Duration // for how long a secret must not have matched, at least, until it may be removed
	Tenants  bool          // the endpoint has tenants
}

// Checked is a secret that keeps the rules.
//
// Use belongs to the ledger and outlives the list: the same key in a newer list has the same Use. It is
// nil for decoys.
type Checked struct {
	secrets.Secret
	Key
	Sum [sha256.Size]byte // of the key: equal keys have equal sums
	Use *Usage
}

// New returns a ring without lists: Open compiles them. decoys returns secrets that nobody has.
func New[T any](
	owner *Owner, src secrets.Source, rules Rules, make func([]Checked) T, decoys func() []Checked,
) *Ring[T] {
	k := &Ring[T]{owner: owner, source: src, rules: rules, make: make}
	// A fresh key for each ring: sums that leak cannot be compared with those of another process.
	// Without the key nobody can search a short credential from its sum.
	k.sums = digest.NewHMAC(entry.HMACSHA256, RandomKey())
	if owner.Tenants && !secrets.SameForAll(src) {
		k.perTenant = true
		k.unknown = NewList(make(decoys()))
		// Fails closed. Without this mark a match with a decoy would count as a proof.
		k.unknown.Unknown = true
	}
	return k
}

// RandomKey returns 32 random bytes.
//
// 256 bits, as long as the output of SHA-256. RFC 2104, section 3, advises against shorter keys.
func RandomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// Open compiles the first list, or each known tenant's, and adds what is wrong with it to m.
//
// It fails closed: an endpoint with a mistake in one list is not made at all. After the start the rule
// is another one, see renew.
func (k *Ring[T]) Open(m *fault.Mistakes) (notes []string) {
	if !k.perTenant {
		return k.openOne(&k.alone, "", &k.rules, m)
	}
	k.tenants = recent.New[*state[T]](secrets.MaxTenants)
	all, ok := secrets.TenantsOf(k.source)
	if !ok {
		// Nothing can be checked yet. A bad list then refuses its tenant's deliveries alone, and the
		// log says why.
		return nil // each tenant's list is compiled when its first delivery comes
	}
	if len(all) == 0 {
		m.Add(k.rules.Field, "", "no tenant is configured")
	}
	// A cache that is smaller than a known list of tenants would forget usage, and compile lists again
	// and again.
	k.tenants.Most = max(secrets.MaxTenants, len(all))
	for _, tenant := range all {
		rules := k.rules
		rules.Field = fmt.Sprintf("%s[%q]", k.rules.Field, tenant)
		// Fails closed: no delivery could name this tenant, so its secrets would sit there unused and
		// unnoticed.
		if !ValidTenant(tenant) {
			m.Add(rules.Field, "", badTenantKey, maxTenantKey)
			continue
		}
		notes = append(notes, k.openOne(k.stateOf(tenant), tenant, &rules, m)...)
	}
	return notes
}

func (k *Ring[T]) openOne(s *state[T], tenant string, rules *Rules, m *fault.Mistakes) (notes []string) {
	list, err := lookup(context.Background(), k.source, tenant)
	if err != nil {
		m.Add(rules.Field, "", "%v; %s", err, rules.Advice)
		return nil
	}
	c, notes := k.compile(s, list, rules, m)
	s.current.Store(c)
	return notes
}

// stateOf returns the state of a tenant, and adds it. It must only be called for tenants that the
// source knows: otherwise invented names would push real ones out of the cache.
func (k *Ring[T]) stateOf(tenant string) *state[T] {
	return k.tenants.GetOrAdd(tenant, func() *state[T] { return &state[T]{tenant: tenant} })
}

// Current returns the list in force. While the source gives the same list, it costs a few loads. It fails closed: an
// unknown tenant gets a list of decoys, where nothing matches at the same cost.
//
// An error means that there is nothing to verify with. The caller must refuse the delivery, so that an
// outage of the source never opens an endpoint.
func (k *Ring[T]) Current(ctx context.Context, tenant string, now time.Time) (*List[T], error) {
	if !k.perTenant {
		list, err := lookup(ctx, k.source, "")
		if err != nil {
			return nil, err
		}
		return k.inForce(&k.alone, list, now)
	}
	// No usable name. The delivery is checked with decoys like that of an unknown tenant, so both cost
	// the same.
	if tenant == "" {
		return k.unknown, nil
	}
	list, err := lookup(ctx, k.source, tenant)
	if errors.Is(err, secrets.ErrUnknownTenant) {
		// A tenant that was removed at the source loses access with this very delivery, whatever the
		// cache holds.
		k.tenants.Drop(tenant)
		return k.unknown, nil
	}
	if err != nil {
		return nil, err
	}
	s, known := k.tenants.Get(tenant)
	if !known {
		// Some sources answer every name with an empty list. Such a name must not take a place in the
		// cache.
		if list.Len() == 0 {
			return k.unknown, nil
		}
		s = k.stateOf(tenant)
	}
	return k.inForce(s, list, now)
}

// inForce returns the list that is in force now that the source has given this one.
func (k *Ring[T]) inForce(s *state[T], list *secrets.List, now time.Time) (*List[T], error) {
	if f := list.Fault(); f != nil && s.logged.Load() != f {
		k.logFault(s, f)
	}
	c := s.current.Load()
	// Lists are immutable, so the pointer identifies one. Comparing secrets here would cost time with
	// every delivery.
	if c == nil || c.list != list || s.refused.Load() != nil {
		if c = k.renew(s, list); c == nil {
			return nil, errListRefused
		}
	}
	if ns := now.UnixNano(); ns >= c.remindAt.Load() {
		k.remind(c, now)
	} else if ns >= c.reviewAt.Load() {
		k.review(c, now)
	}
	return c, nil
}

// renew compiles a list that the source gives for the first time, or records that the source went back to the list in
// force. Where the list is refused, it returns the last good one, or nil.
//
// A list with a mistake is refused as a whole, and the last good one stays. That fails open in one
// respect: a secret that the refused list removes is accepted until the mistake is fixed. The log and
// Trouble report it. Without a good list it fails closed.
func (k *Ring[T]) renew(s *state[T], list *secrets.List) *List[T] {
	if r := s.refused.Load(); r != nil && r.list == list {
		return s.current.Load()
	}
	// Only one delivery compiles. The others wait here, once for each new list, and find the result
	// below.
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.current.Load()
	if last != nil && last.list == list {
		s.refused.Store(nil) // the source went back to the list in force
		return last
	}
	if r := s.refused.Load(); r != nil && r.list == list {
		return last
	}
	rules := k.rules
	rules.Advice = "fix it where it comes from"
	var m fault.Mistakes
	c, notes := k.compile(s, list, &rules, &m)
	if err := m.Err(); err != nil {
		// The text names fields and labels, and never a value. One line, because a file's content could
		// forge lines of a log.
		text := httpfield.OneLine(err.Error())
		s.refused.Store(&refusal{list, text, time.Now()})
		message := newListRefused
		if last == nil {
			message = firstListRefused
		}
		k.owner.Logger.Error(message, k.about(s, "problem", text)...)
		return last
	}
	s.refused.Store(nil)
	s.current.Store(c)
	k.owner.Logger.Info(newList, k.about(s, "labels", labelsOf(list), "notes", notes)...)
	return c
}

// compile returns the compiled list, or nil where m has a mistake more. notes say what was folded.
func (k *Ring[T]) compile(s *state[T], list *secrets.List, rules *Rules, m *fault.Mistakes) (*List[T], []string) {
	before := len(*m)
	kept, keys, notes := rules.checkList(list, m)
	// Fails closed for the list as a whole. Half of a list would be a state that nobody configured.
	if len(*m) > before {
		return nil, notes
	}
	checked := make([]Checked, len(kept))
	for i := range kept {
		checked[i] = Checked{Secret: kept[i], Key: keys[i], Sum: k.SumOfBytes(keys[i].Bytes)}
	}
	s.ledger.admit(checked, k.owner.Now())
	c := &List[T]{list: list, Keys: k.make(checked), state: s}
	c.begin(kept)
	c.reviewAt.Store(math.MaxInt64)
	if len(kept) > 1 {
		c.reviewAt.Store(k.owner.Now().UnixNano())
	}
	return c, notes
}

// SumOf hashes a text as the keys of the lists are hashed.
//
// Credentials are hashed so before they are compared. The comparison then takes the same time for every
// length and every wrong guess.
func (k *Ring[T]) SumOf(text string) (sum [sha256.Size]byte) {
	st := k.sums.Get()
	st.WriteString(text)
	copy(sum[:], st.Sum())
	k.sums.Put(st)
	return sum
}

// SumOfBytes hashes bytes as the keys of the lists are hashed.
//
// It copies the bytes, because the caller's array may stand on its stack.
func (k *Ring[T]) SumOfBytes(text []byte) (sum [sha256.Size]byte) {
	st := k.sums.Get()
	st.WriteCopy(text)
	copy(sum[:], st.Sum())
	k.sums.Put(st)
	return sum
}

// logFault logs that the source has failed to renew its list, once for each failure.
//
// Without the exchange an outage of the source would write a line for every delivery.
func (k *Ring[T]) logFault(s *state[T], f *secrets.Fault) {
	if old := s.logged.Swap(f); old == f {
		return
	}
	k.owner.Logger.Error(notRenewed, k.about(s, "error", httpfield.Clean(f.Err.Error()))...)
}

// What the log says of lists.
const (
	newList          = "sallyport: a new list of secrets is in force"
	newListRefused   = "sallyport: a new list of secrets is refused: the last good one stays in force"
	firstListRefused = "sallyport: a list of secrets is refused, and there was no good one before: " +
		"deliveries are answered 503"
	notRenewed = "sallyport: the accepted secrets could not be looked up again: the last good list stays in force"
)

// about returns the attributes of a log line about a list.
func (k *Ring[T]) about(s *state[T], attrs ...any) []any {
	out := []any{"endpoint", k.owner.Endpoint, "provider", k.owner.Provider, "setting", k.rules.Field}
	if s.tenant != "" {
		out = append(out, "tenant", s.tenant)
	}
	return append(out, attrs...)
}

// Proves reports whether a match proves a delivery.
//
// A value that is sent in the clear with every request may be required without being a proof. Callers
// must then demand another one.
func (k *Ring[T]) Proves() bool { return !k.rules.ProvesNothing }

// ByTenant reports whether each tenant has a list of its own.
func (k *Ring[T]) ByTenant() bool { return k.perTenant }

// Fetches reports whether the source may ask others for a list, on the budget of the sender.
func (k *Ring[T]) Fetches() bool { return secrets.Fetches(k.source) }

// Knows reports whether a tenant has accepted secrets.
//
// It fails closed: an error is reported with false.
func (k *Ring[T]) Knows(ctx context.Context, tenant string, now time.Time) (bool, error) {
	c, err := k.Current(ctx, tenant, now)
	return err == nil && !c.Unknown, err
}

// Tenants returns how many tenants' lists are kept.
func (k *Ring[T]) Tenants() int { return len(k.tenants.Values()) }

func (k *Ring[T]) states() []*state[T] {
	if k.perTenant {
		return k.tenants.Values()
	}
	return []*state[T]{&k.alone}
}

// Trouble returns since when, and why, a list in force is not the newest: the oldest case of all lists. Zero: none.
func (k *Ring[T]) Trouble() (since time.Time, why string) {
	for _, s := range k.states() {
		if at, text := s.trouble(); !at.IsZero() && (since.IsZero() || at.Before(since)) {
			since, why = at, text
		}
	}
	return since, why
}

// RemindAll logs which secrets expire soon. It is for the start: an endpoint may wait long for its first delivery.
func (k *Ring[T]) RemindAll(now time.Time) {
	for _, s := range k.states() {
		if c := s.current.Load(); c != nil {
			k.remind(c, now)
		}
	}
}
