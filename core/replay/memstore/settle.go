package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Settle implements [replay.Store]. A settlement that is not well-formed is an error, and none of the batch takes
// effect. A settlement that is repeated changes nothing: the first commit's time and TTL stand.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	for i := range settlements {
		if err := validate(&settlements[i]); err != nil {
			return err
		}
	}
	now, err := s.begin(ctx)
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

// settle reports whether the settlement took effect, now or earlier. The record is the one of its key, if there is one.
func (s *shard) settle(now time.Duration, no recordNo, r *record, st *replay.Settlement) bool {
	if no == 0 {
		// A release has nothing left to do. A commit must not make a claim out of nothing: between the end of the
		// lease and now somebody else may have run.
		return st.Verdict == replay.Release
	}
	if r.token != st.Token {
		return false // a stale holder, fenced
	}
	switch {
	case r.done():
		// Its own commit, repeated. A release would let the event run twice.
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
	now, err := s.begin(ctx)
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
	now, err := s.begin(ctx)
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

// onShard does something with the record of a key, if there is one, under the lock of its shard.
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

// lostError returns nil, not an error that holds no keys.
func lostError(lost []replay.Key) error {
	if len(lost) == 0 {
		return nil
	}
	return &replay.LeaseLostError{Keys: lost}
}
