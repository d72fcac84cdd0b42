package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checker is how an engine says what is there.
type checker interface {
	use(db *sql.DB)

	// server returns ErrServer, with the reason, unless the server is of the dialect and will do.
	server(ctx context.Context) error

	// columns describes the table's columns, none if there is no table, and names those of its primary key.
	columns(ctx context.Context) (columns []column, key []string, err error)
}

// column is a column of the table in the database.
type column struct {
	name, kind string
	mandatory  bool // NOT NULL and without default: an INSERT has to give it
}

// check looks whether the store can work, in the order in which one thing needs the other.
func (s *Store) check(ctx context.Context) error {
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if err := s.try(ctx, "SELECT", "SELECT 1 FROM "+s.table.sql()+" WHERE 1 = 0"); err != nil {
		return err
	}
	if err := s.checkColumns(ctx); err != nil {
		return err
	}
	// Statements that do nothing but need the right, and a database that can be written to.
	const columns = "namespace, identity, digest, token, ends_at, done_at"
	name := s.table.sql()
	for _, attempt := range [][2]string{
		{"INSERT", "INSERT INTO " + name + " (" + columns + ") SELECT " + columns + " FROM " + name + " WHERE 1 = 0"},
		{"UPDATE", "UPDATE " + name + " SET digest = digest, token = token, ends_at = ends_at, done_at = done_at " +
			"WHERE 1 = 0"},
		{"DELETE", "DELETE FROM " + name + " WHERE 1 = 0"},
	} {
		if err := s.try(ctx, attempt[0], attempt[1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) try(ctx context.Context, right, statement string) error {
	if _, err := s.db.ExecContext(ctx, statement); err != nil {
		return s.fail(ctx, "check whether "+right+" is possible", err)
	}
	return nil
}

func (s *Store) checkServer(ctx context.Context) error {
	err := s.engine.server(ctx)
	switch unfit := (*unfitError)(nil); {
	case err == nil:
		return nil
	case asUnfit(err, &unfit):
		return fmt.Errorf("sqlstore: %w for %v: %s", ErrServer, s.table.dialect, unfit.why)
	}
	failed := s.fail(ctx, "ask for the server's version", err)
	// it knows no such function
	if _, kind := classify(err); (kind == nil || errors.Is(kind, ErrSchema)) && ctx.Err() == nil {
		return fmt.Errorf("%w: does the dialect %v fit the database? %w", ErrServer, s.table.dialect, failed)
	}
	return failed
}

func (s *Store) checkColumns(ctx context.Context) error {
	columns, key, err := s.engine.columns(ctx)
	if err != nil {
		return s.fail(ctx, "look at the columns", err)
	}
	if len(columns) == 0 {
		return s.fail(ctx, "look at the columns", ErrNoTable)
	}
	if wrong := s.table.compare(columns, key); len(wrong) > 0 {
		return s.fail(ctx, "look at the columns", fmt.Errorf("%w: %s", ErrSchema, strings.Join(wrong, "; ")))
	}
	return nil
}

// kinds are the types of the columns as the database names them.
func (t table) kinds() [][2]string {
	name, hash, number := "text", "bytea", "bigint"
	switch t.dialect {
	case SQLite:
		hash, number = "blob", "integer"
	case MySQL:
		name, hash = "varbinary(64)", "binary(32)"
	}
	return [][2]string{
		{"namespace", name}, {"identity", hash}, {"digest", hash},
		{"token", number}, {"ends_at", number}, {"done_at", number},
	}
}

// compare says what is wrong with a table.
func (t table) compare(columns []column, key []string) (wrong []string) {
	own := make(map[string]bool)
	for _, want := range t.kinds() {
		name, kind := want[0], want[1]
		own[name] = true
		i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		switch {
		case i < 0 && name == "namespace":
			wrong = append(wrong, "there is no column namespace: an earlier version has made the table, "+
				"and \"Moving a store\" in docs/operating.md says how to move it")
		case i < 0:
			wrong = append(wrong, fmt.Sprintf("there is no column %s", name))
		case columns[i].kind != kind:
			wrong = append(wrong, fmt.Sprintf("the column %s is %s, want %s", name, columns[i].kind, kind))
		case name == "done_at" && columns[i].mandatory:
			wrong = append(wrong, "the column done_at must allow NULL")
		}
	}
	for _, c := range columns {
		if !own[c.name] && c.mandatory {
			wrong = append(wrong, fmt.Sprintf("there is a column %s that has to be filled in", c.name))
		}
	}
	// Without it the same identity could be claimed twice.
	if !slices.Equal(slices.Sorted(slices.Values(key)), []string{"identity", "namespace"}) {
		wrong = append(wrong, "the primary key is ("+strings.Join(key, ", ")+"), want (namespace, identity)")
	}
	return wrong
}
