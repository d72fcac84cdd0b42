package sqlstore

import (
	"fmt"
	"strings"

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

// maxName is how many bytes a name may have. PostgreSQL cuts names to 63 bytes, and the index adds a suffix.
const maxName = 48

// table is the checked name of a table, "name" or "schema.name", with the namespace of the store. Everything in it is
// safe to write into a statement.
type table struct {
	dialect      Dialect
	schema, name string // schema is empty for the default one
	namespace    string // empty for Migrate, which only needs the table
}

// newTable checks the name of a table. It fails closed on everything that would need an escape: the name becomes part
// of statements.
func newTable(d Dialect, name string) (table, error) {
	t := table{dialect: d, name: name}
	if schema, rest, qualified := strings.Cut(name, "."); qualified {
		t.schema, t.name = schema, rest
		if !isName(schema) {
			return table{}, badName(name)
		}
	}
	if !isName(t.name) {
		return table{}, badName(name)
	}
	return t, nil
}

// isName reports whether a name needs no escape in any dialect, and is not folded to another one by any database.
func isName(s string) bool {
	if s == "" || len(s) > maxName || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func badName(name string) error {
	return fmt.Errorf("sqlstore: the table name %q is not valid: use lower-case ASCII letters, digits and _, not a "+
		"digit first, at most %d bytes; or two such names with a dot between, schema.table", name, maxName)
}

// String returns the name for messages.
func (t table) String() string {
	if t.schema != "" {
		return t.schema + "." + t.name
	}
	return t.name
}

// sql returns the name for statements, quoted because it may be a keyword.
func (t table) sql() string {
	if t.schema != "" {
		return t.quote(t.schema) + "." + t.quote(t.name)
	}
	return t.quote(t.name)
}

// owner returns the namespace as a string of SQL. It needs no escape: see [replay.CheckNamespace].
func (t table) owner() string { return "'" + t.namespace + "'" }

// own returns the condition that a row is of the store's namespace.
func (t table) own() string { return "namespace = " + t.owner() }

// quote quotes a name. MySQL treats double quotes as those of a string, unless its sql_mode has ANSI_QUOTES.
func (t table) quote(name string) string {
	if t.dialect == MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}
