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

// A claim adds at most one row. So the table cannot grow without limit if up to twice as many rows are removed as were
// claimed.
const (
	pruneEvery = 500            // claims between two prunings
	pruneBatch = 2 * pruneEvery // rows that one statement removes
	pruneLimit = time.Second    // how long the claim that prunes may take longer
)

// pruning decides which claim prunes. One at a time does, in this process.
type pruning struct {
	off     bool
	claimed atomic.Int64 // since the last pruning
	active  atomic.Bool
}

// Prune removes up to limit expired identities of the store's namespace, the oldest first, and returns how many it
// removed. They were absent already: pruning only frees their room. It works in batches, and stops when nothing has
// expired. After an error, the rows that were removed until then stay removed.
//
// A store prunes by itself, unless [WithoutPruning] is set.
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

// pruneSome removes one batch. found is 0 where nothing has expired.
func (s *Store) pruneSome(ctx context.Context, limit int) (removed, found int, err error) {
	// Rows are selected without a lock and removed by key, in the order in which all calls lock. A row that was claimed
	// again in between has not expired, and stays.
	// The index on (namespace, ends_at) makes this a read of the oldest rows alone.
	query := fmt.Sprintf("SELECT identity FROM %s WHERE %s AND ends_at <= %s ORDER BY ends_at LIMIT %d",
		s.table.SQL(), s.table.own(), nowIn(s.table.Dialect), limit)
	keys, err := readKeys(s.db.QueryContext(ctx, query))
	if err != nil || len(keys) == 0 {
		return 0, 0, err
	}
	// The query returned them by their expiry.
	slices.SortFunc(keys, compareKeys)
	err = s.again(ctx, func() error {
		n, err := s.engine.remove(ctx, keys, endedRow)
		removed = int(n)
		return err
	})
	return removed, len(keys), err
}

// pruneAfter prunes after every few hundred claims, within the call that made the last of them. So there is no
// goroutine to stop, and no work while no deliveries come. Its failure does not fail the claim.
func (s *Store) pruneAfter(ctx context.Context, claimed int) {
	// Claims that come while another one prunes go on counting, and do not wait for it.
	p := &s.pruning
	if p.off || p.claimed.Add(int64(claimed)) < pruneEvery || !p.active.CompareAndSwap(false, true) {
		return
	}
	defer p.active.Store(false)
	// A canceled or slow pruning is not worth a warning: the next one goes on where it stopped.
	n := p.claimed.Swap(0)
	ctx, cancel := context.WithTimeout(ctx, pruneLimit)
	defer cancel()
	if _, err := s.Prune(ctx, int(2*n)); err != nil && !errors.Is(err, ErrSlow) && !errors.Is(err, context.Canceled) {
		defer func() { _ = recover() }() // of the app's handler: the claims that the call has made are already taken
		s.log().WarnContext(ctx, "sqlstore: expired identities could not be removed, and the table grows: check the "+
			"right to DELETE, or call Prune", "error", err)
	}
}

// log returns the logger. The default is read for each message: the app may set it after the store was made.
func (s *Store) log() *slog.Logger {
	if s.logger != nil {
		return s.logger
	}
	return slog.Default()
}
