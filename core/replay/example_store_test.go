package replay_test

import (
	"context"
	"errors"
	"log"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Store is a whole store, in memory. In a database each method is one statement, and the database's clock is the one
// that counts. What has expired stays in the map here, until its key is claimed again: a store in use removes it.
type Store struct {
	replay.Roster // notices two guards of one name
	mu            sync.Mutex
	closed        bool
	last          replay.Token
	keys          map[replay.Key]remembered
}

// remembered is what the store holds of one key: a claim until its lease expires, or a commit until its TTL does.
type remembered struct {
	digest  replay.Digest
	token   replay.Token
	done    time.Time // zero while it is claimed
	expires time.Time
}

func newStore() *Store { return &Store{keys: map[replay.Key]remembered{}} }

// begin locks the store. Its errors fail closed: without a claim the guard runs nothing.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		return replay.ErrClosed
	}
	return ctx.Err()
}

// live returns what is remembered of a key and has not expired.
func (s *Store) live(key replay.Key) (remembered, bool) {
	r, ok := s.keys[key]
	return r, ok && time.Now().Before(r.expires)
}

// Claim claims every key of which nothing is remembered. A store with a bound returns ErrFull, and claims none of them.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if lease <= 0 {
		return nil, errors.New("the lease is not positive")
	}
	results := make([]replay.Result, len(items))
	for i, item := range items {
		r, ok := s.live(item.Key)
		conflict := r.digest != item.Digest //lint:notsecret the hash of a body, which its sender knows
		switch {
		case !ok:
			s.last++ // no two claims have one token: a stale holder is fenced by it
			s.keys[item.Key] = remembered{digest: item.Digest, token: s.last, expires: time.Now().Add(lease)}
			results[i] = replay.Result{State: replay.Claimed, Token: s.last}
		case r.done.IsZero():
			results[i] = replay.Result{State: replay.InFlight, Conflict: conflict, RetryAfter: time.Until(r.expires)}
		default:
			results[i] = replay.Result{State: replay.Done, Conflict: conflict, Token: r.token, DoneAt: r.done}
		}
	}
	return results, nil
}

// Settle checks all settlements before the first takes effect. What is no longer held fails closed: it is reported.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return err
	}
	for _, st := range settlements {
		if st.Verdict != replay.Release && (st.Verdict != replay.Commit || st.TTL <= 0) {
			return errors.New("the verdict is unknown, or the TTL of a commit is not positive")
		}
	}
	var lost []replay.Key
	for _, st := range settlements {
		r, ok := s.live(st.Key)
		commit := st.Verdict == replay.Commit
		switch {
		case !ok && !commit: // released already, or the lease has expired: the key is free
		case !ok, r.token != st.Token, !r.done.IsZero() && !commit:
			lost = append(lost, st.Key)
		case !commit:
			delete(s.keys, st.Key)
		case r.done.IsZero(): // a repeated commit leaves time and TTL as they are
			r.done, r.expires = time.Now(), time.Now().Add(st.TTL)
			s.keys[st.Key] = r
		}
	}
	return lostError(lost)
}

// Extend makes live claims last longer, and never shorter.
func (s *Store) Extend(ctx context.Context, claims []replay.Held, lease time.Duration) error {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return err
	}
	if lease <= 0 {
		return errors.New("the lease is not positive")
	}
	var lost []replay.Key
	for _, claim := range claims {
		r, ok := s.live(claim.Key)
		if !ok || r.token != claim.Token || !r.done.IsZero() {
			lost = append(lost, claim.Key)
		} else if expires := time.Now().Add(lease); expires.After(r.expires) {
			r.expires = expires
			s.keys[claim.Key] = r
		}
	}
	return lostError(lost)
}

// Forget removes keys, claimed or done.
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return err
	}
	for _, key := range keys {
		delete(s.keys, key)
	}
	return nil
}

// Scope is Shared for a store in a database.
func (s *Store) Scope() replay.Scope { return replay.Process }

// Close makes every later call fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func lostError(keys []replay.Key) error {
	if len(keys) == 0 {
		return nil
	}
	return &replay.LeaseLostError{Keys: keys}
}

func Example_store() {
	_, err := core.New(core.Config{
		Endpoint: "billing",
		Provider: provider.Stripe(),
		Secrets:  secrets.FromEnv("STRIPE_WEBHOOK_SECRET"),
		Replay:   newStore(),
	})
	if err != nil {
		log.Print(err) // every mistake in the config
	}
}
