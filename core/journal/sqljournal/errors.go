package sqljournal

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/core/journal"
)

// What can be wrong with a database, for errors.Is. The driver's own error is in the chain too, for
// errors.As.
var (
	// ErrNoTable: the table does not exist.
	ErrNoTable = errors.New("the table does not exist: call sqljournal.Migrate or apply sqljournal.Schema")
	// ErrSchema: the table is not of this version.
	ErrSchema = errors.New("the table is not of this version's schema: compare it with sqljournal.Schema")
	// ErrServer: the database is set up in a way that does not do.
	ErrServer = errors.New("the database server does not do")
)

// failure is an error of the database. Only what the server itself said is printed: a driver may put an
// address with its password into its messages.
type failure struct {
	call, table, said string
	kind              error // one of the Err values, ErrFull, the context's error, or nil
	cause             error
}

// Error says what was tried, what is wrong, and what the server said.
func (f *failure) Error() string {
	text := "sqljournal: " + f.call + " (" + f.table + ")"
	if f.kind != nil {
		text += ": " + f.kind.Error()
	}
	if f.said != "" {
		text += ": " + f.said
	}
	return text
}

// Unwrap returns the driver's error and the kind.
func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{f.cause}
	}
	return []error{f.cause, f.kind}
}

// fail makes the error that a caller sees. ErrChanged is an answer, not a failure.
func (s *store) fail(ctx context.Context, call string, err error) error {
	if err == nil || errors.Is(err, journal.ErrChanged) {
		return err
	}
	f := &failure{call: call, table: s.table.name, cause: err}
	// What the server said goes into the text, the driver's error only into the chain.
	f.said, f.kind = classify(err)
	// The caller asks errors.Is for its context, and drivers answer with errors of their own.
	if ended := ctx.Err(); ended != nil {
		f.said, f.kind = "", ended // whatever a driver makes of it
	}
	return f
}

// The package links no driver, and knows their errors by what they have in common: a SQLSTATE in pgx
// and lib/pq, the text "Error 1213 (40001): ..." in go-sql-driver, a code in modernc.org/sqlite.

// errConflict is a deadlock or another conflict: nothing was written, and the call may be repeated.
var errConflict = errors.New("the database broke off because of concurrent changes")

// classify says what of an error may be printed, and what is wrong.
func classify(err error) (said string, kind error) {
	var state interface {
		error
		SQLState() string
	}
	var code interface {
		error
		Code() int
	}
	var op *net.OpError
	inner := innermost(err)
	number, isMySQL := mysqlNumber(inner.Error())
	switch {
	// These are ours, and hold no text of a driver's.
	case errors.Is(err, errConflict), errors.Is(err, ErrSchema), errors.Is(err, ErrServer):
		return err.Error(), nil
	case errors.As(err, &state):
		return firstLine(state.Error()), kindOf(state.SQLState(), stateKinds())
	case isMySQL:
		return firstLine(inner.Error()), kindOf(number, numberKinds())
	case errors.As(err, &code):
		return firstLine(code.Error()), kindOfSQLite(code.Code(), code.Error())
	// An address without a password, and why it could not be reached.
	case errors.As(err, &op):
		return op.Error(), nil
	case errors.Is(err, driver.ErrBadConn):
		return "the connection broke", nil
	case strings.Contains(inner.Error(), "database is locked"), strings.Contains(inner.Error(), "table is locked"):
		return "the database is locked", errConflict // a driver of SQLite without codes
	default:
		// Fails closed: what is unknown is named by its type alone.
		return fmt.Sprintf("a %T, whose text may hold what must not be printed", inner), nil
	}
}

// stateKinds are SQLSTATEs of PostgreSQL.
func stateKinds() map[string]error {
	return map[string]error{
		"40001": errConflict, "40P01": errConflict, // serialization failure, deadlock
		"42P01": ErrNoTable, "3F000": ErrNoTable, // undefined table, undefined schema
		"42703": ErrSchema, "42804": ErrSchema, "42P10": ErrSchema, // undefined column, wrong type, no key
		"53100": journal.ErrFull, // disk full
	}
}

// numberKinds are error numbers of MySQL and MariaDB.
func numberKinds() map[int]error {
	return map[int]error{
		1213: errConflict, 1020: errConflict, 1205: errConflict, // deadlock, changed, lock wait timeout
		1146: ErrNoTable,
		1054: ErrSchema, 1136: ErrSchema, 1364: ErrSchema, // unknown column, number of values, a column without default
		1021: journal.ErrFull, 1114: journal.ErrFull, // disk full, table full
	}
}

func kindOf[K comparable](key K, kinds map[K]error) error { return kinds[key] }

// SQLite's primary result codes. An extended code has one of them in its low byte.
const (
	sqliteBusy   = 5
	sqliteLocked = 6
	sqliteFull   = 13
)

// kindOfSQLite reads the text where SQLite has one code for everything that is wrong with a statement.
func kindOfSQLite(code int, said string) error {
	switch {
	case code&0xff == sqliteBusy, code&0xff == sqliteLocked:
		return errConflict
	case code&0xff == sqliteFull:
		return journal.ErrFull
	case strings.Contains(said, "no such table"):
		return ErrNoTable
	case strings.Contains(said, "no such column"), strings.Contains(said, "has no column"):
		return ErrSchema
	}
	return nil
}

// mysqlNumber finds the number of a MySQL server's error.
func mysqlNumber(text string) (number int, ok bool) {
	rest, found := strings.CutPrefix(text, "Error ")
	if !found {
		return 0, false
	}
	end := strings.IndexAny(rest, " :")
	if end < 0 {
		return 0, false
	}
	number, err := strconv.Atoi(rest[:end])
	return number, err == nil
}

// innermost returns the error that all the others wrap.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// firstLine also bounds what is printed.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 300)]
}
