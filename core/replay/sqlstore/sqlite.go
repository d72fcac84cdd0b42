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

// sqlite has one writer at a time. Who has to wait for it waits here, and no longer than its context: SQLite itself
// would wait for as long as the connection's busy_timeout says, whatever the context does.
type sqlite struct {
	table  table
	db     *sql.DB
	writer chan struct{} // holds one: this process does not compete with itself
}

func newSQLite(t table) *sqlite { return &sqlite{table: t, writer: make(chan struct{}, 1)} }

func (l *sqlite) use(db *sql.DB) { l.db = db }

func (l *sqlite) claim(ctx context.Context, wanted []claim, lease int64) (known map[replay.Key]row, err error) {
	err = l.write(ctx, func(q querier) error {
		known, err = l.claimOn(ctx, q, wanted, lease)
		return err
	})
	return known, err
}

func (l *sqlite) claimOn(ctx context.Context, q querier, wanted []claim, lease int64) (map[replay.Key]row, error) {
	insert := l.table.insert("INSERT", wanted, lease).add(
		" ON CONFLICT (namespace, identity) DO UPDATE",
		" SET digest = excluded.digest, token = excluded.token, ends_at = excluded.ends_at, done_at = NULL",
		" WHERE ", l.table.quote(l.table.name), ".ends_at <= ", nowIn(l.table.dialect),
		" RETURNING identity").String()
	claimed, err := readKeys(q.QueryContext(ctx, insert))
	if err != nil {
		return nil, err
	}
	if len(claimed) == len(wanted) {
		return fresh(wanted), nil
	}
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

func (l *sqlite) settle(ctx context.Context, steps []step) (outcome, error) {
	result := outcome{did: make(map[replay.Key]bool, len(steps))}
	err := l.write(ctx, func(q querier) error { return l.settleOn(ctx, q, steps, &result) })
	return result, err
}

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

// begin takes the write lock at once. A transaction that had read before it wrote could not wait for the lock any
// more: SQLite would refuse with SQLITE_BUSY whenever somebody else has written since.
func (l *sqlite) begin(ctx context.Context, tx *sql.Tx) error {
	return l.patiently(ctx, tx, func() error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+l.table.sql()+" WHERE 1 = 0")
		return err
	})
}

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

func (l *sqlite) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(l.db.QueryContext(ctx, l.table.live(keys).String()))
}

func (l *sqlite) remove(ctx context.Context, keys []replay.Key, endedOnly bool) (n int64, err error) {
	err = l.write(ctx, func(q querier) error {
		n, err = affected(q.ExecContext(ctx, l.table.removal(keys, endedOnly).String()))
		return err
	})
	return n, err
}

// write runs f, whose statements each commit by themselves, as the one writer of this process, again and again while
// another process has the write lock.
func (l *sqlite) write(ctx context.Context, f func(q querier) error) error {
	select {
	case l.writer <- struct{}{}:
		defer func() { <-l.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	err = l.patiently(ctx, conn, func() error { return f(conn) })
	if errors.Is(err, errNotRestored) {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // not for the app's use any more
	}
	return err
}

var errNotRestored = errors.New("sqlstore: the connection's busy_timeout could not be restored")

// patiently calls f until the database is not locked any more, or ctx ends.
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

// ownWaiting switches the connection's own waiting off until restore is called.
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
	if timeout == 0 {
		return func() error { return nil }, nil
	}
	if _, err := q.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return nil, err
	}
	return func() error {
		_, err := q.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", timeout))
		if err != nil {
			return errNotRestored
		}
		return nil
	}, nil
}

// isBusy says whether SQLite refused because another connection holds a lock.
func isBusy(err error) bool {
	if code, ok := sqliteCode(err); ok {
		return code == sqliteBusy || code == sqliteLocked
	}
	return strings.Contains(err.Error(), "database is locked") || strings.Contains(err.Error(), "table is locked")
}

// sleep returns the context's error if it ends first.
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
