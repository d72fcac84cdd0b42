package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Digests implements [replay.DigestReader]. A digest that is not a text is returned as the hash that is kept of it.
func (s *Store) Digests(ctx context.Context, keys []replay.Key) ([]replay.Digest, error) {
	digests := make([]replay.Digest, len(keys))
	if len(keys) == 0 {
		return digests, s.usable()
	}
	keys = own(s, keys)
	err := s.do(ctx, func(ctx context.Context) error { return s.read(ctx, keys, digests) })
	if err != nil {
		return nil, err
	}
	return digests, nil
}

// read fills in the digests of the keys that are set, claimed or done. It fails closed on a value of another version.
func (s *Store) read(ctx context.Context, keys []replay.Key, digests []replay.Digest) error {
	cmds := make([]*redis.Cmd, len(keys))
	for i := range keys {
		cmds[i] = redis.NewCmd(ctx, "get", s.key(&keys[i]))
	}
	if err := s.send(ctx, cmds); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for i, cmd := range cmds {
		value, err := cmd.Text()
		switch {
		case errors.Is(err, redis.Nil):
			continue
		case err != nil:
			return err
		case len(value) < digestEnd:
			return errForeign
		case value[0] != version:
			return unread(value[0])
		}
		copy(digests[i][:], value[tokenEnd:digestEnd])
	}
	return nil
}
