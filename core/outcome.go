package core

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
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

// ranReceivers is what the receivers of the event in hand did. The first stands by itself: most events have one.
// The others stand in a slice that guards use again: success must allocate nothing for a journal.
type ranReceivers struct {
	first ranReceiver
	rest  *[]ranReceiver // nil: there is no second
}

func (r *ranReceivers) add(rooms *sync.Pool, one ranReceiver) {
	if r.first.receiver == nil {
		r.first = one
		return
	}
	if r.rest == nil {
		if r.rest, _ = rooms.Get().(*[]ranReceiver); r.rest == nil {
			r.rest = new([]ranReceiver)
		}
	}
	*r.rest = append(*r.rest, one)
}

// all returns a copy.
func (r *ranReceivers) all() []ranReceiver {
	switch {
	case r.first.receiver == nil:
		return nil
	case r.rest == nil:
		return []ranReceiver{r.first}
	}
	return append([]ranReceiver{r.first}, *r.rest...)
}

// reset forgets the event. A receiver that ends the goroutine keeps it from being called: the slice is garbage then.
func (r *ranReceivers) reset(rooms *sync.Pool) {
	if r.rest != nil {
		clear(*r.rest) // an error may hold a body
		*r.rest = (*r.rest)[:0]
		rooms.Put(r.rest)
	}
	*r = ranReceivers{}
}

// ranReceiver is what one receiver did with an event.
type ranReceiver struct {
	receiver *receiver // nil: a plain handler
	took     time.Duration
	err      error
	worst    outcome
	before   bool // it had done its part before, and was left out
	declined bool
}

// ranNow describes a receiver that has just returned.
func ranNow(rc *receiver, res *result, began time.Time) ranReceiver {
	return ranReceiver{receiver: rc, took: max(1, time.Since(began)), err: res.err, worst: res.worst,
		declined: res.declined}
}

// receiversOf describes to the journal what receivers did.
func receiversOf(ran []ranReceiver) []journal.Receiver {
	var all []journal.Receiver
	for i := range ran {
		r := &ran[i]
		one := journal.Receiver{Took: r.took, Reason: r.worst.reason()}
		if r.receiver != nil {
			one.Name, one.Pattern = r.receiver.name, r.receiver.pattern.Text
		}
		switch {
		case r.before:
			one.Reason = reason.Duplicate
		case r.declined:
			one.Reason = reason.Unhandled
		}
		if r.err != nil {
			one.Err = httpfield.TextOf(r.err)
		}
		all = append(all, one)
	}
	return all
}
