package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Claim implements [replay.Store]. A lease that is not positive is an error, and nothing is claimed.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if lease <= 0 {
		return nil, fmt.Errorf("memstore: a lease of %v is not positive", lease)
	}
	// Made before a lock is taken: an allocation may have to help the garbage collector.
	results := make([]replay.Result, len(items))
	now, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	if len(items) == 1 {
		err = s.claimSingle(now, items, lease, results)
	} else {
		err = s.claimBatch(now, items, lease, results)
	}
	s.observe(ctx) // after the locks were given back: the handler of the logger is not ours
	if err != nil {
		return nil, err
	}
	return results, nil
}

// claimSingle needs one shard only, unless the store is full.
func (s *Store) claimSingle(
	now time.Duration, items []replay.Item, lease time.Duration, results []replay.Result,
) error {
	hash, digest := s.hash(&items[0].Key), s.digest(&items[0].Digest)
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
	// What has ended in the other shards may make room, and what they have taken and not used.
	return s.claimBatch(now, items, lease, results)
}

// claimBatch holds all the locks: a batch that does not fit must take nothing, and that is plain to see only if nobody
// looks on meanwhile.
func (s *Store) claimBatch(now time.Duration, items []replay.Item, lease time.Duration, results []replay.Result) error {
	s.lockAll()
	defer s.unlockAll()
	if s.closed.Load() {
		return replay.ErrClosed
	}
	for i := range s.shards { // before any item is refused: more than the batch can need
		s.shards[i].sweep(now, sweepPerItem*len(items))
		s.shards[i].freeSpare()
	}
	for i := range items {
		if !s.claimOne(now, &items[i], s.hash(&items[i].Key), s.digest(&items[i].Digest), 1, lease, &results[i]) {
			// Fail closed and whole: half a batch would leave its holder with claims it was not told of.
			s.undo(items, results[:i])
			return replay.ErrFull
		}
	}
	return nil
}

// claimOne answers one item, whose shard is locked; false means that there is no room for it.
func (s *Store) claimOne(
	now time.Duration, item *replay.Item, hash, digest uint64, lot int64, lease time.Duration, result *replay.Result,
) bool {
	sh := s.shardOf(hash)
	no, r := sh.find(now, &item.Key, tagOf(hash))
	switch {
	case no == 0:
		// Only what has ended makes room, and it was swept. To evict a live identity would let whoever sends enough
		// fresh events replay it.
		if !sh.take(lot) {
			return false
		}
		result.State, result.Token = replay.Claimed, sh.claim(item, tagOf(hash), digest, after(now, lease))
	case r.done():
		*result = replay.Result{
			State:    replay.Done,
			Token:    r.token,
			Conflict: r.digest != digest, //lint:notsecret the hash of a body, which its sender knows
			// Its age taken from today's wall clock, which may have been set right since.
			DoneAt: time.Now().Round(0).Add(r.doneAt - now),
		}
	default:
		*result = replay.Result{
			State:      replay.InFlight,
			Conflict:   r.digest != digest, //lint:notsecret the hash of a body, which its sender knows
			RetryAfter: sh.endOf(r) - now,
		}
	}
	return true
}

// undo takes back the claims of a batch that did not fit.
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
