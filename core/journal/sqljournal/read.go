package sqljournal

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Load implements [journal.Store]. In the receiver's transaction it sees what that has written. On
// MySQL it locks the rows there: otherwise it would read, in REPEATABLE READ, what an update does not
// find any more.
func (s *store) Load(ctx context.Context, ids []journal.ID) (found []journal.Row, err error) {
	if err := ctx.Err(); err != nil || len(ids) == 0 {
		return nil, err
	}
	tx := s.joined(ctx)
	for part := range slices.Chunk(ids, chunkRows) {
		// By the primary key. An ID stands in the statement as it is: the journal has checked it.
		st := s.statement("SELECT ", columns, " FROM ", s.table.SQL(), " WHERE ").own(s).ids(part)
		var rows []journal.Row
		switch {
		case tx == nil:
			rows, err = scan(st.query(ctx, s.db))
		case s.table.Dialect == sqltx.MySQL:
			rows, err = scan(st.add(" FOR UPDATE").query(ctx, tx))
		default:
			rows, err = scan(st.query(ctx, tx))
		}
		if err != nil {
			return nil, s.fail(ctx, "load", err)
		}
		found = append(found, rows...)
	}
	return found, nil
}

// List implements [journal.Store]. Each state is read from an index in the order of the list, no more
// rows than the page has; then they are merged.
func (s *store) List(ctx context.Context, page journal.Page) ([]journal.Row, error) {
	// Not every dialect takes LIMIT 0, and SQLite takes a negative one for none.
	if err := ctx.Err(); err != nil || page.Limit <= 0 {
		return nil, err
	}
	states := page.States
	// Every state by its own index: one index over all of them would lead through a million closed
	// entries to ten open ones.
	if len(states) == 0 {
		states = journal.States()
	}
	// A state that is given twice must not list its rows twice.
	states = slices.Compact(slices.Sorted(slices.Values(states)))
	const order = " ORDER BY changed_at DESC, id DESC LIMIT "
	// The content stays in the database: a list is made of short columns, which the index leads to.
	fields := strings.Replace(columns, "content", "NULL AS content", 1)
	from := s.by(stateIndex)
	if page.Endpoint != "" {
		from = s.by(endpointIndex)
	}
	// No transaction is joined: a list is for people and sweeps, and may be of another moment.
	st := s.statement()
	for i, state := range states {
		if i > 0 {
			st.add(" UNION ALL ")
		}
		st.add("SELECT * FROM (SELECT ", fields, " FROM ", from, " WHERE ").own(s)
		if page.Endpoint != "" {
			st.add(" AND endpoint = ").string(page.Endpoint)
		}
		st.add(" AND state = ").number(int64(state)).behind(page.Before)
		st.add(order).number(int64(page.Limit)).add(") AS s", string('0'+rune(i)))
	}
	st.add(order).number(int64(page.Limit))
	rows, err := scan(st.query(ctx, s.db))
	return rows, s.fail(ctx, "list", err)
}

// behind writes the condition that a row stands behind a cursor. MySQL finds its place in the index
// only by a plain comparison of the first column.
func (st *statement) behind(c journal.Cursor) *statement {
	if c == (journal.Cursor{}) {
		return st
	}
	// The pair of columns is in the order of the index, so that a page begins where the last one ended,
	// without a walk.
	at, id := c.At.UnixMicro(), string(c.ID)
	if st.dialect == sqltx.MySQL {
		st.add(" AND changed_at <= ").number(at).add(" AND (changed_at < ").number(at)
		return st.add(" OR id < ").string(id).add(")")
	}
	return st.add(" AND (changed_at, id) < (").number(at).add(",").string(id).add(")")
}

// Delete implements [journal.Store].
func (s *store) Delete(ctx context.Context, ids []journal.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for part := range slices.Chunk(slices.Sorted(slices.Values(ids)), chunkRows) {
		// Sorted, as Save sorts: two calls lock what they share in one order.
		st := s.statement("DELETE FROM ", s.table.SQL(), " WHERE ").own(s).ids(part)
		if err := s.remove(ctx, st); err != nil {
			return s.fail(ctx, "delete", err)
		}
	}
	return nil
}

// Prune implements [journal.Pruner].
func (s *store) Prune(ctx context.Context, rows []journal.Row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for part := range slices.Chunk(rows, chunkRows) {
		// The condition on IDs is for the primary key: not every planner finds it by the pairs.
		ids := make([]journal.ID, len(part))
		for i := range part {
			ids[i] = part[i].ID
		}
		slices.Sort(ids)
		st := s.statement("DELETE FROM ", s.table.SQL(), " WHERE ").own(s).ids(ids).add(" AND (id, revision) IN (")
		if s.table.Dialect == sqltx.SQLite {
			st.add("VALUES ")
		}
		st.list(len(part), func(i int) {
			st.add("(").string(string(part[i].ID)).add(",").number(int64(part[i].Revision)).add(")")
		})
		if err := s.remove(ctx, st.add(")")); err != nil {
			return s.fail(ctx, "prune", err)
		}
	}
	return nil
}

// remove deletes, never in the receiver's transaction: it is not the receiver's event that is erased.
func (s *store) remove(ctx context.Context, st *statement) error {
	return s.write(ctx, func(q beginner) error {
		_, err := st.exec(ctx, q)
		return err
	})
}

// scan reads rows, to the end.
func scan(rows *sql.Rows, err error) ([]journal.Row, error) {
	return sqldb.All(rows, err, func(rows *sql.Rows) (r journal.Row, err error) {
		// A text column is a string or bytes, as the driver likes: Scan takes both.
		var (
			revision, at int64
			state        uint8
		)
		err = rows.Scan((*string)(&r.ID), &revision, &state, &r.Endpoint, &at, &r.Blob)
		r.Revision, r.State, r.At = uint64(revision), journal.State(state), time.UnixMicro(at).UTC()
		return r, err
	})
}
