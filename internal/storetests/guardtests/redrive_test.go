package guardtests_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// permit lets the app's own user write a table.
func (b *bench) permit(t *testing.T, table string) {
	t.Helper()
	switch b.store.(sqltx.Source).Database().Dialect {
	case sqltx.PostgreSQL:
		b.exec(t, "GRANT ALL ON "+table+" TO app")
	case sqltx.MySQL:
		b.exec(t, "GRANT SELECT, INSERT, UPDATE, DELETE ON replay."+table+" TO app@'%'")
	}
}

// notes counts the rows of a table that tests make.
func (b *bench) notes(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, b.admin.QueryRowContext(t.Context(), "SELECT count(*) FROM notes").Scan(&n))
	return n
}

// journalOf is a journal in the store's own database, or in memory where that is not SQL.
func journalOf(t *testing.T, b *bench) *journal.Journal {
	t.Helper()
	config := journal.Config{Keys: secrets.Static("a-key-that-seals-entries-and-is-long-enough")}
	source, isSQL := b.store.(sqltx.Source)
	if !isSQL {
		kept, err := journal.InMemory(config)
		require.NoError(t, err)
		return kept
	}
	require.NoError(t, sqljournal.Migrate(t.Context(), sqljournal.In(b.admin, source.Database().Dialect, "test")))
	b.permit(t, "sallyport_journal")
	kept, err := sqljournal.New(t.Context(), source, config)
	require.NoError(t, err)
	return kept
}

func keeping(t *testing.T, b *bench, kept *journal.Journal) *core.Guard {
	t.Helper()
	guard, err := core.New(core.Config{
		Endpoint: "invoices", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: b.store,
		Journal: kept,
		Logger:  slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = guard.Shutdown(context.WithoutCancel(t.Context())) })
	return guard
}

func send(app http.Handler, n int) int {
	w := httptest.NewRecorder()
	body := fmt.Sprintf(`{"id":"evt_%d","type":"invoice.paid","data":{"object":{}}}`, n)
	app.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "https://example.com/hooks", body, time.Now()))
	return w.Code
}

// eachDatabase runs a test on each database that holds what a store, a journal and the app write in one transaction.
func eachDatabase(t *testing.T, test func(t *testing.T, name string, b *bench)) {
	t.Helper()
	for _, name := range []string{"PostgreSQL", "MariaDB", "SQLite"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name, engines[name](t))
		})
	}
}

// write runs a statement in the event's transaction.
func write(ctx context.Context, statement string) error {
	tx, err := sqltx.Tx(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement)
	return err
}

// TestARunIsTheOnlyOneOnEveryStore: retries, resends and runs at once give exactly one run of each event, whether it
// was open or parked, and nothing is forgotten for it.
func TestARunIsTheOnlyOneOnEveryStore(t *testing.T) {
	t.Parallel()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			kept := journalOf(t, b)
			guard := keeping(t, b, kept)
			failures := []error{errors.New("no such column"), core.Permanent(errors.New("no such column"))}
			var fixed atomic.Bool
			var runs [10]atomic.Int32
			app := httpwebhook.Verify(guard)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
				var n int
				_, err := fmt.Sscanf(e.ID, "evt_%d", &n)
				if err != nil || !fixed.Load() {
					return failures[n%2]
				}
				runs[n].Add(1)
				return nil
			}))
			for n := range runs {
				require.Equal(t, []int{500, 200}[n%2], send(app, n))
			}
			fixed.Store(true)
			redriver := &core.Redriver{App: app, Guards: []*core.Guard{guard}}
			var ids []journal.ID
			for e, err := range kept.Entries(t.Context(), journal.Query{}) {
				require.NoError(t, err)
				ids = append(ids, e.ID)
			}
			require.Len(t, ids, len(runs))
			var all sync.WaitGroup
			for n := range runs {
				for range 2 {
					all.Go(func() { send(app, n) })
				}
			}
			for _, id := range ids {
				for range 3 {
					all.Go(func() { _, _ = redriver.Redrive(t.Context(), id, core.RedriveOptions{}) })
				}
			}
			all.Wait()
			for _, err := range redriver.RedriveAll(t.Context(), journal.Query{}, core.RedriveOptions{StopAfter: -1}) {
				require.True(t, err == nil || errors.Is(err, journal.ErrAlreadyDone), err)
			}
			for n := range runs {
				require.EqualValues(t, 1, runs[n].Load(), "event %d", n)
			}
			for e, err := range kept.Entries(t.Context(), journal.Query{}) {
				require.NoError(t, err)
				require.Equal(t, journal.Done, e.State)
			}
		})
	}
}

// TestParkingIsOneStepWithTheReceiversWrites: in one database the app's writes, the entry and "done" are there
// together, or none of them is.
func TestParkingIsOneStepWithTheReceiversWrites(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, _ string, b *bench) {
		kept := journalOf(t, b)
		guard := keeping(t, b, kept)
		b.exec(t, "CREATE TABLE notes (id varchar(40) NOT NULL PRIMARY KEY)")
		b.permit(t, "notes")
		app := httpwebhook.Verify(guard)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
			if err := write(e.Context(), "INSERT INTO notes (id) VALUES ('"+e.ID+"')"); err != nil {
				return err
			}
			return core.Permanent(errors.New("gave up"))
		}))
		entries := func() (n int) {
			for e, err := range kept.Entries(t.Context(), journal.Query{State: journal.Parked}) {
				require.NoError(t, err)
				require.Equal(t, 1, e.Attempts)
				n++
			}
			return n
		}
		require.Equal(t, 200, send(app, 1))
		require.Equal(t, []int{1, 1}, []int{b.notes(t), entries()})
		require.Equal(t, 200, send(app, 1), "it is done: a duplicate")
		require.Equal(t, []int{1, 1}, []int{b.notes(t), entries()})

		b.exec(t, "ALTER TABLE sallyport_journal RENAME TO elsewhere")
		require.Equal(t, 500, send(app, 2), "no journal, no 2xx")
		require.Equal(t, 1, b.notes(t), "the app's writes are rolled back")
		b.exec(t, "ALTER TABLE elsewhere RENAME TO sallyport_journal")
		require.Equal(t, 200, send(app, 2), "the retry parks it")
		require.Equal(t, []int{2, 2}, []int{b.notes(t), entries()})
	})
}
