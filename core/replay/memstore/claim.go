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
	// Made before the lock is taken: an allocation may have to help the garbage collector.
	results := make([]replay.Result, len(items))
	rising, live, err := s.claimAll(ctx, items, lease, results)
	if rising {
		s.warn(ctx, live) // after the lock was given back: the handler of the logger is not ours
	}
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (s *Store) claimAll(ctx context.Context, items []replay.Item, lease time.Duration, results []replay.Result) (rising bool, live int, err error) {
	now, err := s.begin(ctx)
	if err != nil {
		return false, 0, err
	}
	defer s.mu.Unlock()
	s.sweep(now, sweepPerItem*len(items)) // before any item is refused: more than the batch can need
	for i := range items {
		if !s.claimOne(now, &items[i], lease, &results[i]) {
			// Fail closed and whole: half a batch would leave its holder with claims it was not told of.
			s.undo(items, results[:i])
			err = replay.ErrFull
			break
		}
	}
	return s.pressure.observe(s.table.live, s.capacity), s.table.live, err
}

// claimOne answers one item; false means that there is no room for it.
func (s *Store) claimOne(now time.Duration, item *replay.Item, lease time.Duration, result *replay.Result) bool {
	no, r := s.find(now, &item.Key)
	switch {
	case no == 0:
		// Only what has ended makes room, and it was swept. To evict a live identity would let whoever sends enough
		// fresh events replay it.
		if s.table.live >= s.capacity {
			return false
		}
		*result = replay.Result{State: replay.Claimed, Token: s.claim(item, after(now, lease))}
	case r.done():
		*result = replay.Result{
			State:    replay.Done,
			Conflict: r.digest != item.Digest, //lint:notsecret the hash of a body, which its sender knows
			// Its age taken from today's wall clock, which may have been set right since.
			DoneAt: time.Now().Round(0).Add(r.doneAt - now),
		}
	default:
		*result = replay.Result{
			State:      replay.InFlight,
			Conflict:   r.digest != item.Digest, //lint:notsecret the hash of a body, which its sender knows
			RetryAfter: s.endOf(r) - now,
		}
	}
	return true
}

// undo takes back the claims of a batch that did not fit.
func (s *Store) undo(items []replay.Item, results []replay.Result) {
	for i := range results {
		if results[i].State == replay.Claimed {
			s.forget(s.table.find(&items[i].Key))
		}
	}
}
