package core

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/pump"
	"github.com/sallyport-go/sallyport/core/reason"
)

// guardLog writes what one guard has to say to Config.Logger. It is no observer: it cannot be replaced, and no observer
// can hold it up.
//
// Three ways lead to the log. What unverified senders can cause is sampled: the first of each kind has a line, further
// ones are counted, and the count is written within a minute. What happened to a proved event is never sampled and
// passes no queue: the app's own failures are among it, and for what was answered 2xx the line may be all that remains.
// Deliveries that went well are counted.
type guardLog struct {
	*logbook.Log
	typed bool // the provider's events say of which type they are

	pump      pump.Pump[*pooledRecord] // lines of records whose findings are worked out first
	events    logbook.Burst            // that went wrong after their delivery was proved
	conflicts logbook.Burst
	activity  logbook.Activity
	stacks    logbook.Stacks
	tally     logbook.Tally[logKind]
}

// lineKind says which line a record in the log's queue becomes.
type lineKind uint8

const (
	lineNone   lineKind = iota
	lineRecord          // the record itself
	lineFirst           // the first accepted delivery
)

// logKind is what is counted together. All of it comes from closed sets.
type logKind struct {
	reason   reason.Reason
	level    slog.Level // an error is not counted behind ordinary outcomes
	check    Check      // the one that only reported
	nothing  bool       // answered 2xx, and nothing ran
	observer int        // its place, counted from 1: it is behind, or
	panicked bool       // it panicked
	proved   bool       // a handshake that was proved, which unproved ones do not hide
}

func newGuardLog(logger *slog.Logger, endpoint, provider string) *guardLog {
	out := logbook.New(logger, slog.String("endpoint", endpoint), slog.String("provider", provider))
	l := &guardLog{
		Log:       out,
		events:    logbook.Burst{Log: out, Level: slog.LevelError, Message: moreFailures},
		conflicts: logbook.Burst{Log: out, Level: slog.LevelWarn, Message: moreConflicts},
		activity:  logbook.Activity{Log: out, Message: deliveriesSoFar},
	}
	l.pump.Deliver, l.pump.Drop = l.deliver, l.drop
	l.tally.Log, l.tally.Line = out, l.lineOfCount
	return l
}

// isAppFailure reports whether the app's own code failed: reason.ClassApp, without looking through all reasons.
func isAppFailure(why reason.Reason) bool {
	return why == reason.SignalFailed || why == reason.SignalPanicked
}

// take counts a record and writes what must not wait. It reports whether the record also has a line of its own, which
// the caller hands to the pump.
func (l *guardLog) take(r *pooledRecord) bool {
	if r.proved || len(r.Failed) > 0 || isAppFailure(r.Reason) {
		l.takeEvents(r)
	}
	if r.proved { // or a flood of unverified requests would look like work in the log
		l.countActivity(r)
	}
	if r.line = l.lineOf(r); r.line == lineNone {
		return false
	}
	r.readNames()
	return true
}

// countActivity counts a delivery that went well.
func (l *guardLog) countActivity(r *pooledRecord) {
	switch r.Reason {
	case reason.Accepted:
		l.activity.Accepted(r.ended)
	case reason.Duplicate, reason.Conflict:
		l.activity.Duplicate(r.ended)
	case reason.Unhandled:
		l.activity.Unhandled(r.ended)
	}
}

// lineOf decides which line of its own a record has.
func (l *guardLog) lineOf(r *pooledRecord) lineKind {
	if r.Reason == reason.Accepted && len(r.WouldRefuse) == 0 {
		switch {
		case r.proved && r.Err == nil && l.activity.IsFirst():
			return lineFirst
		case l.Enabled(r.ctx, slog.LevelDebug):
			return lineRecord
		}
		return lineNone
	}
	if r.sampledInLog() && l.Enabled(r.ctx, levelOf(r)) && l.tally.First(kindOf(r), "", r.ended) {
		return lineRecord
	}
	return lineNone
}

// kindOf returns the kind of a record. Nothing in it is the sender's choice: otherwise a flood would have a line for
// each request, and a tally that is never forgotten.
func kindOf(r *pooledRecord) logKind {
	k := logKind{reason: r.Reason, level: levelOf(r), proved: r.proved && r.Reason == reason.Handshake}
	if len(r.WouldRefuse) > 0 {
		k.check, k.reason = r.WouldRefuse[0].Check, r.WouldRefuse[0].Reason
	}
	return k
}

// sampledInLog reports whether unverified senders can cause records like this one. Whoever has captured a delivery can
// send it again, so that duplicates are among them.
func (r *pooledRecord) sampledInLog() bool {
	switch r.Reason {
	case reason.Duplicate, reason.InFlight, reason.Handshake:
		return true
	}
	return !r.proved && !isAppFailure(r.Reason) && !r.eventReported() || len(r.WouldRefuse) > 0
}

// deliver writes the line of a record from the pump's goroutine.
func (l *guardLog) deliver(r *pooledRecord, _ int) {
	r.explain()
	level, message := levelOf(r), messageOf(r)
	if r.line == lineFirst {
		level, message = slog.LevelInfo, firstAccepted
	}
	l.Write(context.WithoutCancel(r.ctx), level, message, l.attrsOf(r)...)
	r.release()
}

// drop counts a line for which the queue has no room.
func (l *guardLog) drop(r *pooledRecord) {
	defer r.release()
	if r.line == lineFirst {
		l.activity.NotFirst()
		return
	}
	l.tally.Only(kindOf(r), r.ended)
}

// flush writes every count and every line so far.
func (l *guardLog) flush(ctx context.Context) error {
	err := l.pump.Flush(ctx)
	l.flushCounts()
	return err
}

func (l *guardLog) flushCounts() {
	l.events.Flush()
	l.conflicts.Flush()
	l.tally.Flush()
	l.activity.Flush()
}

// close writes what is counted and ends the timers. The guard may go on: its log then writes counts with the next line.
func (l *guardLog) close() {
	l.Close()
	l.flushCounts()
	l.activity.Report()
	l.tally.Stop()
}

func (l *guardLog) observerPanicked(o *outlet, ctx context.Context, v any) {
	k := logKind{observer: o.n + 1, panicked: true, level: slog.LevelError}
	if !l.tally.First(k, "", time.Now()) {
		return
	}
	l.Write(context.WithoutCancel(ctx), slog.LevelError, panickedObserver,
		l.About(slog.Int("observer", o.n), slog.String("panic", httpfield.Clean(httpfield.TextOf(v))))...)
}

func (l *guardLog) observerBehind(o *outlet, r *pooledRecord) {
	l.tally.Only(logKind{observer: o.n + 1, level: slog.LevelWarn}, r.ended)
}

// eventReported reports whether a record is about an event that takeEvents has written.
func (r *pooledRecord) eventReported() bool { return len(r.Failed) > 0 }

// takeEvents writes the lines of a delivery's events.
func (l *guardLog) takeEvents(r *pooledRecord) {
	written := false // a line says what went wrong
	for n := range r.Failed {
		e := &r.Failed[n]
		if e.Reason == reason.Unhandled {
			l.unhandled(r, e.Type)
			if e.Err == nil {
				continue // else OnUnhandled panicked
			}
		}
		if e.Reason == reason.Conflict {
			l.conflict(r, e)
			continue
		}
		written = true
		l.event(r, e)
	}
	switch {
	case r.Reason == reason.Conflict:
		r.readNames()
		l.conflict(r, nil)
	case r.Replay == ReplayCommitFailed, r.Replay == ReplayUnclaimed, !written && needsLine(r):
		r.readNames()
		l.event(r, &FailedEvent{
			ID: r.ID, Type: r.Type, Identity: r.Identity, Reason: r.Reason, Err: r.Err, Stack: r.Stack,
		})
	case len(r.Failed) == 0 && (r.RanNothing || r.Reason == reason.Unhandled):
		r.readNames()
		l.unhandled(r, r.Type)
	}
}

// needsLine reports whether a record without failed events is about one that went wrong after the proof.
func needsLine(r *pooledRecord) bool {
	switch r.Reason.Class() {
	case reason.ClassPassed:
		return r.Err != nil || r.Reason == reason.Permanent || r.Reason == reason.Undecodable
	case reason.ClassApp:
		return true
	default: // a genuine delivery was refused; one in flight comes back, and has its line as a sampled one
		return r.proved && r.Reason != reason.InFlight
	}
}

// event writes the line of one event, or holds it for the line at the end of the second.
func (l *guardLog) event(r *pooledRecord, e *FailedEvent) {
	level := levelOfEvent(e.Reason, r)
	if !l.Enabled(r.ctx, level) {
		return
	}
	now := time.Now()
	var stack []slog.Attr
	due := false // a stack has its line however many failures there are: logbook.MaxCauses bounds them
	if len(e.Stack) > 0 {
		stack, due = l.stacks.Attrs(e.Stack, now)
	}
	// The line that is held names the event and nothing of its error: thousands of long errors would fill the memory.
	if !l.events.Admit(now, due, func() string { return heldEvent(e.Reason, e.ID, e.Identity) }) {
		return
	}
	attrs := append(l.eventAttrs(r, e), stack...)
	l.Write(context.WithoutCancel(r.ctx), level, messageOfEvent(e.Reason, r), attrs...)
}

// conflict writes the line of a conflict, or holds it for the end of the second. It is not sampled: either the provider
// has changed an event under its id, which did not run, or somebody has forged one. e is the event of a batch of which
// others ran; nil: it is the whole delivery.
func (l *guardLog) conflict(r *pooledRecord, e *FailedEvent) {
	if !l.Enabled(r.ctx, slog.LevelWarn) {
		return
	}
	id, identity := r.ID, r.Identity
	if e != nil {
		id, identity = e.ID, e.Identity
	}
	if !l.conflicts.Admit(time.Now(), false, func() string { return heldEvent(reason.Conflict, id, identity) }) {
		return
	}
	attrs := l.attrsOf
	if e != nil {
		attrs = func(r *pooledRecord) []slog.Attr { return l.eventAttrs(r, e) }
	}
	l.Write(context.WithoutCancel(r.ctx), slog.LevelWarn, eventConflict, attrs(r)...)
}

// unhandled counts an event that was answered 2xx without any code of the app: a line a minute for each type.
func (l *guardLog) unhandled(r *pooledRecord, typ string) {
	// The type is the sender's text: cleaned, it cannot forge a line, and the tally bounds how many there are.
	k, shown := logKind{reason: r.Reason, level: slog.LevelInfo, nothing: true}, httpfield.Clean(typ)
	if typ == "" {
		shown = "-"
	}
	message := noReceiver
	switch {
	case r.emptySet && r.Events > 0:
		k.reason, k.level, message = reason.Unhandled, slog.LevelWarn, noReceivers
	case r.Reason != reason.Accepted || !r.RanNothing:
		k.reason = reason.Unhandled
		if typ == "" && l.typed { // no receiver is registered for what has no name: it would be lost in silence
			k.level, message = slog.LevelWarn, noType
		}
	case r.Events == 0:
		message = noEvents
	default:
		k.level, message = slog.LevelWarn, ranNothing
	}
	if !l.Enabled(r.ctx, k.level) || !l.tally.First(k, shown, r.ended) {
		return
	}
	l.Write(context.WithoutCancel(r.ctx), k.level, message, l.About(k.attrsOf(r, shown)...)...)
}

// heldEvent names an event in the line at the end of a second: by reason, id and identity, "-" for what is missing.
// An operator finds it by the id at the provider, and makes the store forget it by the identity.
func heldEvent(why reason.Reason, id string, identity Identity) string {
	text := "-"
	if !identity.IsZero() {
		text = identity.String()
	}
	if id == "" {
		id = "-"
	}
	return strings.Join([]string{string(why), httpfield.Clean(id), text}, " ")
}
