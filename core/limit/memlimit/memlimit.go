// Package memlimit provides a [limit.Limiter] in the memory of this process. A guard without a limiter counts by
// itself, so this package is only useful to share one set of counts between guards. Keys hold the endpoint's name, so
// that endpoints do not use each other's allowance.
//
//	limiter, err := memlimit.New(memlimit.Config{PerSecond: 10, Burst: 20})
package memlimit

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/buckets"
	"github.com/sallyport-go/sallyport/core/limit"
)

// Config configures [New].
type Config struct {
	PerSecond float64 // the sustained rate of each key, at most a billion; required
	Burst     int     // how many a key may use at once, at least 1; required
	// MaxKeys is how many keys have a bucket of their own. A key is dropped when its bucket is full again. When all are
	// in use, further keys share one bucket, which fails closed. So a sender with that many addresses slows down new
	// keys only, and no key's debt is forgotten. Default 65,536.
	MaxKeys int
}

// fastest is one token a nanosecond, the finest that is counted.
const fastest = 1e9

// Limiter counts in memory. It is safe for concurrent use.
type Limiter struct{ table *buckets.Table[string] }

var _ limit.Limiter = (*Limiter)(nil)

// New makes a limiter.
func New(c Config) (*Limiter, error) {
	if !(c.PerSecond > 0 && c.PerSecond <= fastest) || c.Burst < 1 || c.MaxKeys < 0 {
		return nil, errors.New("sallyport: memlimit: PerSecond must be above 0 and at most a billion, Burst at " +
			"least 1, and MaxKeys not negative")
	}
	most := cmp.Or(c.MaxKeys, buckets.Most)
	return &Limiter{buckets.New[string](c.PerSecond, c.Burst, most)}, nil
}

// Allow takes n tokens of the key, or takes nothing and returns how long to wait. An n above Burst is never allowed.
// With an n of 0 it reports whether one token could be taken. The error is always nil.
func (l *Limiter) Allow(_ context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error) {
	ok, retryAfter = l.table.Allow(key, max(n, 0), time.Now())
	return ok, retryAfter, nil
}
