package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// Kind is what an error of a database means.
type Kind int

// The kinds of errors.
const (
	Other       Kind = iota // the server said something else, and its message is all that is known
	Conflict                // cancelled because of a deadlock or a concurrent change; it has changed nothing
	Locked                  // a lock was not to be had: SQLite is busy, or MySQL's wait for a lock ended
	Slow                    // a time limit of the server or of the driver
	NoTable                 // there is no such table
	Schema                  // the table has other columns
	Permission              // the user lacks a right
	Login                   // the server refused the user
	ReadOnly                // the database accepts no writes
	Full                    // there is no room for another row
	Unreachable             // there is no connection, or it broke
)

// Read returns the kind of an error, and the text of it that may be printed. It fails closed on errors that it does
// not know: of those it prints only the type, because a driver may write a password into its messages.
func Read(err error) (said string, kind Kind) {
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
		return op.Error(), Unreachable
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke", Unreachable
	case isClosedPool(err):
		return "the *sql.DB was closed", Unreachable
	case errors.Is(err, context.DeadlineExceeded):
		return "a time limit of the driver", Slow // the caller's own context has not ended, see Fail
	// Drivers of SQLite without a method Code, such as mattn/go-sqlite3.
	case strings.Contains(err.Error(), "database is locked"), strings.Contains(err.Error(), "table is locked"):
		return "the database is locked", Locked
	default:
		// Drivers report a failed connection with errors of their own, and their texts may hold the address with its
		// password. Unreachable is the kind that makes the provider send the delivery again.
		return fmt.Sprintf("a %T, whose text is not printed because it may hold a password", innermost(err)),
			Unreachable
	}
}

// isClosedPool reports whether the *sql.DB was closed. database/sql exports no variable for that error.
func isClosedPool(err error) bool { return err.Error() == "sql: database is closed" }

// Failure is an error of the database, without the text of its driver.
type Failure struct {
	Call    string // the package, and what it was doing
	Table   Table
	Kind    error  // what the store calls it, or nil
	Said    string // the printable part of Cause, or empty
	Cause   error  // the driver's error; it is in the chain and never printed
	Context error  // why the context ended, or nil
}

// Error returns the call, the table, and what is known of the cause, in this order: an operator reads the advice of the
// kind before the server's own words.
func (f *Failure) Error() string {
	text := f.Call + " (" + f.Table.String() + ")"
	if f.Kind != nil {
		text += ": " + f.Kind.Error()
	}
	if f.Context != nil {
		text += ": " + f.Context.Error()
	}
	if f.Said != "" {
		text += ": " + f.Said
	}
	return text
}

// Unwrap returns the driver's error, the kind and the context's error, for errors.Is and errors.As.
func (f *Failure) Unwrap() []error {
	list := []error{f.Cause}
	for _, err := range []error{f.Kind, f.Context} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}
