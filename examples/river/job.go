package main

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
)

// eventArgs is an event as a job keeps it.
type eventArgs struct {
	Identity string `json:"identity"`
	ID       string `json:"id"`
	Type     string `json:"type"`
	// Payload is kept as it was sent. As JSON of the job's own, which PostgreSQL keeps as jsonb, it would lose the
	// order of its members, and could not hold \u0000, which a sender may well send.
	Payload []byte `json:"payload"`
}

// Kind names the job in the database.
func (eventArgs) Kind() string { return "webhook_event" }

// eventWorker does the work of an event, once: the work and the job's completion are one transaction.
type eventWorker struct {
	river.WorkerDefaults[eventArgs]
	db   *sql.DB
	work func(context.Context, *sql.Tx, eventArgs) error
}

// Work implements [river.Worker]. What it returns an error for, River tries again.
func (w *eventWorker) Work(ctx context.Context, job *river.Job[eventArgs]) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := w.work(ctx, tx, job.Args); err != nil {
		return err
	}
	if _, err := river.JobCompleteTx[*riverdatabasesql.Driver](ctx, tx, job); err != nil {
		return err
	}
	return tx.Commit()
}

// recordPayment is the work of this example.
func recordPayment(ctx context.Context, tx *sql.Tx, e eventArgs) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO payments (identity, event) VALUES ($1, $2)", e.Identity, e.ID)
	return err
}
