package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/txwatch"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// outcome is what a receiver's result means, from best to worst.
type outcome uint8

const (
	outcomeOK          outcome = iota // the zero value: nothing has failed
	outcomeIgnored                    // committed; [Ignore], or an [Unhandled] inside another error
	outcomeUndecodable                // released: a later version of the app may decode it
	outcomePermanent                  // committed: another attempt would fail in the same way
	outcomeInFlight                   // another delivery is at work on it, or has taken it over
	outcomeRetry                      // released: the provider's retry runs it
	outcomePanic                      // released; the worst, because nothing is known of the work
)

// classify takes the worst branch of a join: an error that wants a retry is not outweighed by one next to it that does
// not. What [Permanent] or [Undecodable] was given has that class as a whole.
func classify(err error) outcome {
	if err == nil {
		return outcomeOK
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e.(type) { // each link is examined by itself
		case *permanentError, *undecodableError:
			return marked(err)
		}
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			// The worst branch wins and fails closed: errors.Join(Permanent(a), b) must not commit while b asks for a
			// retry.
			worst := outcomeOK
			for _, branch := range joined.Unwrap() {
				worst = max(worst, classify(branch))
			}
			return worst
		}
	}
	return marked(err)
}

// marked returns the class that an error without branches has.
func marked(err error) outcome {
	var permanent *permanentError
	var undecodable *undecodableError
	switch {
	case errors.As(err, &permanent):
		return outcomePermanent
	case errors.As(err, &undecodable):
		return outcomeUndecodable
	case errors.Is(err, Ignore), errors.Is(err, Unhandled):
		return outcomeIgnored
	default:
		// Fails closed: an error that nobody classified releases the event. A wrong guess costs one more run, never an
		// event.
		return outcomeRetry
	}
}

// result is what came of an event's receivers.
type result struct {
	worst     outcome       // zero: every receiver succeeded, or none ran
	handled   bool          // a receiver takes the event's type
	succeeded bool          // a receiver returned nil in this delivery
	err       error         // joined from all receivers; nil: none failed
	stack     []byte        // of the worst outcome that panicked; nil: none did
	response  *response     // the app's own answer; nil: the default
	wait      time.Duration // for what is in flight
	abort     bool          // http.ErrAbortHandler
	declined  bool          // the receiver returned [Unhandled]
	kept      bool          // the journal has it
	finished  []string      // named receivers that have done their part of the event
	joined    []string      // named receivers without a claim of their own: their work is the event's
}

func (t *result) merge(o result) {
	// Strictly worse: of two equal panics the first one keeps its stack.
	if o.worst > t.worst {
		t.worst, t.stack = o.worst, o.stack
	}
	if o.err != nil { // most of a large batch has none
		t.err = joinErrors(t.err, o.err)
	}
	t.handled = t.handled || o.handled
	t.succeeded = t.succeeded || o.succeeded
	t.abort = t.abort || o.abort
	t.wait = max(t.wait, o.wait)
	if o.response != nil {
		t.response = o.response
	}
}

// conclude gives up an event that one receiver cannot decode although another has done its part: released, a resend
// would run that one again.
func (t *result) conclude() {
	if t.worst == outcomeUndecodable && t.succeeded {
		t.worst = outcomePermanent
	}
}

// commits reports whether the store remembers the event as done. What nobody could decode is released: the resend after
// the fix must run. It fails closed: an in-flight, failed, panicked or aborted event is released.
func (t *result) commits() bool {
	return t.worst < outcomeInFlight && t.worst != outcomeUndecodable && !t.abort
}

// reason returns the event's own reason; accepted where nothing is wrong with it.
func (t *result) reason() reason.Reason {
	switch {
	case t.abort:
		return reason.SignalPanicked
	// Before the missing receiver, because a failure matters more to an operator.
	case t.worst > outcomeIgnored:
		return t.worst.reason()
	case !t.handled:
		return reason.Unhandled
	}
	return reason.Accepted
}

// reason returns the reason of an event with this outcome; accepted where nothing is wrong with it.
func (o outcome) reason() reason.Reason {
	switch o {
	case outcomePanic:
		return reason.SignalPanicked
	case outcomeRetry:
		return reason.SignalFailed
	case outcomeInFlight:
		return reason.InFlight
	case outcomePermanent:
		return reason.Permanent
	case outcomeUndecodable:
		return reason.Undecodable
	}
	return reason.Accepted
}

// total is what came of all events of a delivery.
type total struct {
	result
	emptySet bool // there are no receivers at all
	released bool // an event is left to a retry or a resend
	failed   []FailedEvent
	stacks   int
	causes   map[string]bool // of the stacks that are kept, once there are maxStacks
}

// reason is the worst event's. A delivery without events is accepted.
func (t *total) reason(events int) reason.Reason {
	if events == 0 {
		return reason.Accepted
	}
	return t.result.reason()
}

// add takes in what came of an event. Another delivery that works on it has its own record.
func (t *total) add(e *Event, label string, res result) {
	why := res.reason()
	if why != reason.Accepted && (why != reason.InFlight || res.err != nil) {
		failed := FailedEvent{
			ID: e.ID, Type: e.Type, Identity: e.Identity, Reason: why, Err: res.err, Stack: res.stack,
		}
		if len(res.stack) > 0 {
			// A batch can be full of events that panic. The bound keeps its record from growing with them.
			if t.stacks++; t.stacks > maxStacks && !t.isNewCause(res.stack) {
				failed.Stack = nil
			}
		}
		t.failed = append(t.failed, failed)
	}
	// The label comes last: FailedEvent has the error as the app returned it, and the joined error names the event.
	if res.err != nil && label != "" {
		res.err = &eventError{label: label, err: res.err}
	}
	t.merge(res)
}

// isNewCause reports whether no stack that is kept began where this one did. The first maxStacks are kept whatever they
// are, and at most logbook.MaxCauses more.
func (t *total) isNewCause(stack []byte) bool {
	if t.causes == nil {
		t.causes = map[string]bool{}
		for i := range t.failed {
			if kept := t.failed[i].Stack; len(kept) > 0 {
				t.causes[logbook.Cause(kept)] = true
			}
		}
	}
	at := logbook.Cause(stack)
	// The map is bounded as well, because generated code can panic in any number of places.
	if t.causes[at] || len(t.causes) >= logbook.MaxCauses {
		return false
	}
	t.causes[at] = true
	return true
}

// call contains a receiver's panic: one event must not take the process, or its neighbours, down.
func call(fn func() error) (res result) {
	defer func() {
		// The recovery covers the receiver alone. A panic of the guard itself must reach the router.
		v := recover()
		if v == nil {
			return
		}
		// Fails closed: whatever the receiver did before it panicked, the event is released and its transaction rolled
		// back.
		res.worst, res.succeeded, res.stack = outcomePanic, false, debug.Stack()
		err, ok := v.(error)
		if !ok {
			res.err = fmt.Errorf("the signal panicked: %v", v)
			return
		}
		// net/http's own way to drop a connection. No further receiver runs, and nothing is committed.
		res.abort = errors.Is(err, http.ErrAbortHandler)
		res.err = fmt.Errorf("the signal panicked: %w", err)
	}()
	err := fn()
	if err == Unhandled { // joined or wrapped it says less than what it stands with
		res.declined = true
		return res
	}
	res.worst = classify(err)
	res.succeeded = res.worst == outcomeOK
	if res.worst >= outcomeUndecodable {
		res.err = err
	}
	return res
}

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
	// Receivers is what each receiver did, in the order of their calls: [RunResult.Entry] keeps it.
	Receivers []journal.Receiver
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
	var ran []ranReceiver
	for n := range s.receivers {
		rc := &s.receivers[n]
		if !rc.pattern.Matches(e.Type) {
			continue
		}
		// It counts as handled: otherwise an event whose receivers have all finished would look like one that nobody
		// takes.
		if rc.name != "" && slices.Contains(finished, rc.name) {
			total.handled = true
			total.finished = append(total.finished, rc.name)
			ran = append(ran, ranReceiver{receiver: rc, before: true})
			continue
		}
		own, used := e, func() bool { return false }
		if rc.name != "" {
			own.run = &eventRun{answer: shared.answer}
			// used reports afterwards whether the receiver asked for the event's transaction.
			own.run.ctx, used = txwatch.Start(ctx)
		}
		began := time.Now()
		res := call(func() error { return rc.call(own.run.ctx, own.run.ctx, own) })
		ran = append(ran, ranNow(rc, &res, began))
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
	s.callUnhandled(ctx, &e, &total)
	total.conclude()
	out := total.ran(inTransaction)
	out.Receivers = receiversOf(ran)
	return out
}

// callUnhandled calls the receiver of what no other takes. Its outcome is no answer to the event.
func (s *Signals) callUnhandled(ctx context.Context, e *Event, total *result) {
	if total.handled || s.unhandled == nil {
		return
	}
	res := call(func() error { s.unhandled(ctx, *e); return nil })
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
	entry.Receivers = r.Receivers
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
