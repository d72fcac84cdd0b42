package core

import (
	"sync"
	"time"
)

// maxBuckets is how many sources one table follows at a time: some 4 MB. A source leaves when its bucket has filled up
// again, because a full bucket is what an unknown source has.
const maxBuckets = 1 << 16

// buckets are token buckets by source, each kept as one instant (the generic cell rate algorithm): when the bucket will
// be full again. The table is bounded and forgets no debt: sources that find no place share one bucket, so that whoever
// has that many addresses slows down newcomers and nobody who is in the table.
type buckets struct {
	interval time.Duration // that one token takes to come back
	depth    time.Duration // that a whole bucket takes to come back
	most     int

	mu     sync.Mutex
	start  time.Time
	fullAt map[bucketKey]time.Duration // since start
	shared time.Duration
	swept  time.Duration
}

func newBuckets(perSecond float64, burst int) *buckets {
	interval := time.Duration(float64(time.Second) / perSecond)
	return &buckets{
		interval: max(interval, 1), depth: saturate(interval, burst), most: maxBuckets,
		start: time.Now(), fullAt: map[bucketKey]time.Duration{},
	}
}

// saturate keeps a rare refill of a great burst within what a duration holds.
func saturate(interval time.Duration, burst int) time.Duration {
	const longest = 100 * 365 * 24 * time.Hour
	if interval > longest/time.Duration(burst) {
		return longest
	}
	return max(interval, 1) * time.Duration(burst)
}

// allow takes n tokens, or none and says how long to wait. With n of 0 it says whether one could be taken.
func (b *buckets) allow(key bucketKey, n int) (ok bool, retryAfter time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n == 0 && len(b.fullAt) == 0 && b.shared == 0 {
		return true, 0 // nobody owes anything, which is the usual state: not worth a look at the clock
	}
	now := time.Since(b.start)
	at, known := b.fullAt[key]
	if !known && len(b.fullAt) >= b.most {
		b.sweep(now)
	}
	placed := known || len(b.fullAt) < b.most
	if !placed {
		at = b.shared
	}
	then := max(at, now) + b.interval*time.Duration(max(n, 1))
	if wait := then - now - b.depth; wait > 0 {
		return false, wait
	}
	switch {
	case n == 0:
	case placed:
		b.fullAt[key] = then
	default:
		b.shared = then
	}
	return true, 0
}

// sweep removes the sources whose buckets are full, at most once a second: a full table must not cost a scan each time.
func (b *buckets) sweep(now time.Duration) {
	if b.swept != 0 && now-b.swept < time.Second {
		return
	}
	b.swept = now
	for key, at := range b.fullAt {
		if at <= now {
			delete(b.fullAt, key)
		}
	}
}
