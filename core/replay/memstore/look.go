package memstore

import (
	"context"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Look implements [replay.Looker]. Each key is read under the lock of its shard, the batch as a whole is not one
// instant.
func (s *Store) Look(ctx context.Context, keys []replay.Key) ([]replay.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	results := make([]replay.Result, len(keys))
	now, err := s.begin()
	if err != nil {
		return nil, err
	}
	for i := range keys {
		_, err := s.onShard(now, &keys[i], func(sh *shard, no recordNo, r *record) bool {
			switch {
			case no == 0:
			case r.done():
				results[i] = replay.Result{
					State: replay.Done, Token: r.token, DoneAt: time.Now().Round(0).Add(r.doneAt - now),
				}
			default:
				results[i] = replay.Result{State: replay.InFlight, RetryAfter: sh.endOf(r) - now}
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	s.observe(ctx)
	return results, nil
}
