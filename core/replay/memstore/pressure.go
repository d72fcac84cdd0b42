package memstore

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
)

// The store warns once when it is 80 % full. It can warn again after it was below 70 %: because of the gap, a store
// that hovers at the mark does not fill the log.
const (
	warnPercent  = 80
	readyPercent = 70
)

// pressure remembers whether the warning has been given.
type pressure struct{ warned atomic.Bool }

// due reports whether to warn now. Of several concurrent calls only one reports true.
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

// observe warns if the store is filling up. Every call that may have changed the number of identities ends with it. The
// caller must hold no lock: the logger's handler may be slow, or use the store.
func (s *Store) observe(ctx context.Context) {
	live := s.room.taken.Load()
	if !s.pressure.due(live, s.room.capacity) {
		return
	}
	// It fails open: a panic of the app's handler loses the line. The claims that the call has made are already taken.
	defer func() { _ = recover() }()
	logger := cmp.Or(s.logger, slog.Default())
	logger.LogAttrs(ctx, slog.LevelWarn,
		"replay: the store is filling up; when it is full, deliveries are refused: raise Capacity or shorten what is "+
			"remembered",
		slog.Int64("live", live), slog.Int64("capacity", s.room.capacity))
}
