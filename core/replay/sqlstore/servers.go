package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
)

// unfitError is the reason why a server is not suitable.
type unfitError struct{ why string }

func (e *unfitError) Error() string { return e.why }

func unfit(format string, args ...any) error { return &unfitError{fmt.Sprintf(format, args...)} }

// server implements checker. PostgreSQL 12 is the first version with MATERIALIZED, which the statements use.
func (p *postgres) server(ctx context.Context) error {
	const oldest = 120000 // 12.0, in the form of server_version_num
	var number int64
	if err := p.db.QueryRowContext(ctx,
		"SELECT current_setting('server_version_num')::bigint").Scan(&number); err != nil {
		return err
	}
	if number < oldest {
		return unfit("PostgreSQL %d is too old, 12 is the oldest", number/10000)
	}
	return nil
}

// columns implements checker. to_regclass resolves the name by the search_path, as the statements of the store do. It
// returns NULL for a table that does not exist, and then there are no rows. A column with a default or an identity is
// not mandatory.
func (p *postgres) columns(ctx context.Context) ([]column, []string, error) {
	columns, err := readColumns(p.db.QueryContext(ctx, `
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
  CASE WHEN a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' THEN 1 ELSE 0 END
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = to_regclass($1::text)::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
		p.table.SQL()))
	if err != nil {
		return nil, nil, err
	}
	key, err := readNames(p.db.QueryContext(ctx, `
SELECT a.attname::text FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = to_regclass($1::text)::oid AND i.indisprimary ORDER BY a.attnum`, p.table.SQL()))
	return columns, key, err
}

// server implements checker. SQLite 3.35 is the first version with RETURNING. It fails closed on every journal mode but
// WAL: a delivery would otherwise wait for each reader.
func (l *sqlite) server(ctx context.Context) error {
	var version string
	if err := l.db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if older(version, 3, 35) {
		return unfit("SQLite %s is too old, 3.35 is the oldest", version)
	}
	pragma := "PRAGMA journal_mode"
	if l.table.Schema != "" {
		pragma = "PRAGMA " + l.table.Quote(l.table.Schema) + ".journal_mode"
	}
	var mode string
	if err := l.db.QueryRowContext(ctx, pragma).Scan(&mode); err != nil {
		return err
	}
	switch mode {
	case "wal":
		return nil
	case "memory":
		// Fails closed: each connection of the pool would have its own memory of claims.
		return unfit("the database is in memory, and every connection of the pool has its own; use a file")
	default:
		return unfit("its journal mode is %s, in which readers and writers lock each other out; set it once: PRAGMA "+
			"journal_mode = WAL", mode)
	}
}

// columns implements checker. The names in the statements are checked, see [sqldb.ParseTable], and need no escape.
func (l *sqlite) columns(ctx context.Context) ([]column, []string, error) {
	schema := cmp.Or(l.table.Schema, "main")
	columns, err := readColumns(l.db.QueryContext(ctx, fmt.Sprintf(
		`SELECT name, lower(type), CASE WHEN "notnull" AND dflt_value IS NULL THEN 1 ELSE 0 END `+
			`FROM pragma_table_info('%s', '%s')`, l.table.Name, schema)))
	if err != nil {
		return nil, nil, err
	}
	key, err := readNames(l.db.QueryContext(ctx, fmt.Sprintf(
		`SELECT name FROM pragma_table_info('%s', '%s') WHERE pk > 0 ORDER BY pk`, l.table.Name, schema)))
	return columns, key, err
}

// server implements checker. MariaDB's version is a text like "10.11.6-MariaDB"; MySQL's has no name in it. It fails
// closed where connections do not commit by themselves: nothing that the store writes would last.
func (m *mysql) server(ctx context.Context) error {
	var version string
	if err := m.db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return err
	}
	if !strings.Contains(version, "PostgreSQL") {
		on, err := sqldb.Autocommit(ctx, m.db)
		if err != nil {
			return err
		}
		if !on {
			return unfit("%s", sqldb.NoAutocommit)
		}
	}
	switch maria := strings.Contains(version, "MariaDB"); {
	case strings.Contains(version, "PostgreSQL"): // it has a function VERSION() too
		return unfit("the server is %s", version)
	case maria && older(version, 10, 5):
		return unfit("%s is too old, 10.5 is the oldest MariaDB", version)
	case !maria && older(version, 8, 0):
		return unfit("MySQL %s is too old, 8.0 is the oldest", version)
	}
	return nil
}

// columns implements checker. It fails closed on a table that is not InnoDB: other engines have no transactions, and
// their locks are of whole tables. MySQL before 8.0.19 and MariaDB show a width, "bigint(20)", which does not matter.
func (m *mysql) columns(ctx context.Context) ([]column, []string, error) {
	// The current database of the connection, unless the name has a schema: in MySQL the two are the same.
	schema := "DATABASE()"
	if m.table.Schema != "" {
		schema = "'" + m.table.Schema + "'"
	}
	where := fmt.Sprintf(" WHERE table_schema = %s AND table_name = '%s'", schema, m.table.Name)
	var kind sql.NullString
	err := m.db.QueryRowContext(ctx, "SELECT engine FROM information_schema.tables"+where).Scan(&kind)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case kind.String != "InnoDB":
		return nil, nil, fmt.Errorf("%w: the table's engine is %s, want InnoDB", ErrSchema, kind.String)
	}
	columns, err := readColumns(m.db.QueryContext(ctx, `SELECT column_name,
  CASE WHEN column_type LIKE 'bigint%' AND column_type NOT LIKE '%unsigned%' THEN 'bigint' ELSE column_type END,
  CASE WHEN is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%' THEN 1 ELSE 0 END
FROM information_schema.columns`+where+" ORDER BY ordinal_position"))
	if err != nil {
		return nil, nil, err
	}
	key, err := readNames(m.db.QueryContext(ctx, "SELECT column_name FROM information_schema.statistics"+where+
		" AND index_name = 'PRIMARY' ORDER BY seq_in_index"))
	return columns, key, err
}

// older reports whether a version is older than major.minor. It fails open on a version that it cannot read: the
// statements that New tries decide then.
func older(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, err := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	return err == nil && err2 == nil && (x < major || x == major && y < minor)
}

// readColumns reads rows of a column's name, its type, and 1 where it is mandatory.
func readColumns(rows *sql.Rows, err error) ([]column, error) {
	return sqldb.All(rows, err, func(rows *sql.Rows) (c column, err error) {
		var mandatory int64
		err = rows.Scan(&c.name, &c.kind, &mandatory)
		c.mandatory = mandatory != 0
		return c, err
	})
}

// readNames reads rows of names.
func readNames(rows *sql.Rows, err error) ([]string, error) {
	return sqldb.All(rows, err, func(rows *sql.Rows) (name string, err error) {
		err = rows.Scan(&name)
		return name, err
	})
}
