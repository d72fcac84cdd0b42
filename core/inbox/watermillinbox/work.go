package watermillinbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// work is the event of one message.
type work struct {
	*handler
	ctx   context.Context // of the message
	event *core.Event
	key   replay.Key

	held     *lease.Holding // nil: there is no replay store
	number   int            // of the claim in held
	finished []string       // named receivers that have done their part
}

// mostHeld is how long a worker holds an event at most. It is far beyond what attempts and backoffs take.
const mostHeld = 24 * time.Hour

// mostWaited is how long a worker waits before it looks again whether another one is done.
const mostWaited = 5 * time.Second

// claim claims the event, and waits while another worker has it or the store does not answer. done: it was worked
// before.
func (w *work) claim() (done bool, err error) {
	// Fails open, as Config.Replay says: without a store nothing excludes.
	if w.Replay == nil {
		return false, nil
	}
	for n := 1; ; n++ {
		h := &lease.Holding{}
		h.Request.Start(w.ctx, time.Time{})
		now := time.Now()
		h.Begin(w.ctx, &w.rules, now, now.Add(mostHeld))
		// No digest: two messages of one event can be encoded by two versions, and are not a conflict.
		results, err := h.Claim([]replay.Item{{Key: w.key}}, now)
		pause := w.Backoff(n)
		switch {
		case err != nil:
			// Fails closed: unclaimed, the event could run next to itself.
			w.Logger.ErrorContext(w.ctx, "the replay store does not answer; the message waits", "event", w.event.ID,
				"error", err)
		case results[0].State == replay.Done:
			return true, nil // done or parked: either way it has ended
		case results[0].State == replay.Claimed:
			w.held, w.number = h, h.Add(replay.Held{Key: w.key, Token: results[0].Token}, nil)
			return false, nil
		default:
			// Another worker has it, and may be done soon, or has died with it: its lease says how long that can last.
			pause = min(max(results[0].RetryAfter, time.Millisecond), pause, mostWaited)
		}
		if !wait(w.ctx, pause) {
			return false, context.Cause(w.ctx)
		}
	}
}

// settle writes what became of the event into the store.
func (w *work) settle(v replay.Verdict) {
	if w.held == nil {
		return
	}
	// The verdict is written before the message is acknowledged. After a crash in between it comes again, and is done.
	w.held.Decide(w.number, v)
	w.held.Flush()
	w.held.End()
	if o := w.held.Outcome(); o.State == lease.CommitFailed {
		// Fails open: the work is done. A repeated message would do it again.
		w.Logger.ErrorContext(w.ctx, "an event is done, and the replay store does not know it", "event", w.event.ID,
			"error", o.Err)
	}
}

// finish tries the event until it is done, or parks it. An error means that the message has not ended.
func (w *work) finish() error {
	for n := 1; ; n++ {
		result := w.attempt(n)
		switch {
		// Somebody else may run it by now. What this attempt returned says nothing about the event.
		case errors.Is(result.Err, core.ErrLeaseLost):
			w.settle(replay.Release)
			return result.Err
		case result.Commits():
			w.settle(replay.Commit)
			return nil
		case w.ctx.Err() != nil:
			w.settle(replay.Release) // no failure of the event: the router closes
			return context.Cause(w.ctx)
		// An event that nobody takes, or can decode, meets the same code again: waiting would not help.
		case result.Handled && !result.Undecodable && n < w.MaxAttempts:
			// Kept in memory only: after a crash named receivers run again.
			w.finished = result.Finished
			w.Logger.WarnContext(w.ctx, "an event failed, and is tried again", "endpoint", w.event.Endpoint,
				"event", w.event.ID, "attempt", n, "error", result.Err, "stack", string(result.Stack))
			if !wait(w.ctx, w.Backoff(n)) {
				w.settle(replay.Release)
				return context.Cause(w.ctx)
			}
			continue
		}
		return w.giveUp(n, &result)
	}
}

// giveUp parks the event, and remembers it as done: a repeated message must not run what a person decides about.
func (w *work) giveUp(attempts int, result *core.RunResult) error {
	if w.event.Unproved {
		// Nothing unproved may stand where it could be run again.
		w.Logger.ErrorContext(w.ctx, "an event that nothing has proved failed for good, and is gone", "event",
			w.event.ID,
			"error", result.Err)
		w.settle(replay.Commit)
		return nil
	}
	// First the journal, then "done", then the acknowledgement: whatever fails in between, the message comes again.
	if err := w.park(w.ctx, result.Entry(w.event, attempts)); err != nil {
		w.settle(replay.Release)
		return err
	}
	w.settle(replay.Commit)
	return nil
}

// attempt runs the receivers once, in a transaction where the store has them. What fails on the way to its commit is a
// failure of the event, because nothing of it took effect.
func (w *work) attempt(n int) core.RunResult {
	// It ends when the time is over, when the router closes, and when the claim is lost: from then on another worker
	// may run the event, and a transaction on it is rolled back.
	var own lease.Context
	own.Start(w.ctx, time.Now().Add(w.Timeout))
	defer own.End(nil)
	if w.held != nil && !w.held.Attach(w.number, &own) {
		return core.RunResult{Handled: true, Reason: reason.SignalFailed, Err: core.ErrLeaseLost}
	}
	var ctx context.Context = &own
	var txn replay.Transaction
	// Each attempt has a transaction of its own, for the same claim. It begins when a receiver asks for it.
	if w.held != nil && w.transactor != nil {
		ctx, txn = w.transactor.Transaction(ctx, []replay.Held{w.held.HeldBy(w.number)}, w.rules.Retention)
	}
	result := w.signals.Run(ctx, *w.event, w.finished...)
	err := w.conclude(ctx, txn, n, &result)
	// The receivers' own error hides why their context has ended.
	if cause := context.Cause(&own); errors.Is(cause, core.ErrLeaseLost) && !result.Commits() {
		err = errors.Join(err, cause)
	}
	// Whatever the receivers returned, nothing took effect. Names that finished in this attempt are forgotten, because
	// what they wrote may be rolled back.
	if err != nil {
		result = core.RunResult{
			Handled: result.Handled, Reason: reason.SignalFailed, Err: joined(result.Err, err), Stack: result.Stack,
			Finished: w.finished,
		}
	}
	return result
}

// conclude commits the transaction or rolls it back. What was given up for good is kept with it.
func (w *work) conclude(ctx context.Context, txn replay.Transaction, n int, result *core.RunResult) error {
	begun := txn != nil && txn.Begun()
	if !result.Commits() {
		if begun {
			return txn.Rollback()
		}
		return nil
	}
	// core.Permanent commits what was written. Its entry joins the same transaction, or is written before it.
	var entry *journal.Entry
	if result.Permanent && !w.event.Unproved {
		// Otherwise the entry could be stored by itself, of an event that runs again.
		if b, ok := txn.(replay.Breakable); ok && b.Broken(ctx) {
			return errors.Join(errBroken, txn.Rollback())
		}
		entry = result.Entry(w.event, n)
		if err := w.keep(ctx, entry); err != nil {
			if begun {
				err = errors.Join(err, txn.Rollback())
			}
			return fmt.Errorf("the journal did not keep the event: %w", err)
		}
	}
	if begun {
		// The commit itself is not cut short. Where the attempt's time is over, the transaction is rolled back already.
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.StoreTimeout)
		defer cancel()
		if err := txn.Commit(own); err != nil {
			if errors.Is(err, replay.ErrLeaseLost) {
				err = fmt.Errorf("%w: %w", core.ErrLeaseLost, err)
			}
			return fmt.Errorf("committing the event's transaction: %w", err)
		}
		w.held.Committed(w.number) // "done" is in the store with it
	}
	if entry != nil {
		w.Journal.Parked(context.WithoutCancel(ctx), entry)
	}
	return nil
}

// errBroken is why an event that a receiver gave up is tried again: nothing of it can be committed.
//
//lint:immutable an error value
var errBroken = errors.New("the database has given up the transaction, because a statement in it failed")

// joined joins errors of which either may be nil.
func joined(a, b error) error {
	if a == nil || b == nil {
		return errors.Join(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}
