package core

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/txwatch"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// RunResult is what came of an event that [Signals.Run] ran.
type RunResult struct {
	// Handled reports whether a receiver takes the event. Of an event that none takes, and that the provider was
	// answered 2xx for, somebody has to know: park it.
	Handled bool
	// Reason is accepted, unhandled, permanent, undecodable, signal_failed or signal_panicked.
	Reason      reason.Reason
	Err         error  // nil where no receiver failed; an event that nobody takes is no error
	Permanent   bool   // another attempt would meet the same error; what the receivers did is to be committed
	Undecodable bool   // no receiver could decode the event: only another version of the app can
	Stack       []byte // of a panic
	// Finished are the named receivers that have done their part, those of the arguments included: leave them out of
	// the next attempt. A receiver that wrote into the event's transaction (sqltx.Tx) is not among them where Commits
	// is false, because what it wrote is rolled back.
	Finished []string
}

// Commits reports whether the transaction of the event is to be committed: its receivers succeeded or gave up for good.
// Otherwise it is to be rolled back. The zero RunResult does not commit.
func (r *RunResult) Commits() bool {
	return r.Reason == reason.Accepted || r.Reason == reason.Permanent
}

// Run calls the receivers of an event in a worker, as they are called for a delivery: all of them, in the order of
// registration; a panic is contained, and of their outcomes the worst decides. finished names receivers that did their
// part in an earlier attempt: they are left out. Run claims nothing and commits nothing. The caller does, and must run
// an event only once at a time.
//
// The receivers' context and [Event.Context] are ctx. For sqltx.Tx make it with sqltx.Offer: receivers of one event
// share that transaction, named ones too. [Event.Respond] does nothing.
//
// Run freezes the set, see [Freeze]: it panics where a receiver takes a router's own context.
func (s *Signals) Run(ctx context.Context, e Event, finished ...string) RunResult {
	s.freeze(reflect.TypeFor[context.Context]())
	shared := &eventRun{ctx: ctx}
	shared.answer = &shared.own
	e.run = shared
	var total result
	var inTransaction []string
	for n := range s.receivers {
		rc := &s.receivers[n]
		if !rc.pattern.matches(e.Type) {
			continue
		}
		// It counts as handled: otherwise an event whose receivers have all finished would look like one that nobody
		// takes.
		if rc.name != "" && slices.Contains(finished, rc.name) {
			total.handled = true
			total.finished = append(total.finished, rc.name)
			continue
		}
		own, used := e, func() bool { return false }
		if rc.name != "" {
			own.run = &eventRun{answer: shared.answer}
			// used reports afterwards whether the receiver asked for the event's transaction.
			own.run.ctx, used = txwatch.Start(ctx)
		}
		res := call(func() error { return rc.call(own.run.ctx, own.run.ctx, own) })
		if res.declined {
			continue
		}
		total.handled = true
		total.merge(res)
		switch {
		case rc.name == "" || !res.succeeded:
		// Not finished yet: its writes exist only once the worker commits.
		case used():
			inTransaction = append(inTransaction, rc.name)
		default:
			total.finished = append(total.finished, rc.name)
		}
		if total.abort {
			break
		}
	}
	s.callUnhandled(ctx, e, &total)
	total.conclude()
	return total.ran(inTransaction)
}

// callUnhandled calls the receiver of what no other takes. Its outcome is no answer to the event.
func (s *Signals) callUnhandled(ctx context.Context, e Event, total *result) {
	if total.handled || s.unhandled == nil {
		return
	}
	res := call(func() error { s.unhandled(ctx, e); return nil })
	total.stack, total.err, total.abort = res.stack, res.err, res.abort
}

// ran describes the result to a worker.
func (t *result) ran(inTransaction []string) RunResult {
	r := RunResult{
		Handled: t.handled, Reason: t.reason(), Err: t.err, Stack: t.stack, Finished: t.finished,
		Permanent: t.worst == outcomePermanent, Undecodable: t.worst == outcomeUndecodable,
	}
	if r.Commits() {
		// Fails closed: what is rolled back was not done, whatever its receiver returned.
		r.Finished = append(r.Finished, inTransaction...)
	}
	return r
}

// Entry returns what a journal keeps of an event that its worker has given up: a parked entry, with the whole event,
// which [Redriver] runs again through its Inbox. attempts is how often the event was tried. The event must have been
// proved: Entry panics for one that is [Event.Unproved], because nothing unproved may stand where it could be run.
func (r *RunResult) Entry(e *Event, attempts int) *journal.Entry {
	if e.Unproved {
		panic("sallyport: an event that nothing proves must not be kept where it could be run")
	}
	entry := e.entry(r.Reason, r.Err, r.Finished)
	entry.State, entry.Kind = journal.Parked, journal.FromInbox
	entry.Attempts, entry.Last = attempts, time.Now()
	entry.Body, _ = e.MarshalBinary() // the error is always nil
	return entry
}

// entry begins an entry of the journal: what the event says of itself, and what came of it.
func (e *Event) entry(why reason.Reason, err error, finished []string) *journal.Entry {
	out := &journal.Entry{
		Endpoint: e.Endpoint, Provider: e.Provider, Tenant: e.Tenant,
		EventID: e.ID, Type: e.Type, Action: e.Action, Time: e.Time, Attempt: e.Attempt,
		Identity: e.Identity, Authenticated: journal.Authenticated(e.Authenticated), Secret: e.Secret,
		Reason: why, Finished: finished,
	}
	if err != nil {
		out.Err = err.Error()
	}
	return out
}
