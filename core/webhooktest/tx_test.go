package webhooktest_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// ledger is a database that notes how transactions begin and end.
type ledger struct {
	driver.Conn
	begun, committed, undone int
}

func (l *ledger) Connect(context.Context) (driver.Conn, error) { return l, nil }
func (l *ledger) Driver() driver.Driver                        { return nil }
func (l *ledger) Begin() (driver.Tx, error)                    { l.begun++; return l, nil }
func (l *ledger) Commit() error                                { l.committed++; return nil }
func (l *ledger) Rollback() error                              { l.undone++; return nil }
func (l *ledger) Close() error                                 { return nil }

func TestATestsTransactionIsRolledBackAtItsEnd(t *testing.T) {
	t.Parallel()
	var l ledger
	db := sql.OpenDB(&l)
	defer func() { require.NoError(t, db.Close()) }()
	t.Run("inner", func(t *testing.T) {
		ctx := webhooktest.Tx(t, db)
		begun, _ := sqltx.Begun(ctx)
		require.Nil(t, begun)
		require.Zero(t, l.begun, "nobody has asked for it")
		first, err := sqltx.Tx(ctx)
		require.NoError(t, err)
		again, err := sqltx.Tx(context.WithoutCancel(ctx))
		require.NoError(t, err)
		require.Same(t, first, again)
		begun, of := sqltx.Begun(ctx)
		require.Same(t, first, begun)
		require.Same(t, db, of)
		require.Equal(t, ledger{begun: 1}, l)
	})
	require.Equal(t, ledger{begun: 1, undone: 1}, l)
}

func TestAReceiverThatEndsItsTransactionFailsTheTest(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*sql.Tx) error{"commit": (*sql.Tx).Commit, "rollback": (*sql.Tx).Rollback} {
		var l ledger
		db := sql.OpenDB(&l)
		f := &failing{TB: t}
		tx, err := sqltx.Tx(webhooktest.Tx(f, db))
		require.NoError(t, err)
		require.NoError(t, end(tx))
		f.end()
		require.Equal(t, []string{sqltx.ErrEnded.Error()}, f.errors, name)
		require.NoError(t, db.Close())
	}
}

func TestATestThatAsksForNoTransactionNeedsNoDatabase(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(unreachable{})
	defer func() { require.NoError(t, db.Close()) }()
	f := &failing{TB: t}
	ctx := webhooktest.Tx(f, db)
	f.end()
	require.Empty(t, f.errors)
	_, err := sqltx.Tx(ctx)
	require.ErrorIs(t, err, errUnreachable)
}

type unreachable struct{}

var errUnreachable = errors.New("unreachable")

func (u unreachable) Connect(context.Context) (driver.Conn, error) { return nil, errUnreachable }
func (u unreachable) Driver() driver.Driver                        { return nil }
