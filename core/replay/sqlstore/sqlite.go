package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/replay"
)

// sqlite is the engine of SQLite, which has one writer at a time.
type sqlite struct {
	table  table
	db     *sql.DB
	writer *sqldb.Writer
}

// claim implements engine.
func (l *sqlite) claim(ctx context.Context, wanted []claim, lease int64) (known map[replay.Key]row, err error) {
	err = l.write(ctx, func(q sqldb.Querier) error {
		known, err = l.claimOn(ctx, q, wanted, lease)
		return err
	})
	return known, err
}

// claimOn claims with one upsert, which also takes over expired rows, and reads the keys that it did not get. Where
// write runs it again, its own claims of the first run come back from the read, with their tokens.
func (l *sqlite) claimOn(
	ctx context.Context, q sqldb.Querier, wanted []claim, lease int64,
) (map[replay.Key]row, error) {
	insert := l.table.insert("INSERT", wanted, lease).add(
		" ON CONFLICT (namespace, identity) DO UPDATE",
		" SET digest = excluded.digest, token = excluded.token, ends_at = excluded.ends_at, done_at = NULL",
		" WHERE ", l.table.Quote(l.table.Name), ".ends_at <= ", nowIn(l.table.Dialect),
		" RETURNING identity").String()
	// RETURNING returns the rows that were inserted or taken over, and not those that the WHERE left alone.
	claimed, err := readKeys(q.QueryContext(ctx, insert))
	if err != nil {
		return nil, err
	}
	if len(claimed) == len(wanted) {
		return fresh(wanted), nil
	}
	// The others are live claims, or done. They are read without a transaction: one that expires in between is missing,
	// and is tried again.
	ours := make(map[replay.Key]bool, len(claimed))
	for _, key := range claimed {
		ours[key] = true
	}
	known := make(map[replay.Key]row, len(wanted))
	var others []replay.Key
	for i := range wanted {
		if w := &wanted[i]; ours[w.key] {
			known[w.key] = row{token: w.token, digest: w.digest}
		} else {
			others = append(others, w.key)
		}
	}
	rows, err := readRows(q.QueryContext(ctx, l.table.live(others).String()))
	maps.Copy(known, rows)
	return known, err
}

// settle implements engine.
func (l *sqlite) settle(ctx context.Context, steps []step) (outcome, error) {
	result := outcome{did: make(map[replay.Key]bool, len(steps))}
	err := l.write(ctx, func(q sqldb.Querier) error { return l.settleOn(ctx, q, steps, &result) })
	return result, err
}

// settleOn applies steps, a statement for each group, and reads the rows of those that did not take effect. Where write
// runs it again, result keeps what took effect in the first run.
func (l *sqlite) settleOn(ctx context.Context, q sqldb.Querier, steps []step, result *outcome) error {
	for _, group := range groups(steps) {
		did, err := readKeys(q.QueryContext(ctx, l.table.change(group).add(" RETURNING identity").String()))
		if err != nil {
			return err
		}
		for _, key := range did {
			result.did[key] = true
		}
	}
	if len(result.did) == len(steps) {
		return nil
	}
	// The write lock of this process is still held, so only another process can have changed the rest in between.
	var others []replay.Key
	for _, key := range keysOf(steps) {
		if !result.did[key] {
			others = append(others, key)
		}
	}
	rows, err := readRows(q.QueryContext(ctx, l.table.live(others).String()))
	result.rows = rows
	return err
}

// begin implements engine. It takes the write lock at once. A transaction that reads before it writes cannot wait for
// the lock: SQLite refuses it with SQLITE_BUSY if another connection has written since
// (https://www.sqlite.org/isolation.html).
func (l *sqlite) begin(ctx context.Context, tx *sql.Tx) (err error) {
	restore, err := sqldb.StopWaiting(ctx, tx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	return patiently(ctx, func() error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+l.table.SQL()+" WHERE 1 = 0")
		return err
	})
}

// finish implements engine. SQLite counts each matched row as changed, so the count shows whether all claims were held.
func (l *sqlite) finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error) {
	n, err := l.table.execute(ctx, tx, steps)
	return n == int64(len(steps)), err
}

// look implements engine. In WAL mode a reader waits for no writer, so it needs no turn.
func (l *sqlite) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(l.db.QueryContext(ctx, l.table.live(keys).String()))
}

// remove implements engine.
func (l *sqlite) remove(ctx context.Context, keys []replay.Key, which removed) (n int64, err error) {
	err = l.write(ctx, func(q sqldb.Querier) error {
		n, err = sqldb.Affected(q.ExecContext(ctx, l.table.removal(keys, which).String()))
		return err
	})
	return n, err
}

// write runs f as the one writer of this process. It runs f again while another process holds the write lock, so f must
// be safe to repeat. Each statement of f commits by itself.
func (l *sqlite) write(ctx context.Context, f func(q sqldb.Querier) error) error {
	return l.writer.Do(ctx, l.db, func(conn *sql.Conn) error {
		return patiently(ctx, func() error { return f(conn) })
	})
}

// patiently calls f until the database is not locked any more, or ctx ends. It sleeps 1 to 20 ms in between.
func patiently(ctx context.Context, f func() error) error {
	const shortest, longest = time.Millisecond, 20 * time.Millisecond
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := f()
		if err == nil || !isKind(err, sqldb.Locked) {
			return err
		}
		if waited := sqldb.Sleep(ctx, pause); waited != nil {
			return fmt.Errorf("%w while another connection held the write lock", waited)
		}
	}
}
