package logbook

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// maxTypes is how many types have a count of their own. Further ones share one.
const maxTypes = 100

// otherTypes stands for the types beyond maxTypes.
const otherTypes = "(other types)"

// Tally lets the first of each kind have a line, and counts further ones. The count is written within a minute. Every
// value of K must come from a closed set, or a flood would make counts that are never forgotten. Set Log and Line
// before the first use.
type Tally[K comparable] struct {
	Log  *Log
	Line func(Count[K]) Line // of a count

	mu     sync.Mutex
	counts map[kind[K]]*count // bounded: see K and maxTypes
	types  int                // counts of one type each; at most maxTypes
	timer  *time.Timer        // writes the counts; nil: nothing was counted yet
	armed  bool               // the timer runs
}

// Count is how many of a kind had no line of their own.
type Count[K comparable] struct {
	Kind  K
	Type  string // a text of the sender, cleaned by the caller; or that of all types beyond the bound
	N     int
	Since time.Time // of the last line
}

// Line is a line to write.
type Line struct {
	Level   slog.Level
	Message string
	Attrs   []slog.Attr
}

// kind is what is counted together.
type kind[K comparable] struct {
	of  K
	typ string
}

// count is the count of one kind since it last had a line.
type count struct {
	since time.Time // of the last line; zero: there was none
	n     int       // records without a line since then
}

// First counts one of a kind, and reports whether it has a line of its own: the first in a minute has. typ is empty, or
// a text of the sender. The caller must clean it.
func (t *Tally[K]) First(of K, typ string, now time.Time) bool { return t.add(of, typ, now, true) }

// Only counts one of a kind that has no line of its own.
func (t *Tally[K]) Only(of K, now time.Time) { t.add(of, "", now, false) }

// add counts one of a kind, and reports whether it has a line of its own. No line is written while mu is held: the
// app's log handler may be slow, and deliveries wait for mu.
func (t *Tally[K]) add(of K, typ string, now time.Time, line bool) bool {
	t.mu.Lock()
	c := t.countOf(kind[K]{of, typ}, now)
	if line && c.n == 0 && (c.since.IsZero() || now.Sub(c.since) >= every) {
		c.since = now
		t.mu.Unlock()
		return true
	}
	if c.since.IsZero() {
		c.since = now
	}
	c.n++
	closed := t.Log.closed.Load()
	late := closed && now.Sub(c.since) >= every
	if !t.armed && !closed {
		t.arm(max(0, every-now.Sub(c.since)))
	}
	t.mu.Unlock()
	if late {
		t.report(now)
	}
	return false
}

// countOf finds the count of a kind, or begins one. The caller must hold mu.
func (t *Tally[K]) countOf(k kind[K], now time.Time) *count {
	c := t.counts[k]
	if c != nil {
		return c
	}
	if k.typ != "" {
		if t.types >= maxTypes {
			t.forgetTypes(now)
		}
		if t.types >= maxTypes { // types are the sender's text: without the bound they would fill the memory
			k.typ = otherTypes
			if c = t.counts[k]; c != nil {
				return c
			}
		} else {
			t.types++
		}
	}
	if t.counts == nil {
		t.counts = map[kind[K]]*count{}
	}
	c = &count{}
	t.counts[k] = c
	return c
}

// forgetTypes makes room for other types. A type that is counted stays: its line is still due. The caller must hold mu.
func (t *Tally[K]) forgetTypes(now time.Time) {
	for k, c := range t.counts {
		if k.typ != "" && k.typ != otherTypes && c.n == 0 && now.Sub(c.since) >= every {
			delete(t.counts, k)
			t.types--
		}
	}
}

// arm starts the timer that writes counts. The caller must hold mu.
func (t *Tally[K]) arm(after time.Duration) {
	t.armed = true
	if t.timer == nil {
		t.timer = time.AfterFunc(after, func() { t.report(time.Now()) })
		return
	}
	t.timer.Reset(after)
}

// Flush writes all counts.
func (t *Tally[K]) Flush() { t.report(time.Time{}) }

// Stop ends the timer. The log must be closed.
func (t *Tally[K]) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
		t.armed = false
	}
}

// report writes the counts that are a minute old at now, and all of them where now is zero.
func (t *Tally[K]) report(now time.Time) {
	for _, c := range t.due(now) {
		line := t.Line(c)
		t.Log.Write(context.Background(), line.Level, line.Message, line.Attrs...)
	}
}

// due returns the counts to write, and begins them again. It starts the timer for those that have to wait.
func (t *Tally[K]) due(now time.Time) []Count[K] {
	var due []Count[K]
	t.mu.Lock()
	defer t.mu.Unlock()
	var next time.Duration
	at := now
	if at.IsZero() {
		at = time.Now()
	}
	for k, c := range t.counts {
		if c.n == 0 {
			continue
		}
		if left := every - at.Sub(c.since); !now.IsZero() && left > 0 {
			if next == 0 || left < next {
				next = left
			}
			continue
		}
		due = append(due, Count[K]{k.of, k.typ, c.n, c.since})
		c.since, c.n = at, 0
	}
	if t.armed = next > 0 && !t.Log.closed.Load(); t.armed {
		t.arm(next)
	}
	return due
}
