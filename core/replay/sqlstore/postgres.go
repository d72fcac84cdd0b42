package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strconv"

	"github.com/sallyport-go/sallyport/core/replay"
)

// postgres is one statement a call, or two where a single key is not free, or not held any more. Their text never
// changes, so that a driver prepares it once. Batches go in as arrays written as text, which every driver can send.
type postgres struct {
	table                        table
	db                           *sql.DB
	claimSQL, settleSQL          string // of batches
	claimOneSQL                  string
	changeOneSQL                 [extend + 1]string // by verb
	lookSQL, forgetSQL, pruneSQL string
}

func newPostgres(t table) *postgres {
	now, name, owner := nowIn(t.dialect), t.sql(), t.owner()
	// "= ANY" lets the planner use the primary key whatever it believes of the table's size when the statement is
	// prepared; the joins are then made in memory. The SELECT lets it read the array once, not once for every row.
	keys := "r." + t.own() + " AND r.identity = ANY((SELECT $1::text::bytea[])::bytea[])"
	one := " WHERE " + t.own() + " AND identity = $1::bytea AND token = $2::bigint"
	return &postgres{
		table:    t,
		claimSQL: claimSQL(name, owner, now, keys),
		claimOneSQL: "INSERT INTO " + name + " AS r (namespace, identity, digest, token, ends_at)" +
			" VALUES (" + owner + ", $1::bytea, $2::bytea, $3::bigint, " + now + " + $4::bigint)" +
			" ON CONFLICT (namespace, identity) DO UPDATE" +
			" SET digest = excluded.digest, token = excluded.token, ends_at = excluded.ends_at, done_at = NULL" +
			" WHERE r.ends_at <= " + now,
		// The rows are locked first, in the order of the keys, and read as they are then.
		settleSQL: `WITH held AS MATERIALIZED (
  SELECT r.identity, r.token, r.digest, r.ends_at, r.done_at, i.verb, i.span, ` + now + ` AS now,
    r.token = i.token AND r.done_at IS NULL AS mine
  FROM ` + name + ` AS r
  JOIN unnest($1::text::bytea[], $2::text::bigint[], $3::text::int[], $4::text::bigint[]) AS i(identity, token, verb, span)
    ON i.identity = r.identity
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
		changeOneSQL: [...]string{
			commit: "UPDATE " + name + " SET done_at = " + now + ", ends_at = " + now + " + $3::bigint" +
				one + " AND done_at IS NULL AND ends_at > " + now,
			extend: "UPDATE " + name + " SET ends_at = greatest(ends_at, " + now + " + $3::bigint)" +
				one + " AND done_at IS NULL AND ends_at > " + now,
			release: "DELETE FROM " + name + one + " AND done_at IS NULL AND $3::bigint IS NOT NULL",
		},
		lookSQL: "SELECT r.identity, r.token, r.digest, r.ends_at, r.done_at, " + now +
			" FROM " + name + " AS r WHERE " + keys + " AND r.ends_at > " + now,
		forgetSQL: removeSQL(name, keys, ""),
		pruneSQL:  removeSQL(name, keys, " AND r.ends_at <= "+now),
	}
}

// claimSQL only reads a key that is live by the statement's snapshot: a duplicate writes nothing. Another transaction
// may come between the snapshot and the INSERT; then the key is in neither part, and is tried again. The order of the
// INSERT is the order of the locks.
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

func removeSQL(name, keys, ended string) string {
	return `WITH gone AS MATERIALIZED (
  SELECT r.identity FROM ` + name + ` AS r WHERE ` + keys + ended + ` ORDER BY r.identity FOR UPDATE
)
DELETE FROM ` + name + ` AS r USING gone WHERE ` + keys + ended + ` AND r.identity = gone.identity`
}

func (p *postgres) use(db *sql.DB) { p.db = db }

func (p *postgres) claim(ctx context.Context, wanted []claim, lease int64) (map[replay.Key]row, error) {
	if len(wanted) == 1 {
		// The plain statement takes half the time of the other. A duplicate is looked up after it.
		w := wanted[0]
		n, err := affected(p.db.ExecContext(ctx, p.claimOneSQL, w.key[:], w.digest[:], int64(w.token), lease))
		if err != nil {
			return nil, err
		}
		if n == 1 {
			return fresh(wanted), nil
		}
		return p.look(ctx, wantedKeys(wanted))
	}
	var keys, digests, tokens array
	for i := range wanted {
		keys.bytes(wanted[i].key[:])
		digests.bytes(wanted[i].digest[:])
		tokens.number(int64(wanted[i].token))
	}
	return readRows(p.db.QueryContext(ctx, p.claimSQL, keys.String(), digests.String(), tokens.String(), lease))
}

func (p *postgres) settle(ctx context.Context, steps []step) (outcome, error) {
	if len(steps) > 1 {
		return p.settleOn(ctx, p.db, steps)
	}
	// Alone it needs no order of locks. What did not take effect is looked up.
	st := steps[0]
	n, err := affected(p.db.ExecContext(ctx, p.changeOneSQL[st.verb], st.key[:], int64(st.token), st.span))
	if err != nil || n == 1 {
		return outcome{}, err
	}
	rows, err := p.look(ctx, []replay.Key{st.key})
	return outcome{did: map[replay.Key]bool{}, rows: rows}, err
}

func (p *postgres) begin(context.Context, *sql.Tx) error { return nil }

func (p *postgres) finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error) {
	result, err := p.settleOn(ctx, tx, steps)
	return len(result.did) == len(steps), err
}

func (p *postgres) look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error) {
	return readRows(p.db.QueryContext(ctx, p.lookSQL, keyArray(keys)))
}

func (p *postgres) settleOn(ctx context.Context, q querier, steps []step) (outcome, error) {
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
	// The rows are as they were before; what was the caller's is what the statement has changed.
	did := make(map[replay.Key]bool, len(steps))
	for _, st := range steps {
		if r, ok := rows[st.key]; ok && r.token == st.token && r.doneAt == 0 {
			did[st.key] = true
		}
	}
	return outcome{did: did, rows: rows}, nil
}

func (p *postgres) remove(ctx context.Context, keys []replay.Key, endedOnly bool) (int64, error) {
	query := p.forgetSQL
	if endedOnly {
		query = p.pruneSQL
	}
	return affected(p.db.ExecContext(ctx, query, keyArray(keys)))
}

// array is an array in PostgreSQL's text form, of numbers or of bytes.
type array struct{ text []byte }

func (a *array) next() {
	if len(a.text) == 0 {
		a.text = append(a.text, '{')
		return
	}
	a.text = append(a.text, ',')
}

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

func keyArray(keys []replay.Key) string {
	var list array
	for i := range keys {
		list.bytes(keys[i][:])
	}
	return list.String()
}
