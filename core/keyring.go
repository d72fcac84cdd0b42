package core

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// keyring keeps what the lists of one source were compiled to. A list takes effect when the rules of its guard were
// applied to all of it, at once; one that does not hold up leaves the last good one in force, because a mistake in a
// file must not stop what works.
type keyring[T any] struct {
	guard  *Guard // whose log and clock it uses
	source SecretSource
	rules  secretRules
	make   func([]checkedSecret) T
	sums   *digestPool // keyed for this process: what a key is recognised by

	alone slot[T]
}

// checkedSecret is a secret that holds up, decoded.
type checkedSecret struct {
	Secret
	decodedKey
	sum [sha256.Size]byte
	use *usage
}

// slot is the place of one list's successive states.
type slot[T any] struct {
	current atomic.Pointer[compiledList[T]]
	refused atomic.Pointer[refusal]   // of the newest list, where it does not hold up
	told    atomic.Pointer[listFault] // of which the log was told
	ledger  ledger

	mu sync.Mutex // one compiles at a time
}

// compiledList is a list that holds up.
type compiledList[T any] struct {
	list *SecretList
	keys T
	slot *slot[T]
	validity
}

// stale says that the list in force is not the newest that its source has, or should have.
func (c *compiledList[T]) stale() bool {
	return c.list.failing() != nil || c.slot.refused.Load() != nil
}

// refusal is why a list does not hold up.
type refusal struct {
	list  *SecretList
	text  string // without values
	since time.Time
}

var errListRefused = errors.New("the list of secrets does not hold up, and there was no good one before") //lint:immutable an error value

func newKeyring[T any](g *Guard, src SecretSource, rules secretRules, make func([]checkedSecret) T) *keyring[T] {
	k := &keyring[T]{guard: g, source: src, rules: rules, make: make, sums: newHMACPool(entry.HMACSHA256, randomKey())}
	g.rings = append(g.rings, k)
	return k
}

func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// open compiles the first list, and notes what is wrong with it.
func (k *keyring[T]) open(m *mistakes) (notes []string) {
	list, err := lookupNow(context.Background(), k.source, "")
	if err != nil {
		m.add(k.rules.field, "", "%v; %s", err, k.rules.advice)
		return nil
	}
	c, notes := k.compile(&k.alone, list, &k.rules, m)
	k.alone.current.Store(c)
	return notes
}

// current gives the list to judge by. It costs a few loads while the source gives the same list.
func (k *keyring[T]) current(ctx context.Context, now time.Time) (*compiledList[T], error) {
	list, err := lookupNow(ctx, k.source, "")
	if err != nil {
		return nil, err
	}
	s := &k.alone
	if f := list.failing(); f != nil && s.told.Load() != f {
		k.tellFault(s, f)
	}
	c := s.current.Load()
	if c == nil || c.list != list || s.refused.Load() != nil {
		if c = k.renew(s, list, now); c == nil {
			return nil, errListRefused
		}
	}
	if now.UnixNano() >= c.remindAt.Load() {
		k.remind(&c.validity, now)
	}
	return c, nil
}

// renew compiles a list that the source gives newly, or notes that it went back to the one in force. It gives the last good one, or nil, where the list was refused.
func (k *keyring[T]) renew(s *slot[T], list *SecretList, now time.Time) *compiledList[T] {
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
	var m mistakes
	c, notes := k.compile(s, list, &rules, &m)
	if err := m.err(); err != nil {
		text := strings.ReplaceAll(err.Error(), "\n", "; ")
		s.refused.Store(&refusal{list, text, time.Now()})
		message := "sallyport: a new list of secrets is refused: the last good one stays in force"
		if last == nil {
			message = "sallyport: a list of secrets is refused, and there was no good one before: deliveries are answered 503"
		}
		k.guard.logger.Error(message, "endpoint", k.guard.endpoint, "provider", k.guard.provider, "setting", k.rules.field, "problem", text)
		return last
	}
	s.refused.Store(nil)
	s.current.Store(c)
	k.guard.logger.Info("sallyport: a new list of secrets is in force",
		"endpoint", k.guard.endpoint, "provider", k.guard.provider, "setting", k.rules.field, "labels", list.labels(), "notes", notes)
	return c
}

func (k *keyring[T]) compile(s *slot[T], list *SecretList, rules *secretRules, m *mistakes) (*compiledList[T], []string) {
	before := len(*m)
	kept, keys, notes := rules.checkList(list, m)
	if len(*m) > before {
		return nil, notes
	}
	checked := make([]checkedSecret, len(kept))
	for i := range kept {
		checked[i] = checkedSecret{Secret: kept[i], decodedKey: keys[i], sum: k.sumOf(string(keys[i].bytes))}
	}
	s.ledger.admit(checked, k.guard.now())
	c := &compiledList[T]{list: list, keys: k.make(checked), slot: s}
	c.begin(kept)
	return c, notes
}

func (k *keyring[T]) sumOf(text string) (sum [sha256.Size]byte) {
	st := k.sums.get()
	st.writeString(text)
	copy(sum[:], st.sum())
	k.sums.put(st)
	return sum
}

// tellFault logs that the source has failed to renew its list, once for each failure.
func (k *keyring[T]) tellFault(s *slot[T], f *listFault) {
	if old := s.told.Swap(f); old == f {
		return
	}
	k.guard.logger.Error("sallyport: the accepted secrets could not be looked up again: the last good list stays in force",
		"endpoint", k.guard.endpoint, "provider", k.guard.provider, "setting", k.rules.field, "error", clean(f.err.Error()))
}

// trouble is why the list in force is not the newest.
func (s *slot[T]) trouble() (since time.Time, why string) {
	if r := s.refused.Load(); r != nil {
		return r.since, r.text
	}
	if c := s.current.Load(); c != nil {
		if f := c.list.failing(); f != nil {
			return f.since, clean(f.err.Error())
		}
	}
	return time.Time{}, ""
}

// ring is a keyring of either kind.
type ring interface {
	remindAll(now time.Time)
	trouble() (since time.Time, why string)
}

// trouble is the first there is.
func (k *keyring[T]) trouble() (since time.Time, why string) { return k.alone.trouble() }

// remindAll tells the log at start of ends that are near: an endpoint may wait long for its first delivery.
func (k *keyring[T]) remindAll(now time.Time) {
	if c := k.alone.current.Load(); c != nil {
		k.remind(&c.validity, now)
	}
}

// labels are for logs.
func (l *SecretList) labels() []string {
	out := make([]string, len(l.secrets))
	for i, s := range l.secrets {
		out[i] = s.label
	}
	return slices.Compact(out)
}
