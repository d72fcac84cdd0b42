package sqlstore

import (
	"errors"
	"strconv"
	"strings"
)

// This package links no driver. It recognises the errors of drivers by methods and texts that they have in common.

// sqlState returns the SQLSTATE of a PostgreSQL server's error. pgx and lib/pq both have this method.
func sqlState(err error) (state string, ok bool) {
	var e interface{ SQLState() string }
	if !errors.As(err, &e) {
		return "", false
	}
	state = e.SQLState()
	return state, len(state) == 5
}

// kindOfState returns the kind of error that a SQLSTATE of five characters stands for, or nil.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func kindOfState(state string) error {
	switch state {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return ErrConflict
	case "42P01", "3F000": // undefined_table, invalid_schema_name
		return ErrNoTable
	// undefined_column, datatype_mismatch, no key for ON CONFLICT, undefined_function
	case "42703", "42804", "42P10", "42883":
		return ErrSchema
	case "42501": // insufficient_privilege
		return ErrPermission
	case "28000", "28P01", "3D000": // invalid authorization, invalid password, no such database: all are in the URL
		return ErrLogin
	case "25006": // read_only_sql_transaction
		return ErrReadOnly
	case "57014", "55P03": // query_canceled (statement_timeout), lock_not_available (lock_timeout)
		return ErrSlow
	}
	// For the others the class, the first two characters, is enough.
	switch state[:2] {
	case "08", "57": // connection exception; operator intervention: shutting down, starting up
		return ErrUnreachable
	case "53":
		if state == "53100" { // disk_full
			return ErrDiskFull
		}
		return ErrUnreachable // too many connections, out of memory
	}
	return nil
}

// mysqlNumber returns the number of a MySQL server's error. go-sql-driver has no method for it, but prints "Error 1213
// (40001): ...".
func mysqlNumber(err error) (number int, ok bool) {
	rest, found := strings.CutPrefix(message(err), "Error ")
	if !found {
		return 0, false
	}
	end := strings.IndexAny(rest, " :")
	if end < 0 {
		return 0, false
	}
	number, failed := strconv.Atoi(rest[:end])
	return number, failed == nil
}

// kindOfNumber returns the kind of error that a number of MySQL or MariaDB stands for, or nil.
//
// https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
func kindOfNumber(number int) error {
	switch number {
	case 1213, 1020: // deadlock; the row has changed since the snapshot (MariaDB)
		return ErrConflict
	case 1146: // no such table
		return ErrNoTable
	case 1054, 1136, 1364: // unknown column, wrong number of values, a column without default
		return ErrSchema
	case 1142, 1143, 1227, 1370: // denied on a table, on a column, a privilege is missing, denied on a routine
		return ErrPermission
	case 1044, 1045, 1049, 1698: // denied on database, bad login, unknown database, login by socket only
		return ErrLogin
	case 1290, 1792, 1836: // --read-only, read-only transaction, read-only mode
		return ErrReadOnly
	case 1021, 1041, 1114: // disk full, out of memory, table full: no row can be added, whatever the resource is
		return ErrDiskFull
	case 1205, 3024, 1969: // lock wait timeout, max_execution_time, max_statement_time
		return ErrSlow
	// too many connections, shutting down, connection trouble
	case 1040, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1226, 1927:
		return ErrUnreachable
	}
	return nil
}

// SQLite's primary result codes. An extended code has one of them in its low byte.
//
// https://www.sqlite.org/rescode.html
const (
	sqlitePerm     = 3
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteAuth     = 23
	sqliteNotADB   = 26
)

// sqliteCode returns the primary result code of SQLite. modernc.org/sqlite has this method.
func sqliteCode(err error) (code int, ok bool) {
	var e interface{ Code() int }
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code() & 0xff, true
}

// kindOfCode returns the kind of error that a result code of SQLite stands for, or nil. SQLite has one code for
// everything that is wrong with a statement, so it also reads the text.
func kindOfCode(code int, said string) error {
	switch code {
	case sqliteBusy, sqliteLocked: // the store has waited for the lock until its context ended
		return ErrSlow
	case sqliteReadOnly:
		return ErrReadOnly
	case sqliteFull:
		return ErrDiskFull
	case sqlitePerm, sqliteAuth:
		return ErrPermission
	case sqliteIOErr, sqliteCantOpen, sqliteNotADB:
		return ErrUnreachable
	}
	switch {
	case strings.Contains(said, "no such table"):
		return ErrNoTable
	case strings.Contains(said, "no such column"), strings.Contains(said, "has no column"),
		strings.Contains(said, "ON CONFLICT clause does not match"):
		return ErrSchema
	}
	return nil
}

// message returns the text of the server's own error. Text that the driver or the pool wrapped around it is dropped: it
// may hold the address of the database with its password.
func message(err error) string {
	// The first error in the chain with one of these methods is the server's.
	var (
		state interface {
			error
			SQLState() string
		}
		code interface {
			error
			Code() int
		}
	)
	switch {
	case errors.As(err, &state):
		return firstLine(state.Error())
	case errors.As(err, &code):
		return firstLine(code.Error())
	default:
		return firstLine(innermost(err).Error())
	}
}

// firstLine returns the first line, of at most 300 bytes: a server may quote a whole statement.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	const most = 300
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}
