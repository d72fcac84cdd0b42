package sqlstore

import (
	"context"
	"database/sql"
	"maps"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/replay"
)

// mysql is the engine of MySQL and MariaDB. A statement holds its values as text, which saves the round trips of a
// prepared statement. Where one statement is enough it is its own transaction, so no lock is held during a round trip.
type mysql struct {
	table table
	db    *sql.DB
}

// claim implements engine. MySQL has no conditional upsert and no RETURNING, so it inserts, reads, takes over expired
// rows, and reads again. Only the first step is needed for fresh keys.
func (m *mysql) claim(ctx context.Context, wanted []claim, lease int64) (map[replay.Key]row, error) {
	// Fresh keys are the common case: if all rows were inserted, all keys are claimed. IGNORE skips rows that exist.
	n, err := sqldb.Affected(m.db.ExecContext(ctx, m.table.insert("INSERT IGNORE", wanted, lease).String()))
	if err != nil {
		return nil, err
	}
	if n == int64(len(wanted)) {
		return fresh(wanted), nil
	}
	// Some rows existed. Those that were inserted come back from the read with the tokens of this call.
	known, err := m.look(ctx, wantedKeys(wanted))
	if err != nil || len(known) == len(wanted) {
		return known, err
	}
	// The remaining rows have expired. They are taken over, unless another call was first: every expression checks
	// again that the row has expired. Assignments are evaluated from left to right, so ends_at must come last: the
	// others depend on it. https://dev.mysql.com/doc/refman/8.0/en/update.html
	rest := unknown(wanted, known)
	ended := "ends_at <= " + nowIn(m.table.Dialect)
	takeOver := m.table.insert("INSERT", rest, lease).add(" ON DUPLICATE KEY UPDATE",
		" digest = IF(", ended, ", VALUES(digest), digest),",
		" token = IF(", ended, ", VALUES(token), token),",
		" done_at = IF(", ended, ", NULL, done_at),",
		" ends_at = IF(", ended, ", VALUES(ends_at), ends_at)")
	if _, err := m.db.ExecContext(ctx, takeOver.String()); err != nil {
		return nil, err
	}
	// The token in the row shows who was first.
	again, err := m.look(ctx, wantedKeys(rest))
	if err != nil {
		return nil, err
	}
	// A key that is in neither read was released in between. The caller tries it again.
	maps.Copy(known, again)
	return known, nil
}

// settle implements engine. Steps that did not take effect are read afterwards, to find out why.
func (m *mysql) settle(ctx context.Context, steps []step) (outcome, error) {
	if len(steps) == 1 {
		return m.change(ctx, m.db, steps)
	}
	// With several steps that is in one transaction: a key that was released must not be claimed by another call before
	// it is read. Its release would then count as lost.
	// READ COMMITTED locks only the rows that are found, and not the gaps between them, which would block new claims.
	tx, err := m.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return outcome{}, err
	}
	defer func() { _ = tx.Rollback() }()
	result, err := m.change(ctx, tx, steps)
	if err != nil {
		return outcome{}, err
	}
	return result, tx.Commit()
}

// begin implements engine. InnoDB locks rows when they are written, so there is nothing to do.
func (m *mysql) begin(context.Context, *sql.Tx) error { return nil }

// finish implements engine. A commit changes done_at from NULL, so each counts as an affected row.
func (m *mysql) finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error) {
	n, err := m.table.execute(ctx, tx, steps)
	return n == int64(len(steps)), err
}

// look implements engine. It reads without a lock: rows that another transaction is changing are seen as they were.
func (m *mysql) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(m.db.QueryContext(ctx, m.table.live(keys).String()))
}

// change applies steps, and reads the rows where not all of them took effect. The count does not show which ones did,
// so did is empty then and held decides by the rows. A row that already had the new values does not count.
func (m *mysql) change(ctx context.Context, q sqldb.Querier, steps []step) (outcome, error) {
	changed, err := m.table.execute(ctx, q, steps)
	if err != nil || changed == int64(len(steps)) {
		return outcome{}, err
	}
	rows, err := readRows(q.QueryContext(ctx, m.table.live(keysOf(steps)).String()))
	return outcome{did: map[replay.Key]bool{}, rows: rows}, err
}

func (m *mysql) remove(ctx context.Context, keys []replay.Key, which removed) (int64, error) {
	return sqldb.Affected(m.db.ExecContext(ctx, m.table.removal(keys, which).String()))
}
