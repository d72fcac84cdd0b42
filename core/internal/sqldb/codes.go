package sqldb

import (
	"errors"
	"strconv"
	"strings"
)

// The errors of drivers are recognised by methods and texts that they have in common.

// sqlState returns the SQLSTATE of a PostgreSQL server's error. pgx and lib/pq both have this method.
func sqlState(err error) (state string, ok bool) {
	var e interface{ SQLState() string }
	if !errors.As(err, &e) {
		return "", false
	}
	state = e.SQLState()
	return state, len(state) == 5
}

// kindOfState returns the kind of error that a SQLSTATE of five characters stands for, or Other.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func kindOfState(state string) Kind {
	switch state {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return Conflict
	case "42P01", "3F000": // undefined_table, invalid_schema_name
		return NoTable
	// undefined_column, datatype_mismatch, no key for ON CONFLICT, undefined_function
	case "42703", "42804", "42P10", "42883":
		return Schema
	case "42501": // insufficient_privilege
		return Permission
	case "28000", "28P01", "3D000": // invalid authorization, invalid password, no such database: all are in the URL
		return Login
	case "25006": // read_only_sql_transaction
		return ReadOnly
	case "57014", "55P03": // query_canceled (statement_timeout), lock_not_available (lock_timeout)
		return Slow
	}
	// For the others the class, the first two characters, is enough.
	switch state[:2] {
	case "08", "57": // connection exception; operator intervention: shutting down, starting up
		return Unreachable
	case "53":
		if state == "53100" { // disk_full
			return Full
		}
		return Unreachable // too many connections, out of memory
	}
	return Other
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

// kindOfNumber returns the kind of error that a number of MySQL or MariaDB stands for, or Other.
//
// https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
func kindOfNumber(number int) Kind {
	switch number {
	case 1213, 1020: // deadlock; the row has changed since the snapshot (MariaDB)
		return Conflict
	case 1146: // no such table
		return NoTable
	case 1054, 1136, 1176, 1364: // unknown column, wrong number of values, no such index, a column without default
		return Schema
	case 1142, 1143, 1227, 1370: // denied on a table, on a column, a privilege is missing, denied on a routine
		return Permission
	case 1044, 1045, 1049, 1698: // denied on database, bad login, unknown database, login by socket only
		return Login
	case 1290, 1792, 1836: // --read-only, read-only transaction, read-only mode
		return ReadOnly
	case 1021, 1041, 1114: // disk full, out of memory, table full: no row can be added, whatever the resource is
		return Full
	case 1205: // lock wait timeout
		return Locked
	case 3024, 1969: // max_execution_time, max_statement_time
		return Slow
	// too many connections, shutting down, connection trouble
	case 1040, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1226, 1927:
		return Unreachable
	}
	return Other
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

// kindOfCode returns the kind of error that a result code of SQLite stands for, or Other. SQLite has one code for
// everything that is wrong with a statement, so it also reads the text.
func kindOfCode(code int, said string) Kind {
	switch code {
	case sqliteBusy, sqliteLocked:
		return Locked
	case sqliteReadOnly:
		return ReadOnly
	case sqliteFull:
		return Full
	case sqlitePerm, sqliteAuth:
		return Permission
	case sqliteIOErr, sqliteCantOpen, sqliteNotADB:
		return Unreachable
	}
	switch {
	case strings.Contains(said, "no such table"):
		return NoTable
	case strings.Contains(said, "no such column"), strings.Contains(said, "has no column"),
		strings.Contains(said, "ON CONFLICT clause does not match"):
		return Schema
	}
	return Other
}

// saidBy returns the server's message with the SQLSTATE, which pgx prints and lib/pq does not.
func saidBy(err error, state string) string {
	said := message(err)
	if !strings.Contains(said, state) {
		said += " (SQLSTATE " + state + ")"
	}
	return said
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
