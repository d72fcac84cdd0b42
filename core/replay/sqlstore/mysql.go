package sqlstore

import (
	"context"
	"database/sql"
	"maps"

	"github.com/sallyport-go/sallyport/core/replay"
)

// mysql is MySQL and MariaDB. Each statement carries its values and is its own transaction where one statement is
// enough, so that no lock is held while the network is waited for.
type mysql struct {
	table table
	db    *sql.DB
}

func newMySQL(t table) *mysql { return &mysql{table: t} }

func (m *mysql) use(db *sql.DB) { m.db = db }

func (m *mysql) claim(ctx context.Context, wanted []claim, lease int64) (map[replay.Key]row, error) {
	// Fresh keys are the common case, and known by their number alone. IGNORE passes over rows that are there.
	n, err := affected(m.db.ExecContext(ctx, m.table.insert("INSERT IGNORE", wanted, lease).String()))
	if err != nil {
		return nil, err
	}
	if n == int64(len(wanted)) {
		return fresh(wanted), nil
	}
	known, err := m.look(ctx, wantedKeys(wanted))
	if err != nil || len(known) == len(wanted) {
		return known, err
	}
	// What is left has ended, and is taken over, unless somebody else was first. The expressions are evaluated from
	// left to right, so that ends_at, on which the others depend, comes last. Who holds a key says its token.
	rest := unknown(wanted, known)
	ended := "ends_at <= " + nowIn(m.table.dialect)
	takeOver := m.table.insert("INSERT", rest, lease).add(" ON DUPLICATE KEY UPDATE",
		" digest = IF(", ended, ", VALUES(digest), digest),",
		" token = IF(", ended, ", VALUES(token), token),",
		" done_at = IF(", ended, ", NULL, done_at),",
		" ends_at = IF(", ended, ", VALUES(ends_at), ends_at)")
	if _, err := m.db.ExecContext(ctx, takeOver.String()); err != nil {
		return nil, err
	}
	again, err := m.look(ctx, wantedKeys(rest))
	if err != nil {
		return nil, err
	}
	maps.Copy(known, again)
	return known, nil
}

func (m *mysql) settle(ctx context.Context, steps []step) (outcome, error) {
	if len(steps) == 1 {
		return m.change(ctx, m.db, steps)
	}
	// What did not take effect is looked up in the same transaction: a key that was released must not be claimed by
	// somebody else before its holder has its answer.
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

func (m *mysql) begin(context.Context, *sql.Tx) error { return nil }

func (m *mysql) finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error) {
	n, err := m.execute(ctx, tx, steps)
	return n == int64(len(steps)), err
}

func (m *mysql) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(m.db.QueryContext(ctx, m.table.live(keys).String()))
}

// execute returns how many steps took effect.
func (m *mysql) execute(ctx context.Context, q querier, steps []step) (int64, error) {
	var changed int64
	for _, group := range groups(steps) {
		n, err := affected(q.ExecContext(ctx, m.table.change(group).String()))
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

func (m *mysql) change(ctx context.Context, q querier, steps []step) (outcome, error) {
	changed, err := m.execute(ctx, q, steps)
	if err != nil || changed == int64(len(steps)) {
		return outcome{}, err
	}
	// Which of them did not is to be seen from what is remembered now.
	rows, err := readRows(q.QueryContext(ctx, m.table.live(keysOf(steps)).String()))
	return outcome{did: map[replay.Key]bool{}, rows: rows}, err
}

func (m *mysql) remove(ctx context.Context, keys []replay.Key, endedOnly bool) (int64, error) {
	return affected(m.db.ExecContext(ctx, m.table.removal(keys, endedOnly).String()))
}
