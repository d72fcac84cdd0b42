package memstore

import (
	"context"
	"log/slog"
)

// The store warns once when it is 80 % full, and is ready to warn again when it has fallen below 70 %: the gap keeps
// a store that hovers at the mark from filling the log.
const (
	warnPercent  = 80
	readyPercent = 70
)

// pressure remembers whether the warning has been given.
type pressure struct{ warned bool }

// observe reports whether the warning is due.
func (p *pressure) observe(live, capacity int) bool {
	full := int64(live) * 100
	switch {
	case !p.warned && full >= warnPercent*int64(capacity):
		p.warned = true
		return true
	case p.warned && full < readyPercent*int64(capacity):
		p.warned = false
	}
	return false
}

func (s *Store) warn(ctx context.Context, live int) {
	logger := s.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, slog.LevelWarn,
		"replay: the store is filling up; when it is full, deliveries are refused: raise Capacity or shorten what is remembered",
		slog.Int("live", live), slog.Int("capacity", s.capacity))
}
