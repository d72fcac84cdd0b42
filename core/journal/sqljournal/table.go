package sqljournal

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// defaultTable is the name of the table unless WithTable gives another.
const defaultTable = "sallyport_journal"

// columns are those of the table, in the order of every statement. The namespace stands before them.
const columns = "id, revision, state, endpoint, changed_at, content"

// The ends of the indexes' names: of the lists of all endpoints, and of one.
const stateIndex, endpointIndex = "_state", "_endpoint"

// by returns the table as it is read in the order of one of these indexes. MySQL needs their names: it estimates how
// soon a page is full as if endpoints were mixed evenly, and takes the index of all of them. For an endpoint whose
// rows are old it would then read the whole table.
func (s *store) by(indexes ...string) string {
	t := s.table
	if t.Dialect != sqltx.MySQL {
		return t.SQL()
	}
	names := make([]string, len(indexes))
	for i, name := range indexes {
		names[i] = t.Quote(t.Name + name)
	}
	return t.SQL() + " FORCE INDEX (" + strings.Join(names, ", ") + ")"
}

// parseTable checks the name of a table: it stands in statements as it is.
func parseTable(d sqltx.Dialect, name string) (sqldb.Table, error) {
	switch d {
	case sqltx.PostgreSQL, sqltx.SQLite, sqltx.MySQL:
	default:
		return sqldb.Table{}, fmt.Errorf("sqljournal: %v is no dialect: give sqltx.PostgreSQL, SQLite or MySQL", d)
	}
	t, err := sqldb.ParseTable(d, name)
	if err != nil {
		return sqldb.Table{}, fmt.Errorf("sqljournal: %w", err)
	}
	return t, nil
}

// Schema returns the statements that create the table and its indexes, for a migration tool. Each ends
// with a semicolon and a line feed. They leave a table alone that exists. An empty name means
// sallyport_journal.
//
// It panics if the dialect is unknown, or the name is not one as [WithTable] asks for.
func Schema(dialect sqltx.Dialect, tableName string) string {
	tableName = cmp.Or(tableName, defaultTable)
	t, err := parseTable(dialect, tableName)
	if err != nil {
		panic(err.Error())
	}
	return strings.Join(ddl(t), ";\n") + ";\n"
}

// ddl returns the statements that create the table. Text is compared byte by byte: an endpoint must not
// share the list of another that differs in case or in a space at its end. Of each list that the
// journal reads there is an index in its order.
func ddl(t sqldb.Table) []string {
	byState, byEndpoint := t.Quote(t.Name+stateIndex), t.Quote(t.Name+endpointIndex)
	// Equality first, then the order of lists: a page is one walk along the index.
	const state, endpoint = " (namespace, state, changed_at, id)", " (namespace, endpoint, state, changed_at, id)"
	switch t.Dialect {
	// COLLATE "C" compares bytes, whatever the database's own language is.
	case sqltx.PostgreSQL:
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.SQL() + ` (
  namespace  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  revision   bigint   NOT NULL,
  state      smallint NOT NULL,
  endpoint   text COLLATE "C" NOT NULL,
  changed_at bigint   NOT NULL,
  content    bytea    NOT NULL,
  PRIMARY KEY (namespace, id)
)`,
			"CREATE INDEX IF NOT EXISTS " + byState + " ON " + t.SQL() + state,
			"CREATE INDEX IF NOT EXISTS " + byEndpoint + " ON " + t.SQL() + endpoint,
		}
	// Not WITHOUT ROWID: contents of many kilobytes would stand in the tree of the primary key.
	case sqltx.SQLite:
		schema := "" // an index lives in its table's schema, and it is the index that is qualified
		if t.Schema != "" {
			schema = t.Quote(t.Schema) + "."
		}
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.SQL() + ` (
  namespace  TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  revision   INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  endpoint   TEXT    NOT NULL,
  changed_at INTEGER NOT NULL,
  content    BLOB    NOT NULL,
  PRIMARY KEY (namespace, id)
)`,
			"CREATE INDEX IF NOT EXISTS " + schema + byState + " ON " + t.Quote(t.Name) + state,
			"CREATE INDEX IF NOT EXISTS " + schema + byEndpoint + " ON " + t.Quote(t.Name) + endpoint,
		}
	default:
		return []string{
			// Bytes, not characters: they are compared as they are, without padding or folding.
			"CREATE TABLE IF NOT EXISTS " + t.SQL() + ` (
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
	if err := s.again(ctx, func() error { return sqldb.Create(ctx, s.db, s.table.Dialect, ddl(s.table)) }); err != nil {
		return s.fail(ctx, "migrate", err)
	}
	return s.checkColumns(ctx)
}
