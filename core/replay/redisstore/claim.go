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

// The value of a key has these parts: the version, a letter for the state, the token of the claim, and a shorter digest
// of the digest. A key that is done also has the microseconds since 1970 of the commit, by the clock of the process
// that committed. Values of up to 44 bytes are kept in one allocation by the server (embstr), which takes less memory
// and time.
//
// A store reads values of its own version and of the one before it. A later version is refused, which fails closed:
// after a downgrade the older release answers 503 for keys that the newer one has written, and runs nothing twice.
// Version 1 had no version byte and other keys, so a store of version 2 never finds its values.
const (
	version      = '2'
	stateClaimed = 'c'
	stateDone    = 'd'
	tokenStart   = 1 + 1
	tokenEnd     = tokenStart + 8
	digestEnd    = tokenEnd + 16
)

// claimScript sets one key that is not set. KEYS[1] is the key, ARGV[1] the claim's value, ARGV[2] its lease in
// milliseconds.
//
// It returns 1 where the claim was made. This includes a claim that the same call made before: the client repeats a
// command when its answer was lost. It does not return nil, which the client reports as an error. Otherwise it returns
// the value that it found, and for a claim of another call (99 is "c") also the rest of its lease.
//
// A server that is out of memory refuses the script, which fails closed. SET with NX and GET together needs Redis 7.0.
const claimScript = `
local found = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET', 'PX', ARGV[2])
if not found or found == ARGV[1] then return 1 end
if string.byte(found, 2) == 99 then return {found, redis.call('PTTL', KEYS[1])} end
return found`

// taken is the reply of the script to a claim that was made, as the client decodes it.
const taken = int64(1)

// Claim implements [replay.Store]. A claimed key has the lease as its time to live, so a claim expires without the
// store.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if lease <= 0 {
		return nil, fmt.Errorf("redisstore: a lease must be positive, not %s", lease)
	}
	results := make([]replay.Result, len(items))
	if len(items) == 0 {
		return results, s.usable()
	}
	// The tokens are made before the call: a command that the client repeats must carry the same token.
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

// claim sends one script call for each item and reads the replies. If one fails, the whole batch fails, and the caller
// must assume that it holds nothing.
func (s *Store) claim(
	ctx context.Context, items []replay.Item, tokens []byte, lease time.Duration, results []replay.Result,
) error {
	calls := make([]*redis.Cmd, len(items))
	ms := milliseconds(lease)
	for i := range items {
		calls[i] = s.take.call(ctx, s.key(&items[i].Key), valueOf(tokens[8*i:], &items[i].Digest), ms)
	}
	err := s.sendScript(ctx, s.take, calls)
	if abandoned(err) {
		return err
	}
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
		failed = err // too few replicas have it
	}
	// replay.ErrFull promises that nothing was claimed.
	if failed != nil && isFull(failed) {
		s.giveBack(ctx, items, results)
	}
	return failed
}

// giveBack releases the claims of a batch that did not fit. It ignores errors: claims that remain expire with the
// lease, and until then their events are answered as in flight.
func (s *Store) giveBack(ctx context.Context, items []replay.Item, results []replay.Result) {
	var release []replay.Settlement
	for i := range results {
		if results[i].State == replay.Claimed {
			release = append(release,
				replay.Settlement{Key: items[i].Key, Token: results[i].Token, Verdict: replay.Release})
		}
	}
	if len(release) > 0 {
		_ = s.settleAll(ctx, release)
	}
}

// known reads the script's reply for a key that was set: the value of a key that is done, or the value of a claim and
// the rest of its lease. It fails closed on a value that it cannot read: the key is neither free nor done.
func known(found any, digest *replay.Digest) (replay.Result, error) {
	left := time.Duration(0)
	if pair, ok := found.([]any); ok && len(pair) == 2 {
		ms, _ := pair[1].(int64)
		// A claim that expires in this moment has 0 left, or -2. A RetryAfter must be positive.
		found, left = pair[0], max(time.Millisecond, time.Duration(ms)*time.Millisecond)
	}
	value, ok := found.(string)
	if !ok || len(value) < digestEnd {
		return replay.Result{}, errForeign
	}
	if value[0] != version {
		return replay.Result{}, unread(value[0])
	}
	short := shorter(digest)
	res := replay.Result{
		Conflict: value[tokenEnd:digestEnd] != string(short[:]), //lint:notsecret it only distinguishes duplicates
	}
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

// newTokens makes n tokens of 8 bytes: 63 random bits each, and never zero. They are random because processes share no
// counter: only the holder of a claim knows its token.
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

// valueOf returns the value of a claim.
func valueOf(token []byte, digest *replay.Digest) string {
	var v [digestEnd]byte
	v[0], v[1] = version, stateClaimed
	copy(v[tokenStart:tokenEnd], token)
	short := shorter(digest)
	copy(v[tokenEnd:], short[:])
	return string(v[:])
}

// shorter returns 16 bytes of a digest's own digest. Two different digests are confused with a chance of 2^-128. Even
// then a duplicate that is treated as a conflict, or the reverse, is still refused.
//
// A text (see [replay.DigestReader]) is kept unchanged. A sender cannot make its body look like a text: a digest that
// ends in 16 zero bytes takes 2^128 tries.
func shorter(digest *replay.Digest) (short [digestEnd - tokenEnd]byte) {
	// The second half of a text is zero.
	const half = len(digest) - replay.TextDigest
	if *(*[half]byte)(digest[replay.TextDigest:]) == [half]byte{} {
		copy(short[:], digest[:])
		return short
	}
	sum := sha256.Sum256(digest[:])
	copy(short[:], sum[:])
	return short
}
