package sqltests_test

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
)

// TestStoreKeepsTheContract lets the time really pass.
func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		storetest.Run(t, storetest.Harness{
			New: func(t *testing.T, _ int) replay.Store {
				store, _ := e.newStore(t, db)
				return store
			},
			Unbounded: true,
			Unit:      500 * time.Millisecond,
		})
	})
}

func TestStoreKeepsTheContractConcurrently(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) { storetest.RunConcurrent(t, shifted(t, e)) })
}

// TestStoreAnswersAsTheModelDoes runs 100 histories; SALLYPORT_HISTORIES says otherwise.
func TestStoreAnswersAsTheModelDoes(t *testing.T) {
	t.Parallel()
	n := 100
	if text := os.Getenv("SALLYPORT_HISTORIES"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	each(t, func(t *testing.T, e *engine) { storetest.RunHistories(t, shifted(t, e), n, 1) })
}

// shifted lets no time pass, but moves the ends of all leases and TTLs towards the present: to a store, whose only
// clock is its database's, that is the same. One table serves all its stores, one after the other.
func shifted(t *testing.T, e *engine) storetest.Harness {
	t.Helper()
	db := e.open(t, e.dsn("owner"))
	first, name := e.newStore(t, db)
	require.NoError(t, first.Close())
	return storetest.Harness{
		New: func(t *testing.T, _ int) replay.Store {
			execute(t, db, "DELETE FROM "+name)
			store, err := sqlstore.New(t.Context(), db, e.dialect, sqlstore.WithTable(name))
			require.NoError(t, err)
			return store
		},
		Advance: func(d time.Duration) {
			execute(t, db, fmt.Sprintf("UPDATE %s SET ends_at = ends_at - %d", name, d.Microseconds()))
		},
		Unbounded: true,
		Unit:      10 * time.Second,
		Skew:      time.Second,
	}
}

func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.Exec(statement)
	require.NoError(t, err, statement)
}
