package riverinbox

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/riverqueue/river"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// args are an event as a job keeps it: opaque bytes. As text of JSON, PostgreSQL would refuse what a sender may well
// write, such as NUL, at every retry.
type args struct {
	Event []byte `json:"event"`
}

// Kind names the job in the database.
func (args) Kind() string { return "sallyport_event" }

// Option changes what [Enqueue] does.
type Option func(*enqueuer)

// WithQueue chooses another queue than River's default: one for each endpoint bounds each by itself. Somebody must work
// it, see Config.Queue.
func WithQueue(name string) Option { return func(q *enqueuer) { q.queue = name } }

type enqueuer struct {
	client *river.Client[*sql.Tx]
	queue  string
	order  func(context.Context, core.Event) string // nil: there is no order
}

// Enqueue returns a receiver that makes a job of each event, in the transaction that records "done": the event is
// answered 200 once both are there, and has one job. It needs a sqlstore as the guard's Replay store, in the database
// of River's tables; without one every event fails. An event that has no identity is remembered nowhere: its job is
// committed by itself, and a repeated delivery makes another one.
//
// The claim on the event is what makes the job unique. River's own uniqueness is not used: it would drop the job of an
// event that an operator runs again, without an error.
//
// A nil client panics.
func Enqueue(client *river.Client[*sql.Tx], options ...Option) core.Receiver {
	if client == nil {
		panic("riverinbox: the client of Enqueue is nil")
	}
	q := &enqueuer{client: client}
	for _, option := range options {
		option(q)
	}
	return q.enqueue
}

func (q *enqueuer) enqueue(ctx context.Context, e core.Event) error {
	encoded, err := e.MarshalBinary()
	if err != nil {
		return err
	}
	// River discards a job after its last attempt, and after a crash in it nobody would know. The worker counts
	// instead, and parks the event: see Config.MaxAttempts.
	opts := &river.InsertOpts{MaxAttempts: math.MaxInt16, Queue: q.queue}
	if err = q.insert(ctx, &e, args{encoded}, opts); err != nil {
		// Two errors wrapped, not one: core takes the worst of them, so that an error which calls itself permanent does
		// not acknowledge an event that has no job.
		return fmt.Errorf("%w: %w", ErrNotEnqueued, err)
	}
	return nil
}

// insert adds the job, for an event with an identity in the event's transaction.
func (q *enqueuer) insert(ctx context.Context, e *core.Event, job args, opts *river.InsertOpts) error {
	if e.Identity.IsZero() {
		err := q.place(ctx, nil, e, opts)
		if err == nil {
			_, err = q.client.Insert(ctx, job, opts)
		}
		return err
	}
	tx, err := sqltx.Tx(ctx)
	if err == nil {
		err = q.place(ctx, tx, e, opts)
	}
	if err == nil {
		_, err = q.client.InsertTx(ctx, tx, job, opts)
	}
	return err
}
