package keyring

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

// Ring keeps what the lists of one source were compiled to. A list takes effect when the rules of its guard were
// applied to all of it, at once; one that does not hold up leaves the last good one in force, because a mistake in a
// file must not stop what works.
type Ring[T any] struct {
	owner  *Owner
	source secrets.Source
	rules  Rules
	make   func([]Checked) T
	sums   *digest.Pool // keyed for this process: what a key is recognised by

	alone slot[T] // of an endpoint without tenants, or of secrets that all of them share

	perTenant bool
	tenants   *recent.Cache[*slot[T]]
	unknown   *List[T] // what the deliveries of unknown tenants are judged by
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

// Checked is a secret that holds up, decoded.
type Checked struct {
	secrets.Secret
	Key
	Sum [sha256.Size]byte
	Use *Usage
}

// slot is the place of one list's successive states.
type slot[T any] struct {
	tenant  string
	current atomic.Pointer[List[T]]
	refused atomic.Pointer[refusal]       // of the newest list, where it does not hold up
	told    atomic.Pointer[secrets.Fault] // of which the log was told
	ledger  ledger

	mu sync.Mutex // one compiles at a time
}

// List is a list that holds up.
type List[T any] struct {
	list *secrets.List
	Keys T
	slot *slot[T]
	validity
	reviewAt atomic.Int64 // when to look next for a secret that is not needed any more

	Unknown bool // no tenant's: what matches in it proves nothing
}

// stale says that the list in force is not the newest that its source has, or should have.
func (c *List[T]) stale() bool {
	return c.list.Fault() != nil || c.slot.refused.Load() != nil
}

// refusal is why a list does not hold up.
type refusal struct {
	list  *secrets.List
	text  string // without values
	since time.Time
}

// NewList returns a list of what no source of secrets gave, such as a key that was fetched.
func NewList[T any](keys T) *List[T] {
	c := &List[T]{list: &secrets.List{}, Keys: keys, slot: &slot[T]{}}
	c.begin(nil)
	return c
}

var errListRefused = errors.New("the list of secrets does not hold up, and there was no good one before")

func New[T any](owner *Owner, src secrets.Source, rules Rules, make func([]Checked) T, decoys func() []Checked) *Ring[T] {
	k := &Ring[T]{owner: owner, source: src, rules: rules, make: make, sums: digest.NewHMAC(entry.HMACSHA256, RandomKey())}
	if owner.Tenants && !secrets.SameForAll(src) {
		k.perTenant = true
		k.unknown = NewList(make(decoys()))
		k.unknown.Unknown = true
	}
	return k
}

func RandomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// Open compiles the first list, or each tenant's where they are known, and notes what is wrong with it.
func (k *Ring[T]) Open(m *fault.Mistakes) (notes []string) {
	if !k.perTenant {
		return k.openOne(&k.alone, "", &k.rules, m)
	}
	k.tenants = recent.New[*slot[T]](secrets.MaxTenants)
	all, ok := secrets.TenantsOf(k.source)
	if !ok {
		return nil // each tenant's list is judged when its first delivery comes
	}
	if len(all) == 0 {
		m.Add(k.rules.Field, "", "no tenant is configured")
	}
	k.tenants.Most = max(secrets.MaxTenants, len(all))
	for _, tenant := range all {
		rules := k.rules
		rules.Field = fmt.Sprintf("%s[%q]", k.rules.Field, tenant)
		if !ValidTenant(tenant) {
			m.Add(rules.Field, "", "no request can name this tenant: a key is 1 to %d letters, digits and characters of -_.:@", maxTenantKey)
			continue
		}
		notes = append(notes, k.openOne(k.slotOf(tenant), tenant, &rules, m)...)
	}
	return notes
}

func (k *Ring[T]) openOne(s *slot[T], tenant string, rules *Rules, m *fault.Mistakes) (notes []string) {
	list, err := lookup(context.Background(), k.source, tenant)
	if err != nil {
		m.Add(rules.Field, "", "%v; %s", err, rules.Advice)
		return nil
	}
	c, notes := k.compile(s, list, rules, m)
	s.current.Store(c)
	return notes
}

func (k *Ring[T]) slotOf(tenant string) *slot[T] {
	return k.tenants.GetOrAdd(tenant, func() *slot[T] { return &slot[T]{tenant: tenant} })
}

// Current gives the list to judge by. It costs a few loads while the source gives the same list. For a tenant that is
// unknown it is one that nothing matches, so that its deliveries cost what others do.
func (k *Ring[T]) Current(ctx context.Context, tenant string, now time.Time) (*List[T], error) {
	s := &k.alone
	if !k.perTenant {
		tenant = ""
	} else if tenant == "" {
		return k.unknown, nil
	}
	list, err := lookup(ctx, k.source, tenant)
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

// Failure is why nothing of the list matched.
func (c *List[T]) Failure(f fault.Failure, tenantFault string) fault.Failure {
	if c.Unknown {
		return UnknownTenant(reason.BadSignature, tenantFault)
	}
	return f
}

// renew compiles a list that the source gives newly, or notes that it went back to the one in force. It gives the last
// good one, or nil, where the list was refused.
func (k *Ring[T]) renew(s *slot[T], list *secrets.List, now time.Time) *List[T] {
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
	rules.Advice = "mend it where it comes from"
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

func (k *Ring[T]) compile(s *slot[T], list *secrets.List, rules *Rules, m *fault.Mistakes) (*List[T], []string) {
	before := len(*m)
	kept, keys, notes := rules.checkList(list, m)
	if len(*m) > before {
		return nil, notes
	}
	checked := make([]Checked, len(kept))
	for i := range kept {
		checked[i] = Checked{Secret: kept[i], Key: keys[i], Sum: k.SumOfBytes(keys[i].Bytes)}
	}
	s.ledger.admit(checked, k.owner.Now())
	c := &List[T]{list: list, Keys: k.make(checked), slot: s}
	c.begin(kept)
	c.reviewAt.Store(math.MaxInt64)
	if len(kept) > 1 {
		c.reviewAt.Store(k.owner.Now().UnixNano())
	}
	return c, notes
}

func (k *Ring[T]) SumOf(text string) (sum [sha256.Size]byte) {
	st := k.sums.Get()
	st.WriteString(text)
	copy(sum[:], st.Sum())
	k.sums.Put(st)
	return sum
}

func (k *Ring[T]) SumOfBytes(text []byte) (sum [sha256.Size]byte) {
	st := k.sums.Get()
	st.WriteCopy(text)
	copy(sum[:], st.Sum())
	k.sums.Put(st)
	return sum
}

// tellFault logs that the source has failed to renew its list, once for each failure.
func (k *Ring[T]) tellFault(s *slot[T], f *secrets.Fault) {
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
func (k *Ring[T]) about(s *slot[T], attrs ...any) []any {
	out := []any{"endpoint", k.owner.Endpoint, "provider", k.owner.Provider, "setting", k.rules.Field}
	if s.tenant != "" {
		out = append(out, "tenant", s.tenant)
	}
	return append(out, attrs...)
}

func (k *Ring[T]) Proves() bool   { return !k.rules.ProvesNothing }
func (k *Ring[T]) ByTenant() bool { return k.perTenant }

func (k *Ring[T]) Fetches() bool {
	return secrets.Fetches(k.source)
}

func (k *Ring[T]) Knows(ctx context.Context, tenant string, now time.Time) (bool, error) {
	c, err := k.Current(ctx, tenant, now)
	return err == nil && !c.Unknown, err
}

// Tenants returns how many tenants' lists are kept.
func (k *Ring[T]) Tenants() int { return len(k.tenants.Values()) }

func (k *Ring[T]) slots() []*slot[T] {
	if k.perTenant {
		return k.tenants.Values()
	}
	return []*slot[T]{&k.alone}
}

// trouble is the oldest there is.
func (k *Ring[T]) Trouble() (since time.Time, why string) {
	for _, s := range k.slots() {
		if at, text := s.trouble(); !at.IsZero() && (since.IsZero() || at.Before(since)) {
			since, why = at, text
		}
	}
	return since, why
}

// RemindAll tells the log at start of ends that are near: an endpoint may wait long for its first delivery.
func (k *Ring[T]) RemindAll(now time.Time) {
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

// SameTenant reports whether two keys have a secret in common. A source that lists its tenants knows them by their
// exact keys.
func (k *Ring[T]) SameTenant(ctx context.Context, a, b string) (bool, error) {
	if _, exact := secrets.TenantsOf(k.source); exact {
		return false, nil
	}
	one, err := lookup(ctx, k.source, a)
	if err != nil {
		return false, unlessUnknown(err)
	}
	other, err := lookup(ctx, k.source, b)
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
