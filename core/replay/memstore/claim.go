package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Claim implements [replay.Store]. A lease that is not positive is an error, and nothing is claimed.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Allocated before a lock is taken: an allocation may have to help the garbage collector.
	results := make([]replay.Result, len(items))
	if err := s.claim(ctx, items, lease, results); err != nil {
		return nil, err
	}
	return results, nil
}

// ClaimNow is Claim for a guard, which needs no context: the store waits for nobody. It writes the results into a list
// of as many as there are items, and claims nothing where the list is shorter.
func (s *Store) ClaimNow(items []replay.Item, lease time.Duration, results []replay.Result) error {
	// Fails closed, before any lock: a panic in the middle would leave claims that nobody knows of.
	if len(results) < len(items) {
		return fmt.Errorf("memstore: a list for %d results of %d items is too short", len(results), len(items))
	}
	return s.claim(context.Background(), items, lease, results)
}

// Self returns the store. By it a guard finds out whether a type that embeds the store is what it was given.
func (s *Store) Self() replay.Store { return s }

// claim is Claim without a look at the context, which is for the log.
func (s *Store) claim(ctx context.Context, items []replay.Item, lease time.Duration, results []replay.Result) error {
	if lease <= 0 {
		return fmt.Errorf("memstore: a lease of %v is not positive", lease)
	}
	now, err := s.begin()
	if err != nil {
		return err
	}
	if len(items) == 1 {
		err = s.claimSingle(now, items, lease, results)
	} else {
		err = s.claimBatch(now, items, lease, results)
	}
	s.observe(ctx) // after the locks are released: the logger's handler may be slow, or use the store
	return err
}

// claimSingle claims one item under the lock of its shard alone. Where that shard finds no room it tries again with all
// of them.
func (s *Store) claimSingle(
	now time.Duration, items []replay.Item, lease time.Duration, results []replay.Result,
) error {
	hash, digest := s.hash(&items[0].Key), s.shorten(&items[0].Digest)
	sh := s.shardOf(hash)
	sh.mu.Lock()
	if s.closed.Load() {
		sh.mu.Unlock()
		return replay.ErrClosed
	}
	sh.sweep(now, sweepPerItem)
	ok := s.claimOne(now, &items[0], hash, digest, s.room.lot, lease, &results[0])
	sh.mu.Unlock()
	if ok {
		return nil
	}
	// The other shards may have expired identities, or room that they took and have not used.
	return s.claimBatch(now, items, lease, results)
}

// claimBatch claims several items under all the locks. A batch that does not fit must claim nothing, and no other
// caller may see its claims in between.
func (s *Store) claimBatch(now time.Duration, items []replay.Item, lease time.Duration, results []replay.Result) error {
	s.lockAll()
	defer s.unlockAll()
	if s.closed.Load() {
		return replay.ErrClosed
	}
	// Sweeping first means that no item is refused while expired identities take its room: this removes more than the
	// batch can need.
	for i := range s.shards {
		s.shards[i].sweep(now, sweepPerItem*len(items))
		s.shards[i].freeSpare()
	}
	for i := range items {
		if !s.claimOne(now, &items[i], s.hash(&items[i].Key), s.shorten(&items[i].Digest), 1, lease, &results[i]) {
			// Fails closed, for the whole batch: the caller would not learn which half it holds.
			s.undo(items, results[:i])
			return replay.ErrFull
		}
	}
	return nil
}

// claimOne claims one item and fills in its result. It reports false where there is no room. The caller must hold the
// lock of the item's shard. lot is how much room to take if the shard has none left.
func (s *Store) claimOne(
	now time.Duration, item *replay.Item, hash, digest uint64, lot int64, lease time.Duration, result *replay.Result,
) bool {
	sh := s.shardOf(hash)
	no, r := sh.find(now, &item.Key, tagOf(hash))
	switch {
	case no == 0:
		// Fails closed: only expired identities make room, and those have been swept. If live ones were evicted, an
		// attacker could send fresh events until the one to be replayed is gone.
		if !sh.take(lot) {
			return false
		}
		result.State, result.Token = replay.Claimed, sh.claim(item, tagOf(hash), digest, after(now, lease))
	case r.done():
		*result = replay.Result{
			State:    replay.Done,
			Token:    r.token,
			Conflict: conflict(r.digest, digest),
			// The age is subtracted from the present wall clock, which may have been corrected since the commit.
			DoneAt: time.Now().Round(0).Add(r.doneAt - now),
		}
	default:
		*result = replay.Result{
			State:      replay.InFlight,
			Conflict:   conflict(r.digest, digest),
			RetryAfter: sh.endOf(r) - now,
		}
	}
	return true
}

// undo removes the claims of a batch that did not fit. The caller must hold all the locks.
func (s *Store) undo(items []replay.Item, results []replay.Result) {
	for i := range results {
		if results[i].State == replay.Claimed {
			hash := s.hash(&items[i].Key)
			sh := s.shardOf(hash)
			no, _ := sh.table.find(&items[i].Key, tagOf(hash))
			sh.forget(no)
		}
	}
}
