package redisstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// settleScript puts a verdict on one key. KEYS[1] is the key, ARGV[1] the token, ARGV[2] the memory in milliseconds, or 0
// for a release. It answers 1, or 0 where the claim is no longer held. What was done by the same token before is left as
// it is. A server that is out of memory takes it all the same: it makes nothing longer than by a moment, and what is done
// and not remembered runs again.
const settleScript = `#!lua flags=allow-oom
local value = redis.call('GET', KEYS[1])
if not value then
	if ARGV[2] == '0' then return 1 end
	return 0
end
if string.sub(value, 2, 9) ~= ARGV[1] then return 0 end
if string.byte(value) == 100 then
	if ARGV[2] == '0' then return 0 end
	return 1
end
if ARGV[2] == '0' then
	redis.call('DEL', KEYS[1])
	return 1
end
local now = redis.call('TIME')
redis.call('SET', KEYS[1], 'd' .. string.sub(value, 2, 41) .. now[1] .. '.' .. now[2], 'PX', ARGV[2])
return 1`

// extendScript makes a live claim last for ARGV[2] milliseconds from now, and never shortens it.
const extendScript = `
local value = redis.call('GET', KEYS[1])
if not value or string.byte(value) ~= 99 or string.sub(value, 2, 9) ~= ARGV[1] then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

// Settle puts verdicts on claims.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	for _, st := range settlements {
		switch {
		case st.Verdict != replay.Commit && st.Verdict != replay.Release:
			return fmt.Errorf("redisstore: a settlement with the verdict %s", st.Verdict)
		case st.Verdict == replay.Commit && st.TTL <= 0:
			return fmt.Errorf("redisstore: a commit must be remembered for a positive time, not %s", st.TTL)
		}
	}
	if len(settlements) == 0 {
		return s.usable()
	}
	settlements = own(s, settlements)
	return s.do(ctx, func(ctx context.Context) error { return s.settleAll(ctx, settlements) })
}

func (s *Store) settleAll(ctx context.Context, settlements []replay.Settlement) error {
	return s.run(ctx, s.settle, len(settlements), func(i int) (replay.Held, int64) {
		st := &settlements[i]
		held := replay.Held{Key: st.Key, Token: st.Token}
		if st.Verdict == replay.Release {
			return held, 0
		}
		return held, milliseconds(st.TTL)
	})
}

// Extend renews leases.
func (s *Store) Extend(ctx context.Context, claims []replay.Held, lease time.Duration) error {
	if lease <= 0 {
		return fmt.Errorf("redisstore: a lease must be positive, not %s", lease)
	}
	if len(claims) == 0 {
		return s.usable()
	}
	claims = own(s, claims)
	return s.do(ctx, func(ctx context.Context) error {
		return s.run(ctx, s.extend, len(claims), func(i int) (replay.Held, int64) { return claims[i], milliseconds(lease) })
	})
}

// Forget deletes keys.
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	if len(keys) == 0 {
		return s.usable()
	}
	keys = own(s, keys)
	return s.do(ctx, func(ctx context.Context) error {
		return s.pipeline(ctx, len(keys), func(c redis.Cmdable) (last redis.Cmder) {
			for _, k := range keys {
				last = c.Del(ctx, s.key(k))
			}
			return last
		})
	})
}

// run runs a script on each claim, and gathers those that are no longer held.
func (s *Store) run(ctx context.Context, script *redis.Script, n int, claim func(i int) (replay.Held, int64)) error {
	cmds := make([]*redis.Cmd, n)
	err := s.scripted(ctx, script, cmds, func(c redis.Cmdable, i int) *redis.Cmd {
		held, ms := claim(i)
		var token [8]byte
		binary.BigEndian.PutUint64(token[:], uint64(held.Token))
		return c.EvalSha(ctx, script.Hash(), []string{s.key(held.Key)}, token[:], ms)
	})
	if err != nil {
		return err
	}
	var lost []replay.Key
	for i, cmd := range cmds {
		held, err := cmd.Int()
		if err != nil {
			return err
		}
		if held == 0 {
			h, _ := claim(i)
			lost = append(lost, h.Key)
		}
	}
	if lost != nil {
		return &replay.LeaseLostError{Keys: lost}
	}
	return nil
}

// scripted is a pipeline of calls of one script, which is loaded where a server does not have it: a new one, or one that
// was restarted or whose scripts were flushed. What did run is the same when it runs again.
func (s *Store) scripted(ctx context.Context, script *redis.Script, cmds []*redis.Cmd, call func(redis.Cmdable, int) *redis.Cmd) error {
	queue := func(c redis.Cmdable) redis.Cmder {
		for i := range cmds {
			cmds[i] = call(c, i)
		}
		return cmds[len(cmds)-1]
	}
	err := s.pipeline(ctx, len(cmds), queue)
	unknown := func(cmd *redis.Cmd) bool { return redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") }
	if err == nil || !slices.ContainsFunc(cmds, unknown) { // in a cluster any of the servers may be new
		return err
	}
	if err := script.Load(ctx, s.client).Err(); err != nil {
		return err
	}
	return s.pipeline(ctx, len(cmds), queue)
}

// pipeline sends n commands in one round trip, and waits for the replicas where that was asked for. One command alone
// needs no pipeline; queue returns the last. The error is the first command's.
func (s *Store) pipeline(ctx context.Context, n int, queue func(redis.Cmdable) redis.Cmder) error {
	if n == 1 && s.replicas == 0 {
		return queue(s.client).Err()
	}
	var reached *redis.Cmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		queue(p)
		if s.replicas > 0 {
			reached = p.Do(ctx, "WAIT", s.replicas, milliseconds(s.wait))
		}
		return nil
	})
	if reached == nil || err != nil {
		return err
	}
	have, waitErr := reached.Int()
	if waitErr != nil {
		return waitErr
	}
	if have < s.replicas {
		return fmt.Errorf("%d of %d replicas have it after %s: check the replication, or WithReplicas", have, s.replicas, s.wait)
	}
	return nil
}
