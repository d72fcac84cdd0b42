package sqlstore

import (
	"context"
	"maps"
	"slices"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Digests implements [replay.DigestReader]. Digests are kept as they are.
func (s *Store) Digests(ctx context.Context, keys []replay.Key) ([]replay.Digest, error) {
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
			return nil, s.fail(ctx, "read digests", err)
		}
	}
	digests := make([]replay.Digest, len(keys))
	for i, key := range keys {
		digests[i] = known[key].digest
	}
	return digests, nil
}
