// Package buckets counts by token buckets, one for each key, in a table that is bounded and forgets no debt.
package buckets

import (
	"sync"
	"time"
)

// Most is how many keys one table follows at a time where nothing else is said: some 5 MB.
const Most = 1 << 16

// longest is how long a rare refill of a great burst may take, within what a duration holds.
const longest = 100 * 365 * 24 * time.Hour

// Table has the buckets, each kept as one instant (the generic cell rate algorithm): when the bucket will be full
// again. A key leaves when its bucket has filled up, because a full bucket is what an unknown key has. Keys that find
// no place share one bucket, so that whoever has that many addresses slows down newcomers and nobody who is in the
// table. It is safe for concurrent use.
type Table[K comparable] struct {
	interval time.Duration // that one token takes to come back
	depth    time.Duration // that a whole bucket takes to come back
	burst    int
	most     int
	start    time.Time

	mu     sync.Mutex
	own    map[K]*bucket
	shared bucket
	swept  time.Duration
}

type bucket struct{ fullAt time.Duration } // since start

// New makes a table for at most most keys. Each has perSecond tokens, above 0, and burst of them at once, at least 1.
func New[K comparable](perSecond float64, burst, most int) *Table[K] {
	interval := time.Duration(min(max(float64(time.Second)/perSecond, 1), float64(longest)))
	return &Table[K]{interval: interval, depth: times(interval, burst), burst: burst, most: most, start: time.Now(),
		own: map[K]*bucket{}}
}

func times(interval time.Duration, n int) time.Duration {
	if n > 0 && interval > longest/time.Duration(n) {
		return longest
	}
	return interval * time.Duration(n)
}

// Allow takes n tokens, or none and returns how long to wait. With n of 0 it reports whether one could be taken. The
// caller knows the time already.
func (t *Table[K]) Allow(key K, n int, at time.Time) (ok bool, retryAfter time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case n > t.burst:
		return false, t.depth
	case n == 0 && len(t.own) == 0 && t.shared.fullAt == 0:
		return true, 0 // nobody owes anything, which is the usual state
	}
	now := at.Sub(t.start)
	b := t.own[key]
	if b == nil && len(t.own) >= t.most {
		if t.sweep(now); len(t.own) >= t.most {
			b = &t.shared
		}
	}
	then := now
	if b != nil {
		then = max(b.fullAt, now)
	}
	then += times(t.interval, max(n, 1))
	if wait := then - now - t.depth; wait > 0 {
		return false, wait
	}
	if n == 0 {
		return true, 0
	}
	if b == nil {
		b = &bucket{}
		t.own[key] = b
	}
	b.fullAt = then
	return true, 0
}

// Len says how many keys have a place.
func (t *Table[K]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.own)
}

// sweep removes the keys whose buckets are full, at most once a second: a full table must not cost a scan each time.
func (t *Table[K]) sweep(now time.Duration) {
	if t.swept != 0 && now-t.swept < time.Second {
		return
	}
	t.swept = now
	for key, b := range t.own {
		if b.fullAt <= now {
			delete(t.own, key)
		}
	}
}
