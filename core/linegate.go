package core

import (
	"sync/atomic"
	"time"
)

// lineGate lets one line through in logEvery. Its times have the monotonic clock, which no change of the clock moves.
type lineGate struct {
	last atomic.Pointer[time.Time] // when the last line was written; nil: none was
}

// due reports whether a line may be written, and counts it as written. It reports true to one of several callers.
func (l *lineGate) due() bool {
	last := l.last.Load()
	if last != nil && time.Since(*last) < logEvery {
		return false
	}
	now := time.Now()
	return l.last.CompareAndSwap(last, &now)
}
