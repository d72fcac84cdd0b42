package core

import (
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// conflict refuses a request that another guard has proved, because the two guards do not go together.
func (g *Guard) conflict(r *http.Request, in adapter.Inbound, detail string) *Reply {
	s := g.prepare(nil, in, time.Now()) // the connection's deadline is the other guard's
	s.inspection.ctx = contextOf(r, deliveryIn(r.Context()))
	// Fails closed: nothing runs, and the operator sees the mistake at the first delivery.
	reply := g.refuse(r, &s.inspection, fault.New(reason.GuardConflict, detail))
	g.giveBack(s)
	return reply
}

// unreadLimit is how much of a body net/http reads to keep a connection.
const unreadLimit = 256 << 10

// refuse makes the reply to a failure and reports it.
func (g *Guard) refuse(r *http.Request, i *inspection, f fault.Failure) *Reply {
	now := i.started.Add(time.Since(i.started)) // by the monotonic clock alone: reading both clocks costs twice as much
	// It may replace the failure by RateLimited. What the request failed at stays in the detail, for the log alone.
	f = g.countFailure(r.Context(), i, f, now)
	if g.rates.failures.IsShared() {
		now = time.Now() // it may have taken a while
	}
	if !i.bodyBegun { // else the body's own deadline stands
		intake.BoundDrain(i.w, r, i.started, now)
	}
	reply := g.refusal(&i.facts, f, nil)
	if f.Reason == reason.RateLimited && i.retryAfter > 0 {
		reply.setRetryAfter(g.boundRetryAfter(f.Reason, i.retryAfter))
	}
	if (r.ContentLength < 0 || r.ContentLength > unreadLimit) &&
		(f.Reason.Class() == reason.ClassAuthentication || f.Reason == reason.RateLimited) {
		// net/http closes the connection itself where much of a body was not read. A sender could tell the checks
		// before the body from those after it.
		reply.set("Connection", "close")
	}
	rec := g.recordOf(&i.facts, reply, now)
	// After the reply is made: what a sample finds out can never reach the sender.
	rec.sampled = g.sample(r, &i.facts, i.claims.Tenant, f, now)
	i.markRead(r, true)
	g.put(rec)
	return reply
}

// refusal makes the reply to a failure. It does not report it.
func (g *Guard) refusal(i *facts, f fault.Failure, cause error) *Reply {
	reply := g.rejectionReply(g.rejection(f.Reason, g.statusOf(f.Reason, i), f.Detail, cause))
	if f.Reason == reason.Method {
		reply.set("Allow", g.methods.allow)
	}
	return reply
}

// recordOf starts the record of a refusal.
func (g *Guard) recordOf(i *facts, reply *Reply, now time.Time) *Record {
	rejection := reply.Rejection
	rec := g.record(i, rejection.Reason, rejection.Status, now)
	rec.Detail, rec.Err = rejection.detail, rejection.cause
	return rec
}

// answered reports a handshake.
func (g *Guard) answered(i *inspection, reply *Reply, prior *Delivery) *Reply {
	if prior != nil {
		prior.settle(replay.Release) // an outer guard must not remember a handshake as an event that was processed
	}
	rec := g.record(&i.facts, reason.Handshake, reply.Status, time.Now())
	rec.Detail = i.note
	g.put(rec)
	return reply
}

// reject makes the reply to a reason with its default status. The guard's own checks answer by refusal.
func (g *Guard) reject(why reason.Reason, detail string, cause error) *Reply {
	return g.rejectionReply(g.rejection(why, why.Status(), detail, cause))
}

// rejection describes a refusal. detail and cause are for logs and stay out of the answer.
func (g *Guard) rejection(why reason.Reason, status int, detail string, cause error) Rejection {
	return Rejection{
		Reason: why, Status: status, Endpoint: g.endpoint, Provider: g.provider, detail: detail, cause: cause,
	}
}

// statusOf returns the status of a reason. Every failed authentication has the same. Too much has the one that does not
// lose the event.
func (g *Guard) statusOf(why reason.Reason, i *facts) int {
	switch {
	// One status for all: a sender must not learn which of several checks its forgery passed.
	case why.Class() == reason.ClassAuthentication:
		return g.answers.status
	case why == reason.RateLimited && i.overloaded:
		return http.StatusServiceUnavailable // our own state, whoever sent it
	case why == reason.RateLimited:
		return g.rates.status
	}
	return why.Status()
}
