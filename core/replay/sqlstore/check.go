package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
)

// checker is the part of an engine that describes the server and the table, for the checks of New.
type checker interface {
	// server returns nil if the server is of the dialect and suitable. If it is not, the error is an unfitError with
	// the reason. Any other error is the driver's.
	server(ctx context.Context) error

	// columns returns the table's columns, and the names of those of its primary key. Without a table there are none.
	columns(ctx context.Context) (columns []column, key []string, err error)
}

// column is a column of the table in the database.
type column struct {
	name, kind string
	mandatory  bool // NOT NULL and without default: an INSERT must set it
}

// check checks that the store can work. It fails closed, at start: a missing right or a missing primary key would
// otherwise show at the first delivery, or never. The order is that of the causes, so the first error names the real
// one.
func (s *Store) check(ctx context.Context) error {
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if err := s.try(ctx, "SELECT", "SELECT 1 FROM "+s.table.SQL()+" WHERE 1 = 0"); err != nil {
		return err
	}
	if err := s.checkColumns(ctx); err != nil {
		return err
	}
	// These statements change nothing, but the database checks the rights for them, and that it accepts writes.
	// Databases check rights before they run a statement, so WHERE 1 = 0 does not skip the check.
	const columns = "namespace, identity, digest, token, ends_at, done_at"
	name := s.table.SQL()
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

// try runs a statement that changes no row, to find out whether the user has the right for it.
func (s *Store) try(ctx context.Context, right, statement string) error {
	if _, err := s.db.ExecContext(ctx, statement); err != nil {
		return s.fail(ctx, "check whether "+right+" is possible", err)
	}
	return nil
}

// checkServer checks kind and version of the server. A server that does not know the function for the version is
// probably one of another dialect, and the error then says so.
func (s *Store) checkServer(ctx context.Context) error {
	err := s.engine.server(ctx)
	if err == nil {
		return nil
	}
	if unfit, ok := errors.AsType[*unfitError](err); ok {
		return fmt.Errorf("sqlstore: %w for %v: %s", ErrServer, s.table.Dialect, unfit.why)
	}
	failed := s.fail(ctx, "read the server's version", err)
	if (isKind(err, sqldb.Other) || isKind(err, sqldb.Schema)) && ctx.Err() == nil {
		return fmt.Errorf("%w: does the dialect %v fit the database? %w", ErrServer, s.table.Dialect, failed)
	}
	return failed
}

// checkColumns checks that the table has the columns and the primary key of this version. It reports every difference
// at once.
func (s *Store) checkColumns(ctx context.Context) error {
	columns, key, err := s.engine.columns(ctx)
	if err != nil {
		return s.fail(ctx, "check the columns", err)
	}
	if len(columns) == 0 {
		return s.fail(ctx, "check the columns", ErrNoTable)
	}
	if wrong := s.table.compare(columns, key); len(wrong) > 0 {
		return s.fail(ctx, "check the columns", fmt.Errorf("%w: %s", ErrSchema, strings.Join(wrong, "; ")))
	}
	return nil
}

// kinds returns the names and types of the columns, in the names that the database uses for the types.
func (t table) kinds() [][2]string {
	name, hash, number := "text", "bytea", "bigint"
	switch t.Dialect {
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

// compare returns what is wrong with a table, in words for the operator. Additional columns are allowed if an INSERT
// need not set them: an operator may add some.
func (t table) compare(columns []column, key []string) (wrong []string) {
	own := make(map[string]bool)
	// The types are compared exactly: another one may round, truncate, or compare differently.
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
	// Fails closed: without the primary key the same identity could be claimed twice. The order of its columns does not
	// matter.
	if !slices.Equal(slices.Sorted(slices.Values(key)), []string{"identity", "namespace"}) {
		wrong = append(wrong, "the primary key is ("+strings.Join(key, ", ")+"), want (namespace, identity)")
	}
	return wrong
}
