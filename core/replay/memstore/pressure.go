package memstore

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// The store warns once when it is 80 % full, and is ready to warn again when it has fallen below 70 %: the gap keeps
// a store that hovers at the mark from filling the log.
const (
	warnPercent  = 80
	readyPercent = 70
)

// pressure remembers whether the warning has been given.
type pressure struct{ warned atomic.Bool }

// due reports whether the warning is: to one of those who ask at once.
func (p *pressure) due(live, capacity int64) bool {
	warned := p.warned.Load()
	switch {
	case !warned && live*100 >= warnPercent*capacity:
		return p.warned.CompareAndSwap(false, true)
	case warned && live*100 < readyPercent*capacity:
		p.warned.Store(false)
	}
	return false
}

// observe ends a call that may have changed how much is remembered. No lock is held: the logger's handler is not ours.
func (s *Store) observe(ctx context.Context) {
	live := s.room.taken.Load()
	if !s.pressure.due(live, s.room.capacity) {
		return
	}
	logger := s.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, slog.LevelWarn,
		"replay: the store is filling up; when it is full, deliveries are refused: raise Capacity or shorten what is "+
			"remembered",
		slog.Int64("live", live), slog.Int64("capacity", s.room.capacity))
}
