package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// sqlite is the engine of SQLite, which has one writer at a time. Calls wait for it here, and no longer than their
// context. SQLite itself would wait for the busy_timeout of the connection, whatever the context does.
type sqlite struct {
	table  table
	db     *sql.DB
	writer chan struct{} // holds one: the calls of this process wait here, and not by polling
}

func newSQLite(t table) *sqlite { return &sqlite{table: t, writer: make(chan struct{}, 1)} }

func (l *sqlite) use(db *sql.DB) { l.db = db }

// claim implements engine.
func (l *sqlite) claim(ctx context.Context, wanted []claim, lease int64) (known map[replay.Key]row, err error) {
	err = l.write(ctx, func(q querier) error {
		known, err = l.claimOn(ctx, q, wanted, lease)
		return err
	})
	return known, err
}

// claimOn claims with one upsert, which also takes over expired rows, and reads the keys that it did not get. Where
// write runs it again, its own claims of the first run come back from the read, with their tokens.
func (l *sqlite) claimOn(ctx context.Context, q querier, wanted []claim, lease int64) (map[replay.Key]row, error) {
	insert := l.table.insert("INSERT", wanted, lease).add(
		" ON CONFLICT (namespace, identity) DO UPDATE",
		" SET digest = excluded.digest, token = excluded.token, ends_at = excluded.ends_at, done_at = NULL",
		" WHERE ", l.table.quote(l.table.name), ".ends_at <= ", nowIn(l.table.dialect),
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
	err := l.write(ctx, func(q querier) error { return l.settleOn(ctx, q, steps, &result) })
	return result, err
}

// settleOn applies steps, a statement for each group, and reads the rows of those that did not take effect. Where write
// runs it again, result keeps what took effect in the first run.
func (l *sqlite) settleOn(ctx context.Context, q querier, steps []step, result *outcome) error {
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
func (l *sqlite) begin(ctx context.Context, tx *sql.Tx) error {
	return l.patiently(ctx, tx, func() error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+l.table.sql()+" WHERE 1 = 0")
		return err
	})
}

// finish implements engine. SQLite counts each matched row as changed, so the count shows whether all claims were held.
func (l *sqlite) finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error) {
	var changed int64
	for _, group := range groups(steps) {
		n, err := affected(tx.ExecContext(ctx, l.table.change(group).String()))
		if err != nil {
			return false, err
		}
		changed += n
	}
	return changed == int64(len(steps)), nil
}

// look implements engine. In WAL mode a reader waits for no writer, so it needs no turn.
func (l *sqlite) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(l.db.QueryContext(ctx, l.table.live(keys).String()))
}

// remove implements engine.
func (l *sqlite) remove(ctx context.Context, keys []replay.Key, endedOnly bool) (n int64, err error) {
	err = l.write(ctx, func(q querier) error {
		n, err = affected(q.ExecContext(ctx, l.table.removal(keys, endedOnly).String()))
		return err
	})
	return n, err
}

// write runs f as the one writer of this process. It runs f again while another process holds the write lock, so f must
// be safe to repeat. Each statement of f commits by itself.
func (l *sqlite) write(ctx context.Context, f func(q querier) error) error {
	// Waiting on a channel ends with the context, and wakes up at once when the writer is done.
	select {
	case l.writer <- struct{}{}:
		defer func() { <-l.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// One connection for all statements of f: the busy_timeout belongs to a connection.
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	err = l.patiently(ctx, conn, func() error { return f(conn) })
	if errors.Is(err, errNotRestored) {
		// The app must not get a connection that does not wait. ErrBadConn makes the pool close it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

var errNotRestored = errors.New("sqlstore: the connection's busy_timeout could not be restored")

// patiently calls f until the database is not locked any more, or ctx ends. It sleeps 1 to 20 ms in between.
func (l *sqlite) patiently(ctx context.Context, q querier, f func() error) (err error) {
	restore, err := l.ownWaiting(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	const shortest, longest = time.Millisecond, 20 * time.Millisecond
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := f()
		if err == nil || !isBusy(err) {
			return err
		}
		if waited := sleep(ctx, pause); waited != nil {
			return fmt.Errorf("%w while another connection held the write lock", waited)
		}
	}
}

// ownWaiting switches off the connection's own waiting (busy_timeout) until restore is called. The driver would
// otherwise ignore the context for that time.
func (l *sqlite) ownWaiting(ctx context.Context, q querier) (restore func() error, err error) {
	var timeout int64
	rows, err := q.QueryContext(ctx, "PRAGMA busy_timeout")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		err = errors.Join(err, rows.Scan(&timeout))
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	// Already off: nothing to switch, and nothing to restore.
	if timeout == 0 {
		return func() error { return nil }, nil
	}
	if _, err := q.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return nil, err
	}
	return func() error {
		// Even after the end of ctx: the app gets this connection back.
		_, err := q.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", timeout))
		if err != nil {
			return errNotRestored
		}
		return nil
	}, nil
}

// isBusy reports whether SQLite refused because another connection holds a lock. The texts are for drivers without a
// method Code, such as mattn/go-sqlite3.
func isBusy(err error) bool {
	if code, ok := sqliteCode(err); ok {
		return code == sqliteBusy || code == sqliteLocked
	}
	return strings.Contains(err.Error(), "database is locked") || strings.Contains(err.Error(), "table is locked")
}

// sleep waits for d. It returns the context's error if ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
