// Package vitals counts signs of life, and raises an alarm where there are none for long. Its times are the machine's.
package vitals

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/recent"
	"github.com/sallyport-go/sallyport/core/reason"
)

// Vitals are what an endpoint counts for its health. Begin comes first. It must not be copied, and is safe for
// concurrent use.
type Vitals struct {
	since    time.Time
	proved   atomic.Int64 // nanoseconds since 1970; 0: never
	rejected atomic.Int64 // as proved
	inARow   atomic.Int64 // rejections since proved
	reason   atomic.Value // Reason

	// uncommitted are the last events that were proved and not committed. The store does not know them, so that a copy
	// of one looks new.
	uncommitted *recent.Cache[struct{}]

	mu     sync.Mutex  // guards what follows
	alarm  *time.Timer // nil: there is no alarm, or it was ended
	silent bool        // the alarm was raised
}

// maxUncommitted is how many events that were not committed are known again. Beyond them a copy counts as a sign of
// life: the alarm then comes later, and nothing is let through.
const maxUncommitted = 1024

// State is what was counted so far. Zero times are never.
type State struct {
	Since, LastProved, LastRejected time.Time
	RejectedInARow                  int64
	LastReason                      reason.Reason // of the last rejection
}

// Begin starts the counts.
func (v *Vitals) Begin(now time.Time) {
	v.since, v.uncommitted = now, recent.New[struct{}](maxUncommitted)
}

// Proved counts a sign of life. It writes only what changes by a millisecond or more, because every processor that
// takes deliveries would otherwise wait for the others' writes.
func (v *Vitals) Proved(at time.Time) {
	if ns := at.UnixNano(); ns/1e6 != v.proved.Load()/1e6 {
		v.proved.Store(ns)
	}
	if v.inARow.Load() != 0 {
		v.inARow.Store(0)
	}
}

// IsFresh reports whether an event that is not committed has not been here before, and notes it.
func (v *Vitals) IsFresh(event [32]byte) bool {
	fresh := false
	v.uncommitted.GetOrAdd(string(event[:]), func() struct{} { fresh = true; return struct{}{} })
	return fresh
}

// Reject counts a failed authentication. Two at once may leave the reason of one with the time of the other, which is
// good enough for a report.
func (v *Vitals) Reject(why reason.Reason, at time.Time) {
	v.rejected.Store(at.UnixNano())
	v.inARow.Add(1)
	if v.reason.Load() != any(why) { // Store allocates: skip it while the reason stays the same
		v.reason.Store(why)
	}
}

// Last returns when the endpoint last showed a sign of life. Its start counts as one: a new process is not silent.
func (v *Vitals) Last() time.Time {
	if ns := v.proved.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	return v.since
}

// State returns what was counted so far.
func (v *Vitals) State() State {
	s := State{Since: v.since, RejectedInARow: v.inARow.Load()}
	if ns := v.proved.Load(); ns != 0 {
		s.LastProved = time.Unix(0, ns)
	}
	if ns := v.rejected.Load(); ns != 0 {
		s.LastRejected = time.Unix(0, ns)
		s.LastReason, _ = v.reason.Load().(reason.Reason)
	}
	return s
}

// Watch calls raise once the endpoint has been silent for that long, once for each silence.
func (v *Vitals) Watch(silence time.Duration, raise func(quiet time.Duration)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.alarm = time.AfterFunc(silence, func() { v.listen(silence, raise) })
}

// listen runs when the alarm's timer fires, and sets it again. raise is called after mu is released: a log handler that
// blocks must not hold up EndAlarm.
func (v *Vitals) listen(silence time.Duration, raise func(quiet time.Duration)) {
	quiet := time.Since(v.Last())
	v.mu.Lock()
	due := quiet >= silence && !v.silent
	v.silent = quiet >= silence
	if v.alarm != nil {
		next := silence - quiet
		if v.silent {
			next = silence // look again whether it has ended
		}
		v.alarm.Reset(next)
	}
	v.mu.Unlock()
	if due {
		raise(quiet)
	}
}

// EndAlarm ends the alarm. Calling it twice is not a mistake.
func (v *Vitals) EndAlarm() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.alarm != nil {
		v.alarm.Stop()
		v.alarm = nil
	}
}
