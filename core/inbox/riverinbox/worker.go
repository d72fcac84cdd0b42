package riverinbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// worker runs the receivers of one event in one job.
type worker struct {
	river.WorkerDefaults[args]

	signals     *core.Signals
	db          *sql.DB
	journal     *journal.Journal
	logger      *slog.Logger
	maxAttempts int
	timeout     time.Duration
}

// Timeout implements [river.Worker]. It is this worker's own: others of the same client keep theirs.
func (w *worker) Timeout(*river.Job[args]) time.Duration { return w.timeout }

// NextRetry implements [river.Worker]: River's own waiting times, until only the parking is left to do.
func (w *worker) NextRetry(job *river.Job[args]) time.Time {
	if job.Attempt < w.maxAttempts {
		return time.Time{}
	}
	return time.Now().Add(time.Minute)
}

// progress is what an attempt leaves in its job for the next one.
type progress struct {
	Finished []string `json:"finished"`
}

// Work implements [river.Worker]. An error makes River try again. It never ends a job whose event is neither done nor
// in the journal.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	if err := w.earlier(ctx, job); err != nil {
		return err
	}
	e, err := w.event(job)
	if err != nil {
		return w.unreadable(ctx, job, err)
	}
	var before progress
	_ = json.Unmarshal(job.Output(), &before) // fails open: receivers whose names are lost run once more
	// River counts an attempt when it begins: more than there may be means that the last one never ended.
	if job.Attempt > w.maxAttempts {
		return w.overdue(ctx, job, &e, before.Finished)
	}
	inner, offered := sqltx.Offer(ctx, w.db, dialectOf(ctx))
	// Also where a receiver ends its goroutine: nothing of it may stay open.
	defer func() { _ = offered.Rollback() }()
	result := w.signals.Run(inner, e, before.Finished...)
	// The text goes into the job and the journal, but the stack is for those who read logs.
	if result.Stack != nil {
		w.logger.ErrorContext(ctx, "a receiver panicked", "endpoint", e.Endpoint, "event", e.ID, "type", e.Type,
			"error", result.Err, "stack", string(result.Stack))
	}
	if result.Commits() {
		err := w.finish(inner, job, offered, &e, &result)
		if err == nil || job.Attempt < w.maxAttempts || errors.Is(ctx.Err(), context.Canceled) {
			return err
		}
		// Nothing of it took effect, and there is no further attempt.
		result = core.RunResult{Handled: true, Reason: reason.SignalFailed, Err: err, Finished: before.Finished}
	}
	// Before anything is parked: on SQLite the transaction holds the one write lock.
	ended := offered.Rollback()
	var cancelled *rivertype.JobCancelError
	var snooze *rivertype.JobSnoozeError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		// The client stops, or somebody has cancelled the job: River knows which. It is not the event's failure.
		return failed(joined(result.Err, ctx.Err()), ctx.Err())
	// A receiver asks for the same attempt later. It counts for nothing, and cannot lose the event.
	case errors.As(result.Err, &snooze) && result.Reason == reason.SignalFailed:
		return failed(result.Err, snooze)
	// River would delete a cancelled job after a day, and with it the event: it is parked instead.
	case !result.Handled, result.Undecodable, job.Attempt >= w.maxAttempts, errors.As(result.Err, &cancelled):
		result.Err = joined(result.Err, ended)
		return w.park(ctx, job, &e, &result)
	}
	_ = river.RecordOutput(ctx, progress{result.Finished}) // fails open, as above
	return failed(joined(result.Err, ended), nil)
}

// event decodes the job's event. It is not verified again: whoever can write jobs can have anything run.
func (w *worker) event(job *river.Job[args]) (e core.Event, err error) {
	err = e.UnmarshalBinary(job.Args.Event)
	return e, err
}

// dialectOf returns the dialect of the client's database: River knows PostgreSQL and SQLite.
func dialectOf(ctx context.Context) sqltx.Dialect {
	if river.ClientFromContext[*sql.Tx](ctx).Driver().DatabaseName() == riverdriver.DatabaseNameSQLite {
		return sqltx.SQLite
	}
	return sqltx.PostgreSQL
}

// finish commits what the receivers wrote, and the job's completion. What they gave up for good is parked with it.
func (w *worker) finish(
	ctx context.Context, job *river.Job[args], offered *sqltx.Offered, e *core.Event, result *core.RunResult,
) error {
	// core.Permanent commits: to leave it uncommitted would undo what another receiver has done, behind a 200.
	var entry *journal.Entry
	if result.Permanent && !e.Unproved {
		entry = result.Entry(e, job.Attempt)
	}
	if err := w.complete(ctx, job, offered, entry); err != nil {
		var stopped error
		if errors.Is(ctx.Err(), context.Canceled) {
			stopped = ctx.Err() // River recognises the stop of a client by it
		}
		return failed(joined(result.Err, err), stopped)
	}
	return nil
}

// park keeps an event that nobody will try again, and completes its job, in one transaction. It goes on where the
// attempt has timed out. An error leaves the job for another attempt.
func (w *worker) park(ctx context.Context, job *river.Job[args], e *core.Event, result *core.RunResult) error {
	if e.Unproved {
		// Nothing unproved may stand where it could be run again. River shows the job for a day.
		return river.JobCancel(failed(joined(result.Err, errUnproved), nil))
	}
	return w.keep(ctx, job, result.Entry(e, job.Attempt))
}

// keep writes an entry in a transaction of its own, and completes the job in it. The attempt's context may be over, so
// that this one has its values only. It stays within what River waits before it rescues a job.
func (w *worker) keep(ctx context.Context, job *river.Job[args], entry *journal.Entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parkTimeout)
	defer cancel()
	inner, offered := sqltx.Offer(ctx, w.db, dialectOf(ctx))
	defer func() { _ = offered.Rollback() }()
	err := w.stillOurs(inner, job, offered)
	if err == nil {
		err = w.complete(inner, job, offered, entry)
	}
	if err != nil {
		return failed(fmt.Errorf("%s: %w", entry.Err, err), nil)
	}
	return nil
}

// stillOurs locks the job's row, and fails closed where the job is no longer this attempt's. A commit whose answer was
// lost may have completed it: an entry of it would run again what is done.
func (w *worker) stillOurs(ctx context.Context, job *river.Job[args], offered *sqltx.Offered) error {
	tx, err := offered.Tx()
	if err != nil {
		return err
	}
	// An update that changes nothing waits for whoever is about to commit, where a read would see the state before.
	row, err := river.ClientFromContext[*sql.Tx](ctx).JobUpdateTx(ctx, tx, job.ID, &river.JobUpdateParams{})
	switch {
	case err != nil:
		return fmt.Errorf("reading the job: %w", err)
	case row.State != rivertype.JobStateRunning || row.Attempt != job.Attempt:
		return errTaken
	}
	return nil
}

// complete writes the entry, if there is one, completes the job and commits. It fails closed where the job is another
// attempt's by now: both would have done the work.
func (w *worker) complete(
	ctx context.Context, job *river.Job[args], offered *sqltx.Offered, entry *journal.Entry,
) error {
	// Where no receiver has asked for the transaction it begins here, for the completion.
	tx, err := offered.Tx()
	if err != nil {
		return err
	}
	// First the entry: a journal elsewhere does not join, and must have it before the job is gone.
	if entry != nil {
		if err := w.journal.Keep(ctx, []*journal.Entry{entry}); err != nil {
			return fmt.Errorf("the journal did not keep the event: %w", err)
		}
	}
	// The row stays locked until the commit, so that its attempt and state are what they are then, too.
	completed, err := river.JobCompleteTx[riverdriver.Driver[*sql.Tx]](ctx, tx, job)
	switch {
	case errors.Is(err, sql.ErrTxDone):
		return errors.Join(offered.Commit(), err) // says who ended it
	case err != nil:
		return fmt.Errorf("completing the job: %w", err)
	case completed.State != rivertype.JobStateCompleted || completed.Attempt != job.Attempt:
		return errTaken
	}
	if err := offered.Commit(); err != nil {
		return fmt.Errorf("committing the event's transaction: %w", err)
	}
	w.wake(ctx, job)
	// Only now: a pager must not ring for what was rolled back.
	if entry != nil {
		w.journal.Parked(ctx, entry)
	}
	return nil
}
