package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// The value of a key: a letter for its state, the token of the claim, the digest, and for what is done the server's
// time in milliseconds since 1970, in decimals.
const (
	stateClaimed = 'c'
	stateDone    = 'd'
	tokenEnd     = 1 + 8
	digestEnd    = tokenEnd + 32
)

// Claim sets every key that is not set, with the lease as its time to live, and gets every one that is.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if lease <= 0 {
		return nil, fmt.Errorf("redisstore: a lease must be positive, not %s", lease)
	}
	results := make([]replay.Result, len(items))
	if len(items) == 0 {
		return results, s.usable()
	}
	values, err := newValues(items)
	if err != nil {
		return nil, err
	}
	items = own(s, items)
	err = s.do(ctx, func(ctx context.Context) error { return s.claim(ctx, items, values, lease, results) })
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (s *Store) claim(ctx context.Context, items []replay.Item, values [][]byte, lease time.Duration, results []replay.Result) error {
	args := redis.SetArgs{Mode: "NX", Get: true, TTL: time.Duration(milliseconds(lease)) * time.Millisecond}
	set := make([]*redis.StatusCmd, len(items))
	err := s.pipeline(ctx, len(items), func(c redis.Cmdable) redis.Cmder {
		for i := range items {
			set[i] = c.SetArgs(ctx, s.key(items[i].Key), values[i], args)
		}
		return set[len(set)-1]
	})
	var waiting []int
	var failed error
	for i, cmd := range set {
		have, cmdErr := cmd.Result()
		switch {
		case errors.Is(cmdErr, redis.Nil):
			results[i] = claimed(values[i])
		case cmdErr != nil:
			failed = errors.Join(failed, cmdErr)
		case have == string(values[i]):
			// The client repeated a command whose answer was lost: the claim is this call's own.
			results[i] = claimed(values[i])
		default:
			if results[i], cmdErr = known(have, items[i].Digest); cmdErr != nil {
				failed = errors.Join(failed, cmdErr)
			}
			if results[i].State == replay.InFlight {
				waiting = append(waiting, i)
			}
		}
	}
	if failed == nil && err != nil && !errors.Is(err, redis.Nil) {
		failed = err // the replicas did not take it
	}
	if failed != nil {
		if isFull(failed) {
			s.giveBack(ctx, items, results) // nothing is claimed when there is no room for everything
		}
		return failed
	}
	return s.remaining(ctx, items, results, waiting)
}

// remaining asks how long the leases of what is in flight still run.
func (s *Store) remaining(ctx context.Context, items []replay.Item, results []replay.Result, waiting []int) error {
	if len(waiting) == 0 {
		return nil
	}
	ttl := make([]*redis.DurationCmd, len(waiting))
	if _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n, i := range waiting {
			ttl[n] = p.PTTL(ctx, s.key(items[i].Key))
		}
		return nil
	}); err != nil {
		return err
	}
	for n, i := range waiting {
		results[i].RetryAfter = max(time.Millisecond, ttl[n].Val()) // it may have ended since
	}
	return nil
}

func (s *Store) giveBack(ctx context.Context, items []replay.Item, results []replay.Result) {
	var release []replay.Settlement
	for i := range results {
		if results[i].State == replay.Claimed {
			release = append(release, replay.Settlement{Key: items[i].Key, Token: results[i].Token, Verdict: replay.Release})
		}
	}
	if len(release) > 0 {
		_ = s.settleAll(ctx, release) // what stays ends with its lease
	}
}

func claimed(value []byte) replay.Result {
	return replay.Result{State: replay.Claimed, Token: replay.Token(binary.BigEndian.Uint64(value[1:tokenEnd]))}
}

func known(value string, digest replay.Digest) (replay.Result, error) {
	if len(value) < digestEnd {
		return replay.Result{}, errForeign
	}
	res := replay.Result{Conflict: value[tokenEnd:digestEnd] != string(digest[:])} //lint:notsecret a digest that only tells a duplicate from a conflict
	switch value[0] {
	case stateClaimed:
		res.State = replay.InFlight
	case stateDone:
		ms, err := strconv.ParseInt(value[digestEnd:], 10, 64)
		if err != nil {
			return replay.Result{}, errForeign
		}
		res.State, res.DoneAt = replay.Done, time.UnixMilli(ms)
	default:
		return replay.Result{}, errForeign
	}
	return res, nil
}

// newValues makes the value of each claim, under a token that nobody else has: 63 random bits.
func newValues(items []replay.Item) ([][]byte, error) {
	random := make([]byte, 8*len(items))
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	all := make([]byte, digestEnd*len(items))
	values := make([][]byte, len(items))
	for i := range items {
		v := all[i*digestEnd : (i+1)*digestEnd : (i+1)*digestEnd]
		v[0] = stateClaimed
		copy(v[1:tokenEnd], random[8*i:])
		v[1] |= 0x80 // never zero
		copy(v[tokenEnd:], items[i].Digest[:])
		values[i] = v
	}
	return values, nil
}
