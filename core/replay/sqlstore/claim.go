package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// chunk is how many keys go into one statement: few enough for every engine's limits, and for locks that are held
// only shortly.
const chunk = 1000

// rounds is how often keys that others keep changing are tried again within one call.
const rounds = 100

// claim is one key to be claimed.
type claim struct {
	key    replay.Key
	digest replay.Digest
	token  replay.Token
}

// row is what a database remembers of a key.
type row struct {
	token  replay.Token
	digest replay.Digest
	endsAt int64 // microseconds since 1970, as all times
	doneAt int64 // 0: not done
	now    int64 // when it was read
}

// Claim implements [replay.Store]. A lease that is not positive is an error, and nothing is claimed.
//
// A disk or a database file that is full is [replay.ErrFull] as long as nothing of the batch was claimed.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if lease <= 0 {
		return nil, fmt.Errorf("sqlstore: a lease of %v is not positive", lease)
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	wanted := distinct(items)
	known := make(map[replay.Key]row, len(wanted))
	ours := make(map[replay.Key]replay.Token, len(wanted))
	for part := range slices.Chunk(wanted, chunk) {
		if err := s.claimAll(ctx, part, micros(lease), known); err != nil {
			err = s.fail(ctx, "claim", err)
			if errors.Is(err, ErrDiskFull) && len(ours) == 0 {
				err = fmt.Errorf("%w: %w", replay.ErrFull, err)
			}
			return nil, err
		}
		for i := range part {
			ours[part[i].key] = part[i].token
		}
	}
	s.pruneAfter(ctx, len(wanted))
	return answers(items, known, ours, lease), nil
}

// claimAll claims a chunk, all of whose keys are known afterwards.
func (s *Store) claimAll(ctx context.Context, wanted []claim, lease int64, known map[replay.Key]row) error {
	for range rounds {
		var found map[replay.Key]row
		err := s.again(ctx, func() (err error) {
			found, err = s.engine.claim(ctx, wanted, lease)
			return err
		})
		if err != nil {
			return err
		}
		maps.Copy(known, found)
		if wanted = unknown(wanted, found); len(wanted) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return errGaveUp
}

// distinct returns each key once, with a token of its own, sorted.
func distinct(items []replay.Item) []claim {
	wanted := make([]claim, 0, len(items))
	seen := make(map[replay.Key]struct{}, len(items))
	for i := range items {
		if _, again := seen[items[i].Key]; again {
			continue
		}
		seen[items[i].Key] = struct{}{}
		wanted = append(wanted, claim{key: items[i].Key, digest: items[i].Digest})
	}
	slices.SortFunc(wanted, func(a, b claim) int { return bytes.Compare(a.key[:], b.key[:]) })
	random := make([]byte, 8*len(wanted))
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	for i := range wanted {
		// Of 64 random bits two tokens of one key are never equal in practice, whoever gave them. 0 is no token.
		wanted[i].token = cmp.Or(replay.Token(binary.BigEndian.Uint64(random[8*i:])), 1)
	}
	return wanted
}

// answers puts the results in the order of the items.
func answers(
	items []replay.Item, known map[replay.Key]row, ours map[replay.Key]replay.Token, lease time.Duration,
) []replay.Result {
	results := make([]replay.Result, len(items))
	told := make(map[replay.Key]struct{}, len(known))
	for i := range items {
		key := items[i].Key
		r := known[key]
		_, again := told[key]
		told[key] = struct{}{}
		conflict := r.digest != items[i].Digest //lint:notsecret the hash of a body, which its sender knows
		switch {
		case r.token == ours[key] && !again:
			results[i] = replay.Result{State: replay.Claimed, Token: r.token}
		case r.token == ours[key]:
			// The second of a key in one batch. Its first was claimed a moment ago.
			results[i] = replay.Result{State: replay.InFlight, RetryAfter: lease, Conflict: conflict}
		case r.doneAt != 0:
			results[i] = doneResult(r)
			results[i].Conflict = conflict
		default:
			results[i] = replay.Result{State: replay.InFlight, RetryAfter: left(r), Conflict: conflict}
		}
	}
	return results
}

// doneResult is the answer for a key that was committed.
func doneResult(r row) replay.Result {
	return replay.Result{State: replay.Done, Token: r.token, DoneAt: time.UnixMicro(r.doneAt).UTC()}
}

// left is how long a lease still runs; a very long one does not wrap round.
func left(r row) time.Duration {
	const most = int64(1<<63-1) / 1000
	return time.Duration(min(r.endsAt-r.now, most)) * time.Microsecond
}
