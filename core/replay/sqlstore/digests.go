package sqlstore

import (
	"context"
	"maps"
	"slices"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Digests implements [replay.DigestReader]. It returns digests unchanged.
func (s *Store) Digests(ctx context.Context, keys []replay.Key) ([]replay.Digest, error) {
	known, err := s.read(ctx, "read digests", keys)
	if err != nil {
		return nil, err
	}
	digests := make([]replay.Digest, len(keys))
	for i, key := range keys {
		digests[i] = known[key].digest
	}
	return digests, nil
}

// Look implements [replay.Looker].
func (s *Store) Look(ctx context.Context, keys []replay.Key) ([]replay.Result, error) {
	known, err := s.read(ctx, "look", keys)
	if err != nil {
		return nil, err
	}
	results := make([]replay.Result, len(keys))
	for i, key := range keys {
		r, ok := known[key]
		switch {
		case !ok:
		case r.doneAt != 0:
			results[i] = doneResult(r)
		default:
			results[i] = replay.Result{State: replay.InFlight, RetryAfter: left(r)}
		}
	}
	return results, nil
}

// read returns the live rows of the keys, without claiming any.
func (s *Store) read(ctx context.Context, call string, keys []replay.Key) (map[replay.Key]row, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, compareKeys)
	known := make(map[replay.Key]row, len(keys))
	for part := range slices.Chunk(slices.Compact(sorted), chunk) {
		err := s.again(ctx, func() error {
			rows, err := s.engine.look(ctx, part)
			maps.Copy(known, rows)
			return err
		})
		if err != nil {
			return nil, s.fail(ctx, call, err)
		}
	}
	return known, nil
}
