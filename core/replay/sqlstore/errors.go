package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
)

// Kinds of failures of a database, for errors.Is. Each text names what to check. The driver's own error is in the chain
// too, for errors.As. Only the message of the database server itself is printed, because a driver may write a password
// into its messages.
var (
	// ErrNoTable: the table does not exist.
	ErrNoTable = errors.New("the table does not exist: call sqlstore.Migrate or apply sqlstore.Schema")
	// ErrSchema: the table is not of the schema that this version of the package uses.
	ErrSchema = errors.New("the table is not of this version's schema: compare it with sqlstore.Schema")
	// ErrServer: the server is too old, not of the dialect, or configured in a way that the store cannot use.
	ErrServer = errors.New("the database server is not suitable")
	// ErrPermission: the user lacks a right that the store needs.
	ErrPermission = errors.New("the database user lacks a right: grant SELECT, INSERT, UPDATE and DELETE on the table")
	// ErrLogin: the server refused the user.
	ErrLogin = errors.New("the database refused the login: check user, password and database name")
	// ErrReadOnly: the database accepts no writes, as is the case on a replica.
	ErrReadOnly = errors.New("the database is read-only: connect to the primary")
	// ErrDiskFull: there is no room for another row.
	ErrDiskFull = errors.New("the database has no room left")
	// ErrUnreachable: there is no connection, or it broke. The server may be down or starting.
	ErrUnreachable = errors.New("the database cannot be reached")
	// ErrSlow: there was no answer before the context's deadline. The context's error is in the chain too.
	ErrSlow = errors.New("the database did not answer in time: it is slow, or a lock was waited for")
	// ErrConflict: the database cancelled the statement repeatedly, because of a deadlock or another conflict.
	ErrConflict = errors.New("the database cancelled the statement because of concurrent changes")
)

// fail returns the error for the caller. call is what the store was doing, for the operator.
func (s *Store) fail(ctx context.Context, call string, err error) error {
	f := &sqldb.Failure{Call: "sqlstore: " + call, Table: s.table.Table, Cause: err}
	switch ended := ctx.Err(); {
	case ended != nil:
		// Drivers report the end of a context in different ways, some only as a broken connection.
		f.Context = ended
		if errors.Is(ended, context.DeadlineExceeded) {
			f.Kind = ErrSlow
		}
	case errors.Is(err, ErrSchema), errors.Is(err, errGaveUp): // texts of this package: they hold no secret
		f.Said = err.Error()
	default:
		said, kind := sqldb.Read(err)
		f.Said, f.Kind = said, kindOf(kind)
	}
	return f
}

// kindOf returns the error of this package for a kind of failure, or nil.
func kindOf(kind sqldb.Kind) error {
	switch kind {
	case sqldb.NoTable:
		return ErrNoTable
	case sqldb.Schema:
		return ErrSchema
	case sqldb.Permission:
		return ErrPermission
	case sqldb.Login:
		return ErrLogin
	case sqldb.ReadOnly:
		return ErrReadOnly
	case sqldb.Full:
		return ErrDiskFull
	case sqldb.Unreachable:
		return ErrUnreachable
	case sqldb.Slow, sqldb.Locked: // a lock is waited for until the context ends
		return ErrSlow
	case sqldb.Conflict:
		return ErrConflict
	default:
		return nil
	}
}

var errGaveUp = errors.New("the keys were changed by others again and again while they were claimed")

// attempts is how often a statement is run that the database keeps cancelling.
const attempts = 12

// again calls f until the database does not cancel it because of a deadlock or another conflict. A cancelled statement
// has changed nothing, so it is safe to repeat. After some attempts it returns the last error.
func (s *Store) again(ctx context.Context, f func() error) error {
	for n := range attempts {
		err := f()
		if err == nil || n == attempts-1 || !isKind(err, sqldb.Conflict) {
			return err
		}
		// From 0 to 2.5 ms at first and 160 ms at last.
		if err := sqldb.Backoff(ctx, n, 10*time.Microsecond); err != nil {
			return err
		}
	}
	return nil
}

// isKind reports whether an error is of a kind.
func isKind(err error, kind sqldb.Kind) bool {
	_, k := sqldb.Read(err)
	return k == kind
}
