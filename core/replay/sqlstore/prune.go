package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// A claim adds at most one row, so that removing up to twice as many as were claimed keeps up with any load.
const (
	pruneEvery = 500
	pruneBatch = 2 * pruneEvery
	pruneLimit = time.Second // what one claim may wait for it
)

// pruning decides when a claim prunes.
type pruning struct {
	off     bool
	claimed atomic.Int64 // since the last time
	active  atomic.Bool
}

// Prune removes up to limit identities of the store's namespace that have expired, the oldest first, and says how many.
// They are absent already; pruning only gives back their room. It removes in batches, and stops when there are none
// left. Its errors are those of the other calls; what was removed until then stays removed.
//
// A store prunes by itself: see [WithoutPruning].
func (s *Store) Prune(ctx context.Context, limit int) (removed int, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	for removed < limit {
		n, found, err := s.pruneSome(ctx, min(limit-removed, pruneBatch))
		removed += n
		if err != nil {
			return removed, s.fail(ctx, "prune", err)
		}
		if found == 0 {
			break
		}
	}
	return removed, nil
}

func (s *Store) pruneSome(ctx context.Context, limit int) (removed, found int, err error) {
	// Chosen without a lock and removed by key, in the order in which everybody locks. Somebody may claim one of them
	// meanwhile: then it has not ended, and stays.
	query := fmt.Sprintf("SELECT identity FROM %s WHERE %s AND ends_at <= %s ORDER BY ends_at LIMIT %d",
		s.table.sql(), s.table.own(), nowIn(s.table.dialect), limit)
	keys, err := readKeys(s.db.QueryContext(ctx, query))
	if err != nil || len(keys) == 0 {
		return 0, 0, err
	}
	slices.SortFunc(keys, compareKeys)
	err = s.again(ctx, func() error {
		n, err := s.engine.remove(ctx, keys, true)
		removed = int(n)
		return err
	})
	return removed, len(keys), err
}

// pruneAfter lets every few hundredth claim remove what has ended: no goroutine that somebody has to end, and no work
// where nothing happens.
func (s *Store) pruneAfter(ctx context.Context, claimed int) {
	p := &s.pruning
	if p.off || p.claimed.Add(int64(claimed)) < pruneEvery || !p.active.CompareAndSwap(false, true) {
		return
	}
	defer p.active.Store(false)
	n := p.claimed.Swap(0)
	ctx, cancel := context.WithTimeout(ctx, pruneLimit)
	defer cancel()
	if _, err := s.Prune(ctx, int(2*n)); err != nil && !errors.Is(err, ErrSlow) && !errors.Is(err, context.Canceled) {
		// The claims stand; but somebody should know why the table grows.
		s.log().WarnContext(ctx, "sqlstore: what has ended could not be removed, and the table grows", "error", err)
	}
}

func (s *Store) log() *slog.Logger {
	if s.logger != nil {
		return s.logger
	}
	return slog.Default()
}
