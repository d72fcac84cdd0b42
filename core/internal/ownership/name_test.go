package ownership_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/ownership"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// shared is a store that several processes use. It keeps what digests it was given.
type shared struct {
	replay.Store
	digests map[replay.Key]replay.Digest
}

func (shared) Scope() replay.Scope { return replay.Shared }

func (s shared) Claim(ctx context.Context, items []replay.Item, d time.Duration) ([]replay.Result, error) {
	results, err := s.Store.Claim(ctx, items, d)
	for i := range results {
		if results[i].State == replay.Claimed {
			s.digests[items[i].Key] = items[i].Digest
		}
	}
	return results, err
}

func (s shared) Digests(_ context.Context, keys []replay.Key) ([]replay.Digest, error) {
	return []replay.Digest{s.digests[keys[0]]}, nil
}

func TestANameBelongsToTheFirstProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := memstore.New()
		defer func() { require.NoError(t, mem.Close()) }()
		store := shared{mem, map[replay.Key]replay.Digest{}}
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		var first, second ownership.Name
		first.Set(store, "orders", "acme", logger)
		second.Set(store, "orders", strings.Repeat("b", 100), logger)
		require.False(t, first.IsKnown())
		require.NoError(t, first.Ask(t.Context()))
		require.True(t, first.IsKnown())

		err := second.Ask(t.Context())
		require.ErrorContains(t, err, `belongs to the provider "acme"`)
		require.True(t, ownership.IsTaken(err))
		require.False(t, second.IsKnown())
		require.Equal(t, err, second.Ask(t.Context()), "the refusal stands, and the store is not asked")

		require.NoError(t, second.TakeOver(t.Context()))
		require.True(t, second.IsKnown())
		require.Contains(t, log.String(), "from=acme")
	})
}

func TestAStoreOfOneProcessIsNobodyElses(t *testing.T) {
	var n ownership.Name
	require.NoError(t, n.TakeOver(t.Context()), "without a store there is nothing to take")
	mem := memstore.New()
	defer func() { require.NoError(t, mem.Close()) }()
	n.Set(mem, "orders", "acme", slog.New(slog.DiscardHandler))
	require.True(t, n.IsKnown())
	require.True(t, n.IsMarker(identity.OfMarker("orders", "provider")))
	require.False(t, n.IsMarker(identity.OfMarker("invoices", "provider")))
}
