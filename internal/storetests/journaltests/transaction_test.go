package journaltests_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// app is a replay store, a journal and a table of the app's in one database.
type app struct {
	db      *sql.DB
	store   *sqlstore.Store
	journal *journal.Journal
	effects string
}

func (d *database) newApp(t *testing.T, opts ...sqlstore.Option) *app {
	t.Helper()
	a := &app{db: d.open(t), effects: newName("effects")}
	require.NoError(t, sqlstore.Migrate(t.Context(), a.db, d.dialect))
	var err error
	a.store, err = sqlstore.New(t.Context(), a.db, d.dialect, newName("app"), opts...)
	require.NoError(t, err)
	require.NoError(t, sqljournal.Migrate(t.Context(), a.store))
	a.journal, err = sqljournal.New(t.Context(), a.store, config())
	require.NoError(t, err)
	execute(t, a.db, "CREATE TABLE "+a.effects+" (event VARCHAR(80) NOT NULL)")
	return a
}

// begin claims an event and begins its transaction, in which the app writes.
func (a *app) begin(t *testing.T, e *journal.Entry) (context.Context, replay.Transaction) {
	t.Helper()
	results, err := a.store.Claim(t.Context(), []replay.Item{{Key: e.Identity}}, time.Minute)
	require.NoError(t, err)
	require.Equal(t, replay.Claimed, results[0].State)
	held := []replay.Held{{Key: e.Identity, Token: results[0].Token}}
	ctx, txn := a.store.Transaction(t.Context(), held, time.Hour)
	tx, err := sqltx.Tx(ctx)
	require.NoError(t, err)
	_, err = tx.ExecContext(ctx, "INSERT INTO "+a.effects+" VALUES ('"+e.EventID+"')")
	require.NoError(t, err)
	return ctx, txn
}

func (a *app) count(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, a.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+a.effects).Scan(&n))
	return n
}

// What the app wrote, the entry and "done" are one step: all of it is there, or nothing.
func TestAnEntryIsPartOfTheReceiversTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		a := d.newApp(t)
		e := entry("evt_1", journal.Parked)
		ctx, txn := a.begin(t, e)
		require.NoError(t, a.journal.Keep(ctx, []*journal.Entry{e}))
		_, err := a.journal.Load(t.Context(), e.ID)
		require.ErrorIs(t, err, journal.ErrNotFound, "nobody else sees it yet")
		_, err = a.journal.Load(ctx, e.ID)
		require.NoError(t, err, "the transaction sees it")
		require.NoError(t, txn.Rollback())
		_, err = a.journal.Load(t.Context(), e.ID)
		require.ErrorIs(t, err, journal.ErrNotFound)
		require.Zero(t, a.count(t))

		other := entry("evt_2", journal.Parked)
		ctx, txn = a.begin(t, other)
		require.NoError(t, a.journal.Keep(ctx, []*journal.Entry{other}))
		require.NoError(t, txn.Commit(t.Context()))
		_, err = a.journal.Load(t.Context(), other.ID)
		require.NoError(t, err)
		require.Equal(t, 1, a.count(t))
	})
}

// An entry that exists already is merged within the transaction, which goes on: in PostgreSQL an error of a statement
// would have ended it, in MySQL a part of a batch would have stayed.
func TestAKnownEntryDoesNotEndTheTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		a := d.newApp(t)
		known := entry("known", journal.Open)
		require.NoError(t, a.journal.Keep(t.Context(), []*journal.Entry{known}))
		for n, rest := range [][]string{nil, {"fresh 1"}, {"another", "fresh 2", "zebra"}} {
			e := entry("known", journal.Parked)
			e.Identity = entry(fmt.Sprint("claim ", n), journal.Parked).Identity // of the claim: each round has its own
			ctx, txn := a.begin(t, e)
			list := []*journal.Entry{entry("known", journal.Parked)}
			for _, name := range rest {
				list = append(list, entry(name, journal.Parked))
			}
			require.NoError(t, a.journal.Keep(ctx, list))
			require.NoError(t, a.journal.Keep(ctx, []*journal.Entry{entry("known", journal.Parked)}), "twice")
			require.NoError(t, txn.Commit(t.Context()))
			is, err := a.journal.Load(t.Context(), known.ID)
			require.NoError(t, err)
			require.Equal(t, 1+2*(n+1), is.Attempts)
			require.Equal(t, journal.Parked, is.State)
			for _, e := range list[1:] {
				_, err := a.journal.Load(t.Context(), e.ID)
				require.NoError(t, err)
			}
			require.Equal(t, n+1, a.count(t))
		}
	})
}

// A batch whose part is stale is taken back, and what the app wrote stays.
func TestAStaleBatchLeavesTheTransactionAsItWas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		a := d.newApp(t)
		store := a.journal.Store()
		e := entry("evt_1", journal.Parked)
		ctx, txn := a.begin(t, e)
		row := func(name string, revision uint64) journal.Row {
			return journal.Row{ID: journal.IDOf(0, entry(name, 0).Identity), Revision: revision, State: journal.Open,
				Endpoint: "stripe", At: time.Now(), Blob: []byte(name)}
		}
		require.NoError(t, store.Save(ctx, []journal.Row{row("kept", 0)}))
		for _, batch := range [][]journal.Row{
			{row("kept", 0)}, {row("gone", 3)}, {row("a", 0), row("kept", 0), row("z", 0)},
			{row("a", 0), row("kept", 7)},
		} {
			require.ErrorIs(t, store.Save(ctx, batch), journal.ErrChanged)
		}
		require.NoError(t, txn.Commit(t.Context()))
		rows, err := store.List(t.Context(), journal.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, uint64(1), rows[0].Revision)
		require.Equal(t, 1, a.count(t))
	})
}

// In a stricter transaction the entry may have been made after its snapshot. Either it is merged all the same, or the
// transaction fails as a whole, and the delivery is sent again. A count that is lost would be neither.
func TestAnEntryThatTheSnapshotDoesNotSeeIsMergedOrFails(t *testing.T) {
	t.Parallel()
	for _, d := range engines[:2] { // SQLite has one writer: nothing can be made meanwhile
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			a := d.newApp(t, sqlstore.WithTxOptions(&sql.TxOptions{Isolation: sql.LevelRepeatableRead}))
			e := entry("evt_1", journal.Parked)
			ctx, txn := a.begin(t, e)
			tx, err := sqltx.Tx(ctx)
			require.NoError(t, err)
			var written int // MySQL's snapshot begins with the first SELECT
			require.NoError(t, tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+a.effects).Scan(&written))
			require.NoError(t, a.journal.Keep(t.Context(), []*journal.Entry{entry("evt_1", journal.Parked)}))
			err = a.journal.Keep(ctx, []*journal.Entry{e})
			t.Logf("kept: %v", err)
			if d.dialect == sqltx.MySQL {
				require.NoError(t, err, "it reads what is stored now, whatever the snapshot")
			}
			want := 2
			if err == nil {
				err = txn.Commit(t.Context())
			}
			if err != nil {
				require.NoError(t, txn.Rollback())
				want = 1
				require.Zero(t, a.count(t))
			}
			is, err := a.journal.Load(t.Context(), entryID("evt_1"))
			require.NoError(t, err)
			require.Equal(t, want, is.Attempts)
		})
	}
}

func entryID(name string) journal.ID {
	return journal.IDOf(journal.FromRequest, entry(name, 0).Identity)
}

// A transaction of another database is not the journal's: it writes on its own.
func TestATransactionOfAnotherDatabaseIsNotJoined(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		a := d.newApp(t)
		elsewhere := d.newJournal(t) // its own *sql.DB
		e := entry("evt_1", journal.Parked)
		ctx, txn := a.begin(t, e)
		require.NoError(t, elsewhere.Keep(ctx, []*journal.Entry{e}))
		require.NoError(t, txn.Rollback())
		_, err := elsewhere.Load(t.Context(), e.ID)
		require.NoError(t, err)
	})
}

// Deleting is not part of a receiver's transaction, and ends also where its rollback comes.
func TestAThousandEntriesJoinATransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		a := d.newApp(t)
		var list []*journal.Entry
		for i := range 1000 {
			list = append(list, entry(fmt.Sprint(i), journal.Parked))
		}
		for round := range 2 {
			e := entry(fmt.Sprint("claim ", round), journal.Parked)
			ctx, txn := a.begin(t, e)
			began := time.Now()
			require.NoError(t, a.journal.Keep(ctx, list))
			t.Logf("1,000 entries, round %d: %v", round+1, time.Since(began))
			require.NoError(t, txn.Commit(t.Context()))
		}
		is, err := a.journal.Load(t.Context(), list[999].ID)
		require.NoError(t, err)
		require.Equal(t, uint64(2), is.Revision)
	})
}
