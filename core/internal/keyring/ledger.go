package keyring

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

// maxRetired is how many secrets of one list are remembered after they left it.
//
// A source that gives a new list every minute must not make memory grow for ever.
const maxRetired = 32

// ledger counts which secrets of a list are used. It recognises the keys themselves, and not their labels or places:
// where a list gets a new first secret, the old one becomes the second, and is the same secret still.
//
// Counting takes no lock, because it happens with every delivery. Changing the list does.
type ledger struct {
	proved atomic.Int64 // deliveries that any of the list's secrets proved

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*Usage
	all   []*Usage // in the order of the list, then those that left it, the latest first
}

// Usage counts how one secret is used.
//
// The atomic fields change apart from each other: a reader may see a match that is not dated yet.
// Reports bear that, and no decision about a delivery reads them.
type Usage struct {
	ledger  *ledger
	matched atomic.Int64 // deliveries
	last    atomic.Int64 // when it matched last, in nanoseconds since 1970 by the guard's clock; 0: never
	at      atomic.Int64 // ledger.proved then, or when the secret was seen first

	// Under the ledger's lock:
	sum       [sha256.Size]byte
	label     string
	firstSeen time.Time
	firstAt   int64 // ledger.proved then
	notBefore time.Time
	notAfter  time.Time
	left      time.Time // when it left the list; zero: it is listed
	safe      bool      // the log said that it may be removed
}

// count counts a delivery that the secret proved. first says that no other secret of its list was counted for it.
func (u *Usage) count(now time.Time, first bool) {
	n := u.ledger.proved.Load()
	// Two secrets that prove one delivery are still one delivery. Otherwise the shares in a report
	// would not add up.
	if first {
		n = u.ledger.proved.Add(1)
	}
	u.matched.Add(1)
	u.at.Store(n)
	// By the millisecond: every processor that takes deliveries would otherwise wait for the others' writes.
	if ns := now.UnixNano(); ns/1e6 != u.last.Load()/1e6 {
		u.last.Store(ns)
	}
}

func (u *Usage) sameList(other *Usage) bool { return u.ledger == other.ledger }

// admit adds the secrets of a list that takes effect, and sets the usage of each.
func (l *ledger) admit(list []Checked, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey == nil {
		l.byKey = make(map[[sha256.Size]byte]*Usage, len(list))
	}
	before := l.all
	l.all = make([]*Usage, 0, len(list)+len(before))
	listed := make(map[*Usage]bool, len(list))
	for i := range list {
		s := &list[i]
		u := l.byKey[s.Sum] //lint:notsecret a hash under a key of this process
		if u == nil {
			u = &Usage{ledger: l, sum: s.Sum, firstSeen: now, firstAt: l.proved.Load()}
			u.at.Store(u.firstAt)
			l.byKey[s.Sum] = u //lint:notsecret a hash under a key of this process
		}
		if !u.left.IsZero() { // it comes back: it could not match meanwhile
			u.firstSeen, u.firstAt = now, l.proved.Load()
			u.at.Store(u.firstAt)
		}
		s.Use = u
		if listed[u] { // the same key twice, with two times of validity
			// The widest range is what the guard accepts. A narrower one would let assess call a secret
			// unneeded that is in use.
			u.notBefore = earlier(u.notBefore, s.NotBefore())
			u.notAfter = later(u.notAfter, s.NotAfter())
			continue
		}
		listed[u] = true
		u.label, u.notBefore, u.notAfter, u.left = s.Label(), s.NotBefore(), s.NotAfter(), time.Time{}
		l.all = append(l.all, u)
	}
	retired := 0
	for _, justNow := range []bool{true, false} {
		for _, u := range before {
			if listed[u] || u.left.IsZero() != justNow {
				continue
			}
			// The oldest go first. One that comes back later counts as new, which delays advice and
			// never hastens it.
			if retired++; retired > maxRetired {
				delete(l.byKey, u.sum)
				continue
			}
			l.all = append(l.all, u)
		}
		if justNow {
			for _, u := range l.all[len(listed):] {
				u.left = now
			}
		}
	}
}

// earlier returns the earlier start. Zero means "always valid" and wins.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

// later returns the later expiry. Zero means "never expires" and wins.
func later(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && a.After(b)) {
		return a
	}
	return b
}
