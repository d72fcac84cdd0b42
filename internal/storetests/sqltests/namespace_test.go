package sqltests_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

func TestANamespaceIsRequired(t *testing.T) {
	t.Parallel()
	db := sqlite.open(t, sqlite.dsn(""))
	for _, name := range []string{"", "Billing", "a'b", "a b", "a:b"} {
		_, err := sqlstore.New(t.Context(), db, sqlstore.SQLite, name)
		require.ErrorContains(t, err, "sqlstore: the namespace", name)
	}
}

// Two applications that share a table know nothing of each other; two processes of one share what they remember.
// Whatever is done to several keys at once, or in a transaction, is done to the store's own.
func TestNamespacesKeepApplicationsApart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		_, table := e.newStore(t, db)
		of := func(name string) *sqlstore.Store {
			s, err := sqlstore.New(t.Context(), db, e.dialect, name, sqlstore.WithTable(table))
			require.NoError(t, err)
			return s
		}
		stores := []*sqlstore.Store{of("billing"), of("billing2"), of("shop"), of("billing")}
		items := []replay.Item{{Key: keyOf(1)}, {Key: keyOf(2)}, {Key: keyOf(3)}}
		states := func(s replay.Store, items ...replay.Item) (states []replay.State, held []replay.Held) {
			results, err := s.Claim(t.Context(), items, time.Hour)
			require.NoError(t, err)
			for i, r := range results {
				states = append(states, r.State)
				held = append(held, replay.Held{Key: items[i].Key, Token: r.Token})
			}
			return states, held
		}
		claimed := []replay.State{replay.Claimed, replay.Claimed, replay.Claimed}
		for i, s := range stores[:3] {
			got, held := states(s, items...)
			require.Equal(t, claimed, got)
			require.NoError(t, s.Extend(t.Context(), held, 2*time.Hour))
			if i == 2 {
				ctx, txn := s.Transaction(t.Context(), held, time.Hour)
				_, err := sqltx.Tx(ctx)
				require.NoError(t, err)
				require.NoError(t, txn.Commit(t.Context()))
				continue
			}
			var settlements []replay.Settlement
			for _, h := range held {
				settlements = append(settlements, replay.Settlement{
					Key: h.Key, Token: h.Token, Verdict: replay.Commit, TTL: time.Hour,
				})
			}
			require.NoError(t, s.Settle(t.Context(), settlements[:1]))
			require.NoError(t, s.Settle(t.Context(), settlements[1:]))
		}
		done := []replay.State{replay.Done, replay.Done, replay.Done}
		require.NoError(t, stores[1].Forget(t.Context(), []replay.Key{keyOf(1), keyOf(2), keyOf(3)}))
		for _, i := range []int{0, 2, 3} {
			got, _ := states(stores[i], items...)
			require.Equal(t, done, got, i)
		}
		got, held := states(stores[1], items...)
		require.Equal(t, claimed, got)
		// A stale token of one is nothing to the other.
		err := stores[0].Settle(t.Context(), []replay.Settlement{
			{Key: held[0].Key, Token: held[0].Token, Verdict: replay.Release},
		})
		require.ErrorIs(t, err, replay.ErrLeaseLost)

		// What has expired is removed by its own store.
		execute(t, db, fmt.Sprintf("UPDATE %s SET ends_at = 1", table))
		n, err := stores[0].Prune(t.Context(), 100)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		var left int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&left))
		require.Equal(t, 6, left)
	})
}
