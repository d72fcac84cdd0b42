package memstore_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
)

// quiet is for tests that fill a store and are not about the warning.
var quiet = slog.New(slog.DiscardHandler)

var harness = storetest.Harness{
	New: func(_ *testing.T, capacity int) replay.Store {
		return memstore.NewWithConfig(memstore.Config{Capacity: capacity, Logger: quiet})
	},
	Test: synctest.Test,
}

func TestStoreKeepsTheContract(t *testing.T) { storetest.Run(t, harness) }

func TestStoreKeepsTheContractConcurrently(t *testing.T) { storetest.RunConcurrent(t, harness) }

func TestStoreAnswersAsTheModelDoes(t *testing.T) { storetest.RunHistories(t, harness, 2000, 1) }

func TestStoreKeepsItsPromisesWhateverAnswersAreLost(t *testing.T) {
	storetest.RunFaultyHistories(t, harness, 10_000, 1)
}

// withoutContext is a store whose calls go the way that a guard's go.
type withoutContext struct{ *memstore.Store }

func (s withoutContext) Claim(
	ctx context.Context, items []replay.Item, lease time.Duration,
) ([]replay.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	results := make([]replay.Result, len(items))
	if err := s.ClaimNow(items, lease, results); err != nil {
		return nil, err
	}
	return results, nil
}

func (s withoutContext) Settle(ctx context.Context, settlements []replay.Settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.SettleNow(settlements)
}

func TestStoreKeepsTheContractWithoutAContext(t *testing.T) {
	h := harness
	h.New = func(t *testing.T, capacity int) replay.Store {
		return withoutContext{harness.New(t, capacity).(*memstore.Store)}
	}
	storetest.Run(t, h)
	storetest.RunConcurrent(t, h)
	storetest.RunHistories(t, h, 500, 1)
}

// A list that is too short for the results is a mistake of the caller. It must not leave a lock behind, or a claim that
// nobody knows of.
func TestAClaimWithoutRoomForItsResultsClaimsNothing(t *testing.T) {
	t.Parallel()
	for _, many := range []int{1, 2} {
		s := memstore.New()
		items := make([]replay.Item, many)
		for i := range items {
			items[i].Key[0] = byte(i + 1)
		}
		for room := range many {
			require.Error(t, s.ClaimNow(items, time.Minute, make([]replay.Result, room)))
		}
		results := make([]replay.Result, many)
		require.NoError(t, s.ClaimNow(items, time.Minute, results))
		for _, r := range results {
			require.Equal(t, replay.Claimed, r.State)
		}
		require.NoError(t, s.Close())
	}
}
