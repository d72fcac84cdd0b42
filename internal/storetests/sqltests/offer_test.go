package sqltests_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

func insert(ctx context.Context, b *bench, n string) error {
	tx, err := sqltx.Tx(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO "+b.effect+" VALUES ("+n+")")
	return err
}

// TestWhatAWorkerOffers: one transaction for all who ask, which the worker alone ends.
func TestWhatAWorkerOffers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		ctx, offered := sqltx.Offer(t.Context(), b.db, e.dialect)
		tx, db := sqltx.Begun(ctx)
		require.Nil(t, tx, "nobody has asked")
		require.Nil(t, db)
		require.Zero(t, b.db.Stats().InUse)
		require.NoError(t, insert(ctx, b, "1"))
		require.NoError(t, insert(ctx, b, "1"))
		tx, db = sqltx.Begun(ctx)
		require.Same(t, b.db, db)
		own, err := offered.Tx()
		require.NoError(t, err)
		require.Same(t, tx, own)
		require.Zero(t, b.effects(t, 1), "it is not committed")
		require.NoError(t, offered.Commit())
		require.Equal(t, 2, b.effects(t, 1))
		require.NoError(t, offered.Rollback(), "after Commit it does nothing")
		require.Error(t, offered.Commit(), "a second end fails closed")
		require.Error(t, insert(ctx, b, "1"), "it has ended")
		tx, _ = sqltx.Begun(ctx)
		require.Nil(t, tx)

		ctx, offered = sqltx.Offer(t.Context(), b.db, e.dialect)
		require.NoError(t, insert(ctx, b, "2"))
		require.NoError(t, offered.Rollback())
		require.Error(t, offered.Commit(), "what is rolled back is not committed")
		require.Zero(t, b.effects(t, 2))
		require.Zero(t, b.db.Stats().InUse)

		_, offered = sqltx.Offer(t.Context(), b.db, e.dialect)
		require.NoError(t, offered.Commit(), "nobody has asked for it")
	})
}

// TestAReceiverThatEndsTheWorkersTransactionIsReported: what the worker writes with it would be lost.
func TestAReceiverThatEndsTheWorkersTransactionIsReported(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		for _, end := range []func(*sqltx.Offered) error{(*sqltx.Offered).Commit, (*sqltx.Offered).Rollback} {
			ctx, offered := sqltx.Offer(t.Context(), b.db, e.dialect)
			tx, err := sqltx.Tx(ctx)
			require.NoError(t, err)
			require.NoError(t, tx.Commit())
			require.ErrorIs(t, end(offered), sqltx.ErrEnded)
		}
	})
}

// TestTheEndOfTheWorkersContextRollsBack: a job that was given up must not commit as well as its next attempt.
func TestTheEndOfTheWorkersContextRollsBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		inner, offered := sqltx.Offer(ctx, b.db, e.dialect)
		require.NoError(t, insert(inner, b, "1"))
		cancel()
		require.ErrorIs(t, offered.Commit(), context.Canceled)
		require.Zero(t, b.effects(t, 1))
		inner, offered = sqltx.Offer(ctx, b.db, e.dialect)
		require.ErrorIs(t, insert(inner, b, "1"), context.Canceled)
		require.NoError(t, offered.Rollback())
	})
}

// TestOnSQLiteAWorkersTransactionCanReadFirst: SQLite refuses a transaction that has read, and writes after another
// connection has written.
func TestOnSQLiteAWorkersTransactionCanReadFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, sqlite)
	ctx, offered := sqltx.Offer(t.Context(), b.db, sqltx.SQLite)
	tx, err := sqltx.Tx(ctx)
	require.NoError(t, err)
	var n int
	require.NoError(t, tx.QueryRow("SELECT COUNT(*) FROM "+b.effect).Scan(&n))
	other, err := b.db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	write := func() error {
		_, err := other.ExecContext(t.Context(), "INSERT INTO "+b.effect+" VALUES (7)")
		return err
	}
	_, err = other.ExecContext(t.Context(), "PRAGMA busy_timeout = 0")
	require.NoError(t, err)
	require.ErrorContains(t, write(), "locked", "the worker has the write lock")
	require.NoError(t, insert(ctx, b, "1"))
	require.NoError(t, offered.Commit())
	require.NoError(t, write())
	require.Equal(t, 1, b.effects(t, 1))
	require.Equal(t, 1, b.effects(t, 7))

	empty := sqlite.open(t, sqlite.dsn(""))
	ctx, offered = sqltx.Offer(t.Context(), empty, sqltx.SQLite)
	_, err = sqltx.Tx(ctx)
	require.NoError(t, err, "a database without tables has nothing to lock")
	require.NoError(t, offered.Rollback())
}

func TestOfferNeedsADatabase(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { sqltx.Offer(t.Context(), nil, sqltx.SQLite) })
	require.Panics(t, func() { sqltx.Offer(t.Context(), newBench(t, sqlite).db, 0) })
}
