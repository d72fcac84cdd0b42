package core

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/sallyport-go/sallyport/core/reason"
)

// outcome is what a receiver's result means, from best to worst.
type outcome uint8

const (
	outcomeOK outcome = iota
	outcomeIgnored
	outcomeUndecodable
	outcomePermanent
	outcomeInFlight // another delivery is at work on it, or has taken it over
	outcomeRetry
	outcomePanic
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
		return outcomeRetry
	}
}

// result is what came of an event's receivers.
type result struct {
	worst     outcome
	handled   bool // a receiver takes the event's type
	succeeded bool // a receiver returned nil in this delivery
	err       error
	stack     []byte
	response  *response
	wait      time.Duration // for what is in flight
	abort     bool          // http.ErrAbortHandler
	declined  bool          // the receiver returned [Unhandled]
	kept      bool          // the journal has it
	finished  []string      // named receivers that have done their part of the event
	joined    []string      // named receivers without a claim of their own: their work is the event's
}

func (t *result) merge(o result) {
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
// the fix must run.
func (t *result) commits() bool {
	return t.worst < outcomeInFlight && t.worst != outcomeUndecodable && !t.abort
}

// reason returns the event's own reason; accepted where nothing is wrong with it.
func (t *result) reason() reason.Reason {
	switch {
	case t.abort, t.worst == outcomePanic:
		return reason.SignalPanicked
	case t.worst == outcomeRetry:
		return reason.SignalFailed
	case t.worst == outcomeInFlight:
		return reason.InFlight
	case t.worst == outcomePermanent:
		return reason.Permanent
	case t.worst == outcomeUndecodable:
		return reason.Undecodable
	case !t.handled:
		return reason.Unhandled
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
			if t.stacks++; t.stacks > maxStacks && !t.isNewCause(res.stack) {
				failed.Stack = nil
			}
		}
		t.failed = append(t.failed, failed)
	}
	if res.err != nil && label != "" {
		res.err = &eventError{label: label, err: res.err}
	}
	t.merge(res)
}

// isNewCause reports whether no stack that is kept began where this one did. The first maxStacks are kept whatever they
// are, and at most maxCauses more.
func (t *total) isNewCause(stack []byte) bool {
	if t.causes == nil {
		t.causes = map[string]bool{}
		for i := range t.failed {
			if kept := t.failed[i].Stack; len(kept) > 0 {
				t.causes[panickedAt(kept)] = true
			}
		}
	}
	at := panickedAt(stack)
	if t.causes[at] || len(t.causes) >= maxCauses {
		return false
	}
	t.causes[at] = true
	return true
}

// call contains a receiver's panic: one event must not take the process, or its neighbours, down.
func call(fn func() error) (res result) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		res.worst, res.succeeded, res.stack = outcomePanic, false, debug.Stack()
		err, ok := v.(error)
		if !ok {
			res.err = fmt.Errorf("the signal panicked: %v", v)
			return
		}
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
