package sqltests_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
)

// TestAnInboxWorksInTheStoresTransaction: work in the database is done once, however often the message comes, and what
// was given up for good is kept with it in one commit.
func TestAnInboxWorksInTheStoresTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		table := sqljournal.WithTable(newTable())
		require.NoError(t, sqljournal.Migrate(t.Context(), b.Store, table))
		kept, err := sqljournal.New(t.Context(), b.Store, journal.Config{}, table)
		require.NoError(t, err)
		errColumn := errors.New("no such column")
		fails := 1
		permanent := false
		signals := core.NewSignals()
		signals.On("*", func(ctx context.Context, _ core.Event) error {
			if fails--; fails >= 0 {
				return errors.Join(insert(ctx, b, "9"), errColumn)
			}
			if err := insert(ctx, b, "1"); err != nil {
				return err
			}
			if permanent {
				return core.Permanent(errColumn)
			}
			return nil
		})
		handle := watermillinbox.Handler(signals, watermillinbox.Config{
			Replay: b.Store, Journal: kept, Logger: slog.New(slog.DiscardHandler),
			Backoff: func(int) time.Duration { return time.Millisecond },
		})
		send := func(n byte) {
			encoded, err := core.Event{ID: "evt_1", Identity: core.Identity{n}}.MarshalBinary()
			require.NoError(t, err)
			require.NoError(t, handle(message.NewMessage(core.Identity{n}.String(), encoded)))
		}
		send(1)
		require.Equal(t, 1, b.effects(t, 1))
		require.Zero(t, b.effects(t, 9), "what failed was rolled back")
		send(1)
		require.Equal(t, 1, b.effects(t, 1), "it is done")
		permanent = true
		send(2)
		require.Equal(t, 2, b.effects(t, 1), "what was given up for good is committed")
		parked := 0
		for entry, err := range kept.Entries(t.Context(), journal.Query{State: journal.Parked}) {
			require.NoError(t, err)
			require.EqualValues(t, core.Identity{2}, entry.Identity)
			parked++
		}
		require.Equal(t, 1, parked)
		permanent = false
		var wait sync.WaitGroup
		for range 6 {
			wait.Go(func() { send(3) })
		}
		wait.Wait()
		require.Equal(t, 3, b.effects(t, 1), "six messages at once")
	})
}
