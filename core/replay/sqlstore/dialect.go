package sqlstore

import (
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Dialect says which database a store talks to. The zero Dialect is none, and refused.
type Dialect = sqltx.Dialect

// The dialects.
const (
	// PostgreSQL is PostgreSQL 12 or newer.
	PostgreSQL = sqltx.PostgreSQL
	// SQLite is SQLite 3.35 or newer, in WAL mode, in a file.
	SQLite = sqltx.SQLite
	// MySQL is MySQL 8.0 or newer, or MariaDB 10.5 or newer, with InnoDB.
	MySQL = sqltx.MySQL
)

// nowIn is the SQL expression for the database's present time, in microseconds since 1970, as a 64-bit integer.
func nowIn(d Dialect) string {
	switch d {
	case PostgreSQL:
		// Not now(), which is when the transaction began: in the app's transaction that may be long ago.
		return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	case SQLite:
		// SQLite's time has milliseconds.
		return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000"
	default:
		// Not UNIX_TIMESTAMP(NOW(6)), which goes through the session's time zone and is wrong when summer time ends.
		return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
	}
}

// maxName leaves room for the suffix of the index's name within the 63 bytes that PostgreSQL looks at.
const maxName = 48

// table is a table's name, checked: "name" or "schema.name"; and the namespace of the store, if it belongs to one.
type table struct {
	dialect      Dialect
	schema, name string
	namespace    string
}

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

// isName allows what needs no escape in any dialect, and what no database folds to something else.
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
	return fmt.Errorf("sqlstore: the table name %q is not one: lower-case ASCII letters, digits and _, not a digit "+
		"first, at most %d bytes; "+
		"or two of them with a point between, schema.table", name, maxName)
}

// String is the name for messages.
func (t table) String() string {
	if t.schema != "" {
		return t.schema + "." + t.name
	}
	return t.name
}

// sql is the name, quoted: it may be a keyword.
func (t table) sql() string {
	if t.schema != "" {
		return t.quote(t.schema) + "." + t.quote(t.name)
	}
	return t.quote(t.name)
}

// owner is the namespace as SQL writes it. It needs no escape: see [replay.CheckNamespace].
func (t table) owner() string { return "'" + t.namespace + "'" }

// own is the condition that a row is of the store's namespace.
func (t table) own() string { return "namespace = " + t.owner() }

func (t table) quote(name string) string {
	if t.dialect == MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}
