package logbook

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// activityEvery is how often the log says at most how many deliveries were accepted.
const activityEvery = 10 * time.Minute

// Activity counts deliveries that went well, so that the log distinguishes work from silence. The caller must leave out
// what nobody has proved: a flood would look like work.
type Activity struct {
	Log     *Log
	Message string // of the line

	accepted, duplicates, unhandled atomic.Int64 // since the last line; Report sets them to 0
	begun                           atomic.Bool  // the first accepted delivery has its line
	armed                           atomic.Bool  // a report is due; false: the next delivery starts the timer

	mu    sync.Mutex  // guards since and timer; count takes it once per report only
	since time.Time   // when the counted period began, by the machine's clock
	timer *time.Timer // nil: nothing was counted yet
}

// Accepted counts a delivery whose events ran. Like the others it allocates only for the first in ten minutes.
func (a *Activity) Accepted(now time.Time) { a.count(&a.accepted, now) }

// Duplicate counts a delivery whose events had run before.
func (a *Activity) Duplicate(now time.Time) { a.count(&a.duplicates, now) }

// Unhandled counts a delivery that no receiver takes.
func (a *Activity) Unhandled(now time.Time) { a.count(&a.unhandled, now) }

func (a *Activity) count(n *atomic.Int64, now time.Time) {
	n.Add(1)
	if !a.armed.Load() && a.armed.CompareAndSwap(false, true) {
		a.arm(now)
		return
	}
	if a.Log.closed.Load() && now.Sub(a.begin()) >= activityEvery {
		a.Report() // no timer does it
	}
}

// begin returns when the counted period began.
func (a *Activity) begin() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.since
}

// Flush writes what is counted and has no timer, because the log is closed.
func (a *Activity) Flush() {
	if a.Log.closed.Load() {
		a.Report()
	}
}

// IsFirst reports true once: for the first accepted delivery.
func (a *Activity) IsFirst() bool {
	return !a.begun.Load() && a.begun.CompareAndSwap(false, true)
}

// NotFirst lets the next delivery be the first, because the line was lost.
func (a *Activity) NotFirst() { a.begun.Store(false) }

func (a *Activity) arm(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	// A closed log starts no timer: it would run in a program that has called Shutdown.
	a.since = now
	if a.Log.closed.Load() {
		return
	}
	if a.timer == nil {
		a.timer = time.AfterFunc(activityEvery, a.Report)
		return
	}
	a.timer.Reset(activityEvery)
}

// Report writes the counts, where there are any, and rests until the next delivery.
func (a *Activity) Report() {
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
	a.Log.Write(context.Background(), slog.LevelInfo, a.Message, a.Log.About(
		slog.Int64("accepted", accepted), slog.Int64("duplicates", duplicates), slog.Int64("unhandled", unhandled),
		slog.Time("since", since))...)
}
