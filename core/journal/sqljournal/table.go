package sqljournal

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

// defaultTable is the name of the table unless WithTable gives another.
const defaultTable = "sallyport_journal"

// maxName leaves room for the suffix of an index's name within the 63 bytes that PostgreSQL looks at.
const maxName = 48

// columns are those of the table, in the order of every statement. The namespace stands before them.
const columns = "id, revision, state, endpoint, changed_at, content"

// table is a table's name, checked: "name" or "schema.name".
type table struct {
	dialect      sqltx.Dialect
	schema, name string
}

func newTable(d sqltx.Dialect, name string) (table, error) {
	switch d {
	case sqltx.PostgreSQL, sqltx.SQLite, sqltx.MySQL:
	default:
		return table{}, fmt.Errorf("sqljournal: %v is no dialect: give sqltx.PostgreSQL, SQLite or MySQL", d)
	}
	// A name comes from the app's configuration, and is still checked: it stands in statements as it
	// is.
	t := table{dialect: d, name: name}
	// In MySQL and SQLite a schema is another database.
	if schema, rest, qualified := strings.Cut(name, "."); qualified {
		t.schema, t.name = schema, rest
	}
	if !isName(t.name) || t.schema != "" && !isName(t.schema) {
		return table{}, fmt.Errorf("sqljournal: the table name %.80q is not one: lower-case ASCII letters, digits "+
			"and _, not a digit first, at most %d bytes; or two with a point between, schema.table", name, maxName)
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

// sql is the name, quoted: it may be a keyword.
func (t table) sql() string {
	if t.schema != "" {
		return t.quote(t.schema) + "." + t.quote(t.name)
	}
	return t.quote(t.name)
}

// quote writes a name that isName allows.
func (t table) quote(name string) string {
	if t.dialect == sqltx.MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// Schema returns the statements that create the table and its indexes, for a migration tool. Each ends
// with a semicolon and a line feed. They leave a table alone that exists. An empty name means
// sallyport_journal.
//
// It panics if the dialect is unknown, or the name is not one as [WithTable] asks for.
func Schema(dialect sqltx.Dialect, tableName string) string {
	if tableName == "" {
		tableName = defaultTable
	}
	t, err := newTable(dialect, tableName)
	if err != nil {
		panic(err.Error())
	}
	return strings.Join(t.ddl(), ";\n") + ";\n"
}

// ddl returns the statements that create the table. Text is compared byte by byte: an endpoint must not
// share the list of another that differs in case or in a space at its end. Of each list that the
// journal reads there is an index in its order.
func (t table) ddl() []string {
	byState, byEndpoint := t.quote(t.name+"_state"), t.quote(t.name+"_endpoint")
	// Equality first, then the order of lists: a page is one walk along the index.
	const state, endpoint = " (namespace, state, changed_at, id)", " (namespace, endpoint, state, changed_at, id)"
	switch t.dialect {
	// COLLATE "C" compares bytes, whatever the database's own language is.
	case sqltx.PostgreSQL:
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.sql() + ` (
  namespace  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  revision   bigint   NOT NULL,
  state      smallint NOT NULL,
  endpoint   text COLLATE "C" NOT NULL,
  changed_at bigint   NOT NULL,
  content    bytea    NOT NULL,
  PRIMARY KEY (namespace, id)
)`,
			"CREATE INDEX IF NOT EXISTS " + byState + " ON " + t.sql() + state,
			"CREATE INDEX IF NOT EXISTS " + byEndpoint + " ON " + t.sql() + endpoint,
		}
	// Not WITHOUT ROWID: contents of many kilobytes would stand in the tree of the primary key.
	case sqltx.SQLite:
		schema := "" // an index lives in its table's schema, and it is the index that is qualified
		if t.schema != "" {
			schema = t.quote(t.schema) + "."
		}
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.sql() + ` (
  namespace  TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  revision   INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  endpoint   TEXT    NOT NULL,
  changed_at INTEGER NOT NULL,
  content    BLOB    NOT NULL,
  PRIMARY KEY (namespace, id)
)`,
			"CREATE INDEX IF NOT EXISTS " + schema + byState + " ON " + t.quote(t.name) + state,
			"CREATE INDEX IF NOT EXISTS " + schema + byEndpoint + " ON " + t.quote(t.name) + endpoint,
		}
	default:
		return []string{
			// Bytes, not characters: they are compared as they are, without padding or folding.
			"CREATE TABLE IF NOT EXISTS " + t.sql() + ` (
  namespace  VARBINARY(64)  NOT NULL,
  id         VARBINARY(80)  NOT NULL,
  revision   BIGINT         NOT NULL,
  state      SMALLINT       NOT NULL,
  endpoint   VARBINARY(200) NOT NULL,
  changed_at BIGINT         NOT NULL,
  content    LONGBLOB       NOT NULL,
  PRIMARY KEY (namespace, id),
  KEY ` + byState + state + `,
  KEY ` + byEndpoint + endpoint + `
) ENGINE=InnoDB`,
		}
	}
}

// Migrate creates the table and its indexes where they are missing, as [Schema] writes them. It may be
// called at every start, by several processes at once. It needs the right to create tables, which the
// user that receives webhooks should not have: with a migration tool apply Schema instead. A table of
// another version is left as it is, and is [ErrSchema].
func Migrate(ctx context.Context, source sqltx.Source, opts ...Option) error {
	s, err := newStore(source, opts)
	if err != nil {
		return err
	}
	// Two processes that start at once meet here.
	if err := s.again(ctx, func() error { return s.create(ctx) }); err != nil {
		return s.fail(ctx, "migrate", err)
	}
	return s.checkColumns(ctx)
}

// create runs the statements. In PostgreSQL two processes that create a table at once can both try, and
// one fails: a lock lets one of them at a time.
func (s *store) create(ctx context.Context) error {
	if s.table.dialect == sqltx.PostgreSQL {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		const lock = 0x73616c6c79706a6f // any number will do, if all use it
		// The lock ends with the transaction.
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", uint64(lock))); err != nil {
			return err
		}
		if err := execAll(ctx, tx, s.table.ddl()); err != nil {
			return err
		}
		return tx.Commit()
	}
	return execAll(ctx, s.db, s.table.ddl())
}

// execAll runs statements one after the other: not every driver takes several at once.
func execAll(ctx context.Context, q querier, statements []string) error {
	for _, text := range statements {
		if _, err := q.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
