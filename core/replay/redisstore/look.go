package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Look implements [replay.Looker] by two commands a key, in one round trip.
func (s *Store) Look(ctx context.Context, keys []replay.Key) ([]replay.Result, error) {
	results := make([]replay.Result, len(keys))
	if len(keys) == 0 {
		return results, s.usable()
	}
	keys = own(s, keys)
	err := s.do(ctx, func(ctx context.Context) error { return s.look(ctx, keys, results) })
	if err != nil {
		return nil, err
	}
	return results, nil
}

// look fills in the results. Value and time to live are read by two commands, so a key may expire in between: then the
// result is InFlight with a RetryAfter of 1 ms.
func (s *Store) look(ctx context.Context, keys []replay.Key, results []replay.Result) error {
	cmds := make([]*redis.Cmd, 0, 2*len(keys))
	for i := range keys {
		key := s.key(&keys[i])
		cmds = append(cmds, redis.NewCmd(ctx, "get", key), redis.NewCmd(ctx, "pttl", key))
	}
	if err := s.send(ctx, cmds); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for i := range keys {
		value, err := cmds[2*i].Text()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		left, err := cmds[2*i+1].Int64()
		if err != nil {
			return err
		}
		if results[i], err = known([]any{value, left}, &replay.Digest{}); err != nil {
			return err
		}
		results[i].Conflict = false // no digest was given
	}
	return nil
}
