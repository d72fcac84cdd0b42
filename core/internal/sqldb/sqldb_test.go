package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// stateError is an error of a driver for PostgreSQL.
type stateError struct{ state, text string }

func (e *stateError) Error() string    { return e.text }
func (e *stateError) SQLState() string { return e.state }

// codeError is an error of a driver for SQLite.
type codeError struct {
	code int
	text string
}

func (e *codeError) Error() string { return e.text }
func (e *codeError) Code() int     { return e.code }

func TestErrorsOfDriversAreReadWithoutTheDriver(t *testing.T) {
	t.Parallel()
	mysql := func(text string) error { return errors.New("Error " + text) }
	for _, row := range []struct {
		name string
		err  error
		kind sqldb.Kind
		said string
	}{
		{"a deadlock of PostgreSQL", &stateError{"40P01", "deadlock detected"}, sqldb.Conflict,
			"deadlock detected (SQLSTATE 40P01)"},
		{"a message that has its state", &stateError{"42P01", "no table (SQLSTATE 42P01)"}, sqldb.NoTable,
			"no table (SQLSTATE 42P01)"},
		{"a state of a class that is known", &stateError{"08006", "gone"}, sqldb.Unreachable, "gone (SQLSTATE 08006)"},
		{"a state that is not known", &stateError{"22012", "division by zero"}, sqldb.Other,
			"division by zero (SQLSTATE 22012)"},
		{"a deadlock of MySQL", mysql("1213 (40001): Deadlock found"), sqldb.Conflict,
			"Error 1213 (40001): Deadlock found"},
		{"a lock that MySQL did not give", mysql("1205 (HY000): Lock wait timeout"), sqldb.Locked,
			"Error 1205 (HY000): Lock wait timeout"},
		{"a number without a state", mysql("1146: no such table"), sqldb.NoTable, "Error 1146: no such table"},
		{"an extended code of SQLite", &codeError{261, "database is locked (261)"}, sqldb.Locked,
			"database is locked (261)"},
		{"a column that SQLite does not find", &codeError{1, "SQL logic error: no such column: x (1)"}, sqldb.Schema,
			"SQL logic error: no such column: x (1)"},
		{"a driver of SQLite without codes", errors.New("database is locked"), sqldb.Locked, "the database is locked"},
		{"an address", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}, sqldb.Unreachable,
			"dial tcp: refused"},
		{"a broken connection", driver.ErrBadConn, sqldb.Unreachable, "the connection broke"},
		{"a connection that was given back", sql.ErrConnDone, sqldb.Unreachable, "the connection broke"},
		{"a time limit", context.DeadlineExceeded, sqldb.Slow, "a time limit of the driver"},
		{"a message of two lines", &codeError{13, "full\nSELECT 'what was stored'"}, sqldb.Full, "full"},
		{"a message with a whole statement", &codeError{13, strings.Repeat("x", 400)}, sqldb.Full,
			strings.Repeat("x", 300) + "..."},
		{"an error that is not known", errors.New("postgres://app:not-to-be-printed@db"), sqldb.Unreachable,
			"a *errors.errorString, whose text is not printed because it may hold a password"},
	} {
		for _, err := range []error{row.err, fmt.Errorf("postgres://app:not-to-be-printed@db: %w", row.err)} {
			said, kind := sqldb.Read(err)
			require.Equal(t, row.said, said, row.name)
			require.Equal(t, row.kind, kind, row.name)
		}
	}
}

func TestAFailurePrintsAllButItsCause(t *testing.T) {
	t.Parallel()
	cause, kind := errors.New("not to be printed"), errors.New("the table does not exist")
	table, err := sqldb.ParseTable(sqltx.PostgreSQL, "hooks.memory")
	require.NoError(t, err)
	failure := &sqldb.Failure{Call: "store: claim", Table: table, Kind: kind, Said: "no relation", Cause: cause,
		Context: context.Canceled}
	require.EqualError(t, failure,
		"store: claim (hooks.memory): the table does not exist: context canceled: no relation")
	for _, in := range []error{cause, kind, context.Canceled} {
		require.ErrorIs(t, failure, in)
	}
}

func TestANameThatWouldNeedAnEscapeIsRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", ".", "a.", ".a", "a.b.c", `a"b`, "a'b", "a`b", "a;b", "a b", "A", "1a", "ä", "a\x00", strings.Repeat("a", 49),
		"a." + strings.Repeat("a", 49),
	} {
		_, err := sqldb.ParseTable(sqltx.SQLite, name)
		require.ErrorContains(t, err, "table name", name)
	}
	for name, want := range map[string]string{"a": `"a"`, "_1.select": `"_1"."select"`} {
		table, err := sqldb.ParseTable(sqltx.SQLite, name)
		require.NoError(t, err, name)
		require.Equal(t, want, table.SQL())
		require.Equal(t, name, table.String())
	}
	table, err := sqldb.ParseTable(sqltx.MySQL, "a.b")
	require.NoError(t, err)
	require.Equal(t, "`a`.`b`", table.SQL())
}

// What a connection does not wait for any more, and waits for again, is tested with SQLite in internal/storetests.
func TestAWriterWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	writer := sqldb.NewWriter()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db := sql.OpenDB(nowhere{})
	defer func() { _ = db.Close() }()
	err := writer.Do(ctx, db, func(*sql.Conn) error { return errors.New("it was called") })
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, sqldb.Backoff(ctx, 6, 1<<40), context.Canceled)
	require.NoError(t, sqldb.Backoff(t.Context(), 0, 1))
	err = writer.Do(t.Context(), db, func(*sql.Conn) error { return errors.New("it was called") })
	require.ErrorIs(t, err, errNowhere, "the turn was given back")
}

type nowhere struct{}

var errNowhere = errors.New("there is no database")

func (nowhere) Connect(context.Context) (driver.Conn, error) { return nil, errNowhere }
func (nowhere) Driver() driver.Driver                        { return nil }
