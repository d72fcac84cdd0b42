package journal

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// The hook's queue is bounded: an app that parks everything must not fill its memory with messages
// about that.
const (
	hookWaiting = 1000     // entries
	hookBytes   = 16 << 20 // of their bodies
	hookTimeout = 30 * time.Second
)

// hook calls Config.OnParked, one entry at a time, in a goroutine that exists only while there is
// something to call.
type hook struct {
	call func(context.Context, *Entry)

	mu      sync.Mutex
	waiting []*Entry
	size    int           // bytes of their bodies
	missed  int           // entries beyond these bounds
	idle    chan struct{} // closed when the goroutine has ended; nil: it does not run
}

// Parked reports to the journal that entries are parked and committed, so that Config.OnParked runs for
// them. It returns at once. Entries in another state, and those that were not kept, are left out.
func (j *Journal) Parked(ctx context.Context, entries ...*Entry) {
	// Entries are committed now, so that pruning holds no transaction of the app's up.
	j.prune(ctx)
	h := &j.hook
	if h.call == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	// Cloned under the lock, which is short: the hook itself runs without it.
	for _, e := range entries {
		switch {
		case e.State != Parked || e.Revision == 0:
		case len(h.waiting) >= hookWaiting, len(h.waiting) > 0 && h.size+len(e.Body) > hookBytes:
			h.missed++
		default:
			h.size += len(e.Body)
			h.waiting = append(h.waiting, e.Clone()) // the delivery's buffers are used again
		}
	}
	// The goroutine ends when nothing is left, so a journal needs no Close.
	if len(h.waiting) > 0 && h.idle == nil {
		h.idle = make(chan struct{})
		go h.run(h.idle)
	}
}

// run calls the hook until nothing waits. idle is closed at its end, for Wait.
func (h *hook) run(idle chan struct{}) {
	ended := false
	defer func() {
		if ended {
			close(idle)
			return
		}
		// OnParked has ended the goroutine, as a failed assertion of a test does. What waits gets another one:
		// otherwise the hook would never be called again, and Wait would have nobody to wait for.
		logSafely(slog.LevelError, "journal: OnParked ended its goroutine")
		go h.run(idle)
	}()
	for {
		e, missed := h.next()
		if missed > 0 {
			logSafely(slog.LevelWarn, "journal: OnParked is too slow: it was not called for some parked entries",
				"entries", missed)
		}
		if e == nil {
			ended = true
			return
		}
		h.one(e)
	}
}

// next takes the next entry. With none left the goroutine ends, and the next entry starts another.
func (h *hook) next() (e *Entry, missed int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	missed, h.missed = h.missed, 0
	if len(h.waiting) == 0 {
		h.idle, h.waiting = nil, nil
		return nil, missed
	}
	e = h.waiting[0]
	h.waiting[0] = nil
	h.waiting = h.waiting[1:]
	h.size -= len(e.Body)
	return e, missed
}

// one calls the hook. Its panic must not end the process: the entry is kept, whatever becomes of the
// message about it.
func (h *hook) one(e *Entry) {
	// Not the delivery's context: that ends with the answer, and the message is about what was
	// answered.
	ctx, cancel := context.WithTimeout(context.Background(), hookTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			logSafely(slog.LevelError, "journal: OnParked panicked", "entry", string(e.ID),
				"panic", short(fmt.Sprint(r), 300))
		}
	}()
	h.call(ctx, e)
}

// logSafely writes a line. It fails open: a panic of the app's handler loses the line, and not the process.
func logSafely(level slog.Level, message string, attrs ...any) {
	defer func() { _ = recover() }()
	slog.Log(context.Background(), level, message, attrs...)
}

// Wait waits until OnParked was called for everything that is parked, or until ctx has ended.
func (j *Journal) Wait(ctx context.Context) error {
	for {
		j.hook.mu.Lock()
		idle := j.hook.idle
		j.hook.mu.Unlock()
		if idle == nil {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
