// Package memlimit is a [core.Limiter] in this process's memory, on the token buckets of golang.org/x/time/rate. A
// guard counts by itself without one; this one can be shared by guards. Keys hold the endpoint's name, so that endpoints
// do not take from each other.
package memlimit

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/sallyport-go/sallyport/core"
)

const defaultMaxKeys = 1 << 16

// Config is what [New] takes.
type Config struct {
	PerSecond float64 // sustained, for each key; required
	Burst     int     // at once; required
	// MaxKeys is how many keys are followed at a time. A key leaves when its bucket is full again. When there is no
	// place, further keys share one bucket: whoever has that many addresses slows down newcomers only, and no debt is
	// forgotten. Default 65,536.
	MaxKeys int
}

// Limiter counts in memory. It is safe for concurrent use.
type Limiter struct {
	rate  rate.Limit
	burst int
	most  int

	mu     sync.Mutex
	keys   map[string]*rate.Limiter
	shared *rate.Limiter
	swept  time.Time
}

var _ core.Limiter = (*Limiter)(nil)

// New makes a limiter.
func New(c Config) (*Limiter, error) {
	if !(c.PerSecond > 0) || math.IsInf(c.PerSecond, 0) || c.Burst < 1 || c.MaxKeys < 0 {
		return nil, errors.New("sallyport: memlimit: PerSecond must be above 0 and finite, Burst at least 1, and MaxKeys not negative")
	}
	l := &Limiter{rate: rate.Limit(c.PerSecond), burst: c.Burst, most: c.MaxKeys, keys: map[string]*rate.Limiter{}}
	if l.most == 0 {
		l.most = defaultMaxKeys
	}
	l.shared = rate.NewLimiter(l.rate, l.burst)
	return l, nil
}

// Allow takes n tokens of the key's, or none and says how long to wait. It never fails. More than Burst is never
// allowed.
func (l *Limiter) Allow(_ context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	r := l.bucket(key, n > 0, now).ReserveN(now, max(n, 1))
	if !r.OK() {
		return false, time.Duration(float64(l.burst) / float64(l.rate) * float64(time.Second)), nil
	}
	wait := r.DelayFrom(now)
	if wait > 0 || n <= 0 {
		r.CancelAt(now)
	}
	return wait == 0, wait, nil
}

// bucket is the key's own or, where the table is full, the one that latecomers share. Asking makes no entry.
func (l *Limiter) bucket(key string, keep bool, now time.Time) *rate.Limiter {
	if b := l.keys[key]; b != nil {
		return b
	}
	if len(l.keys) >= l.most {
		l.sweep(now)
	}
	if len(l.keys) >= l.most {
		return l.shared
	}
	b := rate.NewLimiter(l.rate, l.burst)
	if keep {
		l.keys[key] = b
	}
	return b
}

// sweep removes the keys whose buckets are full, at most once a second: a full table must not cost a scan each time.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Second {
		return
	}
	l.swept = now
	for key, b := range l.keys {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.keys, key)
		}
	}
}
