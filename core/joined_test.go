package core_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// settledStore notes what it is asked to settle while a transaction is open.
type settledStore struct {
	unitStore
	within int
}

func (s *settledStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	for _, u := range s.units {
		if u.begun && u.end == "" {
			s.within++
		}
	}
	return s.Store.Settle(ctx, settlements)
}

// TestANamedReceiverJoinsTheTransactionThatIsOpen: it would wait for its locks otherwise. What the transaction held is
// not remembered by a name, and nothing is written behind its back.
func TestANamedReceiverJoinsTheTransactionThatIsOpen(t *testing.T) {
	t.Parallel()
	store := &settledStore{unitStore: unitStore{Store: memstore.New()}}
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = store })
	failure := errors.New("down")
	ran := ""
	s := core.NewSignals()
	s.Named("first").On("*", func(context.Context, core.Event) error { ran += "first "; return nil })
	s.On("*", func(ctx context.Context, _ core.Event) error { ran += "app "; begin(ctx); return nil })
	s.Named("ledger").On("*", func(ctx context.Context, _ core.Event) error {
		ran += "ledger "
		require.Same(t, store.units[0], ctx.Value(unitKey{}), "the event's own")
		require.ErrorIs(t, core.Commit(ctx), core.ErrTransaction)
		return failure
	})
	s.Named("mail").On("*", func(context.Context, core.Event) error { ran += "mail "; return nil })
	require.Equal(t, 500, serve(j.Guard, s, signed(event)).Code)
	require.Equal(t, "rollback", store.units[0].end)
	require.Equal(t, []string{"first"}, j.only(t).Finished, "nothing shows whether the mail is part of it")
	failure, ran, store.units = nil, "", nil
	require.Equal(t, 200, serve(j.Guard, s, signed(event)).Code)
	require.Equal(t, "app ledger mail ", ran)
	require.Equal(t, "commit", store.units[0].end)
	require.Zero(t, store.within, "what is settled while it is open would wait for it")
	require.Equal(t, 200, serve(j.Guard, s, signed(event)).Code)
	require.Equal(t, "app ledger mail ", ran, "a duplicate")
}
