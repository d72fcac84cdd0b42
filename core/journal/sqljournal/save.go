package sqljournal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

const (
	chunkRows  = 500     // of a statement: few enough for every engine's limits
	chunkBytes = 4 << 20 // of their content, more only for a single row: MySQL bounds a statement
	savepoint  = "sallyport_journal"
)

// Save implements [journal.Store]. A single row is one statement. Several are saved in a transaction of
// their own, or behind a savepoint in the receiver's.
func (s *store) Save(ctx context.Context, rows []journal.Row) error {
	// A context that has ended changes nothing. A statement without rows is not SQL.
	if err := ctx.Err(); err != nil || len(rows) == 0 {
		return err
	}
	for i := range rows {
		// Fails closed: MySQL's INSERT IGNORE would cut off what is too long.
		if len(rows[i].ID) > journal.MaxID || len(rows[i].Endpoint) > journal.MaxEndpoint {
			return fmt.Errorf("sqljournal: row %.80q has an ID or an endpoint that is too long", rows[i].ID)
		}
	}
	// In one order, so that two batches lock what they share one after the other.
	rows = slices.SortedFunc(slices.Values(rows), func(a, b journal.Row) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
	var err error
	// In SQLite the transaction is the writer already: to wait for the others here would wait for
	// oneself.
	if tx := s.joined(ctx); tx != nil {
		err = s.saveIn(ctx, tx, rows)
	} else {
		err = s.write(ctx, func(q beginner) error { return s.saveAlone(ctx, q, rows) })
	}
	return s.fail(ctx, "save", err)
}

// joined returns the transaction that the receiver of this context's event has begun, if it is of the
// store's database.
func (s *store) joined(ctx context.Context) *sql.Tx {
	// By the handle, not by its address: another pool of the same database has other connections.
	if tx, db := sqltx.Begun(ctx); db == s.db {
		return tx
	}
	return nil
}

// saveAlone saves rows outside of any transaction.
func (s *store) saveAlone(ctx context.Context, q beginner, rows []journal.Row) error {
	if len(rows) == 1 {
		return s.saveRows(ctx, q, rows)
	}
	// A stricter level would answer a concurrent change with an error, where this one lets the update
	// find no row.
	options := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	if s.table.Dialect == sqltx.SQLite {
		options = nil // it has one level
	}
	tx, err := q.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	// All or none: what was written of the batch is undone.
	if err := s.saveRows(ctx, tx, rows); err != nil {
		return errors.Join(err, undone(tx.Rollback()))
	}
	return tx.Commit()
}

// saveIn saves rows in the receiver's transaction. Where one of them has changed it takes back the
// others: the transaction goes on, and the journal tries again.
func (s *store) saveIn(ctx context.Context, tx *sql.Tx, rows []journal.Row) error {
	if len(rows) == 1 {
		return s.saveRows(ctx, tx, rows)
	}
	// The app's own writes stand before it, and stay.
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+savepoint); err != nil {
		return err
	}
	// The outcome is returned only once the savepoint is gone: it must not stay open in the app's
	// transaction.
	saved := s.saveRows(ctx, tx, rows)
	if errors.Is(saved, journal.ErrChanged) {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+savepoint); err != nil {
			return err
		}
	} else if saved != nil {
		// Whatever else it was, the receiver's transaction is not the journal's to end.
		return saved // an error of the database: the transaction is over in PostgreSQL, and the guard rolls it back
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT "+savepoint); err != nil {
		return err
	}
	return saved
}

// saveRows inserts new rows and updates known ones. It returns ErrChanged where it changed fewer rows
// than there are.
func (s *store) saveRows(ctx context.Context, q sqldb.Querier, rows []journal.Row) error {
	// Two kinds of statement, each for all of its rows at once.
	var fresh, known []journal.Row
	for _, r := range rows {
		if r.Revision == 0 {
			fresh = append(fresh, r)
		} else {
			known = append(known, r)
		}
	}
	// The first statement that changes too few rows ends it: the caller undoes the others.
	for part := range chunks(fresh) {
		if err := changed(len(part))(s.insert(part).exec(ctx, q)); err != nil {
			return err
		}
	}
	for part := range chunks(known) {
		if err := changed(len(part))(s.update(part).exec(ctx, q)); err != nil {
			return err
		}
	}
	return nil
}

// changed makes fewer rows than were given ErrChanged: an insert that found the row, or an update that
// did not find its revision. Both statements change nothing else.
func changed(want int) func(int64, error) error {
	return func(n int64, err error) error {
		if err == nil && n != int64(want) {
			return journal.ErrChanged
		}
		return err
	}
}

// chunks splits rows into those of one statement.
func chunks(rows []journal.Row) func(yield func([]journal.Row) bool) {
	return func(yield func([]journal.Row) bool) {
		for len(rows) > 0 {
			n, size := 0, 0
			// A row that is larger than a chunk goes alone.
			for n < len(rows) && n < chunkRows && (n == 0 || size+len(rows[n].Blob) <= chunkBytes) {
				size += len(rows[n].Blob)
				n++
			}
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// insert writes new rows and passes over those that exist: a violation of the key would end the
// receiver's transaction in PostgreSQL.
func (s *store) insert(rows []journal.Row) *statement {
	// IGNORE passes over other faults of a row, too, such as a text that is too long: Save has checked
	// for them.
	verb, otherwise := "INSERT", " ON CONFLICT DO NOTHING"
	if s.table.Dialect == sqltx.MySQL {
		verb, otherwise = "INSERT IGNORE", ""
	}
	st := s.statement(verb, " INTO ", s.table.SQL(), " (namespace, ", columns, ") VALUES ")
	st.list(len(rows), func(i int) {
		st.add("(").string(s.namespace).add(",")
		st.row(&rows[i], 1, plain).add(")")
	})
	return st.add(otherwise)
}

// update writes known rows whose revision is the stored one.
func (s *store) update(rows []journal.Row) *statement {
	const set = " SET revision = v.revision + 1, state = v.state, endpoint = v.endpoint, changed_at = v.changed_at," +
		" content = v.content"
	name := s.table.SQL()
	// The common case, as a plain statement that every driver prepares once.
	if len(rows) == 1 {
		r := &rows[0]
		st := s.statement("UPDATE ", name, " SET revision = ").number(int64(r.Revision) + 1)
		st.add(", state = ").number(int64(r.State)).add(", endpoint = ").string(r.Endpoint)
		st.add(", changed_at = ").number(r.At.UnixMicro()).add(", content = ").bytes(r.Blob).add(" WHERE ").own(s)
		return st.add(" AND id = ").string(string(r.ID)).add(" AND revision = ").number(int64(r.Revision))
	}
	if s.table.Dialect == sqltx.MySQL {
		// The two servers have no common form of a table of values, but for a union.
		st := s.statement("UPDATE ", name, " AS t JOIN (")
		for i := range rows {
			if i > 0 {
				st.add(" UNION ALL ")
			}
			st.add("SELECT ").row(&rows[i], 0, named)
		}
		st.add(") AS v ON t.id = v.id AND t.revision = v.revision")
		st.add(strings.ReplaceAll(strings.ReplaceAll(set, " SET ", " SET t."), ", ", ", t."))
		return st.add(" WHERE t.").own(s)
	}
	// PostgreSQL and SQLite join the table with the values.
	st := s.statement("WITH v (", columns, ") AS (VALUES ")
	st.list(len(rows), func(i int) {
		st.add("(").row(&rows[i], 0, cast).add(")")
	})
	st.add(") UPDATE ", name, set, " FROM v WHERE ", name, ".").own(s)
	return st.add(" AND ", name, ".id = v.id AND ", name, ".revision = v.revision")
}

// form says how the values of a row are written.
type form int

const (
	plain form = iota
	named      // each with the name of its column
	cast       // in PostgreSQL each with its type, which it cannot infer from a table of values
)

// row writes the values of a row, in the order of columns. more is added to the revision.
func (st *statement) row(r *journal.Row, more int64, f form) *statement {
	// The first row of a table of values sets its names and types. The others repeat them, at the cost
	// of a few bytes.
	end := func(name, kind string) {
		switch {
		case f == named:
			st.add(" AS ", name)
		case f == cast && st.dialect == sqltx.PostgreSQL:
			st.add("::", kind)
		}
	}
	// In the order of columns.
	st.string(string(r.ID))
	end("id", "text")
	st.add(",").number(int64(r.Revision) + more)
	end("revision", "bigint")
	st.add(",").number(int64(r.State))
	end("state", "smallint")
	st.add(",").string(r.Endpoint)
	end("endpoint", "text")
	st.add(",").number(r.At.UnixMicro())
	end("changed_at", "bigint")
	st.add(",").bytes(r.Blob)
	end("content", "bytea")
	return st
}

// undone drops the error of a rollback whose transaction is over already.
func undone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
