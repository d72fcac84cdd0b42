package sqljournal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// check looks whether the journal can work: at the table, and at the user's rights. It fails closed at
// the start, where somebody is looking, and not at the first event that fails.
func (s *store) check(ctx context.Context) error {
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if err := s.checkColumns(ctx); err != nil || s.readOnly {
		return err
	}
	// Statements that do nothing, but need the right and a database that takes writes.
	name := s.table.SQL()
	// In the order in which an operator grants them.
	for _, attempt := range [][2]string{
		{"INSERT", "INSERT INTO " + name + " (namespace, " + columns + ") SELECT namespace, " + columns +
			" FROM " + name + " WHERE 1 = 0"},
		{"UPDATE", "UPDATE " + name + " SET revision = revision WHERE 1 = 0"},
		{"DELETE", "DELETE FROM " + name + " WHERE 1 = 0"},
	} {
		err := s.write(ctx, func(q beginner) error {
			_, err := q.ExecContext(ctx, attempt[1])
			return err
		})
		if err != nil {
			return s.fail(ctx, "check whether "+attempt[0]+" is possible", err)
		}
	}
	return nil
}

// checkServer looks at what would break a promise silently: an engine of MySQL that does not roll back,
// and a journal mode of SQLite in which readers and writers lock each other out.
func (s *store) checkServer(ctx context.Context) error {
	schema := "DATABASE()"
	if s.table.Schema != "" {
		schema = "'" + s.table.Schema + "'"
	}
	// PostgreSQL has nothing of the kind to get wrong.
	var query, want string
	switch s.table.Dialect {
	case sqltx.MySQL:
		if on, err := sqldb.Autocommit(ctx, s.db); err != nil {
			return s.fail(ctx, "look at the server", err)
		} else if !on && !s.readOnly {
			return s.fail(ctx, "look at the server", fmt.Errorf("%w: %s", ErrServer, sqldb.NoAutocommit))
		}
		query = "SELECT engine FROM information_schema.tables WHERE table_schema = " + schema + " AND table_name = '" +
			s.table.Name + "'"
		want = "InnoDB"
	case sqltx.SQLite:
		query, want = "PRAGMA journal_mode", "wal"
	default:
		return nil
	}
	var got sql.NullString
	err := s.db.QueryRowContext(ctx, query).Scan(&got)
	switch {
	// The check of the columns says so better.
	case errors.Is(err, sql.ErrNoRows): // there is no table yet
		return nil
	case err != nil:
		return s.fail(ctx, "look at the server", err)
	case !strings.EqualFold(got.String, want):
		return s.fail(ctx, "look at the server", fmt.Errorf("%w: its engine or journal mode is %q, want %s", ErrServer,
			got.String, want))
	}
	return nil
}

// checkColumns asks for the columns of this version, and MySQL for the indexes that lists name, by their names, so
// that the server says which is missing. A column more is no harm, unless an INSERT must fill it in: the check of
// INSERT notices.
func (s *store) checkColumns(ctx context.Context) error {
	for _, from := range slices.Compact([]string{s.table.SQL(), s.by(stateIndex, endpointIndex)}) {
		// By name: a "*" that a driver has prepared before the table changed would fail by itself.
		rows, err := s.db.QueryContext(ctx, "SELECT namespace, "+columns+" FROM "+from+" WHERE 1 = 0")
		if err == nil {
			err = errors.Join(rows.Err(), rows.Close())
		}
		if err != nil {
			return s.fail(ctx, "look at the columns", err)
		}
	}
	return nil
}
