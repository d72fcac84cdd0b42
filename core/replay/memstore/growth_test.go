package memstore_test

import (
	"math/bits"
	"math/rand/v2"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// claimEach claims keys one by one, as deliveries do.
func claimEach(t *testing.T, s *memstore.Store, from, to int) []replay.Token {
	t.Helper()
	tokens := make([]replay.Token, 0, to-from)
	items := make([]replay.Item, 1)
	for n := from; n < to; n++ {
		items[0] = itemOf(n)
		results, err := s.Claim(t.Context(), items, time.Hour)
		require.NoError(t, err)
		require.Equal(t, replay.Claimed, results[0].State, n)
		tokens = append(tokens, results[0].Token)
	}
	return tokens
}

// So many that every shard's index splits again and again, and deadlines go from one chunk to the next.
func TestAStoreThatGrowsAndShrinksLosesNothing(t *testing.T) {
	const keys = 60_000
	s := memstore.New()
	tokens := claimEach(t, s, 0, keys)
	require.Less(t, s.Segments()*memstore.SegmentFull, 3*keys,
		"a segment that was split is half full, and so is the new one")
	order := rand.New(rand.NewPCG(1, 2)).Perm(keys)

	released, done := order[:keys/3], order[keys/3:keys/2]
	for _, n := range released {
		settle(t, s, replay.Release, 0, n, tokens[n:n+1])
	}
	for _, n := range done {
		settle(t, s, replay.Commit, time.Hour, n, tokens[n:n+1])
	}
	require.Equal(t, keys-len(released), s.Stats().Live)

	want := make([]replay.State, keys)
	for n := range want {
		want[n] = replay.InFlight
	}
	for _, n := range done {
		want[n] = replay.Done
	}
	for _, n := range released {
		want[n] = replay.Claimed
	}
	for n := range want {
		require.Equal(t, want[n], stateOf(t, s, n).State, n)
	}
	for n := range want {
		require.NoError(t, s.Forget(t.Context(), []replay.Key{keyOf(n)}))
	}
	require.Zero(t, s.Stats().Live)
	claimEach(t, s, 0, keys)
}

// A table that grows as a whole asks for one piece of memory that is as large as itself, and everybody waits while it
// is filled.
func TestNoClaimWaitsForTheWholeTable(t *testing.T) {
	const identities, most = 200_000, 256 << 10
	s := memstore.New()
	before := allocationsOver(most)
	claimEach(t, s, 0, identities)
	// The tokens, and what the test itself grows: not one of them is the store's.
	require.LessOrEqual(t, allocationsOver(most)-before, uint64(1))
}

// allocationsOver counts the allocations of this process that were larger.
func allocationsOver(size float64) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs-by-size:bytes"}}
	metrics.Read(sample)
	histogram, n := sample[0].Value.Float64Histogram(), uint64(0)
	for i, count := range histogram.Counts {
		if histogram.Buckets[i] > size {
			n += count
		}
	}
	return n
}

// Whoever holds room that it does not use must not keep others from it.
func TestTheLastRoomIsFoundWhereverItIs(t *testing.T) {
	const capacity = 200_000 // taken by lots
	s := memstore.NewWithConfig(memstore.Config{Capacity: capacity, Logger: quiet})
	tokens := claimEach(t, s, 0, capacity)
	require.Equal(t, capacity, s.Stats().Live)
	_, err := s.Claim(t.Context(), itemsOf(capacity, capacity+1), time.Hour)
	require.ErrorIs(t, err, replay.ErrFull)

	for n := range 500 { // each from a shard of its own
		settle(t, s, replay.Release, 0, n, tokens[n:n+1])
	}
	claimEach(t, s, capacity, capacity+500)
	_, err = s.Claim(t.Context(), itemsOf(0, 1), time.Hour)
	require.ErrorIs(t, err, replay.ErrFull)
	require.Equal(t, capacity, s.Stats().Live)
}

// Two locks in one line of the processor's cache are one lock to the hardware.
func TestEachLockStartsALineOfTheCache(t *testing.T) {
	if bits.UintSize == 32 {
		return // pointers are shorter there: the locks are still far apart, but do not start lines
	}
	require.Zero(t, memstore.ShardOffset%memstore.LineSize)
	require.Zero(t, memstore.ShardSize%memstore.LineSize)
}
