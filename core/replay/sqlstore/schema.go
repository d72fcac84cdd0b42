package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
)

// schemaVersion is the version of the schema. A version that gives a column another meaning must give it another name
// too. So neither version uses the other's table, which fails closed. Version 1 had no namespace: New refuses its
// table. New of version 1 refuses a table with a namespace, because it would have to set one.
const schemaVersion = 2

// Schema returns the statements that create the table and its index, for a migration tool. Each ends with a semicolon
// and a line feed. They do not change a table that exists. An empty name means [DefaultTable].
//
// It panics if the dialect is unknown, or if the name is not of the form that [WithTable] requires.
func Schema(dialect Dialect, tableName string) string {
	tableName = cmp.Or(tableName, DefaultTable)
	name, err := sqldb.ParseTable(dialect, tableName)
	if err != nil {
		panic("sqlstore: " + err.Error())
	}
	t := table{Table: name}
	if _, err := engineFor(dialect, t, nil); err != nil {
		panic(err.Error())
	}
	var b strings.Builder
	for _, statement := range t.ddl() {
		b.WriteString(statement)
		b.WriteString(";\n")
	}
	return b.String()
}

// ddl returns the statements that create the table and its index. The columns are:
//
//   - namespace: the application, see [replay.CheckNamespace].
//   - identity: the [replay.Key], 32 bytes.
//   - digest: the [replay.Digest] of the delivery that claimed it last, 32 bytes.
//   - token: the [replay.Token] of that claim, as a signed number with the same bits.
//   - ends_at: the expiry of the lease or of the retention, in microseconds since 1970. The row is absent from then on.
//   - done_at: the time of the commit, in microseconds since 1970. NULL while the key is only claimed.
//
// The primary key is what makes a claim exclusive. The index serves the pruning, which reads the oldest rows of a
// namespace.
func (t table) ddl() []string {
	index := t.Quote(t.Name + "_ends_at")
	switch t.Dialect {
	case PostgreSQL:
		// The collation "C" compares bytes: no two namespaces are equal, and the index does not depend on the locale.
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.SQL() + ` (
  namespace text COLLATE "C" NOT NULL,
  identity  bytea  NOT NULL,
  digest    bytea  NOT NULL,
  token     bigint NOT NULL,
  ends_at   bigint NOT NULL,
  done_at   bigint,
  PRIMARY KEY (namespace, identity)
)`,
			"CREATE INDEX IF NOT EXISTS " + index + " ON " + t.SQL() + " (namespace, ends_at)",
		}
	case SQLite:
		// In SQLite the schema is written before the name of the index, and not before that of the table. WITHOUT ROWID
		// stores the rows in the primary key itself.
		qualified := index
		if t.Schema != "" {
			qualified = t.Quote(t.Schema) + "." + index
		}
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.SQL() + ` (
  namespace TEXT    NOT NULL,
  identity  BLOB    NOT NULL,
  digest    BLOB    NOT NULL,
  token     INTEGER NOT NULL,
  ends_at   INTEGER NOT NULL,
  done_at   INTEGER,
  PRIMARY KEY (namespace, identity)
) WITHOUT ROWID`,
			"CREATE INDEX IF NOT EXISTS " + qualified + " ON " + t.Quote(t.Name) + " (namespace, ends_at)",
		}
	default:
		// Binary types compare bytes: VARCHAR would ignore case in most collations. Row locks need InnoDB.
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.SQL() + ` (
  namespace VARBINARY(64) NOT NULL,
  identity  BINARY(32)    NOT NULL,
  digest    BINARY(32)    NOT NULL,
  token     BIGINT        NOT NULL,
  ends_at   BIGINT        NOT NULL,
  done_at   BIGINT        NULL,
  PRIMARY KEY (namespace, identity),
  KEY ` + index + ` (namespace, ends_at)
) ENGINE=InnoDB`,
		}
	}
}

// Migrate creates the table and its index where they are missing, with the statements of [Schema]. It may be called at
// every start, by several processes at once. One table serves every namespace.
//
// It needs the right to create tables. The user that receives webhooks should not have that right. An app with a
// migration tool gives it the Schema, and does not call Migrate.
//
// Of the options only [WithTable] matters. A table of that name with another schema is not changed, and the error is
// [ErrSchema].
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect, opts ...Option) error {
	s, err := prepare(db, dialect, "", opts)
	if err != nil {
		return err
	}
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	// Two processes that start at once meet here.
	err = s.again(ctx, func() error { return sqldb.Create(ctx, db, dialect, s.table.ddl()) })
	if err != nil {
		return s.fail(ctx, "migrate", err)
	}
	// IF NOT EXISTS does not compare: a table of another schema would stay, and New would refuse it later.
	return s.checkColumns(ctx)
}
