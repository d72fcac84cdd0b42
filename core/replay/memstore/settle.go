package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Settle implements [replay.Store]. If one settlement is not well-formed, none of the batch takes effect. A repeated
// settlement changes nothing: the time and the TTL of the first commit stay.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.settle(ctx, settlements)
}

// SettleNow is Settle for a guard, which needs no context: the store waits for nobody.
func (s *Store) SettleNow(settlements []replay.Settlement) error {
	return s.settle(context.Background(), settlements)
}

// settle is Settle without a look at the context, which is for the log.
func (s *Store) settle(ctx context.Context, settlements []replay.Settlement) error {
	for i := range settlements {
		if err := validate(&settlements[i]); err != nil {
			return err
		}
	}
	now, err := s.begin()
	if err != nil {
		return err
	}
	var lost []replay.Key
	for i := range settlements {
		st := &settlements[i]
		held, err := s.onShard(now, &st.Key,
			func(sh *shard, no recordNo, r *record) bool { return sh.settle(now, no, r, st) })
		if err != nil {
			return err
		}
		if !held {
			lost = append(lost, st.Key)
		}
	}
	s.observe(ctx)
	return lostError(lost)
}

// validate fails closed on an unknown verdict, and on a commit without a TTL: it would be forgotten at once.
func validate(st *replay.Settlement) error {
	switch st.Verdict {
	case replay.Commit:
		if st.TTL <= 0 {
			return fmt.Errorf("memstore: a commit with a TTL of %v, which is not positive", st.TTL)
		}
	case replay.Release:
	default:
		return fmt.Errorf("memstore: %v is neither commit nor release", st.Verdict)
	}
	return nil
}

// settle applies a settlement, and reports whether it took effect, now or earlier. r is the record of the key; without
// one, no is 0.
func (s *shard) settle(now time.Duration, no recordNo, r *record, st *replay.Settlement) bool {
	if no == 0 {
		// A release has nothing left to do. A commit fails closed: since the lease has expired, another delivery may
		// have run and been forgotten.
		return st.Verdict == replay.Release
	}
	if r.token != st.Token {
		return false // fails closed: a stale holder is fenced
	}
	switch {
	case r.done():
		// A repeated commit succeeds. A release fails closed: the event would run twice.
		return st.Verdict == replay.Commit
	case st.Verdict == replay.Commit:
		s.commit(no, now, st.TTL)
	default:
		s.forget(no)
	}
	return true
}

// Extend implements [replay.Store]. A lease that is not positive is an error, and nothing is extended.
func (s *Store) Extend(ctx context.Context, claims []replay.Held, lease time.Duration) error {
	if lease <= 0 {
		return fmt.Errorf("memstore: a lease of %v is not positive", lease)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	now, err := s.begin()
	if err != nil {
		return err
	}
	var lost []replay.Key
	for i := range claims {
		claim := &claims[i]
		held, err := s.onShard(now, &claim.Key, func(sh *shard, no recordNo, r *record) bool {
			if no == 0 || r.done() || r.token != claim.Token {
				return false
			}
			if end := after(now, lease); end > sh.endOf(r) {
				sh.leases.postpone(&sh.table, r.pos, end)
			}
			return true
		})
		if err != nil {
			return err
		}
		if !held {
			lost = append(lost, claim.Key)
		}
	}
	s.observe(ctx)
	return lostError(lost)
}

// Forget implements [replay.Store].
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now, err := s.begin()
	if err != nil {
		return err
	}
	for i := range keys {
		_, err := s.onShard(now, &keys[i], func(sh *shard, no recordNo, _ *record) bool {
			if no != 0 {
				sh.forget(no)
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	s.observe(ctx)
	return nil
}

// ForgetDone implements [replay.DoneForgetter]. Each key is checked and forgotten under the lock of its shard.
func (s *Store) ForgetDone(ctx context.Context, keys []replay.Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now, err := s.begin()
	if err != nil {
		return err
	}
	var busy replay.InFlightError
	for i := range keys {
		_, err := s.onShard(now, &keys[i], func(sh *shard, no recordNo, r *record) bool {
			switch {
			case no == 0:
			case r.done():
				sh.forget(no)
			default:
				busy.Add(sh.endOf(r)-now, keys[i])
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	s.observe(ctx)
	return busy.ErrorOrNil()
}

// onShard calls do with the record of a key, or with 0 and nil, under the lock of its shard. Then it sweeps a little,
// so that expired identities go even if no claims come.
func (s *Store) onShard(
	now time.Duration, key *replay.Key, do func(*shard, recordNo, *record) bool,
) (held bool, err error) {
	hash := s.hash(key)
	sh := s.shardOf(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.closed.Load() {
		return false, replay.ErrClosed
	}
	no, r := sh.find(now, key, tagOf(hash))
	held = do(sh, no, r)
	sh.sweep(now, sweepPerItem)
	return held, nil
}

// lostError returns the error for the lost keys. Without keys it returns an untyped nil, which callers can compare.
func lostError(lost []replay.Key) error {
	if len(lost) == 0 {
		return nil
	}
	return &replay.LeaseLostError{Keys: lost}
}
