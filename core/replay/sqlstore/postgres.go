package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/replay"
)

// postgres is the engine of PostgreSQL. A call is one statement. It is two where a single key is not free, or not held
// any more. The texts never change, so a driver prepares each once. Batches are arrays in text form, which every driver
// can send.
//
// Every statement is its own transaction. The claims depend on READ COMMITTED: a statement that waited for a row lock
// reads the row again and checks its conditions once more.
// https://www.postgresql.org/docs/current/transaction-iso.html
type postgres struct {
	table               table
	db                  *sql.DB
	claimSQL, settleSQL string // of batches
	claimOneSQL         string
	changeOneSQL        [extend + 1]string // by verb
	lookSQL             string
	removeSQL           [freeRow + 1]string // by kind
}

// newPostgres returns the engine, with the texts of its statements. Only checked names become part of a text; values
// are parameters.
func newPostgres(t table, db *sql.DB) *postgres {
	now, name, owner := nowIn(t.Dialect), t.SQL(), t.owner()
	// "= ANY" lets the planner use the primary key, whatever the size of the table was when the statement was prepared.
	// The joins are then made in memory. The inner SELECT makes it read the array once, and not for every row.
	keys := "r." + t.own() + " AND r.identity = ANY((SELECT $1::text::bytea[])::bytea[])"
	one := " WHERE " + t.own() + " AND identity = $1::bytea AND token = $2::bigint"
	return &postgres{
		table:    t,
		db:       db,
		claimSQL: claimSQL(name, owner, now, keys),
		// A single claim inserts, or takes over an expired row. The WHERE is checked on the locked row. A live row
		// makes it change nothing, and the count of rows is 0.
		claimOneSQL: "INSERT INTO " + name + " AS r (namespace, identity, digest, token, ends_at)" +
			" VALUES (" + owner + ", $1::bytea, $2::bytea, $3::bigint, " + now + " + $4::bigint)" +
			" ON CONFLICT (namespace, identity) DO UPDATE" +
			" SET digest = excluded.digest, token = excluded.token, ends_at = excluded.ends_at, done_at = NULL" +
			" WHERE r.ends_at <= " + now,
		// The rows are locked first, in the order of the keys, and then read. The names verb and 1, 2 are the constants
		// commit and release. The result shows each row as it was before, so the caller finds out which were its own.
		settleSQL: `WITH held AS MATERIALIZED (
  SELECT r.identity, r.token, r.digest, r.ends_at, r.done_at, i.verb, i.span, ` + now + ` AS now,
    r.token = i.token AND r.done_at IS NULL AS mine
  FROM ` + name + ` AS r
  JOIN unnest($1::text::bytea[], $2::text::bigint[], $3::text::int[], $4::text::bigint[])
    AS i(identity, token, verb, span) ON i.identity = r.identity
  WHERE ` + keys + ` AND r.ends_at > ` + now + `
  ORDER BY r.identity FOR UPDATE OF r
), kept AS (
  UPDATE ` + name + ` AS r SET
    done_at = CASE h.verb WHEN 1 THEN h.now END,
    ends_at = CASE h.verb WHEN 1 THEN h.now + h.span ELSE greatest(r.ends_at, h.now + h.span) END
  FROM held AS h WHERE ` + keys + ` AND r.identity = h.identity AND h.mine AND h.verb <> 2
), gone AS (
  DELETE FROM ` + name + ` AS r
  USING held AS h WHERE ` + keys + ` AND r.identity = h.identity AND h.mine AND h.verb = 2
)
SELECT identity, token, digest, ends_at, done_at, now FROM held`,
		// The release uses its third parameter only to give it a type: PostgreSQL refuses a parameter that is not used.
		changeOneSQL: [...]string{
			commit: "UPDATE " + name + " SET done_at = " + now + ", ends_at = " + now + " + $3::bigint" +
				one + " AND done_at IS NULL AND ends_at > " + now,
			extend: "UPDATE " + name + " SET ends_at = greatest(ends_at, " + now + " + $3::bigint)" +
				one + " AND done_at IS NULL AND ends_at > " + now,
			release: "DELETE FROM " + name + one + " AND done_at IS NULL AND $3::bigint IS NOT NULL",
		},
		// Expired rows count as absent everywhere. Only the pruning and the take-over see them.
		lookSQL: "SELECT r.identity, r.token, r.digest, r.ends_at, r.done_at, " + now +
			" FROM " + name + " AS r WHERE " + keys + " AND r.ends_at > " + now,
		removeSQL: [...]string{
			anyRow:   removeSQL(name, keys, ""),
			endedRow: removeSQL(name, keys, " AND r.ends_at <= "+now),
			freeRow:  removeSQL(name, keys, " AND (r.done_at IS NOT NULL OR r.ends_at <= "+now+")"),
		},
	}
}

// claimSQL returns the statement that claims a batch. A key that is live in the statement's snapshot is only read, so a
// duplicate writes nothing. If another transaction claims a key between the snapshot and the INSERT, the key is in
// neither part of the result, and is tried again. The INSERT is ordered because it takes the locks.
//
// A fresh claim has no "now", so its expiry stands in that column; nothing reads it.
func claimSQL(name, owner, now, keys string) string {
	return `WITH live AS MATERIALIZED (
  SELECT r.identity, r.token, r.digest, r.ends_at, r.done_at, ` + now + ` AS now
  FROM ` + name + ` AS r WHERE ` + keys + ` AND r.ends_at > ` + now + `
), claimed AS (
  INSERT INTO ` + name + ` AS r (namespace, identity, digest, token, ends_at)
  SELECT ` + owner + `, i.identity, i.digest, i.token, ` + now + ` + $4::bigint
  FROM unnest($1::text::bytea[], $2::text::bytea[], $3::text::bigint[]) AS i(identity, digest, token)
  WHERE NOT EXISTS (SELECT 1 FROM live WHERE live.identity = i.identity)
  ORDER BY i.identity
  ON CONFLICT (namespace, identity) DO UPDATE
  SET digest = excluded.digest, token = excluded.token, ends_at = excluded.ends_at, done_at = NULL
  WHERE r.ends_at <= ` + now + `
  RETURNING r.identity, r.token, r.digest, r.ends_at
)
SELECT identity, token, digest, ends_at, NULL::bigint, ends_at FROM claimed
UNION ALL SELECT identity, token, digest, ends_at, done_at, now FROM live`
}

// removeSQL returns the statement that deletes rows, after it has locked them in the order of the keys. A plain DELETE
// would lock them in the order in which it finds them, and two of them could deadlock.
func removeSQL(name, keys, ended string) string {
	// MATERIALIZED keeps the planner from merging the two parts, which would lose the order.
	return `WITH gone AS MATERIALIZED (
  SELECT r.identity FROM ` + name + ` AS r WHERE ` + keys + ended + ` ORDER BY r.identity FOR UPDATE
)
DELETE FROM ` + name + ` AS r USING gone WHERE ` + keys + ended + ` AND r.identity = gone.identity`
}

// claim implements engine.
func (p *postgres) claim(ctx context.Context, wanted []claim, lease int64) (map[replay.Key]row, error) {
	if len(wanted) == 1 {
		// The plain statement takes half the time of the one for batches. A duplicate needs a second one, to read it.
		w := wanted[0]
		n, err := sqldb.Affected(p.db.ExecContext(ctx, p.claimOneSQL, w.key[:], w.digest[:], int64(w.token), lease))
		if err != nil {
			return nil, err
		}
		if n == 1 {
			return fresh(wanted), nil
		}
		return p.look(ctx, wantedKeys(wanted))
	}
	// The three arrays have one element for each key, and unnest makes rows of them.
	var keys, digests, tokens array
	for i := range wanted {
		keys.bytes(wanted[i].key[:])
		digests.bytes(wanted[i].digest[:])
		tokens.number(int64(wanted[i].token))
	}
	return readRows(p.db.QueryContext(ctx, p.claimSQL, keys.String(), digests.String(), tokens.String(), lease))
}

// settle implements engine.
func (p *postgres) settle(ctx context.Context, steps []step) (outcome, error) {
	if len(steps) > 1 {
		return p.settleOn(ctx, p.db, steps)
	}
	// A single step needs no order of locks. If it did not take effect, the row is read to find out why.
	st := steps[0]
	n, err := sqldb.Affected(p.db.ExecContext(ctx, p.changeOneSQL[st.verb], st.key[:], int64(st.token), st.span))
	if err != nil || n == 1 {
		return outcome{}, err
	}
	rows, err := p.look(ctx, []replay.Key{st.key})
	return outcome{did: map[replay.Key]bool{}, rows: rows}, err
}

// begin implements engine. PostgreSQL locks rows when they are written, so there is nothing to do.
func (p *postgres) begin(context.Context, *sql.Tx) error { return nil }

// finish implements engine. It uses the statement for batches for a single claim too, because the rows stay locked
// until the app's transaction ends: they must be locked in the order of the keys.
func (p *postgres) finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error) {
	result, err := p.settleOn(ctx, tx, steps)
	return len(result.did) == len(steps), err
}

// look implements engine. It takes no lock.
func (p *postgres) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(p.db.QueryContext(ctx, p.lookSQL, keyArray(keys)))
}

// settleOn applies a batch of steps in one statement, on the pool or in a transaction of the app.
func (p *postgres) settleOn(ctx context.Context, q sqldb.Querier, steps []step) (outcome, error) {
	var keys, tokens, verbs, spans array
	for _, st := range steps {
		keys.bytes(st.key[:])
		tokens.number(int64(st.token))
		verbs.number(int64(st.verb))
		spans.number(st.span)
	}
	rows, err := readRows(q.QueryContext(ctx, p.settleSQL, keys.String(), tokens.String(), verbs.String(),
		spans.String()))
	if err != nil {
		return outcome{}, err
	}
	// The rows are as they were before. The statement has changed exactly those that were the caller's claims.
	// The condition is that of "mine" in the statement.
	did := make(map[replay.Key]bool, len(steps))
	for _, st := range steps {
		if r, ok := rows[st.key]; ok && r.token == st.token && r.doneAt == 0 {
			did[st.key] = true
		}
	}
	return outcome{did: did, rows: rows}, nil
}

// remove implements engine.
func (p *postgres) remove(ctx context.Context, keys []replay.Key, which removed) (int64, error) {
	return sqldb.Affected(p.db.ExecContext(ctx, p.removeSQL[which], keyArray(keys)))
}

// array is an array in PostgreSQL's text form, of numbers or of bytes: {1,2} or {"\\x00ff","\\x01"}. Only digits of
// numbers and hexadecimal ones get in, so nothing needs an escape.
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
type array struct{ text []byte }

// next begins the array, or writes the comma before the next element.
func (a *array) next() {
	if len(a.text) == 0 {
		a.text = append(a.text, '{')
		return
	}
	a.text = append(a.text, ',')
}

// bytes appends an element in the hex format of bytea. In an array the backslash of \x is written twice.
func (a *array) bytes(b []byte) {
	a.next()
	a.text = append(a.text, `"\\x`...)
	a.text = hex.AppendEncode(a.text, b)
	a.text = append(a.text, '"')
}

func (a *array) number(n int64) {
	a.next()
	a.text = strconv.AppendInt(a.text, n, 10)
}

func (a *array) String() string { return string(a.text) + "}" }

// keyArray returns the array of keys, for a parameter.
func keyArray(keys []replay.Key) string {
	var list array
	for i := range keys {
		list.bytes(keys[i][:])
	}
	return list.String()
}
