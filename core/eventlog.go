package core

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	// linesPerSecond is how many events of an endpoint have a line of their own in a second.
	linesPerSecond = 20
	// maxHeldEvents is how many further ones wait for the line at the end of the second. The line is written early when
	// they are more, so that neither memory nor the line grows without bound.
	maxHeldEvents = 500
)

// eventLog writes a line for each event that went wrong after its delivery was proved. The app's own failures are among
// them, and for what was answered 2xx the line may be all that remains of it. So nothing is sampled and nothing is
// queued: the line is written before the answer. Beyond linesPerSecond one line at the end of the second has the id and
// the identity of every further event.
type eventLog struct {
	log     *guardLog
	level   slog.Level // of the lines at the end of a second
	message string     // of the same

	mu     sync.Mutex  // guards what follows; no line is written while it is held
	second time.Time   // when the current one began
	lines  int         // in it
	held   []string    // events that wait for the next line; at most maxHeldEvents
	timer  *time.Timer // writes them; nil: none ever waited
}

// admit reports whether an event has a line of its own, which whole demands. One that has not is held for the next
// line.
func (e *eventLog) admit(now time.Time, whole bool, held func() string) bool {
	e.mu.Lock()
	if now.Sub(e.second) >= time.Second {
		e.second, e.lines = now, 0
	}
	if whole || e.lines < linesPerSecond {
		e.lines++
		e.mu.Unlock()
		return true
	}
	e.held = append(e.held, held())
	// After close no timer may be started: the line is written at once, or the event would be missing from the log.
	full := len(e.held) >= maxHeldEvents || e.log.closed.Load()
	if len(e.held) == 1 && !full {
		after := max(0, time.Second-now.Sub(e.second))
		if e.timer == nil {
			e.timer = time.AfterFunc(after, e.flush)
		} else {
			e.timer.Reset(after)
		}
	}
	e.mu.Unlock()
	if full {
		e.flush()
	}
	return false
}

// flush writes the events that are held.
func (e *eventLog) flush() {
	e.mu.Lock()
	held := e.held
	e.held = nil
	if e.timer != nil {
		e.timer.Stop()
	}
	e.mu.Unlock()
	if len(held) == 0 {
		return
	}
	e.log.write(context.Background(), e.level, e.message,
		e.log.about(slog.Int("count", len(held)), slog.Any("events", held))...)
}

// eventReported reports whether a record is about an event that takeEvents has written.
func (r *Record) eventReported() bool { return len(r.Failed) > 0 }

// takeEvents writes the lines of a delivery's events.
func (l *guardLog) takeEvents(r *Record) {
	written := false // a line says what went wrong
	for n := range r.Failed {
		e := &r.Failed[n]
		if e.Reason == reason.Unhandled {
			l.unhandled(r, e.Type)
			if e.Err == nil {
				continue // else OnUnhandled panicked
			}
		}
		written = true
		l.event(r, e)
	}
	switch {
	case r.Reason == reason.Conflict:
		l.conflict(r)
	case r.Replay == ReplayCommitFailed, r.Replay == ReplayUnclaimed, !written && needsLine(r):
		l.event(r, &FailedEvent{
			ID: r.ID, Type: r.Type, Identity: r.Identity, Reason: r.Reason, Err: r.Err, Stack: r.Stack,
		})
	case len(r.Failed) == 0 && (r.RanNothing || r.Reason == reason.Unhandled):
		l.unhandled(r, r.Type)
	}
}

// needsLine reports whether a record without failed events is about one that went wrong after the proof.
func needsLine(r *Record) bool {
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
func (l *guardLog) event(r *Record, e *FailedEvent) {
	level := levelOfEvent(e.Reason, r)
	if !l.logger.Enabled(r.ctx, level) {
		return
	}
	now := time.Now()
	var stack []slog.Attr
	due := false // a stack has its line however many failures there are: maxCauses bounds them
	if len(e.Stack) > 0 {
		stack, due = l.stacks.attrs(e.Stack, now)
	}
	// The line that is held names the event and nothing of its error: thousands of long errors would fill the memory.
	if !l.events.admit(now, due, func() string { return heldEvent(e.Reason, e.ID, e.Identity) }) {
		return
	}
	attrs := append(l.eventAttrs(r, e), stack...)
	l.write(context.WithoutCancel(r.ctx), level, messageOfEvent(e.Reason, r), attrs...)
}

// conflict writes the line of a conflict, or holds it for the end of the second. It is not sampled: either the provider
// has changed an event under its id, which did not run, or somebody has forged one.
func (l *guardLog) conflict(r *Record) {
	if !l.logger.Enabled(r.ctx, slog.LevelWarn) {
		return
	}
	if l.conflicts.admit(time.Now(), false, func() string { return heldEvent(r.Reason, r.ID, r.Identity) }) {
		l.write(context.WithoutCancel(r.ctx), slog.LevelWarn, messageOf(r), l.attrsOf(r)...)
	}
}

// unhandled counts an event that was answered 2xx without any code of the app: a line a minute for each type.
func (l *guardLog) unhandled(r *Record, typ string) {
	// The type is the sender's text: cleaned, it cannot forge a line, and tallyOf bounds how many there are.
	k := logKind{reason: r.Reason, level: slog.LevelInfo, typ: httpfield.Clean(typ), nothing: true}
	if typ == "" {
		k.typ = "-"
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
	if !l.logger.Enabled(r.ctx, k.level) || !l.first(k, r.ended) {
		return
	}
	l.write(context.WithoutCancel(r.ctx), k.level, message, l.about(k.attrsOf(r)...)...)
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
