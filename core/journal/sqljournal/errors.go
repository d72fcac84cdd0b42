package sqljournal

import (
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/journal"
)

// What can be wrong with a database, for errors.Is. The driver's own error is in the chain too, for errors.As. Only the
// message of the server itself is printed: a driver may write an address with its password into its messages.
var (
	// ErrNoTable: the table does not exist.
	ErrNoTable = errors.New("the table does not exist: call sqljournal.Migrate or apply sqljournal.Schema")
	// ErrSchema: the table is not of this version.
	ErrSchema = errors.New("the table is not of this version's schema: compare it with sqljournal.Schema")
	// ErrServer: the server is configured in a way that the journal cannot use.
	ErrServer = errors.New("the database server is not suitable")
	// ErrReadOnly: the journal was opened by [ReadOnly], and this would write.
	ErrReadOnly = errors.New("the journal was opened to read only")
)

// fail makes the error that a caller sees. ErrChanged is an answer, not a failure.
func (s *store) fail(ctx context.Context, call string, err error) error {
	if err == nil || errors.Is(err, journal.ErrChanged) {
		return err
	}
	f := &sqldb.Failure{Call: "sqljournal: " + call, Table: s.table, Cause: err}
	switch ended := ctx.Err(); {
	case ended != nil: // whatever a driver makes of it: the caller asks errors.Is for its context
		f.Context = ended
	case errors.Is(err, ErrServer), errors.Is(err, ErrReadOnly): // a text of this package: it holds no secret
		f.Said = err.Error()
	default:
		said, kind := sqldb.Read(err)
		f.Said, f.Kind = said, kindOf(kind)
	}
	return f
}

// errConflict is a deadlock or another conflict: nothing was written, and the call may be repeated.
var errConflict = errors.New("the database cancelled the statement because of concurrent changes")

// kindOf returns the error of this package for a kind of failure, or nil where the server's own words are enough.
func kindOf(kind sqldb.Kind) error {
	switch kind {
	case sqldb.NoTable:
		return ErrNoTable
	case sqldb.Schema:
		return ErrSchema
	case sqldb.Full:
		return journal.ErrFull
	case sqldb.Conflict, sqldb.Locked:
		return errConflict
	default:
		return nil
	}
}
