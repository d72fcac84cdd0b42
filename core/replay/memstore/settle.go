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
	defer s.mu.Unlock()
	var lost []replay.Key
	for i := range settlements {
		if !s.settleOne(now, &settlements[i]) {
			lost = append(lost, settlements[i].Key)
		}
	}
	s.tidy(now, len(settlements))
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

// settleOne reports whether the settlement took effect, now or earlier.
func (s *Store) settleOne(now time.Duration, st *replay.Settlement) bool {
	no, r := s.find(now, &st.Key)
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
	defer s.mu.Unlock()
	var lost []replay.Key
	for i := range claims {
		no, r := s.find(now, &claims[i].Key)
		if no == 0 || r.done() || r.token != claims[i].Token {
			lost = append(lost, claims[i].Key)
			continue
		}
		if end := after(now, lease); end > s.endOf(r) {
			s.leases.postpone(&s.table, r.pos, end)
		}
	}
	s.tidy(now, len(claims))
	return lostError(lost)
}

// Forget implements [replay.Store].
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	now, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	for i := range keys {
		if no, _ := s.find(now, &keys[i]); no != 0 {
			s.forget(no)
		}
	}
	s.tidy(now, len(keys))
	return nil
}

// tidy ends a call that may have made room.
func (s *Store) tidy(now time.Duration, items int) {
	s.sweep(now, sweepPerItem*items)
	s.pressure.observe(s.table.live, s.capacity)
}

// lostError returns nil, not an error that holds no keys.
func lostError(lost []replay.Key) error {
	if len(lost) == 0 {
		return nil
	}
	return &replay.LeaseLostError{Keys: lost}
}
