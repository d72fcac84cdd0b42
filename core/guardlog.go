package core

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// guardLog writes what one guard has to say to Config.Logger. It is no observer: it cannot be replaced, and no observer
// can hold it up.
//
// Three ways lead to the log. What unverified senders can cause is sampled: the first of each kind has a line, further
// ones are counted, and the count is written within a minute. What happened to a proved event is never sampled and
// passes no queue: see eventLog. Deliveries that went well are counted: see activity.
type guardLog struct {
	logger             *slog.Logger
	endpoint, provider string
	typed              bool // the provider's events say of which type they are

	pump      pump // lines of records whose findings are worked out first
	events    eventLog
	conflicts eventLog
	activity  activity
	stacks    stackLog

	mu      sync.Mutex
	tallies map[logKind]*logCount // bounded: see logKind
	types   int                   // tallies of one event type each; at most maxTypes
	timer   *time.Timer           // writes the counts; nil: nothing was counted yet
	armed   bool                  // the timer runs
	closed  atomic.Bool
}

// lineKind says which line a record in the log's queue becomes.
type lineKind uint8

const (
	lineNone   lineKind = iota
	lineRecord          // the record itself
	lineFirst           // the first accepted delivery
)

func newGuardLog(logger *slog.Logger, endpoint, provider string) *guardLog {
	l := &guardLog{logger: logger, endpoint: endpoint, provider: provider, tallies: map[logKind]*logCount{}}
	l.pump.deliver, l.pump.drop = l.deliver, l.drop
	l.events = eventLog{log: l, level: slog.LevelError, message: moreFailures}
	l.conflicts = eventLog{log: l, level: slog.LevelWarn, message: moreConflicts}
	l.activity.log = l
	return l
}

// isAppFailure reports whether the app's own code failed: reason.ClassApp, without looking through all reasons.
func isAppFailure(why reason.Reason) bool {
	return why == reason.SignalFailed || why == reason.SignalPanicked
}

// take counts a record and writes what must not wait. It reports whether the record also has a line of its own, which
// the caller hands to the pump.
func (l *guardLog) take(r *Record) bool {
	if r.proved || len(r.Failed) > 0 || isAppFailure(r.Reason) {
		l.takeEvents(r)
	}
	l.activity.count(r)
	r.line = l.lineOf(r)
	return r.line != lineNone
}

// lineOf decides which line of its own a record has.
func (l *guardLog) lineOf(r *Record) lineKind {
	if r.Reason == reason.Accepted && len(r.WouldRefuse) == 0 {
		switch {
		case r.proved && r.Err == nil && l.activity.isFirst():
			return lineFirst
		case l.logger.Enabled(r.ctx, slog.LevelDebug):
			return lineRecord
		}
		return lineNone
	}
	if r.sampledInLog() && l.logger.Enabled(r.ctx, levelOf(r)) && l.first(kindOf(r), r.ended) {
		return lineRecord
	}
	return lineNone
}

// sampledInLog reports whether unverified senders can cause records like this one. Whoever has captured a delivery can
// send it again, so that duplicates are among them.
func (r *Record) sampledInLog() bool {
	switch r.Reason {
	case reason.Duplicate, reason.InFlight, reason.Handshake:
		return true
	}
	return !r.proved && !isAppFailure(r.Reason) && !r.eventReported() || len(r.WouldRefuse) > 0
}

// deliver writes the line of a record from the pump's goroutine.
func (l *guardLog) deliver(r *Record, _ int) {
	if r.line == lineFirst {
		l.write(context.WithoutCancel(r.ctx), slog.LevelInfo, firstAccepted, l.attrsOf(r)...)
		return
	}
	l.write(context.WithoutCancel(r.ctx), levelOf(r), messageOf(r), l.attrsOf(r)...)
}

// drop counts a line for which the queue has no room.
func (l *guardLog) drop(r *Record) {
	if r.line == lineFirst {
		l.activity.notFirst()
		return
	}
	l.countOnly(kindOf(r), r.ended)
}

// write writes a line, and contains a panic of the app's handler. It fails open: the line is lost, and the delivery
// goes on as it would have.
func (l *guardLog) write(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	defer func() { _ = recover() }() // there is nowhere to report it
	l.logger.LogAttrs(ctx, level, message, attrs...)
}

// about starts a line's attributes with the endpoint's own names, which no sender chose.
func (l *guardLog) about(attrs ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{slog.String("endpoint", l.endpoint), slog.String("provider", l.provider)}, attrs...)
}

// flush writes every count and every line so far.
func (l *guardLog) flush(ctx context.Context) error {
	err := l.pump.flush(ctx)
	l.events.flush()
	l.conflicts.flush()
	l.report(time.Time{})
	return err
}

// close writes what is counted and ends the timers. The guard may go on: its log then writes counts with the next line.
func (l *guardLog) close() {
	l.closed.Store(true)
	l.events.flush()
	l.conflicts.flush()
	l.report(time.Time{})
	l.activity.report()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.armed = false
	}
}

func (l *guardLog) observerPanicked(o *outlet, ctx context.Context, v any) {
	if !l.first(logKind{observer: o.n + 1, panicked: true, level: slog.LevelError}, time.Now()) {
		return
	}
	l.write(context.WithoutCancel(ctx), slog.LevelError, panickedObserver,
		l.about(slog.Int("observer", o.n), slog.String("panic", httpfield.Clean(textOf(v))))...)
}

func (l *guardLog) observerBehind(o *outlet, r *Record) {
	l.countOnly(logKind{observer: o.n + 1, level: slog.LevelWarn}, r.ended)
}
