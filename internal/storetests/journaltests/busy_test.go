package journaltests_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

// While somebody holds SQLite's write lock, a failing delivery waits no longer than its own time, and what it could
// not keep is an error. The connection waits for the app again afterwards.
func TestSQLiteIsWaitedForNoLongerThanTheContext(t *testing.T) {
	t.Parallel()
	d := engines[2]
	a := d.newApp(t)
	ctx, txn := a.begin(t, entry("holder", journal.Parked))
	for _, list := range [][]*journal.Entry{
		{entry("evt_1", journal.Open)}, {entry("evt_2", journal.Open), entry("evt_3", journal.Open)},
	} {
		short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		err := a.journal.Keep(short, list)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(began), 2*time.Second)
	}
	kept := make(chan error, 1)
	go func() { kept <- a.journal.Keep(context.Background(), []*journal.Entry{entry("evt_4", journal.Open)}) }()
	joined := entry("joined", journal.Parked)
	require.NoError(t, a.journal.Keep(ctx, []*journal.Entry{joined}), "the holder itself waits for nobody")
	require.NoError(t, txn.Commit(t.Context()))
	require.NoError(t, <-kept, "who has the time gets it")
	var conns []*sql.Conn
	for range 12 { // each connection of the pool
		conn, err := a.db.Conn(t.Context())
		require.NoError(t, err)
		conns = append(conns, conn)
		var timeout string
		require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&timeout))
		require.Equal(t, "5000", timeout)
	}
	for _, conn := range conns {
		require.NoError(t, conn.Close())
	}
	require.Equal(t, 1, a.count(t))
	count := 0
	for e, err := range a.journal.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		require.Contains(t, []string{"evt_4", "joined"}, e.EventID, "the others were reported as not kept")
		count++
	}
	require.Equal(t, 2, count)
}
