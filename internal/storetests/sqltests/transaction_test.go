package sqltests_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// bench is a store with a table of effects next to it, which is the app's.
type bench struct {
	*sqlstore.Store
	db            *sql.DB
	table, effect string
}

func newBench(t testing.TB, e *engine, opts ...sqlstore.Option) *bench {
	t.Helper()
	db := e.open(t, e.dsn("owner"))
	store, name := e.newStore(t, db, opts...)
	b := &bench{Store: store, db: db, table: name, effect: name + "_effect"}
	execute(t, db, "CREATE TABLE "+b.effect+" (event INTEGER NOT NULL)")
	return b
}

func keyOf(n int) replay.Key { return sha256.Sum256(fmt.Appendf(nil, "event %d", n)) }

// claim claims an event, which must be free.
func (b *bench) claim(t testing.TB, n int, lease time.Duration) replay.Held {
	t.Helper()
	r := b.state(t, n, lease)
	require.Equal(t, replay.Claimed, r.State)
	return replay.Held{Key: keyOf(n), Token: r.Token}
}

func (b *bench) state(t testing.TB, n int, lease time.Duration) replay.Result {
	t.Helper()
	results, err := b.Claim(t.Context(), []replay.Item{{Key: keyOf(n)}}, lease)
	require.NoError(t, err)
	return results[0]
}

// expire ends every lease.
func (b *bench) expire(t testing.TB) {
	t.Helper()
	execute(t, b.db, "UPDATE "+b.table+" SET ends_at = 1 WHERE done_at IS NULL")
}

func (b *bench) effects(t testing.TB, n int) (count int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE event = %d", b.effect, n)).Scan(&count))
	return count
}

// write does what a signal does.
func (b *bench) write(t testing.TB, ctx context.Context, n int) *sql.Tx {
	t.Helper()
	tx, err := sqltx.Tx(ctx)
	require.NoError(t, err)
	_, err = tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%d)", b.effect, n))
	require.NoError(t, err)
	return tx
}

func TestTransactionWritesTheEffectAndDoneInOneStep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		ctx, tx := b.Transaction(t.Context(), []replay.Held{b.claim(t, 1, time.Minute)}, time.Hour)
		require.False(t, tx.Begun())
		first := b.write(t, ctx, 1)
		require.True(t, tx.Begun())
		again, err := sqltx.Tx(ctx)
		require.NoError(t, err)
		require.Same(t, first, again, "one signal has one transaction")

		require.Zero(t, b.effects(t, 1), "nothing is to be seen before the commit")
		if e != sqlite { // whose one writer is the transaction
			require.Equal(t, replay.InFlight, b.state(t, 1, time.Minute).State,
				"the claim is there by itself, and no lock is waited for")
		}
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 1, b.effects(t, 1))
		r := b.state(t, 1, time.Minute)
		require.Equal(t, replay.Done, r.State)
		require.WithinDuration(t, time.Now(), r.DoneAt, 10*time.Second)

		_, err = sqltx.Tx(ctx)
		require.ErrorContains(t, err, "has returned")
		require.ErrorContains(t, tx.Commit(t.Context()), "no transaction to commit")
		require.NoError(t, tx.Rollback(), "after the commit there is nothing to undo")
		require.Equal(t, 1, b.effects(t, 1))
	})
}

func TestTransactionRollsBackTheEffectAndKeepsTheClaim(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		held := b.claim(t, 1, time.Minute)
		ctx, tx := b.Transaction(t.Context(), []replay.Held{held}, time.Hour)
		b.write(t, ctx, 1)
		require.NoError(t, tx.Rollback())
		require.Zero(t, b.effects(t, 1))
		require.Equal(t, replay.InFlight, b.state(t, 1, time.Minute).State)
		require.NoError(t, b.Settle(t.Context(),
			[]replay.Settlement{{Key: held.Key, Token: held.Token, Verdict: replay.Release}}))
		b.claim(t, 1, time.Minute)
	})
}

func TestTransactionOfALostClaimDoesNotCommit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		for name, lose := range map[string]func(t *testing.T, b *bench){
			"the lease ended":         func(t *testing.T, b *bench) { b.expire(t) },
			"somebody else took over": func(t *testing.T, b *bench) { b.expire(t); b.claim(t, 1, time.Minute) },
			"an operator forgot the event": func(t *testing.T, b *bench) {
				require.NoError(t,
					b.Forget(t.Context(), []replay.Key{keyOf(1)}))
			},
			"it was settled by another way": func(t *testing.T, b *bench) {
				execute(t, b.db, "UPDATE "+b.table+
					" SET done_at = 1")
			},
		} {
			t.Run(name, func(t *testing.T) {
				b := newBench(t, e)
				held := []replay.Held{b.claim(t, 2, time.Hour), b.claim(t, 1, time.Hour)}
				if e == sqlite {
					lose(t, b) // nobody can, once the transaction has begun
				}
				ctx, tx := b.Transaction(t.Context(), held[1:], time.Hour)
				b.write(t, ctx, 1)
				if e != sqlite {
					lose(t, b)
				}
				err := tx.Commit(t.Context())
				var lost *replay.LeaseLostError
				require.ErrorAs(t, err, &lost)
				require.Equal(t, []replay.Key{keyOf(1)}, lost.Keys)
				require.Zero(t, b.effects(t, 1), "what a stale holder wrote is rolled back")
			})
		}
	})
}

func TestTransactionOfSeveralClaimsNamesTheLostOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		held := []replay.Held{b.claim(t, 1, time.Hour), b.claim(t, 2, time.Hour), b.claim(t, 3, time.Hour)}
		require.NoError(t, b.Forget(t.Context(), []replay.Key{keyOf(2)}))
		ctx, tx := b.Transaction(t.Context(), held, time.Hour)
		b.write(t, ctx, 1)
		var lost *replay.LeaseLostError
		require.ErrorAs(t, tx.Commit(t.Context()), &lost)
		require.Equal(t, []replay.Key{keyOf(2)}, lost.Keys)
		require.Zero(t, b.effects(t, 1))
		require.Equal(t, replay.InFlight, b.state(t, 1, time.Hour).State, "the others are not done: all or nothing")

		ctx, tx = b.Transaction(t.Context(), []replay.Held{held[0], held[2]}, time.Hour)
		b.write(t, ctx, 1)
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, replay.Done, b.state(t, 1, time.Hour).State)
		require.Equal(t, replay.Done, b.state(t, 3, time.Hour).State)
	})
}

// Two holders of one event, of whom the first lost its lease, commit at the same time: never both.
func TestTakeoverCannotCommitTwice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		for n := range 20 {
			stale := b.claim(t, n, time.Minute)
			if n%2 == 0 {
				b.expire(t) // before its transaction begins; otherwise after
			}
			var wg sync.WaitGroup
			staleCtx, staleTx := b.Transaction(t.Context(), []replay.Held{stale}, time.Hour)
			if e != sqlite {
				b.write(t, staleCtx, n)
			}
			b.expire(t)
			fresh := b.claim(t, n, time.Minute)
			freshCtx, freshTx := b.Transaction(t.Context(), []replay.Held{fresh}, time.Hour)
			errs := make([]error, 2)
			wg.Go(func() {
				if e == sqlite {
					b.write(t, staleCtx, n)
				}
				errs[0] = staleTx.Commit(t.Context())
			})
			wg.Go(func() {
				b.write(t, freshCtx, n)
				errs[1] = freshTx.Commit(t.Context())
			})
			wg.Wait()
			require.ErrorIs(t, errs[0], replay.ErrLeaseLost)
			require.NoError(t, errs[1])
			require.Equal(t, 1, b.effects(t, n))
		}
	})
}

func TestTransactionThatTheSignalEndedIsAnError(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		for name, end := range map[string]func(*sql.Tx) error{"commit": (*sql.Tx).Commit,
			"rollback": (*sql.Tx).Rollback} {
			held := b.claim(t, len(name), time.Minute)
			ctx, tx := b.Transaction(t.Context(), []replay.Held{held}, time.Hour)
			require.NoError(t, end(b.write(t, ctx, 1)))
			err := tx.Commit(t.Context())
			require.ErrorIs(t, err, sql.ErrTxDone)
			require.ErrorIs(t, err, sqltx.ErrEnded)
			require.Equal(t, replay.InFlight, b.state(t, len(name), time.Minute).State)

			ctx, tx = b.Transaction(t.Context(), []replay.Held{held}, time.Hour)
			require.NoError(t, end(b.write(t, ctx, 1)))
			require.ErrorIs(t, tx.Rollback(), sqltx.ErrEnded)
		}
	})
}

func TestTransactionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		base, cancel := context.WithCancel(t.Context())
		ctx, tx := b.Transaction(base, []replay.Held{b.claim(t, 1, time.Minute)}, time.Hour)
		b.write(t, ctx, 1)
		cancel()
		err := tx.Commit(t.Context())
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "rolled back")
		require.NoError(t, tx.Rollback())
		require.Zero(t, b.effects(t, 1))
		_, err = sqltx.Tx(ctx)
		require.Error(t, err)
	})
}

func TestTxIsForSeveralGoroutines(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		ctx, tx := b.Transaction(t.Context(), []replay.Held{b.claim(t, 1, time.Minute)}, time.Hour)
		var wg sync.WaitGroup
		list := make([]*sql.Tx, 16)
		for i := range list {
			wg.Go(func() { list[i], _ = sqltx.Tx(ctx) })
		}
		wg.Wait()
		for _, one := range list {
			require.NotNil(t, one)
			require.Same(t, list[0], one)
		}
		require.NoError(t, tx.Rollback())
	})
}

func TestTxSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := sqltx.Tx(t.Context())
	require.ErrorContains(t, err, "make a sqlstore the guard's Replay store")

	b := newBench(t, sqlite)
	held := []replay.Held{b.claim(t, 1, time.Minute)}
	b.db.SetMaxOpenConns(1)
	ctx, tx := b.Transaction(t.Context(), held, time.Hour)
	_, err = sqltx.Tx(ctx)
	require.ErrorContains(t, err, "SetMaxOpenConns")
	require.False(t, tx.Begun())
	b.db.SetMaxOpenConns(2)
	require.NoError(t, b.Close())
	_, err = sqltx.Tx(ctx)
	require.ErrorIs(t, err, replay.ErrClosed)
}

// The lease is renewed on another connection while the transaction is open.
func TestTransactionDoesNotHoldUpTheRenewal(t *testing.T) {
	t.Parallel()
	for _, e := range []*engine{postgres, mariadb} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.need(t)
			b := newBench(t, e)
			held := []replay.Held{b.claim(t, 1, time.Minute)}
			ctx, tx := b.Transaction(t.Context(), held, time.Hour)
			b.write(t, ctx, 1)
			soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			require.NoError(t, b.Extend(soon, held, time.Hour))
			require.NoError(t, tx.Commit(t.Context()))
			require.Equal(t, 1, b.effects(t, 1))
		})
	}
}

// What WithTxOptions says of REPEATABLE READ, on PostgreSQL: a renewed claim cannot be committed, and nothing is.
func TestRepeatableReadRefusesARenewedClaim(t *testing.T) {
	t.Parallel()
	postgres.need(t)
	b := newBench(t, postgres, sqlstore.WithTxOptions(&sql.TxOptions{Isolation: sql.LevelRepeatableRead}))
	held := []replay.Held{b.claim(t, 1, time.Minute)}
	ctx, tx := b.Transaction(t.Context(), held, time.Hour)
	b.write(t, ctx, 1)
	require.NoError(t, b.Extend(t.Context(), held, time.Hour))
	require.ErrorIs(t, tx.Commit(t.Context()), sqlstore.ErrConflict)
	require.Zero(t, b.effects(t, 1))
	require.Equal(t, replay.InFlight, b.state(t, 1, time.Minute).State)
}

// SQLite has one writer: a claim waits for a signal's transaction, but no longer than its context.
func TestClaimWaitsForSQLitesWriterAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	b := newBench(t, sqlite) // with a busy_timeout of 5 s
	ctx, tx := b.Transaction(t.Context(), []replay.Held{b.claim(t, 1, time.Minute)}, time.Hour)
	b.write(t, ctx, 1)
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := b.Claim(short, []replay.Item{{Key: keyOf(2)}}, time.Minute)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, sqlstore.ErrSlow)
	require.Less(t, time.Since(begin), 3*time.Second)

	waiting := make(chan error)
	go func() {
		_, err := b.Claim(t.Context(), []replay.Item{{Key: keyOf(3)}}, time.Minute)
		waiting <- err
	}()
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, <-waiting)
	for range 8 { // every connection of the pool
		conn, err := b.db.Conn(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		var timeout int
		require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&timeout))
		require.Equal(t, 5000, timeout, "the app's setting is back")
	}
}

// A transaction that reads first can still write, though others have written meanwhile.
func TestSQLiteTransactionMayReadFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, sqlite)
	var wg sync.WaitGroup
	for n := range 30 {
		wg.Go(func() {
			held := b.claim(t, n, time.Minute)
			ctx, tx := b.Transaction(t.Context(), []replay.Held{held}, time.Hour)
			open, err := sqltx.Tx(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			var count int
			if err := open.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+b.effect).Scan(&count); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Millisecond)
			if _, err := open.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%d)", b.effect, n)); err != nil {
				t.Error(err)
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n := range 30 {
		require.Equal(t, 1, b.effects(t, n))
	}
}
