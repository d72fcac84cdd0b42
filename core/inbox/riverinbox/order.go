package riverinbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// WithOrder works events of one key one after the other, in the order in which they were accepted: an event does not
// begin while an earlier one of its key waits, runs, or waits for another attempt. Events of other keys go on. One that
// is parked, or whose job was cancelled or deleted, no longer keeps others waiting. The key of an event is for instance
// the customer's id; an empty text is no order. Keys of two endpoints are never the same.
//
// Accepted is an event whose "done" and job are committed: the order is that of those commits, which for events that a
// provider sends at once is any. On PostgreSQL, an event waits in its transaction for another one of the same key that
// is about to commit. An event without an identity is enqueued without a transaction: its place is its job's id.
//
// Update workers before receivers: an older worker does not know the order. [OrderIndex] keeps the look for earlier
// jobs fast.
func WithOrder(key func(ctx context.Context, e core.Event) string) Option {
	if key == nil {
		panic("riverinbox: the function of WithOrder is nil")
	}
	return func(q *enqueuer) { q.order = key }
}

// OrderIndex returns the statement that makes the index for [WithOrder]. Run it after River's own migrations, and again
// after one that rebuilds its table, as some do on SQLite. It does nothing where the index exists. schema is that of
// river.Config; empty: the database's default. Without the index everything works, but each event reads many jobs.
func OrderIndex(dialect sqltx.Dialect, schema string) string {
	on := "river_job"
	if dialect != sqltx.SQLite { // which takes the schema with the index's name
		on = tableIn(schema)
	}
	name := "sallyport_order"
	if dialect == sqltx.SQLite && schema != "" {
		name = quoted(schema) + "." + name
	}
	return "CREATE INDEX IF NOT EXISTS " + name + " ON " + on + " (" + keyIn(dialect) + ", id) " +
		"WHERE finalized_at IS NULL"
}

// orderMember is the member of a job's metadata that holds its key.
const orderMember = "sallyport_order"

// keyIn returns the expression for the key of a job. The index has the same one.
func keyIn(dialect sqltx.Dialect) string {
	if dialect == sqltx.SQLite {
		return "json_extract(metadata, '$." + orderMember + "')"
	}
	return "(metadata ->> '" + orderMember + "')"
}

func tableIn(schema string) string {
	if schema == "" {
		return "river_job"
	}
	return quoted(schema) + ".river_job"
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// orderOf returns the key of an event as it stands in a job: a digest, because the sender may have written the text.
func orderOf(e *core.Event, key string) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "sallyport order 1|%d|%s%s", len(e.Endpoint), e.Endpoint, key))
}

// place gives the job of an event its place behind the earlier ones of its key. tx is nil where there is none.
func (q *enqueuer) place(ctx context.Context, tx *sql.Tx, e *core.Event, opts *river.InsertOpts) error {
	if q.order == nil {
		return nil
	}
	key := q.order(ctx, *e)
	if key == "" {
		return nil
	}
	digest := orderOf(e, key)
	opts.Metadata = fmt.Appendf(nil, `{"%s":"%s"}`, orderMember, hex.EncodeToString(digest[:]))
	if tx == nil || q.client.Driver().DatabaseName() == riverdriver.DatabaseNameSQLite {
		return nil // on SQLite the transaction is the one that writes, so that ids and commits have one order
	}
	// Ids are given out when a row is inserted, and become visible when it is committed. The lock makes both one order.
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(binary.BigEndian.Uint64(digest[:8])))
	if err != nil {
		return fmt.Errorf("waiting for an earlier event of the same key: %w", err)
	}
	return nil
}

// How long an event waits before it looks again. The one before it wakes it: these are for when nothing does.
const (
	nextLooks    = time.Second
	longestLook  = 30 * time.Second
	longestSleep = time.Minute
)

// earlier returns an error that puts the job back where an earlier one of its key is unfinished. nil: it may begin. It
// fails closed: where nothing is known, the job waits. A wait is not an attempt.
func (w *worker) earlier(ctx context.Context, job *river.Job[args]) error {
	key := orderedBy(job.JobRow)
	if key == "" {
		return nil
	}
	before, wait, err := w.before(ctx, key, job.ID)
	switch {
	case err != nil:
		w.logger.WarnContext(ctx, "riverinbox: the jobs before an event of WithOrder cannot be read, so that it waits",
			"job", job.ID, "error", err.Error())
		return river.JobSnooze(nextLooks)
	case before == 0:
		return nil
	case wait > 0: // for its next attempt
		return river.JobSnooze(min(wait+nextLooks/4, longestSleep))
	case before == 1:
		return river.JobSnooze(nextLooks)
	}
	var seen struct {
		Snoozes int `json:"snoozes"`
	}
	_ = json.Unmarshal(job.Metadata, &seen)
	return river.JobSnooze(min(nextLooks<<min(seen.Snoozes, 8), longestLook))
}

// orderedBy returns the key of a job; empty: it has no order.
func orderedBy(job *rivertype.JobRow) string {
	var meta map[string]json.RawMessage
	var key string
	if json.Unmarshal(job.Metadata, &meta) != nil || json.Unmarshal(meta[orderMember], &key) != nil {
		return ""
	}
	return key
}

// beforeQuery reads the first two unfinished jobs of a key before one, with the seconds until each may be worked.
func beforeQuery(dialect sqltx.Dialect, schema string) string {
	due, a, b := "CAST(extract(epoch FROM scheduled_at - now()) AS float8)", "$1", "$2"
	if dialect == sqltx.SQLite {
		due, a, b = "(julianday(scheduled_at) - julianday('now')) * 86400", "?1", "?2"
	}
	return "SELECT state IN ('retryable', 'scheduled'), " + due + " FROM " + tableIn(schema) +
		" WHERE " + keyIn(dialect) + " = " + a + " AND finalized_at IS NULL AND id < " + b +
		" ORDER BY " + keyIn(dialect) + ", id LIMIT 2"
}

// before returns how many unfinished jobs of the key are before one, at most 2, and how long the first waits for
// its next attempt.
func (w *worker) before(ctx context.Context, key string, id int64) (n int, wait time.Duration, err error) {
	query := beforeQuery(dialectOf(ctx), river.ClientFromContext[*sql.Tx](ctx).Schema())
	rows, err := w.db.QueryContext(ctx, query, key, id)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = rows.Close() }()
	for ; rows.Next(); n++ {
		var waits bool
		var seconds float64
		if err := rows.Scan(&waits, &seconds); err != nil {
			return 0, 0, err
		}
		if n == 0 && waits {
			wait = time.Duration(max(seconds, 0) * float64(time.Second))
		}
	}
	return n, wait, rows.Err()
}

// wakeStatement makes the next job of a key due. It has never begun, because one before it was unfinished: it can only
// be waiting for its turn. A job that is finished stays so.
func wakeStatement(dialect sqltx.Dialect, schema string) string {
	now, a, b := "now()", "$1", "$2"
	if dialect == sqltx.SQLite {
		now, a, b = "datetime('now', 'subsec')", "?1", "?2"
	}
	return "UPDATE " + tableIn(schema) + " SET state = 'available', scheduled_at = " + now +
		" WHERE id = (SELECT id FROM " + tableIn(schema) + " WHERE " + keyIn(dialect) + " = " + a +
		" AND finalized_at IS NULL AND id > " + b +
		" ORDER BY " + keyIn(dialect) + ", id LIMIT 1) " +
		"AND state IN ('available', 'scheduled') AND scheduled_at > " + now
}

// wake lets the next event of the key begin, once the one before it is finished. An error is not reported: the event
// looks by itself before long.
func (w *worker) wake(ctx context.Context, job *river.Job[args]) {
	key := orderedBy(job.JobRow)
	if key == "" {
		return
	}
	statement := wakeStatement(dialectOf(ctx), river.ClientFromContext[*sql.Tx](ctx).Schema())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, _ = w.db.ExecContext(ctx, statement, key, job.ID)
}
