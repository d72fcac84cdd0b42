package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
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

// failure is an error of the database, without the text of its driver.
type failure struct {
	call    string // what the store was doing
	table   string
	kind    error  // one of the Err values, or nil
	said    string // the printable part of cause, or empty
	cause   error  // the driver's error; it is in the chain and never printed
	context error  // why the context ended, or nil
}

// Error returns the call, the table, and what is known of the cause, in this order: an operator reads the advice of the
// kind before the server's own words.
func (f *failure) Error() string {
	text := "sqlstore: " + f.call + " (" + f.table + ")"
	if f.kind != nil {
		text += ": " + f.kind.Error()
	}
	if f.context != nil {
		text += ": " + f.context.Error()
	}
	if f.said != "" {
		text += ": " + f.said
	}
	return text
}

// Unwrap returns the driver's error, the kind and the context's error, for errors.Is and errors.As.
func (f *failure) Unwrap() []error {
	list := []error{f.cause}
	for _, err := range []error{f.kind, f.context} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

// fail returns the error for the caller. call is what the store was doing, for the operator.
func (s *Store) fail(ctx context.Context, call string, err error) error {
	f := &failure{call: call, table: s.table.String(), cause: err}
	switch ended := ctx.Err(); {
	case ended != nil:
		// Drivers report the end of a context in different ways, some only as a broken connection.
		f.context = ended
		if errors.Is(ended, context.DeadlineExceeded) {
			f.kind = ErrSlow
		}
	case errors.Is(err, ErrSchema), errors.Is(err, errGaveUp): // texts of this package: they hold no secret
		f.said = err.Error()
	default:
		f.said, f.kind = classify(err)
	}
	return f
}

// classify returns the kind of an error, and the text of it that may be printed. It fails closed on errors that it does
// not know: of those it prints only the type.
func classify(err error) (said string, kind error) {
	if state, ok := sqlState(err); ok {
		return saidBy(err, state), kindOfState(state)
	}
	if number, ok := mysqlNumber(err); ok {
		return message(err), kindOfNumber(number)
	}
	if code, ok := sqliteCode(err); ok {
		return message(err), kindOfCode(code, message(err))
	}
	// Without a server's message the connection is at fault. Errors of package net hold addresses, but no passwords.
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return op.Error(), ErrUnreachable
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke", ErrUnreachable
	case isClosedPool(err):
		return "the *sql.DB was closed", ErrUnreachable
	case errors.Is(err, context.DeadlineExceeded):
		return "a time limit of the driver", ErrSlow // the caller's own context has not ended, see fail
	default:
		// Drivers report a failed connection with errors of their own, and their texts may hold the address with its
		// password. Unreachable is the kind that makes the provider send the delivery again.
		return fmt.Sprintf("a %T, whose text is not printed because it may hold a password", innermost(err)),
			ErrUnreachable
	}
}

// saidBy returns the server's message with the SQLSTATE, which pgx prints and lib/pq does not.
func saidBy(err error, state string) string {
	said := message(err)
	if !strings.Contains(said, state) {
		said += " (SQLSTATE " + state + ")"
	}
	return said
}

// isClosedPool reports whether the *sql.DB was closed. database/sql exports no variable for that error.
func isClosedPool(err error) bool { return err.Error() == "sql: database is closed" }

// innermost returns the last error of a chain. It does not follow joined errors.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
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
		if err == nil || n == attempts-1 || !isConflict(err) {
			return err
		}
		// The pause is random, from 0 to 2.5 ms at first and 160 ms at last, so that the same calls do not collide
		// again.
		var b [1]byte
		_, _ = rand.Read(b[:])
		if err := sleep(ctx, time.Duration(int(b[0])<<min(n, 6))*10*time.Microsecond); err != nil {
			return err
		}
	}
	return nil
}

// isConflict reports whether the database cancelled a statement in favour of another one.
func isConflict(err error) bool {
	_, kind := classify(err)
	return errors.Is(kind, ErrConflict)
}
