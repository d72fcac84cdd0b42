// Package buckets limits rates with token buckets, one for each key. The table is bounded, and forgets no debt: an
// attacker with many keys cannot make it forget one that is over its limit.
package buckets

import (
	"sync"
	"sync/atomic"
	"time"
)

// Most is the default for how many keys a table has at a time: some 5 MB.
const Most = 1 << 16

// longest caps the time for which a bucket fills up, so that sums with it fit in a Duration (292 years).
const longest = 100 * 365 * 24 * time.Hour

// Table holds the buckets. Each is one instant: when the bucket will be full again (the generic cell rate algorithm). A
// key is removed when its bucket is full, because an unknown key has a full bucket too.
//
// Keys that find the table full share one bucket, which fails closed. So a sender with that many addresses slows down
// new keys, and not those in the table. It is safe for concurrent use.
type Table[K comparable] struct {
	interval time.Duration // after which one token is back
	depth    time.Duration // after which an empty bucket is full
	burst    int           // tokens of a full bucket
	most     int           // keys
	start    time.Time     // instants are durations since then, on the monotonic clock
	taken    atomic.Bool   // somebody has taken something

	mu     sync.Mutex
	own    map[K]*bucket
	shared bucket        // of the keys that found the table full
	swept  time.Duration // the last sweep; 0: there was none
}

// bucket is one instant, since the table's start. In the past the bucket is full.
type bucket struct{ fullAt time.Duration }

// New makes a table for at most most keys. Each key gets perSecond tokens, which must be above 0, and can use burst of
// them at once, which must be at least 1.
func New[K comparable](perSecond float64, burst, most int) *Table[K] {
	interval := time.Duration(min(max(float64(time.Second)/perSecond, 1), float64(longest)))
	return &Table[K]{interval: interval, depth: times(interval, burst), burst: burst, most: most, start: time.Now(),
		own: map[K]*bucket{}}
}

// times returns n intervals, capped at longest: the product could overflow.
func times(interval time.Duration, n int) time.Duration {
	if n > 0 && interval > longest/time.Duration(n) {
		return longest
	}
	return interval * time.Duration(n)
}

// Allow takes n tokens, or takes nothing and returns how long to wait. With an n of 0 it reports whether one token
// could be taken. More than burst is never allowed. at is the present time, which the caller has already read.
func (t *Table[K]) Allow(key K, n int, at time.Time) (ok bool, retryAfter time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n > t.burst {
		return false, t.depth
	}
	now := at.Sub(t.start)
	b := t.own[key]
	if b == nil && len(t.own) >= t.most {
		if t.sweep(now); len(t.own) >= t.most {
			b = &t.shared
		}
	}
	// then is when the bucket would be full again after this call. It may be at most depth away.
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
	t.taken.Store(true)
	if b == nil {
		b = &bucket{}
		t.own[key] = b
	}
	b.fullAt = then
	return true, 0
}

// Untouched reports whether no key has ever taken anything, so that none owes anything. It takes no lock.
func (t *Table[K]) Untouched() bool { return !t.taken.Load() }

// Len returns how many keys have a bucket of their own.
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
