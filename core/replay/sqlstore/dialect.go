package sqlstore

import (
	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Dialect is the kind of database that a store uses. The zero value is not a dialect, and is refused.
type Dialect = sqltx.Dialect

// The dialects. Each needs a minimal version, because its statements use RETURNING, ON CONFLICT or MATERIALIZED.
const (
	// PostgreSQL is PostgreSQL 12 or newer.
	PostgreSQL = sqltx.PostgreSQL
	// SQLite is SQLite 3.35 or newer, in WAL mode, in a file.
	SQLite = sqltx.SQLite
	// MySQL is MySQL 8.0 or newer, or MariaDB 10.5 or newer, with InnoDB.
	MySQL = sqltx.MySQL
)

// nowIn returns the SQL expression for the database's present time, in microseconds since 1970, as a 64-bit integer.
func nowIn(d Dialect) string {
	switch d {
	case PostgreSQL:
		// now() is the start of the transaction. In the app's transaction that may be long ago, and an expired claim
		// would count as held.
		return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	case SQLite:
		// SQLite's time has milliseconds. 2440587.5 is the Julian day of 1970-01-01.
		return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000"
	default:
		// UNIX_TIMESTAMP(NOW(6)) would go through the session's time zone, and be ambiguous for an hour when summer
		// time ends.
		return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
	}
}

// table is the checked name of a table, with the namespace of the store. Everything in it is safe to write into a
// statement.
type table struct {
	sqldb.Table
	namespace string // empty for Migrate, which only needs the table
}

// owner returns the namespace as a string of SQL. It needs no escape: see [replay.CheckNamespace].
func (t table) owner() string { return "'" + t.namespace + "'" }

// own returns the condition that a row is of the store's namespace.
func (t table) own() string { return "namespace = " + t.owner() }
