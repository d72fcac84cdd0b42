package memstore_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

func TestCapacity(t *testing.T) {
	for _, tt := range []struct {
		name string
		give int
		want int
	}{
		{"nothing means the default", 0, memstore.DefaultCapacity},
		{"less than nothing means the default", -1, memstore.DefaultCapacity},
		{"the least there is", math.MinInt, memstore.DefaultCapacity},

		{"one is one", 1, 1},
		{"a number is that number", 12_345, 12_345},
		{"the most that records can be numbered", math.MaxInt32, math.MaxInt32},
		{"more than that is cut", math.MaxInt, math.MaxInt32},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := memstore.NewWithConfig(memstore.Config{Capacity: tt.give, Logger: quiet})
			require.Equal(t, memstore.Stats{Capacity: tt.want}, s.Stats())
			hold(t, s, time.Hour, 0, 1)
		})
	}
	require.Equal(t, memstore.DefaultCapacity, memstore.New().Stats().Capacity)
}

func TestScopeIsThisProcess(t *testing.T) {
	require.Equal(t, replay.Process, memstore.New().Scope())
}

// What ends at an instant has ended at that instant, not a nanosecond earlier or later.
func TestEndsAreExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		tokens := hold(t, s, time.Minute, 1, 3)
		settle(t, s, replay.Commit, time.Minute, 2, tokens[1:])
		time.Sleep(time.Minute - 1)
		require.Equal(t, replay.InFlight, stateOf(t, s, 1).State)
		require.Equal(t, time.Duration(1), stateOf(t, s, 1).RetryAfter)
		require.Equal(t, replay.Done, stateOf(t, s, 2).State)
		time.Sleep(time.Nanosecond)
		require.ErrorIs(t, s.Extend(t.Context(), []replay.Held{{Key: keyOf(1), Token: tokens[0]}}, time.Hour),
			replay.ErrLeaseLost)
		require.Equal(t, replay.Claimed, stateOf(t, s, 1).State)
		require.Equal(t, replay.Claimed, stateOf(t, s, 2).State)
	})
}

func TestDoneAtIsWallTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		time.Sleep(time.Hour)
		tokens := hold(t, s, time.Hour, 1, 2)
		time.Sleep(time.Minute)
		committed := time.Now().Round(0)
		settle(t, s, replay.Commit, 100*time.Hour, 1, tokens)
		time.Sleep(50 * time.Hour)
		require.Equal(t, committed, stateOf(t, s, 1).DoneAt)
	})
}

func TestTokensAreNeverZero(t *testing.T) {
	s := memstore.New()
	s.SetLastToken(math.MaxUint64 - 1)
	for _, token := range hold(t, s, time.Hour, 0, 100) { // several in each shard
		require.NotZero(t, token)
	}
}

func TestStoresDoNotShareTokens(t *testing.T) {
	require.NotEqual(t, hold(t, memstore.New(), time.Hour, 0, 1), hold(t, memstore.New(), time.Hour, 0, 1))
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.NewWithConfig(memstore.Config{Capacity: 10_000})
		tokens := hold(t, s, time.Minute, 0, 5_000)
		settle(t, s, replay.Commit, time.Hour, 0, tokens[:1_000])
		require.Equal(t, memstore.Stats{Live: 5_000, Capacity: 10_000}, s.Stats())

		time.Sleep(time.Minute)
		require.Equal(t, 1_000, s.Stats().Live, "leases that ended are not live, though nobody has called since")

		time.Sleep(time.Hour)
		require.Zero(t, s.Stats().Live)
		require.Zero(t, s.Kept())

		hold(t, s, time.Minute, 0, 5)
		require.NoError(t, s.Close())
		require.Equal(t, memstore.Stats{Capacity: 10_000}, s.Stats())
	})
}

// synctest.Test would wait for ever for a goroutine that the store left behind.
func TestAStoreThatIsNeverClosedLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold(t, memstore.New(), time.Minute, 0, 100)
	})
}

func TestEndedIdentitiesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		for n := range 5_000 {
			tokens := hold(t, s, time.Second, n, n+1)
			if n%2 == 0 {
				settle(t, s, replay.Commit, 2*time.Second, n, tokens)
			}
			time.Sleep(100 * time.Millisecond)
			require.LessOrEqual(t, s.Kept(), 100, "some 15 live, and what ended in shards that nobody called since")
		}
	})
}

// When very many identities end at once no single call pays for removing all of them.
func TestACallRemovesOnlyAFewEndedIdentities(t *testing.T) {
	const many, few = 10_000, 10
	for _, tt := range []struct {
		name string
		call func(t *testing.T, s *memstore.Store)
	}{
		{"a claim of a new key", func(t *testing.T, s *memstore.Store) { hold(t, s, time.Hour, many, many+1) }},
		{"a settlement", func(t *testing.T, s *memstore.Store) {
			settle(t, s, replay.Release, 0, 0,
				[]replay.Token{1})
		}},
		{"an extension", func(t *testing.T, s *memstore.Store) {
			require.Error(t, s.Extend(t.Context(), []replay.Held{{}}, time.Hour))
		}},
		{"forgetting", func(t *testing.T, s *memstore.Store) {
			require.NoError(t, s.Forget(t.Context(), []replay.Key{keyOf(many)}))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.NewWithConfig(memstore.Config{Capacity: many, Logger: quiet})
				hold(t, s, time.Minute, 0, many)
				time.Sleep(time.Minute)
				tt.call(t, s)
				require.Less(t, s.Kept(), many)
				require.Greater(t, s.Kept(), many-few)
			})
		})
	}
}

// A batch that is much larger than what a call removes of its own accord fits all the same, if there is room for it.
func TestARefusalComesOnlyWhenNothingHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.NewWithConfig(memstore.Config{Capacity: 1_000, Logger: quiet})
		tokens := hold(t, s, time.Minute, 0, 1_000)
		settle(t, s, replay.Commit, time.Hour, 0, tokens[:1])
		_, err := s.Claim(t.Context(), itemsOf(1_000, 1_001), time.Minute)
		require.ErrorIs(t, err, replay.ErrFull)
		time.Sleep(time.Minute)
		_, err = s.Claim(t.Context(), itemsOf(1_000, 2_000), time.Minute)
		require.ErrorIs(t, err, replay.ErrFull)
		hold(t, s, time.Minute, 1_001, 2_000)
		require.Equal(t, replay.Done, stateOf(t, s, 0).State)
	})
}

// Many more identities than the contract's histories have, so that chains, splits and deep heaps are met.
func TestManyIdentitiesLiveAndEndAsTheyShould(t *testing.T) {
	type fate struct {
		token replay.Token
		done  bool
		end   time.Duration
	}
	synctest.Test(t, func(t *testing.T) {
		const keys = 5_000
		r := rand.New(rand.NewPCG(1, 2))
		s := memstore.New()
		known := map[int]*fate{}
		var now time.Duration
		for range 20_000 {
			n, d := r.IntN(keys), time.Duration(1+r.IntN(20_000))*time.Millisecond
			f := known[n]
			if f != nil && f.end <= now {
				delete(known, n)
				f = nil
			}
			switch op := r.IntN(10); {
			case f == nil:
				results, err := s.Claim(t.Context(), []replay.Item{itemOf(n)}, d)
				require.NoError(t, err)
				require.Equal(t, replay.Claimed, results[0].State)
				known[n] = &fate{token: results[0].Token, end: now + d}
			case op < 2:
				require.NoError(t, s.Forget(t.Context(), []replay.Key{keyOf(n)}))
				delete(known, n)
			case f.done:
				require.Equal(t, replay.Done, stateOf(t, s, n).State)
			case op < 5:
				settle(t, s, replay.Commit, d, n, []replay.Token{f.token})
				f.done, f.end = true, now+d
			case op < 7:
				require.NoError(t, s.Extend(t.Context(), []replay.Held{{Key: keyOf(n), Token: f.token}}, d))
				f.end = max(f.end, now+d)
			default:
				require.Equal(t, f.end-now, stateOf(t, s, n).RetryAfter)
			}
			if r.IntN(4) == 0 {
				d := time.Duration(r.IntN(10)) * time.Millisecond
				time.Sleep(d)
				now += d
			}
		}
		for range 20 {
			live := 0
			for n, f := range known {
				if f.end <= now {
					continue
				}
				live++
				want := replay.InFlight
				if f.done {
					want = replay.Done
				}
				require.Equal(t, want, stateOf(t, s, n).State)
			}
			require.Equal(t, live, s.Stats().Live)
			time.Sleep(time.Second)
			now += time.Second
		}
		require.Zero(t, s.Stats().Live)
	})
}

// With as many keys as buckets there are some that share a bucket and differ in one byte only.
func TestKeysThatDifferInOneByteAreTwoKeys(t *testing.T) {
	for i := range len(replay.Key{}) {
		s := memstore.New()
		var items []replay.Item
		for b := range 256 {
			key := keyOf(0)
			key[i] = byte(b)
			items = append(items, replay.Item{Key: key})
		}
		results, err := s.Claim(t.Context(), items, time.Hour)
		require.NoError(t, err)
		for _, r := range results {
			require.Equal(t, replay.Claimed, r.State)
		}
	}
}

func TestAClaimAllocatesItsResultsAndASettlementNothing(t *testing.T) {
	s := memstore.New()
	ctx := t.Context()
	items, settlements := make([]replay.Item, 1), make([]replay.Settlement, 1)
	n := 0
	round := func(verdict replay.Verdict) func() {
		return func() {
			n++
			items[0] = itemOf(n)
			results, _ := s.Claim(ctx, items, time.Minute)
			settlements[0] = replay.Settlement{Key: items[0].Key, Token: results[0].Token, Verdict: verdict, TTL: 1}
			_ = s.Settle(ctx, settlements)
		}
	}
	require.LessOrEqual(t, testing.AllocsPerRun(2_000, round(replay.Release)), 1.0)
	require.LessOrEqual(t, testing.AllocsPerRun(2_000, round(replay.Commit)), 1.0)
}
