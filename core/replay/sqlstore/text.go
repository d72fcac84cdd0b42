package sqlstore

import (
	"context"
	"encoding/hex"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/replay"
)

// text builds a statement with its values in it. In MySQL that is one round trip, where a statement with parameters
// takes three. In SQLite it avoids the limit on the number of parameters.
//
// It cannot be used for injection: only names that were checked, numbers and hexadecimal digits get in.
type text struct{ b []byte }

func (t *text) add(parts ...string) *text {
	for _, p := range parts {
		t.b = append(t.b, p...)
	}
	return t
}

// bytes writes a literal of bytes, x'00ff', which SQLite and MySQL share.
func (t *text) bytes(b []byte) *text {
	t.b = append(t.b, "x'"...)
	t.b = hex.AppendEncode(t.b, b)
	t.b = append(t.b, '\'')
	return t
}

func (t *text) number(n int64) *text {
	t.b = strconv.AppendInt(t.b, n, 10)
	return t
}

func (t *text) String() string { return string(t.b) }

// list writes one part for each index from 0 to n-1, with commas between them.
func (t *text) list(n int, part func(i int)) *text {
	for i := range n {
		if i > 0 {
			t.b = append(t.b, ',')
		}
		part(i)
	}
	return t
}

// The statements that SQLite and MySQL share.

// insert writes the INSERT of claims. verb is "INSERT" or "INSERT IGNORE".
func (t table) insert(verb string, wanted []claim, lease int64) *text {
	q, now := new(text), nowIn(t.Dialect)
	q.add(verb, " INTO ", t.SQL(), " (namespace, identity, digest, token, ends_at) VALUES ")
	return q.list(len(wanted), func(i int) {
		w := &wanted[i]
		q.add("(", t.owner(), ",").bytes(w.key[:]).add(",").bytes(w.digest[:]).add(",").number(int64(w.token)).
			add(",", now, "+").number(lease).add(")")
	})
}

// live writes the SELECT of the live rows of keys. An expired row counts as absent, whether or not it was pruned.
func (t table) live(keys []replay.Key) *text {
	q, now := new(text), nowIn(t.Dialect)
	q.add("SELECT identity, token, digest, ends_at, done_at, ", now, " FROM ", t.SQL(), " WHERE ends_at > ", now,
		" AND ")
	return q.in(t, keys)
}

// in writes the condition that a row has one of the keys, in the store's namespace.
func (t *text) in(of table, keys []replay.Key) *text {
	return t.add(of.own(), " AND identity IN (").list(len(keys), func(i int) { t.bytes(keys[i][:]) }).add(")")
}

// change writes the statement for steps with one verb and one span. It fails closed: it changes only rows that have the
// step's token, are not done and, unless it deletes them, have not expired.
func (t table) change(steps []step) *text {
	q, now := new(text), nowIn(t.Dialect)
	later := "max"
	if t.Dialect == MySQL {
		later = "greatest"
	}
	// A commit sets the expiry of the retention. An extension never shortens the lease. A release needs no check of the
	// expiry: an expired claim with this token may go too.
	switch steps[0].verb {
	case commit:
		q.add("UPDATE ", t.SQL(), " SET done_at = ", now, ", ends_at = ", now, " + ").number(steps[0].span)
		q.add(" WHERE ends_at > ", now)
	case extend:
		q.add("UPDATE ", t.SQL(), " SET ends_at = ", later, "(ends_at, ", now, " + ").number(steps[0].span)
		q.add(") WHERE ends_at > ", now)
	default:
		q.add("DELETE FROM ", t.SQL(), " WHERE 1 = 1")
	}
	q.add(" AND done_at IS NULL AND ").in(t, keysOf(steps))
	// The condition on the keys alone lets the database use the primary key. SQLite needs VALUES before a list of
	// pairs.
	rows := " AND (identity, token) IN ("
	if t.Dialect == SQLite {
		rows += "VALUES "
	}
	q.add(rows).list(len(steps), func(i int) {
		q.add("(").bytes(steps[i].key[:]).add(",").number(int64(steps[i].token)).add(")")
	})
	return q.add(")")
}

// removed is a kind of rows that a statement deletes.
type removed uint8

const (
	anyRow   removed = iota // live claims too
	endedRow                // what has expired
	freeRow                 // what is done or has expired: nobody holds it
)

// removal writes the DELETE of those rows of keys that are of the given kind.
func (t table) removal(keys []replay.Key, which removed) *text {
	q, now := new(text).add("DELETE FROM ", t.SQL(), " WHERE ").in(t, keys), nowIn(t.Dialect)
	switch which {
	case endedRow:
		q.add(" AND ends_at <= ", now)
	case freeRow:
		q.add(" AND (done_at IS NOT NULL OR ends_at <= ", now, ")")
	}
	return q
}

// execute applies steps and returns how many rows they changed.
func (t table) execute(ctx context.Context, q sqldb.Querier, steps []step) (int64, error) {
	var changed int64
	for _, group := range groups(steps) {
		n, err := sqldb.Affected(q.ExecContext(ctx, t.change(group).String()))
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}
