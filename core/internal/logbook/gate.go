package logbook

import (
	"sync/atomic"
	"time"
)

// Gate lets one line through in a minute. Its times have the monotonic clock, which no change of the clock moves.
type Gate struct {
	last atomic.Pointer[time.Time] // when the last line was written; nil: none was
}

// Due reports whether a line may be written, and counts it as written. It reports true to one of several callers.
func (g *Gate) Due() bool {
	last := g.last.Load()
	if last != nil && time.Since(*last) < every {
		return false
	}
	now := time.Now()
	return g.last.CompareAndSwap(last, &now)
}
