package core

import (
	"context"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// logEvery is how long further records of one kind are counted instead of logged, and how soon the count is written.
const logEvery = time.Minute

// maxTypes is how many event types that ran nothing have a tally of their own. Further ones share one.
const maxTypes = 100

// otherTypes stands for the types beyond maxTypes.
const otherTypes = "(other types)"

// logKind is what is counted together. All of it but the type comes from closed sets, and types are at most maxTypes.
type logKind struct {
	reason   reason.Reason
	level    slog.Level // an error is not counted behind ordinary outcomes
	check    Check      // the one that only reported
	typ      string     // of events that ran nothing
	nothing  bool       // answered 2xx, and nothing ran
	observer int        // its place, counted from 1: it is behind, or
	panicked bool       // it panicked
	proved   bool       // a handshake that was proved, which unproved ones do not hide
}

// logCount is the count of one kind since it last had a line.
type logCount struct {
	since time.Time // of the last line; zero: there was none
	count int       // records without a line since then
}

// kindOf returns the kind of a record. Nothing in it is the sender's choice: otherwise a flood would have a line for
// each request, and a tally that is never forgotten.
func kindOf(r *Record) logKind {
	k := logKind{reason: r.Reason, level: levelOf(r), proved: r.proved && r.Reason == reason.Handshake}
	if len(r.WouldRefuse) > 0 {
		k.check, k.reason = r.WouldRefuse[0].Check, r.WouldRefuse[0].Reason
	}
	return k
}

// first counts one of a kind, and reports whether it has a line of its own: the first in a minute has.
func (l *guardLog) first(k logKind, now time.Time) bool { return l.tally(k, now, true) }

// countOnly counts one of a kind that has no line of its own.
func (l *guardLog) countOnly(k logKind, now time.Time) { l.tally(k, now, false) }

// tally counts one of a kind, and reports whether it has a line of its own. No line is written while mu is held: the
// app's log handler may be slow, and deliveries wait for mu.
func (l *guardLog) tally(k logKind, now time.Time, line bool) bool {
	l.mu.Lock()
	t := l.tallyOf(&k, now)
	if line && t.count == 0 && (t.since.IsZero() || now.Sub(t.since) >= logEvery) {
		t.since = now
		l.mu.Unlock()
		return true
	}
	if t.since.IsZero() {
		t.since = now
	}
	t.count++
	late := l.closed.Load() && now.Sub(t.since) >= logEvery
	if !l.armed && !l.closed.Load() {
		l.arm(max(0, logEvery-now.Sub(t.since)))
	}
	l.mu.Unlock()
	if late {
		l.report(now)
	}
	return false
}

// tallyOf finds the tally of a kind, or begins one. The caller must hold mu.
func (l *guardLog) tallyOf(k *logKind, now time.Time) *logCount {
	t := l.tallies[*k]
	if t != nil {
		return t
	}
	if k.typ != "" {
		if l.types >= maxTypes {
			l.forgetTypes(now)
		}
		if l.types >= maxTypes { // types are the sender's text: without the bound they would fill the memory
			k.typ = otherTypes
			if t = l.tallies[*k]; t != nil {
				return t
			}
		} else {
			l.types++
		}
	}
	t = &logCount{}
	l.tallies[*k] = t
	return t
}

// forgetTypes makes room for other types. A tally with a count stays: its line is still due. The caller must hold mu.
func (l *guardLog) forgetTypes(now time.Time) {
	for k, t := range l.tallies {
		if k.typ != "" && k.typ != otherTypes && t.count == 0 && now.Sub(t.since) >= logEvery {
			delete(l.tallies, k)
			l.types--
		}
	}
}

// arm starts the timer that writes counts. The caller must hold mu.
func (l *guardLog) arm(after time.Duration) {
	l.armed = true
	if l.timer == nil {
		l.timer = time.AfterFunc(after, func() { l.report(time.Now()) })
		return
	}
	l.timer.Reset(after)
}

// report writes the counts that are a minute old at now, and all of them where now is zero.
func (l *guardLog) report(now time.Time) {
	type line struct {
		logKind
		logCount
	}
	var lines []line
	l.mu.Lock()
	var next time.Duration
	at := now
	if at.IsZero() {
		at = time.Now()
	}
	for k, t := range l.tallies {
		if t.count == 0 {
			continue
		}
		if left := logEvery - at.Sub(t.since); !now.IsZero() && left > 0 {
			if next == 0 || left < next {
				next = left
			}
			continue
		}
		lines = append(lines, line{k, *t})
		t.since, t.count = at, 0
	}
	if l.armed = next > 0 && !l.closed.Load(); l.armed {
		l.arm(next)
	}
	l.mu.Unlock()
	for _, c := range lines {
		l.write(context.Background(), c.level, c.message(), l.about(c.attrs(c.logCount)...)...)
	}
}

// attrs describes a count.
func (k logKind) attrs(t logCount) []slog.Attr {
	var attrs []slog.Attr
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, httpfield.Clean(value)))
		}
	}
	add("reason", string(k.reason))
	add("check", string(k.check))
	add("type", k.typ)
	if k.observer > 0 {
		attrs = append(attrs, slog.Int("observer", k.observer-1))
	}
	return append(attrs, slog.Int("count", t.count), slog.Time("since", t.since))
}
