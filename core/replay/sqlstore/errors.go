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
	"time"
)

// What can be wrong with a database, for errors.Is. Each says what to look at; the driver's own error is in the chain
// too, for errors.As, but only what the database server itself said is printed: a driver may put a password into its
// messages.
var (
	// ErrNoTable: the table does not exist.
	ErrNoTable = errors.New("the table does not exist: call sqlstore.Migrate or apply sqlstore.Schema")
	// ErrSchema: the table is not the one that this version of the package works with.
	ErrSchema = errors.New("the table is not of this version's schema: compare it with sqlstore.Schema")
	// ErrServer: the server is too old, of another kind than the dialect says, or set up in a way that does not do.
	ErrServer = errors.New("the database server does not do")
	// ErrPermission: the user may not do what the store has to.
	ErrPermission = errors.New("the database user lacks a right: grant SELECT, INSERT, UPDATE and DELETE on the table")
	// ErrLogin: the server refused the user.
	ErrLogin = errors.New("the database refused the login: check user, password and database name")
	// ErrReadOnly: the database takes no writes, as a replica does.
	ErrReadOnly = errors.New("the database is read-only: connect to the primary")
	// ErrDiskFull: there is no room for another row.
	ErrDiskFull = errors.New("the database has no room left")
	// ErrUnreachable: there is no connection, or it broke; the server may be down or starting.
	ErrUnreachable = errors.New("the database cannot be reached")
	// ErrSlow: there was no answer before the context's deadline. The context's error is in the chain too.
	ErrSlow = errors.New("the database did not answer in time: it is slow, or a lock was waited for")
	// ErrConflict: the database broke off a deadlock or another conflict again and again.
	ErrConflict = errors.New("the database broke off because of concurrent changes")
)

// failure is an error of the database, without what its driver says.
type failure struct {
	call    string
	table   string
	kind    error // one of the Err values, or nil
	told    string
	cause   error
	context error // why the context ended, or nil
}

func (f *failure) Error() string {
	text := "sqlstore: " + f.call + " (" + f.table + ")"
	if f.kind != nil {
		text += ": " + f.kind.Error()
	}
	if f.context != nil {
		text += ": " + f.context.Error()
	}
	if f.told != "" {
		text += ": " + f.told
	}
	return text
}

func (f *failure) Unwrap() []error {
	list := []error{f.cause}
	for _, err := range []error{f.kind, f.context} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

// fail makes the error that a caller sees.
func (s *Store) fail(ctx context.Context, call string, err error) error {
	f := &failure{call: call, table: s.table.String(), cause: err}
	switch ended := ctx.Err(); {
	case ended != nil:
		// Whatever a driver makes of it.
		f.context = ended
		if errors.Is(ended, context.DeadlineExceeded) {
			f.kind = ErrSlow
		}
	case errors.Is(err, ErrSchema), errors.Is(err, errGaveUp):
		f.told = err.Error()
	default:
		f.kind, f.told = classify(err)
	}
	return f
}

// classify says what is wrong, and what of the error may be printed.
func classify(err error) (kind error, told string) {
	if state, ok := sqlState(err); ok {
		return kindOfState(state), message(err) + " (SQLSTATE " + state + ")"
	}
	if number, ok := mysqlNumber(err); ok {
		return kindOfNumber(number), message(err)
	}
	if code, ok := sqliteCode(err); ok {
		return kindOfCode(code, message(err)), message(err)
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return ErrUnreachable, op.Error()
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrUnreachable, "the connection broke"
	case isClosedPool(err):
		return ErrUnreachable, "the *sql.DB was closed"
	case errors.Is(err, context.DeadlineExceeded):
		return ErrSlow, "a time limit of the driver's" // the caller's context goes on
	default:
		return ErrUnreachable, fmt.Sprintf("a %T, whose text may hold what is not to be printed", innermost(err))
	}
}

// isClosedPool knows an error of database/sql that has no name.
func isClosedPool(err error) bool { return err.Error() == "sql: database is closed" }

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

// attempts is how often a statement is repeated that the database broke off.
const attempts = 12

// again calls f until it is not broken off by a deadlock or a conflict, which are nobody's fault and leave nothing
// behind. It gives up after some attempts.
func (s *Store) again(ctx context.Context, f func() error) error {
	for n := range attempts {
		err := f()
		if err == nil || n == attempts-1 || !isConflict(err) {
			return err
		}
		// A random pause, so that those who met do not meet again.
		var b [1]byte
		_, _ = rand.Read(b[:])
		if err := sleep(ctx, time.Duration(int(b[0])<<min(n, 6))*10*time.Microsecond); err != nil {
			return err
		}
	}
	return nil
}

func isConflict(err error) bool {
	kind, _ := classify(err)
	return errors.Is(kind, ErrConflict)
}
