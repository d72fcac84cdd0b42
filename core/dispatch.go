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
	outcomeUndecodable
	outcomePermanent
	outcomeInFlight // another delivery is at work on it, or has taken it over
	outcomeRetry
	outcomePanic
)

// classify takes the worst branch of a join: an error that wants a retry is not outweighed by one beside it that does
// not. What Permanent itself was given stays permanent as a whole.
func classify(err error) outcome {
	if err == nil {
		return outcomeOK
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e.(type) { //nolint:errorlint // each link is looked at by itself
		case *permanentError:
			return outcomePermanent
		case *undecodableError:
			return outcomeUndecodable
		}
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			worst := outcomeOK
			for _, branch := range joined.Unwrap() {
				worst = max(worst, classify(branch))
			}
			return worst
		}
	}
	if errors.Is(err, Ignore) {
		return outcomeIgnored
	}
	return outcomeRetry
}

// Run calls the receivers of every event in the request's delivery that is this delivery's to run, and settles each event
// by itself: one that fails leaves the others committed, and the provider's retry runs it alone. It returns the answer,
// the worst of the events', or nil where a receiver wrote to the router's writer itself. written tells what has been
// written so far.
//
// A request that no guard proved runs nothing and is a 500.
func (s *Signals[C]) Run(c C, r *http.Request, written func() Written) *Reply {
	d := deliveryIn(r.Context())
	if d == nil {
		rejection := Rejection{Reason: ReasonNotVerified, Status: ReasonNotVerified.Status(), detail: "a signal on a request that no guard proved: mount Verify before it, or use Handle"}
		// There is no guard to report it, and it is a mistake in how the app is put together: say it loudly.
		slog.Default().Error("sallyport: a signal on a request that no guard proved; nothing ran", "detail", rejection.detail)
		return rejectionReply(rejection)
	}
	d.complete()
	d.mu.Lock()
	d.signals = true
	d.mu.Unlock()
	p := &pass[C]{signals: s, c: c, d: d, parent: r.Context(), written: written}
	if len(d.events) > 1 {
		p.flushed = time.Now()
	}
	if err := p.checkpoint(); err != nil {
		d.settle(replay.Release)
		if reply := d.storeFailed(err); reply != nil {
			d.mu.Lock()
			d.reported = true
			d.mu.Unlock()
			return reply
		}
	}
	for i := range d.events {
		if !p.event(i) {
			break
		}
	}
	w := written()
	if w.Hijacked || w.Status != 0 {
		d.end(&p.total, w.Status)
		return nil
	}
	return d.end(&p.total, 0)
}

// result is what came of the receivers.
type result struct {
	worst    outcome
	handled  bool
	done     bool // a receiver has done its work
	err      error
	stack    []byte
	response *response
	wait     time.Duration // for what is in flight
	abort    bool          // http.ErrAbortHandler
}

func (t *result) merge(o result) {
	if o.worst > t.worst {
		t.worst, t.stack = o.worst, o.stack
	}
	switch { // most of a large batch has nothing to tell
	case t.err == nil:
		t.err = o.err
	case o.err != nil:
		t.err = errors.Join(t.err, o.err)
	}
	t.handled = t.handled || o.handled
	t.done = t.done || o.done
	t.abort = t.abort || o.abort
	t.wait = max(t.wait, o.wait)
	if o.response != nil {
		t.response = o.response
	}
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
	res.done = res.worst == outcomeOK
	if res.worst >= outcomeUndecodable {
		res.err = err
	}
	return res
}

// undecodable reports that the event is given up and not remembered: no receiver could decode it, so that a resend runs once
// the receivers are fixed. Where one of them has done its work the event is committed, because a resend would run that
// one twice.
func (t *result) undecodable() bool { return t.worst == outcomeUndecodable && !t.done }

// reason is what an event that did not end well is reported as; empty for one that did.
func (t *result) reason() Reason {
	switch {
	case t.worst == outcomePanic || t.abort:
		return ReasonSignalPanicked
	case t.worst == outcomeRetry:
		return ReasonSignalFailed
	case t.worst == outcomeInFlight:
		return ReasonInFlight
	case t.undecodable():
		return ReasonUndecodable
	case t.worst == outcomePermanent, t.worst == outcomeUndecodable:
		return ReasonPermanent
	case !t.handled:
		return ReasonUnhandled
	default:
		return ""
	}
}

// end settles what is undecided and gives the answer.
func (d *Delivery) end(t *result, status int) *Reply {
	g := d.guard
	v := replay.Release
	if t.worst < outcomeInFlight && !t.abort && !t.undecodable() && (t.handled || len(d.events) == 0) {
		v = replay.Commit
	}
	d.settle(v)
	switch {
	case t.abort:
		d.report(ReasonSignalPanicked, http.StatusInternalServerError, t.err, nil)
		panic(http.ErrAbortHandler)
	case t.worst >= outcomeRetry:
		reason := ReasonSignalFailed
		if t.worst == outcomePanic {
			reason = ReasonSignalPanicked
		}
		rejection := g.rejection(reason, reason.Status(), "a signal failed; the provider is asked to send the event again", t.err)
		d.report(reason, cmp.Or(status, rejection.Status), t.err, t.stack)
		return g.rejectionReply(rejection)
	case t.worst == outcomeInFlight:
		rejection := g.rejection(ReasonInFlight, ReasonInFlight.Status(), "another delivery of an event in this batch is being processed", t.err)
		reply := g.rejectionReply(rejection)
		reply.setRetryAfter(g.comeBack(t.wait))
		d.report(ReasonInFlight, cmp.Or(status, reply.Status), t.err, nil)
		return reply
	}
	reply := textReply(http.StatusOK, g.entry.AckBody)
	if t.undecodable() {
		d.report(ReasonUndecodable, cmp.Or(status, reply.Status), t.err, nil)
		return reply
	}
	if v == replay.Release {
		d.report(ReasonUnhandled, cmp.Or(status, reply.Status), t.err, t.stack)
		return reply
	}
	if t.response != nil {
		reply.Status, reply.Body = t.response.status, t.response.body
		if t.response.contentType != "" {
			reply.set("Content-Type", t.response.contentType)
		}
		reply.set("X-Content-Type-Options", "nosniff")
	}
	reason := ReasonAccepted
	if t.worst >= outcomeUndecodable {
		reason = ReasonPermanent
	}
	d.report(reason, cmp.Or(status, reply.Status), t.err, nil)
	return reply
}

type ackKey struct{}

// AckBy returns when the provider stops waiting for the answer, where its limit is known.
func AckBy(ctx context.Context) (time.Time, bool) {
	t, ok := ctx.Value(ackKey{}).(time.Time)
	return t, ok
}
