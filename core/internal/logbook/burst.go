package logbook

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// linesPerSecond is how many lines of their own there are in a second.
	linesPerSecond = 20
	// maxHeld is how many further ones wait for the line at the end of the second. The line is written early when they
	// are more, so that neither memory nor the line grows without bound.
	maxHeld = 500
)

// Burst bounds lines that must not be sampled. Beyond linesPerSecond, one line at the end of the second has a text for
// each further one. Nothing is queued: a line that is admitted is written before the caller goes on.
type Burst struct {
	Log     *Log
	Level   slog.Level // of the lines at the end of a second
	Message string     // of the same

	mu     sync.Mutex  // guards what follows; no line is written while it is held
	second time.Time   // when the current one began
	lines  int         // in it
	held   []string    // what waits for the next line; at most maxHeld
	timer  *time.Timer // writes it; nil: nothing ever waited
}

// Admit reports whether there may be a line, which whole demands. Where there may not, held is kept for the next line.
func (b *Burst) Admit(now time.Time, whole bool, held func() string) bool {
	b.mu.Lock()
	if now.Sub(b.second) >= time.Second {
		b.second, b.lines = now, 0
	}
	if whole || b.lines < linesPerSecond {
		b.lines++
		b.mu.Unlock()
		return true
	}
	b.held = append(b.held, held())
	// After Close no timer may be started: the line is written at once, or the event would be missing from the log.
	full := len(b.held) >= maxHeld || b.Log.closed.Load()
	if len(b.held) == 1 && !full {
		after := max(0, time.Second-now.Sub(b.second))
		if b.timer == nil {
			b.timer = time.AfterFunc(after, b.Flush)
		} else {
			b.timer.Reset(after)
		}
	}
	b.mu.Unlock()
	if full {
		b.Flush()
	}
	return false
}

// Flush writes what is held.
func (b *Burst) Flush() {
	b.mu.Lock()
	held := b.held
	b.held = nil
	if b.timer != nil {
		b.timer.Stop()
	}
	b.mu.Unlock()
	if len(held) == 0 {
		return
	}
	b.Log.Write(context.Background(), b.Level, b.Message,
		b.Log.About(slog.Int("count", len(held)), slog.Any("events", held))...)
}
