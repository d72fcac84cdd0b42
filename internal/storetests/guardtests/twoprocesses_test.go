package guardtests_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestTwoProcessesRunEachEventOnce: runs of all that failed, again and again and in two processes, while the app still
// fails now and then. Each event succeeds once, and what it writes in its transaction stands once.
func TestTwoProcessesRunEachEventOnce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"PostgreSQL", "SQLite"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := engines[name](t)
			kept := journalOf(t, b)
			b.exec(t, "CREATE TABLE notes (id varchar(40) NOT NULL)")
			b.permit(t, "notes")
			var broken atomic.Bool
			broken.Store(true)
			var calls [10]atomic.Int32
			process := func() (http.Handler, *core.Redriver) {
				guard := keeping(t, b, kept)
				app := httpwebhook.Verify(guard)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
					var n int
					_, _ = fmt.Sscanf(e.ID, "evt_%d", &n)
					if err := write(e.Context(), "INSERT INTO notes (id) VALUES ('"+e.ID+"')"); err != nil {
						return err
					}
					failure := errors.New("no such column")
					switch c := calls[n].Add(1); {
					case broken.Load() && n%2 == 0:
						_ = write(e.Context(), "DELETE FROM notes WHERE id = '"+e.ID+"'")
						return core.Permanent(failure)
					case broken.Load(), c%3 == 0:
						return failure
					}
					return nil
				}))
				return app, &core.Redriver{App: app, Guards: []*core.Guard{guard}}
			}
			app, first := process()
			other, second := process()
			for n := range calls {
				send(app, n)
			}
			broken.Store(false)
			var all sync.WaitGroup
			for _, r := range []*core.Redriver{first, second, first, second} {
				all.Go(func() {
					for range 3 {
						for range r.RedriveAll(t.Context(), journal.Query{}, core.RedriveOptions{StopAfter: -1}) {
						}
					}
				})
			}
			for n := range calls {
				all.Go(func() { send(other, n) })
			}
			all.Wait()
			for range 3 {
				for range first.RedriveAll(t.Context(), journal.Query{}, core.RedriveOptions{StopAfter: -1}) {
				}
			}
			for e, err := range kept.Entries(t.Context(), journal.Query{}) {
				require.NoError(t, err)
				require.Equal(t, journal.Done, e.State, e.EventID)
			}
			for n := range calls {
				var rows int
				query := fmt.Sprintf("SELECT count(*) FROM notes WHERE id = 'evt_%d'", n)
				require.NoError(t, b.admin.QueryRowContext(t.Context(), query).Scan(&rows))
				require.Equal(t, 1, rows, "event %d, after %d calls", n, calls[n].Load())
			}
		})
	}
}

// TestAnEntryOfATransactionThatCannotCommitIsKept: a deferred constraint fails at the very end, when the entry is part
// of the transaction. What was rolled back with it has not finished, and runs again.
func TestAnEntryOfATransactionThatCannotCommitIsKept(t *testing.T) {
	t.Parallel()
	b := onPostgreSQL(t)
	kept := journalOf(t, b)
	guard := keeping(t, b, kept)
	b.exec(t, "CREATE TABLE orders (id integer PRIMARY KEY)",
		"CREATE TABLE notes (id varchar(40), o integer REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)")
	b.permit(t, "orders")
	b.permit(t, "notes")
	fixed := false
	s := core.NewSignals()
	s.Named("notes").On("*", func(ctx context.Context, e core.Event) error {
		if fixed {
			if err := write(ctx, "INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING"); err != nil {
				return err
			}
		}
		if err := write(ctx, "INSERT INTO notes (id, o) VALUES ('"+e.ID+"', 1)"); err != nil {
			return err
		}
		if e.ID == "evt_2" && !fixed {
			return core.Permanent(errors.New("gave up"))
		}
		return nil
	})
	app := httpwebhook.Handler(guard, s)
	for n := 1; n <= 2; n++ {
		require.Equal(t, 500, send(app, n))
	}
	for e, err := range kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		require.Equal(t, journal.Open, e.State)
		require.Empty(t, e.Finished)
	}
	fixed = true
	redriver := &core.Redriver{App: app, Guards: []*core.Guard{guard}}
	for _, err := range redriver.RedriveAll(t.Context(), journal.Query{}, core.RedriveOptions{}) {
		require.NoError(t, err)
	}
	require.Equal(t, 2, b.notes(t))
}
