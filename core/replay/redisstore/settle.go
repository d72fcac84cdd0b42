package redisstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// settleScript applies a verdict to one key. KEYS[1] is the key, ARGV[1] the token, ARGV[2] the TTL in milliseconds, or
// 0 for a release, ARGV[3] the time. It returns 1, or 0 where the claim is no longer held. In it 50 is "2", the
// version, and 100 is "d", done.
//
// A key that the same token committed before is left as it is. A release of such a key fails closed: the event would
// run twice. So does a commit of a key that is gone.
//
// allow-oom: a server that is out of memory still runs it. A value grows by a few bytes only, and an event that is done
// and not remembered would run again.
//
// The time is the client's, because only people read it. To get it from the server would take a quarter of the script's
// time.
const settleScript = `#!lua flags=allow-oom
local value = redis.call('GET', KEYS[1])
if not value then
	if ARGV[2] == '0' then return 1 end
	return 0
end
if string.byte(value) ~= 50 or string.sub(value, 3, 10) ~= ARGV[1] then return 0 end
if string.byte(value, 2) == 100 then
	if ARGV[2] == '0' then return 0 end
	return 1
end
if ARGV[2] == '0' then
	redis.call('DEL', KEYS[1])
	return 1
end
redis.call('SET', KEYS[1], '2d' .. string.sub(value, 3, 26) .. ARGV[3], 'PX', ARGV[2])
return 1`

// extendScript makes a live claim last for ARGV[2] milliseconds from now, and never shortens it. It fails closed on a
// value of another version.
const extendScript = `
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, 2) ~= '2c' or string.sub(value, 3, 10) ~= ARGV[1] then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

// Settle implements [replay.Store].
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	for i := range settlements {
		st := &settlements[i]
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

// settleAll sends one script call for each settlement. The settlements must be well-formed.
func (s *Store) settleAll(ctx context.Context, settlements []replay.Settlement) error {
	calls := make([]*redis.Cmd, len(settlements))
	now := strconv.FormatInt(time.Now().UnixMicro(), 10)
	for i := range settlements {
		st := &settlements[i]
		memory := int64(0)
		if st.Verdict == replay.Commit {
			memory = milliseconds(st.TTL)
		}
		calls[i] = s.settle.call(ctx, s.key(&st.Key), tokenText(st.Token), memory, now)
	}
	return s.onHeld(ctx, s.settle, calls, func(i int) replay.Key { return settlements[i].Key })
}

// Extend implements [replay.Store].
func (s *Store) Extend(ctx context.Context, claims []replay.Held, lease time.Duration) error {
	if lease <= 0 {
		return fmt.Errorf("redisstore: a lease must be positive, not %s", lease)
	}
	if len(claims) == 0 {
		return s.usable()
	}
	claims = own(s, claims)
	return s.do(ctx, func(ctx context.Context) error {
		calls := make([]*redis.Cmd, len(claims))
		for i := range claims {
			calls[i] = s.extend.call(ctx, s.key(&claims[i].Key), tokenText(claims[i].Token), milliseconds(lease))
		}
		return s.onHeld(ctx, s.extend, calls, func(i int) replay.Key { return claims[i].Key })
	})
}

// Forget implements [replay.Store]. It deletes the keys.
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	if len(keys) == 0 {
		return s.usable()
	}
	keys = own(s, keys)
	return s.do(ctx, func(ctx context.Context) error {
		cmds := make([]*redis.Cmd, len(keys))
		for i := range keys {
			cmds[i] = redis.NewCmd(ctx, "del", s.key(&keys[i]))
		}
		return s.send(ctx, cmds)
	})
}

// forgetDoneScript deletes one key, unless a claim holds it: then it returns the rest of the lease in milliseconds,
// else 0. A value of another version fails closed: it is left as it is, and returned. In it 99 is "c", claimed.
const forgetDoneScript = `
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
if string.byte(value) ~= 50 then return value end
if string.byte(value, 2) == 99 then return math.max(1, redis.call('PTTL', KEYS[1])) end
redis.call('DEL', KEYS[1])
return 0`

// ForgetDone implements [replay.DoneForgetter] by one script call for each key, in one round trip.
func (s *Store) ForgetDone(ctx context.Context, keys []replay.Key) error {
	if len(keys) == 0 {
		return s.usable()
	}
	keys = own(s, keys)
	return s.do(ctx, func(ctx context.Context) error {
		calls := make([]*redis.Cmd, len(keys))
		for i := range keys {
			calls[i] = s.forgetDone.call(ctx, s.key(&keys[i]))
		}
		if err := s.sendScript(ctx, s.forgetDone, calls); err != nil {
			return err
		}
		var busy replay.InFlightError
		for i, cmd := range calls {
			left, ok := cmd.Val().(int64)
			if !ok {
				_, err := known(cmd.Val(), &replay.Digest{})
				return cmp.Or(err, errForeign)
			}
			if left > 0 {
				busy.Add(time.Duration(left)*time.Millisecond, keys[i])
			}
		}
		return busy.ErrorOrNil()
	})
}

// onHeld sends script calls that return whether a claim is still held, and reports the keys of those that are not.
func (s *Store) onHeld(ctx context.Context, script *script, calls []*redis.Cmd, key func(i int) replay.Key) error {
	if err := s.sendScript(ctx, script, calls); err != nil {
		return err
	}
	// The replies are in the order of the calls, which is that of the caller's batch.
	var lost []replay.Key
	for i, cmd := range calls {
		held, err := cmd.Int()
		if err != nil {
			return err
		}
		if held == 0 {
			lost = append(lost, key(i))
		}
	}
	if lost != nil {
		return &replay.LeaseLostError{Keys: lost}
	}
	return nil
}

// tokenText returns a token as it is written in a value.
func tokenText(token replay.Token) string {
	var text [8]byte
	binary.BigEndian.PutUint64(text[:], uint64(token))
	return string(text[:])
}
