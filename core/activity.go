package core

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/reason"
)

// activityEvery is how often the log says at most how many deliveries were accepted.
const activityEvery = 10 * time.Minute

// activity counts deliveries that went well, so that the log distinguishes work from silence. Handshakes and deliveries
// without proof are not among them.
type activity struct {
	log                             *guardLog
	accepted, duplicates, unhandled atomic.Int64 // since the last line; report sets them to 0
	begun                           atomic.Bool  // the first accepted delivery has its line
	armed                           atomic.Bool  // a report is due; false: the next delivery starts the timer

	mu    sync.Mutex  // guards since and timer; count takes it once per report only
	since time.Time   // when the counted period began, by the machine's clock
	timer *time.Timer // nil: nothing was counted yet
}

// count takes a record in. It allocates only for the first in ten minutes.
func (a *activity) count(r *Record) {
	if !r.proved { // or a flood of unverified requests would look like work in the log
		return
	}
	switch r.Reason {
	case reason.Accepted:
		a.accepted.Add(1)
	case reason.Duplicate, reason.Conflict:
		a.duplicates.Add(1)
	case reason.Unhandled:
		a.unhandled.Add(1)
	default:
		return
	}
	if !a.armed.Load() && a.armed.CompareAndSwap(false, true) {
		a.arm(r.ended)
	}
}

// isFirst reports true once: for the first accepted delivery.
func (a *activity) isFirst() bool {
	return !a.begun.Load() && a.begun.CompareAndSwap(false, true)
}

// notFirst lets the next delivery be the first, because the line was lost.
func (a *activity) notFirst() { a.begun.Store(false) }

func (a *activity) arm(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	// A closed log starts no timer: it would run in a program that has called Shutdown.
	a.since = now
	if a.log.closed.Load() {
		return
	}
	if a.timer == nil {
		a.timer = time.AfterFunc(activityEvery, a.report)
		return
	}
	a.timer.Reset(activityEvery)
}

// report writes the counts, where there are any, and rests until the next delivery.
func (a *activity) report() {
	a.mu.Lock()
	if a.timer != nil {
		a.timer.Stop()
	}
	since := a.since
	a.mu.Unlock()
	// Before the counts are taken: a delivery that is counted in between starts the timer again, and is not lost.
	a.armed.Store(false)
	accepted, duplicates, unhandled := a.accepted.Swap(0), a.duplicates.Swap(0), a.unhandled.Swap(0)
	if accepted+duplicates+unhandled == 0 {
		return
	}
	a.log.write(context.Background(), slog.LevelInfo, deliveriesSoFar, a.log.about(
		slog.Int64("accepted", accepted), slog.Int64("duplicates", duplicates), slog.Int64("unhandled", unhandled),
		slog.Time("since", since))...)
}
