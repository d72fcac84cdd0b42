// Package memlimit is a [limit.Limiter] in this process's memory. A guard counts by itself without one; this one can be
// shared by guards. Keys hold the endpoint's name, so that endpoints do not take from each other.
package memlimit

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/buckets"
	"github.com/sallyport-go/sallyport/core/limit"
)

// Config is what [New] takes.
type Config struct {
	PerSecond float64 // sustained, for each key, at most a billion; required
	Burst     int     // at once; required
	// MaxKeys is how many keys are followed at a time. A key leaves when its bucket is full again. When there is no
	// place, further keys share one bucket: whoever has that many addresses slows down newcomers only, and no debt is
	// forgotten. Default 65,536.
	MaxKeys int
}

// Limiter counts in memory. It is safe for concurrent use.
type Limiter struct{ table *buckets.Table[string] }

var _ limit.Limiter = (*Limiter)(nil)

// New makes a limiter.
func New(c Config) (*Limiter, error) {
	if !(c.PerSecond > 0) || math.IsInf(c.PerSecond, 0) || c.Burst < 1 || c.MaxKeys < 0 {
		return nil, errors.New("sallyport: memlimit: PerSecond must be above 0 and finite, Burst at least 1, and " +
			"MaxKeys not negative")
	}
	most := c.MaxKeys
	if most == 0 {
		most = buckets.Most
	}
	return &Limiter{buckets.New[string](c.PerSecond, c.Burst, most)}, nil
}

// Allow takes n tokens of the key's, or none and says how long to wait. It never fails. More than Burst is never
// allowed. With n of 0 it says whether one could be taken.
func (l *Limiter) Allow(_ context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error) {
	ok, retryAfter = l.table.Allow(key, max(n, 0), time.Now())
	return ok, retryAfter, nil
}
