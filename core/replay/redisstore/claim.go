package redisstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// The value of a key: its version, a letter for its state, the token of the claim, a shorter digest of the digest,
// and for what is done the microseconds since 1970, by the clock of whoever committed it. That is short enough for a
// server to keep it in one piece (44 bytes), which takes less memory and time.
//
// A store reads values of its own version and of the one before it. A later version is refused: an older release that
// comes back after a newer one answers 503 for what the newer has written, and runs nothing twice. Version 1 was the
// same without the version, under other keys, so that no store of version 2 meets it.
const (
	version      = '2'
	stateClaimed = 'c'
	stateDone    = 'd'
	tokenStart   = 1 + 1
	tokenEnd     = tokenStart + 8
	digestEnd    = tokenEnd + 16
)

// claimScript sets one key that is not set. KEYS[1] is the key, ARGV[1] the claim's value, ARGV[2] its lease in
// milliseconds. It answers 1 where the claim was taken, also by the same call before: the client repeats a command
// whose answer was lost. (It does not answer nil, which to the client is an error, and takes an error's way.) Else it
// answers the value it found, and with that of another's claim what is left of its lease. A server that is out of
// memory refuses it.
const claimScript = `
local found = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET', 'PX', ARGV[2])
if not found or found == ARGV[1] then return 1 end
if string.byte(found, 2) == 99 then return {found, redis.call('PTTL', KEYS[1])} end
return found`

// taken is what the script answers where the claim was taken. It is as the client reads it.
const taken = int64(1)

// Claim sets every key that is not set, with the lease as its time to live, and gets every one that is.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if lease <= 0 {
		return nil, fmt.Errorf("redisstore: a lease must be positive, not %s", lease)
	}
	results := make([]replay.Result, len(items))
	if len(items) == 0 {
		return results, s.usable()
	}
	tokens, err := newTokens(len(items))
	if err != nil {
		return nil, err
	}
	items = own(s, items)
	err = s.do(ctx, func(ctx context.Context) error { return s.claim(ctx, items, tokens, lease, results) })
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (s *Store) claim(
	ctx context.Context, items []replay.Item, tokens []byte, lease time.Duration, results []replay.Result,
) error {
	calls := make([]*redis.Cmd, len(items))
	ms := milliseconds(lease)
	for i := range items {
		calls[i] = s.take.call(ctx, s.key(&items[i].Key), valueOf(tokens[8*i:], &items[i].Digest), ms)
	}
	err := s.sendScript(ctx, s.take, calls)
	var failed error
	for i, cmd := range calls {
		have, cmdErr := cmd.Result()
		switch {
		case cmdErr != nil:
		case have == taken:
			results[i] = replay.Result{State: replay.Claimed,
				Token: replay.Token(binary.BigEndian.Uint64(tokens[8*i:]))}
		default:
			results[i], cmdErr = known(have, &items[i].Digest)
		}
		failed = errors.Join(failed, cmdErr)
	}
	if failed == nil {
		failed = err // the replicas did not take it
	}
	if failed != nil && isFull(failed) {
		s.giveBack(ctx, items, results) // nothing is claimed when there is no room for everything
	}
	return failed
}

func (s *Store) giveBack(ctx context.Context, items []replay.Item, results []replay.Result) {
	var release []replay.Settlement
	for i := range results {
		if results[i].State == replay.Claimed {
			release = append(release,
				replay.Settlement{Key: items[i].Key, Token: results[i].Token, Verdict: replay.Release})
		}
	}
	if len(release) > 0 {
		_ = s.settleAll(ctx, release) // what stays ends with its lease
	}
}

// known reads what the script found: the value of what is done, or the value of a claim and what is left of its lease.
func known(found any, digest *replay.Digest) (replay.Result, error) {
	left := time.Duration(0)
	if pair, ok := found.([]any); ok && len(pair) == 2 {
		ms, _ := pair[1].(int64)
		found, left = pair[0], max(time.Millisecond, time.Duration(ms)*time.Millisecond) // it may end just now
	}
	value, ok := found.(string)
	if !ok || len(value) < digestEnd {
		return replay.Result{}, errForeign
	}
	if value[0] != version {
		return replay.Result{}, unread(value[0])
	}
	short := shorter(digest)
	res := replay.Result{Conflict: value[tokenEnd:digestEnd] != string(short[:])} //lint:notsecret a digest that only tells a duplicate from a conflict
	switch value[1] {
	case stateClaimed:
		res.State, res.RetryAfter = replay.InFlight, left
	case stateDone:
		at, err := strconv.ParseInt(value[digestEnd:], 10, 64)
		if err != nil {
			return replay.Result{}, errForeign
		}
		res.State, res.DoneAt = replay.Done, time.UnixMicro(at)
		res.Token = replay.Token(binary.BigEndian.Uint64([]byte(value[tokenStart:tokenEnd])))
	default:
		return replay.Result{}, errForeign
	}
	return res, nil
}

// newTokens makes a token for each of n claims, which nobody else has: 63 random bits, and never zero.
func newTokens(n int) ([]byte, error) {
	tokens := make([]byte, 8*n)
	if _, err := rand.Read(tokens); err != nil {
		return nil, err
	}
	for i := 0; i < len(tokens); i += 8 {
		tokens[i] |= 0x80
	}
	return tokens, nil
}

// valueOf is the value of a claim.
func valueOf(token []byte, digest *replay.Digest) string {
	var v [digestEnd]byte
	v[0], v[1] = version, stateClaimed
	copy(v[tokenStart:tokenEnd], token)
	short := shorter(digest)
	copy(v[tokenEnd:], short[:])
	return string(v[:])
}

// shorter keeps 16 bytes of a digest's own digest: two of them pass for one with a chance of 2^-128, and a duplicate
// that is taken for a conflict, or the other way round, is refused all the same. A text (see [replay.DigestReader]) is
// kept as it is: finding a body whose digest has 16 zero bytes at its end takes 2^128 tries.
func shorter(digest *replay.Digest) (short [digestEnd - tokenEnd]byte) {
	if *(*[len(digest) - replay.TextDigest]byte)(digest[replay.TextDigest:]) == [len(digest) - replay.TextDigest]byte{} {
		copy(short[:], digest[:])
		return short
	}
	sum := sha256.Sum256(digest[:])
	copy(short[:], sum[:])
	return short
}
