package core

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/recent"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// keyring keeps what the lists of one source were compiled to. A list takes effect when the rules of its guard were
// applied to all of it, at once; one that does not hold up leaves the last good one in force, because a mistake in a
// file must not stop what works.
type keyring[T any] struct {
	owner  *Owner
	source secrets.Source
	rules  secretRules
	make   func([]checkedSecret) T
	sums   *digest.Pool // keyed for this process: what a key is recognised by
	beside bool         // it proves no delivery

	alone slot[T] // of an endpoint without tenants, or of secrets that all of them share

	perTenant bool
	tenants   *recent.Cache[*slot[T]]
	unknown   *compiledList[T] // what the deliveries of unknown tenants are judged by
}

// Owner is the endpoint that a keyring belongs to. It is the same for all keyrings of an endpoint.
type Owner struct {
	Endpoint string // for logs
	Provider string // for logs
	Logger   *slog.Logger
	Now      func() time.Time
	Silence  time.Duration // for how long a secret must not have matched, at least, until it may be removed
	Tenants  bool          // the endpoint has tenants
}

// checkedSecret is a secret that holds up, decoded.
type checkedSecret struct {
	secrets.Secret
	decodedKey
	sum [sha256.Size]byte
	use *usage
}

// slot is the place of one list's successive states.
type slot[T any] struct {
	tenant  string
	current atomic.Pointer[compiledList[T]]
	refused atomic.Pointer[refusal]       // of the newest list, where it does not hold up
	told    atomic.Pointer[secrets.Fault] // of which the log was told
	ledger  ledger

	mu sync.Mutex // one compiles at a time
}

// compiledList is a list that holds up.
type compiledList[T any] struct {
	list *secrets.List
	keys T
	slot *slot[T]
	validity
	reviewAt atomic.Int64 // when to look next for a secret that is not needed any more

	unknown bool // no tenant's: what matches in it proves nothing
}

// stale says that the list in force is not the newest that its source has, or should have.
func (c *compiledList[T]) stale() bool {
	return c.list.Fault() != nil || c.slot.refused.Load() != nil
}

// refusal is why a list does not hold up.
type refusal struct {
	list  *secrets.List
	text  string // without values
	since time.Time
}

// newList returns a list of what no source of secrets gave, such as a key that was fetched.
func newList[T any](keys T) *compiledList[T] {
	c := &compiledList[T]{list: &secrets.List{}, keys: keys, slot: &slot[T]{}}
	c.begin(nil)
	return c
}

var errListRefused = errors.New("the list of secrets does not hold up, and there was no good one before") //lint:immutable an error value

func newKeyring[T any](owner *Owner, src secrets.Source, rules secretRules, make func([]checkedSecret) T, decoys func() []checkedSecret) *keyring[T] {
	k := &keyring[T]{owner: owner, source: src, rules: rules, make: make, sums: digest.NewHMAC(entry.HMACSHA256, randomKey())}
	if owner.Tenants && !secrets.SameForAll(src) {
		k.perTenant = true
		k.unknown = newList(make(decoys()))
		k.unknown.unknown = true
	}
	return k
}

func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// open compiles the first list, or each tenant's where they are known, and notes what is wrong with it.
func (k *keyring[T]) open(m *fault.Mistakes) (notes []string) {
	if !k.perTenant {
		return k.openOne(&k.alone, "", &k.rules, m)
	}
	k.tenants = recent.New[*slot[T]](secrets.MaxTenants)
	all, ok := secrets.TenantsOf(k.source)
	if !ok {
		return nil // each tenant's list is judged when its first delivery comes
	}
	if len(all) == 0 {
		m.Add(k.rules.field, "", "no tenant is configured")
	}
	k.tenants.Most = max(secrets.MaxTenants, len(all))
	for _, tenant := range all {
		rules := k.rules
		rules.field = fmt.Sprintf("%s[%q]", k.rules.field, tenant)
		if !validTenant(tenant) {
			m.Add(rules.field, "", "no request can name this tenant: a key is 1 to %d letters, digits and characters of -_.:@", maxTenantKey)
			continue
		}
		notes = append(notes, k.openOne(k.slotOf(tenant), tenant, &rules, m)...)
	}
	return notes
}

func (k *keyring[T]) openOne(s *slot[T], tenant string, rules *secretRules, m *fault.Mistakes) (notes []string) {
	list, err := lookupNow(context.Background(), k.source, tenant)
	if err != nil {
		m.Add(rules.field, "", "%v; %s", err, rules.advice)
		return nil
	}
	c, notes := k.compile(s, list, rules, m)
	s.current.Store(c)
	return notes
}

func (k *keyring[T]) slotOf(tenant string) *slot[T] {
	return k.tenants.GetOrAdd(tenant, func() *slot[T] { return &slot[T]{tenant: tenant} })
}

// current gives the list to judge by. It costs a few loads while the source gives the same list. For a tenant that is
// unknown it is one that nothing matches, so that its deliveries cost what others do.
func (k *keyring[T]) current(ctx context.Context, tenant string, now time.Time) (*compiledList[T], error) {
	s := &k.alone
	if !k.perTenant {
		tenant = ""
	} else if tenant == "" {
		return k.unknown, nil
	}
	list, err := lookupNow(ctx, k.source, tenant)
	if k.perTenant {
		if errors.Is(err, secrets.ErrUnknownTenant) {
			k.tenants.Drop(tenant)
			return k.unknown, nil
		}
		if err == nil {
			have, ok := k.tenants.Get(tenant)
			if !ok && list.Len() == 0 {
				return k.unknown, nil
			}
			if s = have; !ok {
				s = k.slotOf(tenant)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	if f := list.Fault(); f != nil && s.told.Load() != f {
		k.tellFault(s, f)
	}
	c := s.current.Load()
	if c == nil || c.list != list || s.refused.Load() != nil {
		if c = k.renew(s, list, now); c == nil {
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

// failure is why nothing of the list matched.
func (c *compiledList[T]) failure(f fault.Failure, tenantFault string) fault.Failure {
	if c.unknown {
		return unknownTenant(reason.BadSignature, tenantFault)
	}
	return f
}

// renew compiles a list that the source gives newly, or notes that it went back to the one in force. It gives the last
// good one, or nil, where the list was refused.
func (k *keyring[T]) renew(s *slot[T], list *secrets.List, now time.Time) *compiledList[T] {
	if r := s.refused.Load(); r != nil && r.list == list {
		return s.current.Load()
	}
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
	rules.advice = "mend it where it comes from"
	var m fault.Mistakes
	c, notes := k.compile(s, list, &rules, &m)
	if err := m.Err(); err != nil {
		text := httpfield.OneLine(err.Error())
		s.refused.Store(&refusal{list, text, time.Now()})
		message := "sallyport: a new list of secrets is refused: the last good one stays in force"
		if last == nil {
			message = "sallyport: a list of secrets is refused, and there was no good one before: deliveries are answered 503"
		}
		k.owner.Logger.Error(message, k.about(s, "problem", text)...)
		return last
	}
	s.refused.Store(nil)
	s.current.Store(c)
	k.owner.Logger.Info("sallyport: a new list of secrets is in force", k.about(s, "labels", labelsOf(list), "notes", notes)...)
	return c
}

func (k *keyring[T]) compile(s *slot[T], list *secrets.List, rules *secretRules, m *fault.Mistakes) (*compiledList[T], []string) {
	before := len(*m)
	kept, keys, notes := rules.checkList(list, m)
	if len(*m) > before {
		return nil, notes
	}
	checked := make([]checkedSecret, len(kept))
	for i := range kept {
		checked[i] = checkedSecret{Secret: kept[i], decodedKey: keys[i], sum: k.sumOfBytes(keys[i].bytes)}
	}
	s.ledger.admit(checked, k.owner.Now())
	c := &compiledList[T]{list: list, keys: k.make(checked), slot: s}
	c.begin(kept)
	c.reviewAt.Store(math.MaxInt64)
	if len(kept) > 1 {
		c.reviewAt.Store(k.owner.Now().UnixNano())
	}
	return c, notes
}

func (k *keyring[T]) sumOf(text string) (sum [sha256.Size]byte) {
	st := k.sums.Get()
	st.WriteString(text)
	copy(sum[:], st.Sum())
	k.sums.Put(st)
	return sum
}

func (k *keyring[T]) sumOfBytes(text []byte) (sum [sha256.Size]byte) {
	st := k.sums.Get()
	st.WriteCopy(text)
	copy(sum[:], st.Sum())
	k.sums.Put(st)
	return sum
}

// tellFault logs that the source has failed to renew its list, once for each failure.
func (k *keyring[T]) tellFault(s *slot[T], f *secrets.Fault) {
	if old := s.told.Swap(f); old == f {
		return
	}
	k.owner.Logger.Error("sallyport: the accepted secrets could not be looked up again: the last good list stays in force", k.about(s, "error", httpfield.Clean(f.Err.Error()))...)
}

// trouble is why the list in force is not the newest.
func (s *slot[T]) trouble() (since time.Time, why string) {
	if r := s.refused.Load(); r != nil {
		return r.since, r.text
	}
	if c := s.current.Load(); c != nil {
		if f := c.list.Fault(); f != nil {
			return f.Since, httpfield.Clean(f.Err.Error())
		}
	}
	return time.Time{}, ""
}

// about begins the attributes of what is logged of a list.
func (k *keyring[T]) about(s *slot[T], attrs ...any) []any {
	out := []any{"endpoint", k.owner.Endpoint, "provider", k.owner.Provider, "setting", k.rules.field}
	if s.tenant != "" {
		out = append(out, "tenant", s.tenant)
	}
	return append(out, attrs...)
}

func (k *keyring[T]) proves() bool   { return !k.beside }
func (k *keyring[T]) byTenant() bool { return k.perTenant }

func (k *keyring[T]) fetches() bool {
	return secrets.Fetches(k.source)
}

func (k *keyring[T]) knows(ctx context.Context, tenant string, now time.Time) (bool, error) {
	c, err := k.current(ctx, tenant, now)
	return err == nil && !c.unknown, err
}

func (k *keyring[T]) slots() []*slot[T] {
	if k.perTenant {
		return k.tenants.Values()
	}
	return []*slot[T]{&k.alone}
}

// trouble is the oldest there is.
func (k *keyring[T]) trouble() (since time.Time, why string) {
	for _, s := range k.slots() {
		if at, text := s.trouble(); !at.IsZero() && (since.IsZero() || at.Before(since)) {
			since, why = at, text
		}
	}
	return since, why
}

// remindAll tells the log at start of ends that are near: an endpoint may wait long for its first delivery.
func (k *keyring[T]) remindAll(now time.Time) {
	for _, s := range k.slots() {
		if c := s.current.Load(); c != nil {
			k.remind(c, now)
		}
	}
}

// labelsOf are for logs.
func labelsOf(l *secrets.List) []string {
	out := make([]string, len(l.All()))
	for i, s := range l.All() {
		out[i] = s.Label()
	}
	return slices.Compact(out)
}

// sameTenant reports whether two keys have a secret in common. A source that lists its tenants knows them by their
// exact keys.
func (k *keyring[T]) sameTenant(ctx context.Context, a, b string) (bool, error) {
	if _, exact := secrets.TenantsOf(k.source); exact {
		return false, nil
	}
	one, err := lookupNow(ctx, k.source, a)
	if err != nil {
		return false, unlessUnknown(err)
	}
	other, err := lookupNow(ctx, k.source, b)
	if err != nil {
		return false, unlessUnknown(err)
	}
	same, others := 0, other.All()
	for _, mine := range one.All() {
		for i := range others {
			same |= subtle.ConstantTimeCompare([]byte(mine.DangerouslyReveal()), []byte(others[i].DangerouslyReveal()))
		}
	}
	return same == 1, nil
}

func unlessUnknown(err error) error {
	if errors.Is(err, secrets.ErrUnknownTenant) {
		return nil
	}
	return err
}
