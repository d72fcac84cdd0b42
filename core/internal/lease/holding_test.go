package lease_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// store is a store in memory that can fail.
type store struct {
	*memstore.Store
	extended int
	extend   func() error
	settle   error
}

func (s *store) Extend(ctx context.Context, held []replay.Held, by time.Duration) error {
	s.extended++
	if s.extend != nil {
		return s.extend()
	}
	return s.Store.Extend(ctx, held, by)
}

func (s *store) Settle(ctx context.Context, list []replay.Settlement) error {
	if s.settle != nil {
		return s.settle
	}
	return s.Store.Settle(ctx, list)
}

// hold begins a holding with one claim, whose work has the context.
func hold(t *testing.T, s *store) (*lease.Holding, *lease.Context) {
	t.Helper()
	s.Store = memstore.New()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	h, work := &lease.Holding{}, &lease.Context{}
	now := time.Now()
	rules := &lease.Rules{Lease: time.Minute, Retention: time.Hour}
	rules.Use(s)
	h.Begin(t.Context(), rules, now, now.Add(10*time.Minute))
	results, err := h.Claim([]replay.Item{{Key: replay.Key{1}}}, now)
	require.NoError(t, err)
	work.Start(h.Context(), time.Time{})
	require.Zero(t, h.Add(replay.Held{Key: replay.Key{1}, Token: results[0].Token}, work))
	t.Cleanup(h.End)
	return h, work
}

func TestTheFirstVerdictStandsAndTheWorstOutcome(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	for _, row := range []struct {
		name    string
		verdict []replay.Verdict
		settle  error
		want    lease.Outcome
		state   replay.State // of the next claim
	}{
		{"nothing was decided", nil, nil, lease.Outcome{}, replay.InFlight},
		{"a commit", []replay.Verdict{replay.Commit}, nil, lease.Outcome{State: lease.Committed}, replay.Done},
		{"a release", []replay.Verdict{replay.Release}, nil, lease.Outcome{State: lease.Released}, replay.Claimed},
		{"a release after a commit", []replay.Verdict{replay.Commit, replay.Release}, nil,
			lease.Outcome{State: lease.Committed}, replay.Done},
		{"a commit after a release", []replay.Verdict{replay.Release, replay.Commit}, nil,
			lease.Outcome{State: lease.Released}, replay.Claimed},
		{"a commit that the store does not take", []replay.Verdict{replay.Commit}, gone,
			lease.Outcome{State: lease.CommitFailed, Err: gone}, replay.InFlight},
		{"a release that the store does not take", []replay.Verdict{replay.Release}, gone,
			lease.Outcome{State: lease.Released, Err: gone}, replay.InFlight},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{settle: row.settle}
				h, _ := hold(t, s)
				for _, v := range row.verdict {
					h.Decide(0, v)
				}
				h.Flush()
				require.Equal(t, row.want, h.Outcome())
				results, err := s.Claim(t.Context(), []replay.Item{{Key: replay.Key{1}}}, time.Minute)
				require.NoError(t, err)
				require.Equal(t, row.state, results[0].State)
			})
		})
	}
}

func TestALeaseIsRenewedUntilItsLimit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		extend func() error
		after  time.Duration
		lost   bool
		least  int
	}{
		{"a store that answers", nil, 9 * time.Minute, false, 20},
		{"after the limit", nil, 12 * time.Minute, true, 20},
		{"a store that does not answer", func() error { return errors.New("gone") }, 59 * time.Second, false, 5},
		{"a store that does not answer until the lease expires", func() error { return errors.New("gone") },
			time.Minute, true, 5},
		{"a store that panics", func() error { panic("secret") }, time.Minute, true, 5},
		{"a claim that is another's now", func() error { return &replay.LeaseLostError{Keys: []replay.Key{{1}}} },
			20 * time.Second, true, 1},
		{"another claim that is lost", func() error { return &replay.LeaseLostError{Keys: []replay.Key{{2}}} },
			20 * time.Second, false, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{extend: row.extend}
				h, work := hold(t, s)
				time.Sleep(row.after)
				synctest.Wait()
				if row.lost {
					require.ErrorIs(t, context.Cause(work), lease.ErrLost)
					require.False(t, h.Attach(0, work))
				} else {
					require.NoError(t, work.Err())
					require.True(t, h.Attach(0, work))
				}
				require.GreaterOrEqual(t, s.extended, row.least)
			})
		})
	}
}

// immediate is a store that counts the calls that need no context.
type immediate struct {
	*memstore.Store
	claimed, settled int
}

func (s *immediate) Self() replay.Store { return s }

func (s *immediate) ClaimNow(items []replay.Item, by time.Duration, results []replay.Result) error {
	s.claimed++
	return s.Store.ClaimNow(items, by, results)
}

func (s *immediate) SettleNow(list []replay.Settlement) error {
	s.settled++
	return s.Store.SettleNow(list)
}

// TestAStoreInMemoryIsCalledWithoutAContext, and one that embeds it is called by its own methods.
func TestAStoreInMemoryIsCalledWithoutAContext(t *testing.T) {
	t.Parallel()
	inner := &immediate{Store: memstore.New()}
	for _, row := range []struct {
		name  string
		store replay.Store
		calls int // of the inner store without a context
	}{
		{"a store in memory", inner, 1},
		{"a store that embeds it", struct{ *immediate }{inner}, 0},
		{"a store that hides it", struct{ replay.Store }{inner}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			inner.claimed, inner.settled = 0, 0
			rules := &lease.Rules{Lease: time.Minute, Retention: time.Hour}
			rules.Use(row.store)
			h, now, key := &lease.Holding{}, time.Now(), replay.Key(sha256.Sum256([]byte(row.name)))
			h.Begin(t.Context(), rules, now, now.Add(time.Hour))
			defer h.End()
			results, err := h.Claim([]replay.Item{{Key: key}}, now)
			require.NoError(t, err)
			require.Equal(t, replay.Claimed, results[0].State)
			h.Decide(h.Add(replay.Held{Key: key, Token: results[0].Token}, nil), replay.Commit)
			h.Flush()
			require.Equal(t, lease.Outcome{State: lease.Committed}, h.Outcome())
			require.Equal(t, row.calls, inner.claimed)
			require.Equal(t, row.calls, inner.settled)
		})
	}
}

func TestAnAnswerThatDoesNotFitTheItemsIsAnError(t *testing.T) {
	t.Parallel()
	require.NoError(t, lease.CheckResults([]replay.Result{{State: replay.Done}}, 1))
	require.Error(t, lease.CheckResults(nil, 1))
	require.Error(t, lease.CheckResults([]replay.Result{{State: replay.Done}}, 2))
	require.Error(t, lease.CheckResults([]replay.Result{{}}, 1))
}
