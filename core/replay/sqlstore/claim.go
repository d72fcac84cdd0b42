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

// chunk is how many keys one statement has. It is below the limits of every engine, and small enough that locks are
// held only for a short time.
const chunk = 1000

// rounds is how often one call tries keys again that other calls keep changing.
const rounds = 100

// claim is one key to claim.
type claim struct {
	key    replay.Key
	digest replay.Digest
	token  replay.Token
}

// row is the state of a key in the database. All times are microseconds since 1970, by the clock of the database.
type row struct {
	key    replay.Key
	token  replay.Token
	digest replay.Digest
	endsAt int64 // the expiry of the lease, or of the retention
	doneAt int64 // 0: not done
	now    int64 // when the row was read
}

// Claim implements [replay.Store]. A lease that is not positive is an error, and nothing is claimed.
//
// A full disk or database file is [replay.ErrFull], if nothing of the batch was claimed yet. After a first part of a
// large batch it is [ErrDiskFull] alone: ErrFull promises that nothing was claimed.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if lease <= 0 {
		return nil, fmt.Errorf("sqlstore: a lease of %v is not positive", lease)
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	// known is filled from the database. ours has the tokens of the parts that were claimed without an error, by which
	// answers recognises the call's own claims.
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
	// Pruned after the claim, and within the call: the deliveries pay for the rows that they add.
	s.pruneAfter(ctx, len(wanted))
	return answers(items, known, ours, lease), nil
}

// claimAll claims a chunk. Afterwards known has all of its keys.
func (s *Store) claimAll(ctx context.Context, wanted []claim, lease int64, known map[replay.Key]row) error {
	// A key is missing from found only if another call changed it between two reads. That ends after a few rounds,
	// unless many calls claim, release and forget the same keys without a pause.
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

// distinct returns each key once, with a new token, sorted by key.
func distinct(items []replay.Item) []claim {
	wanted := make([]claim, 0, len(items))
	// A key that comes twice is claimed once, as the contract demands. Two rows of one key in one INSERT would also be
	// an error in PostgreSQL.
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
	_, _ = rand.Read(random) // it never returns an error: without randomness, crypto/rand stops the program
	for i := range wanted {
		// With 64 random bits two tokens of one key are never equal in practice, whichever process made them. 0 stands
		// for no token.
		wanted[i].token = cmp.Or(replay.Token(binary.BigEndian.Uint64(random[8*i:])), 1)
	}
	return wanted
}

// answers returns the results in the order of the items. A key is the caller's if the row has the token that this call
// made for it. This holds even where the claim was made by an attempt whose answer was lost.
func answers(
	items []replay.Item, known map[replay.Key]row, ours map[replay.Key]replay.Token, lease time.Duration,
) []replay.Result {
	results := make([]replay.Result, len(items))
	seen := make(map[replay.Key]struct{}, len(known))
	for i := range items {
		key := items[i].Key
		r := known[key]
		_, again := seen[key]
		seen[key] = struct{}{}
		conflict := r.digest != items[i].Digest //lint:notsecret the hash of a body, which its sender knows
		switch {
		case r.token == ours[key] && !again:
			results[i] = replay.Result{State: replay.Claimed, Token: r.token}
		case r.token == ours[key]:
			// The second item of a key in one batch: the first one was claimed a moment ago.
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

// doneResult returns the result for a key that was committed.
func doneResult(r row) replay.Result {
	return replay.Result{State: replay.Done, Token: r.token, DoneAt: time.UnixMicro(r.doneAt).UTC()}
}

// left returns the time until a lease expires. A very long one is capped, because a Duration could not hold it.
func left(r row) time.Duration {
	const most = int64(1<<63-1) / 1000
	return time.Duration(min(r.endsAt-r.now, most)) * time.Microsecond
}
