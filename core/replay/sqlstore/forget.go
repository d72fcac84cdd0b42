package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Forget implements [replay.Store]. Large batches are deleted in parts, so after an error some keys may be gone.
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	return s.remove(ctx, keys, func(part []replay.Key) error {
		_, err := s.engine.remove(ctx, part, anyRow)
		return err
	})
}

// ForgetDone implements [replay.DoneForgetter]: the DELETE itself has the condition that nobody holds the key. After
// an error some keys may be gone.
func (s *Store) ForgetDone(ctx context.Context, keys []replay.Key) error {
	held := make(map[replay.Key]time.Duration)
	err := s.remove(ctx, keys, func(part []replay.Key) error { return s.removeFree(ctx, part, held) })
	if err != nil {
		return err
	}
	var busy replay.InFlightError
	for _, key := range keys {
		if until, ok := held[key]; ok {
			busy.Add(until, key)
		}
	}
	return busy.ErrorOrNil()
}

// removeFree deletes the rows that nobody holds, and adds to held the rest of the leases of the others. What its holder
// has committed in between is done, and is deleted by another round.
func (s *Store) removeFree(ctx context.Context, keys []replay.Key, held map[replay.Key]time.Duration) error {
	for {
		if _, err := s.engine.remove(ctx, keys, freeRow); err != nil {
			return err
		}
		rows, err := s.engine.look(ctx, keys)
		if err != nil {
			return err
		}
		committed := false
		for _, r := range rows {
			committed = committed || r.doneAt != 0
		}
		if committed {
			continue
		}
		for key, r := range rows {
			held[key] = left(r)
		}
		return nil
	}
}

// remove calls do with the keys, sorted, each once, in parts.
func (s *Store) remove(ctx context.Context, keys []replay.Key, do func(part []replay.Key) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, compareKeys)
	for part := range slices.Chunk(slices.Compact(sorted), chunk) {
		if err := s.again(ctx, func() error { return do(part) }); err != nil {
			return s.fail(ctx, "forget", err)
		}
	}
	return nil
}
