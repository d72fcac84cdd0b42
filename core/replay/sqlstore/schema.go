package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// The schema's version is its columns: a version that means something else by a column gives it another name, so that
// neither version treats the other's table as its own. Version 1 had no namespace: New refuses its table, and New of
// version 1 refuses a table with a namespace, which it would have to fill in.
const schemaVersion = 2

// Schema returns the statements that create the table and its index, for a migration tool; each ends with a semicolon
// and a line feed. They leave a table alone that is there. An empty name means [DefaultTable].
//
// It panics if the dialect is unknown or the name is not an identifier as [WithTable] asks for.
func Schema(dialect Dialect, tableName string) string {
	if tableName == "" {
		tableName = DefaultTable
	}
	t, err := newTable(dialect, tableName)
	if err != nil {
		panic(err.Error())
	}
	if _, err := engineFor(dialect, t); err != nil {
		panic(err.Error())
	}
	var b strings.Builder
	for _, statement := range t.ddl() {
		b.WriteString(statement)
		b.WriteString(";\n")
	}
	return b.String()
}

func (t table) ddl() []string {
	index := t.quote(t.name + "_ends_at")
	switch t.dialect {
	case PostgreSQL:
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.sql() + ` (
  namespace text COLLATE "C" NOT NULL,
  identity  bytea  NOT NULL,
  digest    bytea  NOT NULL,
  token     bigint NOT NULL,
  ends_at   bigint NOT NULL,
  done_at   bigint,
  PRIMARY KEY (namespace, identity)
)`,
			"CREATE INDEX IF NOT EXISTS " + index + " ON " + t.sql() + " (namespace, ends_at)",
		}
	case SQLite:
		// In SQLite an index lives in its table's schema, and it is the index that is qualified.
		qualified := index
		if t.schema != "" {
			qualified = t.quote(t.schema) + "." + index
		}
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.sql() + ` (
  namespace TEXT    NOT NULL,
  identity  BLOB    NOT NULL,
  digest    BLOB    NOT NULL,
  token     INTEGER NOT NULL,
  ends_at   INTEGER NOT NULL,
  done_at   INTEGER,
  PRIMARY KEY (namespace, identity)
) WITHOUT ROWID`,
			"CREATE INDEX IF NOT EXISTS " + qualified + " ON " + t.quote(t.name) + " (namespace, ends_at)",
		}
	default:
		return []string{
			"CREATE TABLE IF NOT EXISTS " + t.sql() + ` (
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

// Migrate creates the table and its index where they are missing: what [Schema] prints. It may be called at every
// start, by several processes at once: one table serves every namespace. It needs the right to create tables, which
// the user that receives webhooks should not have: an app with a migration tool gives it the Schema, and does not
// call Migrate.
//
// Of the options only [WithTable] matters. A table of that name which is not of this schema is left as it is and
// answered with [ErrSchema].
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect, opts ...Option) error {
	s, err := prepare(db, dialect, "", opts)
	if err != nil {
		return err
	}
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if dialect == PostgreSQL {
		err = s.migrateLocked(ctx)
	} else {
		err = s.again(ctx, func() error { return execAll(ctx, db, s.table.ddl()) })
	}
	if err != nil {
		return s.fail(ctx, "migrate", err)
	}
	return s.checkColumns(ctx)
}

// migrateLocked lets one process at a time create: in PostgreSQL two that run CREATE TABLE IF NOT EXISTS at once can
// both try, and one fails.
func (s *Store) migrateLocked(ctx context.Context) error {
	const lock = 0x73616c6c79706f72 // any number will do, if all use it
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", uint64(lock))); err != nil {
		return err
	}
	if err := execAll(ctx, tx, s.table.ddl()); err != nil {
		return err
	}
	return tx.Commit()
}

func execAll(ctx context.Context, q querier, statements []string) error {
	for _, statement := range statements {
		if _, err := q.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
