package sqltests_test

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
)

// TestStoreKeepsTheContract takes a moment for each rule; with SALLYPORT_REAL_TIME=1 the rules wait as long as they
// say, and it takes more than a minute.
func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		h := shifted(t, e)
		if os.Getenv("SALLYPORT_REAL_TIME") == "1" {
			h.Advance, h.Unit, h.Skew = nil, 500*time.Millisecond, 0
		}
		storetest.Run(t, h)
	})
}

// The time that passes for a store is its database's.
func TestLeasesAndTTLsEndByThemselves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		const lease = 400 * time.Millisecond
		for _, ttl := range []time.Duration{0, lease} {
			begin := time.Now()
			held := b.claim(t, 1, lease)
			if ttl > 0 {
				require.NoError(t, b.Settle(t.Context(),
					[]replay.Settlement{{Key: held.Key, Token: held.Token, Verdict: replay.Commit, TTL: ttl}}))
			}
			for b.state(t, 1, lease).State != replay.Claimed {
				require.Less(t, time.Since(begin), 20*time.Second)
				time.Sleep(10 * time.Millisecond)
			}
			require.GreaterOrEqual(t, time.Since(begin), lease-10*time.Millisecond)
			require.NoError(t, b.Forget(t.Context(), []replay.Key{keyOf(1)}))
		}
	})
}

func TestStoreKeepsTheContractConcurrently(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) { storetest.RunConcurrent(t, shifted(t, e)) })
}

// TestStoreAnswersAsTheModelDoes runs 100 histories; SALLYPORT_HISTORIES says otherwise.
func TestStoreAnswersAsTheModelDoes(t *testing.T) {
	t.Parallel()
	n := number(t, "SALLYPORT_HISTORIES", 100)
	each(t, func(t *testing.T, e *engine) { storetest.RunHistories(t, shifted(t, e), n, 1) })
}

// TestStoreKeepsItsPromisesWhateverAnswersAreLost runs 100 histories; SALLYPORT_HISTORIES says otherwise.
func TestStoreKeepsItsPromisesWhateverAnswersAreLost(t *testing.T) {
	t.Parallel()
	n := number(t, "SALLYPORT_HISTORIES", 100)
	each(t, func(t *testing.T, e *engine) { storetest.RunFaultyHistories(t, shifted(t, e), n, 1) })
}

// shifted lets no time pass, but moves the ends of all leases and TTLs towards the present: to a store, whose only
// clock is its database's, that is the same. One table serves all its stores, one after the other.
func shifted(t *testing.T, e *engine) storetest.Harness {
	t.Helper()
	db := e.open(t, e.dsn("owner"))
	first, name := e.newStore(t, db)
	require.NoError(t, first.Close())
	of := func(t *testing.T, namespace string) replay.Store {
		t.Helper()
		store, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable(name))
		require.NoError(t, err)
		return store
	}
	return storetest.Harness{
		New: func(t *testing.T, _ int) replay.Store {
			execute(t, db, "DELETE FROM "+name)
			return of(t, namespace)
		},
		Namespace: of,
		Advance: func(d time.Duration) {
			execute(t, db, fmt.Sprintf("UPDATE %s SET ends_at = ends_at - %d", name, d.Microseconds()))
		},
		Unbounded: true,
		Unit:      10 * time.Second,
		Skew:      time.Second,
	}
}

// execute runs a statement that succeeds, or fails with one of the texts given.
func execute(t testing.TB, db *sql.DB, statement string, excused ...string) {
	t.Helper()
	_, err := db.Exec(statement)
	for _, text := range excused {
		if err != nil && strings.Contains(err.Error(), text) {
			return
		}
	}
	require.NoError(t, err, statement)
}

// number reads a number from the environment.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, variable)
	return n
}
