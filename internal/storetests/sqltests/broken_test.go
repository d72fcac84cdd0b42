package sqltests_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// breaker makes a database end a transaction by itself, or refuse to go on with it. It returns the error of its
// statement.
type breaker func(t *testing.T, ctx context.Context, b *bench, tx *sql.Tx) error

// breakers are the ways in which that happens, by their names.
func (e *engine) breakers() map[string]breaker {
	switch e {
	case mariadb:
		return map[string]breaker{
			"a deadlock": deadlock,
			"a statement that commits by itself": func(_ *testing.T, ctx context.Context, b *bench, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "CREATE TABLE "+b.effect+"_more (event INTEGER)")
				return err
			},
		}
	case sqlite:
		return map[string]breaker{
			"an interrupted statement": interrupt,
		}
	default:
		return map[string]breaker{
			"a statement that failed": func(_ *testing.T, ctx context.Context, _ *bench, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "SELECT 1/0")
				return err
			},
		}
	}
}

// interrupt ends the context of a long statement, for which SQLite rolls the whole transaction back.
func interrupt(_ *testing.T, ctx context.Context, b *bench, tx *sql.Tx) error {
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := tx.ExecContext(short, "INSERT INTO "+b.effect+" WITH RECURSIVE c(n) AS "+
		"(SELECT 10 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT n FROM c")
	return err
}

// deadlock has the server choose the transaction as the victim, because the other one has written more.
func deadlock(t *testing.T, ctx context.Context, b *bench, tx *sql.Tx) error {
	t.Helper()
	rows := b.effect + "_rows"
	execute(t, b.db, "CREATE TABLE "+rows+" (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL)")
	execute(t, b.db, "INSERT INTO "+rows+" VALUES (1, 0), (2, 0)")
	other, err := b.db.BeginTx(ctx, nil)
	require.NoError(t, err)
	defer func() { _ = other.Rollback() }()
	for range 50 {
		_, err = other.ExecContext(ctx, "INSERT INTO "+b.effect+" VALUES (99)")
		require.NoError(t, err)
	}
	_, err = other.ExecContext(ctx, "UPDATE "+rows+" SET n = 1 WHERE id = 2")
	require.NoError(t, err)
	_, err = tx.ExecContext(ctx, "UPDATE "+rows+" SET n = 1 WHERE id = 1")
	require.NoError(t, err)
	waited := make(chan error, 1)
	go func() {
		_, err := other.ExecContext(ctx, "UPDATE "+rows+" SET n = 2 WHERE id = 1")
		waited <- err
	}()
	// Whichever of the two comes second closes the circle.
	_, err = tx.ExecContext(ctx, "UPDATE "+rows+" SET n = 2 WHERE id = 2")
	require.NoError(t, <-waited, "the other transaction has won")
	return err
}

// TestDoneIsNotWrittenWithoutTheTransaction: a database that has ended the transaction by itself commits every further
// statement at once. A receiver that passes over the error must not have its event remembered without what it wrote.
func TestDoneIsNotWrittenWithoutTheTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		for name, end := range e.breakers() {
			b := newBench(t, e)
			held := b.claim(t, 1, time.Hour)
			ctx, txn := b.Transaction(t.Context(), []replay.Held{held}, time.Hour)
			breakable, ok := txn.(replay.Breakable)
			require.True(t, ok)
			require.False(t, breakable.Broken(t.Context()), "it has not begun")
			tx := b.write(t, ctx, 1)
			require.False(t, breakable.Broken(t.Context()), name)
			failed := end(t, ctx, b, tx)
			require.Equal(t, name == "a statement that commits by itself", failed == nil, name)
			require.True(t, breakable.Broken(t.Context()), name)

			err := txn.Commit(t.Context())
			require.Error(t, err, name)
			if e != postgres { // which refuses every further statement itself
				require.ErrorIs(t, err, sqltx.ErrRolledBack, name)
			}
			require.Equal(t, replay.InFlight, b.state(t, 1, time.Minute).State, "the event is not done: "+name)
			if failed != nil {
				require.Zero(t, b.effects(t, 1), name)
			}
			require.NoError(t, b.Settle(t.Context(),
				[]replay.Settlement{{Key: held.Key, Token: held.Token, Verdict: replay.Release}}))
			held = b.claim(t, 1, time.Minute)
			ctx, txn = b.Transaction(t.Context(), []replay.Held{held}, time.Hour)
			b.write(t, ctx, 1)
			require.NoError(t, txn.Commit(t.Context()), "the retry works")
		}
	})
}

// TestAWorkerDoesNotWriteWithoutTheTransaction: the same for a worker, whose job would be complete without its work.
func TestAWorkerDoesNotWriteWithoutTheTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		for name, end := range e.breakers() {
			b := newBench(t, e)
			ctx, offered := sqltx.Offer(t.Context(), b.db, e.dialect)
			require.NoError(t, insert(ctx, b, "1"))
			tx, err := offered.Tx()
			require.NoError(t, err, "it is open")
			_ = end(t, ctx, b, tx)
			if tx, err = offered.Tx(); e == postgres {
				_, err = tx.ExecContext(ctx, "INSERT INTO "+b.effect+" VALUES (2)")
				require.Error(t, err)
			} else {
				require.ErrorIs(t, err, sqltx.ErrRolledBack, name)
			}
			_ = offered.Rollback()
			require.Zero(t, b.effects(t, 2), name)
		}
	})
}

// TestRowsThatAReceiverLeavesOpenAreNoEndOfTheTransaction: SQLite releases no savepoint while a statement that writes
// has rows left. The transaction is open all the same, and commits.
func TestRowsThatAReceiverLeavesOpenAreNoEndOfTheTransaction(t *testing.T) {
	t.Parallel()
	sqlite.need(t)
	leave := func(ctx context.Context, b *bench) {
		tx, err := sqltx.Tx(ctx)
		require.NoError(t, err)
		rows, err := tx.QueryContext(ctx, "INSERT INTO "+b.effect+" VALUES (1), (1) RETURNING event")
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.NoError(t, rows.Err())
	}
	b := newBench(t, sqlite)
	ctx, txn := b.Transaction(t.Context(), []replay.Held{b.claim(t, 1, time.Minute)}, time.Hour)
	leave(ctx, b)
	require.False(t, txn.(replay.Breakable).Broken(t.Context()))
	require.NoError(t, txn.Commit(t.Context()))
	require.Equal(t, 2, b.effects(t, 1))
	require.Equal(t, replay.Done, b.state(t, 1, time.Minute).State)

	ctx, offered := sqltx.Offer(t.Context(), b.db, sqltx.SQLite)
	leave(ctx, b)
	tx, err := offered.Tx()
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "INSERT INTO "+b.effect+" VALUES (2)")
	require.NoError(t, err)
	require.NoError(t, offered.Commit())
	require.Equal(t, 4, b.effects(t, 1))
	require.Equal(t, 1, b.effects(t, 2))
}

// TestAReceiverMayHaveSavepointsOfItsOwn: the mark of the transaction is one among them.
func TestAReceiverMayHaveSavepointsOfItsOwn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		ctx, txn := b.Transaction(t.Context(), []replay.Held{b.claim(t, 1, time.Minute)}, time.Hour)
		tx := b.write(t, ctx, 1)
		for _, statement := range []string{
			"SAVEPOINT one", "INSERT INTO " + b.effect + " VALUES (2)", "SAVEPOINT two",
			"INSERT INTO " + b.effect + " VALUES (3)", "ROLLBACK TO SAVEPOINT two",
		} {
			_, err := tx.ExecContext(ctx, statement)
			require.NoError(t, err, statement)
		}
		require.False(t, txn.(replay.Breakable).Broken(t.Context()))
		require.NoError(t, txn.Commit(t.Context()))
		require.Equal(t, []int{1, 1, 0}, []int{b.effects(t, 1), b.effects(t, 2), b.effects(t, 3)})
	})
}
