package guardtests_test

import (
	"cmp"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// insertNote writes a note in the event's transaction.
func insertNote(ctx context.Context, values string) error {
	return write(ctx, "INSERT INTO notes (id, n) VALUES ("+values+")")
}

// TestAnEventIsGivenUpAfterAStatementThatFailed: PostgreSQL refuses to commit a transaction in which a statement
// failed. The event is parked all the same, as on the other databases, and what a neighbour wrote in the same
// transaction is there exactly once in the end.
func TestAnEventIsGivenUpAfterAStatementThatFailed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, _ string, b *bench) {
		kept := journalOf(t, b)
		guard := keeping(t, b, kept)
		b.exec(t, "CREATE TABLE notes (id varchar(40) NOT NULL PRIMARY KEY, n integer NOT NULL)")
		b.permit(t, "notes")
		broken := true
		s := core.NewSignals()
		s.On("*", func(ctx context.Context, _ core.Event) error {
			_, err := sqltx.Tx(ctx) // those behind it share the transaction
			return err
		})
		s.Named("note").On("*", func(ctx context.Context, e core.Event) error {
			return insertNote(ctx, "'"+e.ID+"', 1")
		})
		s.On("*", func(ctx context.Context, e core.Event) error {
			if !broken {
				return nil
			}
			err := insertNote(ctx, "'"+e.ID+" again', NULL") // refused: n is not there
			return core.Permanent(errors.Join(errors.New("gave up"), err))
		})
		app := httpwebhook.Handler(guard, s)
		require.Equal(t, 200, send(app, 1))
		require.Equal(t, 200, send(app, 1), "it is done: a duplicate")
		var ids []journal.ID
		for e, err := range kept.Entries(t.Context(), journal.Query{State: journal.Parked}) {
			require.NoError(t, err)
			require.Contains(t, e.Err, "gave up")
			require.Equal(t, 1, e.Attempts)
			ids = append(ids, e.ID)
		}
		require.Len(t, ids, 1)

		redriver := &core.Redriver{App: app, Guards: []*core.Guard{guard}}
		_, err := redriver.Redrive(t.Context(), ids[0], core.RedriveOptions{})
		require.ErrorContains(t, err, "gave up")
		broken = false
		_, err = redriver.Redrive(t.Context(), ids[0], core.RedriveOptions{})
		require.NoError(t, err)
		require.Equal(t, 1, b.notes(t))
		require.Equal(t, 200, send(app, 1))
		require.Equal(t, 1, b.notes(t))
	})
}

// TestWithoutAJournalABrokenTransactionIsGivenUpAlone: the provider's retries end, unless they have a neighbour's work
// to do again.
func TestWithoutAJournalABrokenTransactionIsGivenUpAlone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, name string, b *bench) {
		guard := keeping(t, b, nil)
		b.exec(t, "CREATE TABLE notes (id varchar(40) NOT NULL PRIMARY KEY, n integer NOT NULL)")
		b.permit(t, "notes")
		bad := func(ctx context.Context, e core.Event) error {
			return core.Permanent(insertNote(ctx, "'"+e.ID+"', NULL"))
		}
		alone := core.NewSignals()
		alone.On("*", bad)
		app := httpwebhook.Handler(guard, alone)
		require.Equal(t, []int{200, 200}, []int{send(app, 1), send(app, 1)})

		both := core.NewSignals()
		both.Named("bad").On("*", bad)
		both.Named("good").On("*", func(ctx context.Context, e core.Event) error {
			return insertNote(ctx, "'"+e.ID+"', 1")
		})
		app = httpwebhook.Handler(guard, both)
		require.Equal(t, 200, send(app, 2), "each has a transaction of its own")
		require.Equal(t, 1, b.notes(t))

		joined := core.NewSignals()
		joined.On("*", func(ctx context.Context, e core.Event) error { return insertNote(ctx, "'"+e.ID+"', 1") })
		joined.On("*", bad)
		app = httpwebhook.Handler(guard, joined)
		want := cmp.Or(map[string]int{"PostgreSQL": 500}[name], 200)
		require.Equal(t, want, send(app, 3), "a neighbour's work is not left out behind a success")
	})
}
