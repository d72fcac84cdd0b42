package sqltests_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
	servers "github.com/sallyport-go/sallyport/internal/engine"
)

func TestLockedTableIsSlowAndThenRecovers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		held, other := b.claim(t, 1, time.Hour), b.claim(t, 4, time.Hour)
		conn, err := b.db.Conn(t.Context())
		require.NoError(t, err)
		lock := map[*engine][2]string{
			postgres: {"BEGIN; LOCK TABLE " + b.table + " IN ACCESS EXCLUSIVE MODE", "COMMIT"},
			mariadb:  {"LOCK TABLES " + b.table + " WRITE", "UNLOCK TABLES"},
			sqlite:   {"BEGIN IMMEDIATE", "COMMIT"},
		}[e]
		_, err = conn.ExecContext(t.Context(), lock[0])
		require.NoError(t, err)
		calls := map[string]func(ctx context.Context) error{
			"claim": func(ctx context.Context) error {
				_, err := b.Claim(ctx, []replay.Item{{Key: keyOf(2)}}, time.Hour)
				return err
			},
			"settle": func(ctx context.Context) error {
				return b.Settle(ctx, []replay.Settlement{{Key: held.Key, Token: held.Token, Verdict: replay.Commit,
					TTL: time.Hour}})
			},
			"extend": func(ctx context.Context) error { return b.Extend(ctx, []replay.Held{other}, time.Hour) },
			"forget": func(ctx context.Context) error { return b.Forget(ctx, []replay.Key{keyOf(3)}) },
		}
		for name, call := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			begin := time.Now()
			err := call(ctx)
			cancel()
			require.ErrorIs(t, err, sqlstore.ErrSlow, name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.Less(t, time.Since(begin), 4*time.Second, "a call waits no longer than its context")
		}
		_, err = conn.ExecContext(t.Context(), lock[1])
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		for _, name := range []string{"extend", "settle", "forget"} {
			require.NoError(t, calls[name](t.Context()), name)
		}
		require.Equal(t, replay.Done, b.state(t, 1, time.Hour).State)
	})
}

// A server that is killed loses nothing that was committed, and the store goes on without a restart of the app.
func TestKilledServerLosesNothingCommitted(t *testing.T) {
	t.Parallel()
	for _, e := range []*engine{postgres, mariadb} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.need(t)
			s, err := e.begin(servers.Options{Durable: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			db := e.open(t, e.address(s, "owner"))
			store, name := e.newStore(t, db)
			b := &bench{Store: store, db: db, table: name, effect: name + "_effect"}
			execute(t, db, "CREATE TABLE "+b.effect+" (event INTEGER NOT NULL)")

			var mu sync.Mutex
			committed := make(map[int]bool) // answered with success
			next := 0
			for range 2 {
				var wg sync.WaitGroup
				killed := make(chan struct{})
				for range 4 {
					wg.Go(func() {
						for {
							select {
							case <-killed:
								return
							default:
							}
							mu.Lock()
							next++
							n := next
							mu.Unlock()
							if err := b.once(n); err == nil {
								mu.Lock()
								committed[n] = true
								mu.Unlock()
							}
						}
					})
				}
				time.Sleep(300 * time.Millisecond)
				s.Kill()
				_, err := b.Claim(t.Context(), []replay.Item{{Key: keyOf(-1)}}, time.Hour)
				require.ErrorIs(t, err, sqlstore.ErrUnreachable)
				require.NotContains(t, err.Error(), password)
				close(killed)
				wg.Wait()
				require.NoError(t, s.Start())
				require.Eventually(t, func() bool {
					_, err := b.Claim(t.Context(), []replay.Item{{Key: keyOf(-2)}}, time.Hour)
					return err == nil
				}, 20*time.Second, 10*time.Millisecond, "recovery needs no restart of the app")
			}
			t.Logf("%d of %d committed", len(committed), next)
			require.NotEmpty(t, committed)
			for n := 1; n <= next; n++ {
				done := b.state(t, n, time.Hour).State == replay.Done
				require.Equal(t, done, b.effects(t, n) == 1, "the effect and done are one step: event %d", n)
				if committed[n] {
					require.True(t, done, "event %d was committed", n)
				}
			}
		})
	}
}

// once claims an event, writes its effect and commits, without a test's help.
func (b *bench) once(n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	results, err := b.Claim(ctx, []replay.Item{{Key: keyOf(n)}}, time.Hour)
	if err != nil {
		return err
	}
	signal, transaction := b.Transaction(ctx, []replay.Held{{Key: keyOf(n), Token: results[0].Token}}, time.Hour)
	tx, err := sqltx.Tx(signal)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%d)", b.effect, n)); err != nil {
		_ = transaction.Rollback()
		return err
	}
	return transaction.Commit(ctx)
}

func TestServerThatIsDownAtTheStartIsNamed(t *testing.T) {
	t.Parallel()
	down := &servers.Server{Port: 1} // on which nobody listens
	for _, e := range []*engine{postgres, mariadb} {
		_, err := sqlstore.New(t.Context(), e.open(t, e.address(down, "owner")), e.dialect, namespace)
		require.ErrorIs(t, err, sqlstore.ErrUnreachable)
		require.ErrorContains(t, err, "connection refused")
		require.NotContains(t, err.Error(), password)
	}
	path := filepath.Join(t.TempDir(), "missing", "a.db")
	_, err := sqlstore.New(t.Context(), sqlite.open(t, sqliteDSN(path)), sqlstore.SQLite, namespace)
	require.ErrorIs(t, err, sqlstore.ErrUnreachable)
}

func TestClosedPoolIsNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t, sqlite)
	require.NoError(t, b.db.Close())
	_, err := b.Claim(t.Context(), []replay.Item{{Key: keyOf(1)}}, time.Hour)
	require.ErrorIs(t, err, sqlstore.ErrUnreachable)
	require.ErrorContains(t, err, "*sql.DB was closed")
}

func TestTableThatIsGoneOrChangedIsNamed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		held := b.claim(t, 1, time.Hour)
		execute(t, b.db, "ALTER TABLE "+b.table+" RENAME COLUMN done_at TO finished_at")
		require.ErrorIs(t, b.Settle(t.Context(),
			[]replay.Settlement{{Key: held.Key, Token: held.Token, Verdict: replay.Commit, TTL: time.Hour}}),
			sqlstore.ErrSchema)
		execute(t, b.db, "ALTER TABLE "+b.table+" RENAME COLUMN finished_at TO done_at")
		execute(t, b.db, "ALTER TABLE "+b.table+" RENAME TO "+b.table+"_gone")
		_, err := b.Claim(t.Context(), []replay.Item{{Key: keyOf(2)}}, time.Hour)
		require.ErrorIs(t, err, sqlstore.ErrNoTable)
		execute(t, b.db, "ALTER TABLE "+b.table+"_gone RENAME TO "+b.table)
		require.Equal(t, replay.InFlight, b.state(t, 1, time.Hour).State)
	})
}

func TestFullDatabaseIsAFullStore(t *testing.T) {
	t.Parallel()
	dsn := sqlite.dsn("")
	_, table := sqlite.newStore(t, sqlite.open(t, dsn))
	small := sqlite.open(t, dsn+"&_pragma=max_page_count(12)")
	full, err := sqlstore.New(t.Context(), small, sqlstore.SQLite, namespace, sqlstore.WithTable(table))
	require.NoError(t, err)
	for n := range 10_000 {
		if _, err = full.Claim(t.Context(), []replay.Item{{Key: keyOf(n)}}, time.Hour); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, replay.ErrFull)
	require.ErrorIs(t, err, sqlstore.ErrDiskFull)
	results, err := full.Claim(t.Context(), []replay.Item{{Key: keyOf(0)}}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, replay.InFlight, results[0].State, "a full store forgets nothing, and answers for what it knows")
}
