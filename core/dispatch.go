package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// outcome is what a receiver's result means, from best to worst.
type outcome uint8

const (
	outcomeOK outcome = iota
	outcomeIgnored
	outcomePermanent
	outcomeRetry
	outcomePanic
)

// classify takes the worst branch of a join: an error that wants a retry is not outweighed by one beside it that does
// not. What Permanent itself was given stays permanent as a whole.
func classify(err error) outcome {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if _, ok := e.(*permanentError); ok { //nolint:errorlint // each link is looked at by itself
			break
		}
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			worst := outcomeOK
			for _, branch := range joined.Unwrap() {
				worst = max(worst, classify(branch))
			}
			return worst
		}
	}
	var permanent *permanentError
	switch {
	case err == nil:
		return outcomeOK
	case errors.Is(err, Ignore):
		return outcomeIgnored
	case errors.As(err, &permanent):
		return outcomePermanent
	default:
		return outcomeRetry
	}
}

// Run calls the receivers of every event in the request's delivery and settles each event. It returns the answer, or
// nil where a receiver wrote to the router's writer itself. written tells what has been written so far.
//
// A request that no guard proved runs nothing and is a 500.
func (s *Signals[C]) Run(c C, r *http.Request, written func() Written) *Reply {
	d := deliveryIn(r.Context())
	if d == nil {
		rejection := &Rejection{Reason: ReasonNotVerified, Status: ReasonNotVerified.Status(), detail: "a signal on a request that no guard proved: mount Verify before it, or use Handle"}
		// There is no guard to report it, and it is a mistake in how the app is put together: say it loudly.
		slog.Default().Error("sallyport: a signal on a request that no guard proved; nothing ran", "detail", rejection.detail)
		return rejectionReply(rejection)
	}
	var total result
	for i := range d.events {
		total.merge(s.runEvent(r.Context(), c, d, &d.events[i]))
	}
	if w := written(); w.Hijacked || w.Status != 0 {
		// What a signal wrote decides: a provider that read a failure sends the event again.
		if w.Hijacked || w.Status < 200 || w.Status > 299 {
			total.worst = max(total.worst, outcomeRetry)
			if total.err == nil {
				total.err = fmt.Errorf("the signal answered %d itself", w.Status)
			}
		}
		d.end(&total, w.Status)
		return nil
	}
	return d.end(&total, 0)
}

// result is what came of the receivers.
type result struct {
	worst    outcome
	handled  bool
	err      error
	stack    []byte
	response *response
	abort    bool // http.ErrAbortHandler
}

func (t *result) merge(o result) {
	if o.worst > t.worst {
		t.worst, t.stack = o.worst, o.stack
	}
	t.err = errors.Join(t.err, o.err)
	t.handled = t.handled || o.handled
	t.abort = t.abort || o.abort
	if o.response != nil {
		t.response = o.response
	}
}

// runEvent runs every receiver of one event, in order; one that fails does not keep the others from running.
func (s *Signals[C]) runEvent(parent context.Context, c C, d *Delivery, e *Event) result {
	ctx, cancel := d.signalContext(parent)
	defer cancel()
	run := &eventRun{ctx: ctx}
	event := *e
	event.run = run
	var total result
	for i := range s.receivers {
		rc := &s.receivers[i]
		if !rc.pattern.matches(event.Type) {
			continue
		}
		total.handled = true
		total.merge(call(func() error { return rc.fn(c, event) }))
		if total.abort {
			break
		}
	}
	if !total.handled && s.unhandled != nil {
		told := call(func() error { s.unhandled(c, event); return nil })
		total.stack, total.err, total.abort = told.stack, told.err, told.abort
	}
	run.mu.Lock()
	total.response = run.response
	run.mu.Unlock()
	return total
}

// call contains a receiver's panic: one event must not take the process, or its neighbours, down.
func call(fn func() error) (res result) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		res.worst = outcomePanic
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			res.abort = true
		}
		res.err, res.stack = fmt.Errorf("the signal panicked: %v", v), debug.Stack()
	}()
	err := fn()
	res.worst = classify(err)
	if res.worst >= outcomePermanent {
		res.err = err
	}
	return res
}

// end settles the delivery by the worst outcome and gives the answer.
func (d *Delivery) end(t *result, status int) *Reply {
	g := d.guard
	switch {
	case t.abort:
		d.settle(replay.Release)
		d.report(ReasonSignalPanicked, http.StatusInternalServerError, t.err, nil)
		panic(http.ErrAbortHandler)
	case t.worst >= outcomeRetry:
		d.settle(replay.Release)
		reason := ReasonSignalFailed
		if t.worst == outcomePanic {
			reason = ReasonSignalPanicked
		}
		rejection := g.rejection(reason, reason.Status(), "a signal failed; the provider is asked to send the event again", t.err)
		d.report(reason, cmp.Or(status, rejection.Status), t.err, t.stack)
		return rejectionReply(rejection)
	case !t.handled:
		d.settle(replay.Release)
		reply := textReply(http.StatusOK, d.guard.entry.AckBody)
		d.report(ReasonUnhandled, cmp.Or(status, reply.Status), t.err, t.stack)
		return reply
	}
	d.settle(replay.Commit)
	reply := textReply(http.StatusOK, d.guard.entry.AckBody)
	if t.response != nil {
		reply.Status, reply.Body = t.response.status, t.response.body
		if t.response.contentType != "" {
			reply.Header.Set("Content-Type", t.response.contentType)
		}
		reply.Header.Set("X-Content-Type-Options", "nosniff")
	}
	d.report(ReasonAccepted, cmp.Or(status, reply.Status), t.err, nil)
	return reply
}

type ackKey struct{}

// AckBy returns when the provider stops waiting for the answer, where its limit is known.
func AckBy(ctx context.Context) (time.Time, bool) {
	t, ok := ctx.Value(ackKey{}).(time.Time)
	return t, ok
}

// signalContext is not cancelled when the provider hangs up, because the work it asked for goes on. It ends with the
// claim, since from then on a retry may run beside it, or at the deadline the app itself has set.
//
// parent is the context of the request as it reached the signal: middleware after the guard may have added values and a
// deadline.
func (d *Delivery) signalContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx := context.WithoutCancel(parent)
	limit := d.deadline
	if own, ok := parent.Deadline(); ok && own.Before(limit) {
		limit = own
	}
	if g := d.guard; g.ackLimit > 0 {
		ackBy := d.inspection.started.Add(g.ackLimit)
		ctx = context.WithValue(ctx, ackKey{}, ackBy)
		if g.cancelAck && ackBy.Before(limit) {
			limit = ackBy
		}
	}
	return context.WithDeadline(ctx, limit)
}
