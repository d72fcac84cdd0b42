package core

import (
	"encoding/json"
	"fmt"
	"io"
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
	now := i.present()
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
	rec := g.recordOf(i.known(), reply, now)
	// After the reply is made: what a sample finds out can never reach the sender.
	rec.sampled = g.sample(r, &i.facts, i.claims.Tenant, f, now)
	i.markRead(r, true)
	g.put(rec)
	return reply
}

// refusal makes the reply to a failure. It does not report it.
func (g *Guard) refusal(i *facts, f fault.Failure, cause error) *Reply {
	reply := g.rejectionReply(f.Reason, g.statusOf(f.Reason, i), f.Detail, cause)
	if f.Reason == reason.Method {
		reply.set("Allow", g.methods.Allow())
	}
	return reply
}

// recordOf starts the record of a refusal.
func (g *Guard) recordOf(i *facts, reply *Reply, now time.Time) *pooledRecord {
	rejection := reply.Rejection
	rec := g.record(i, rejection.Reason, rejection.Status, now)
	rec.Detail, rec.Err = rejection.detail, rejection.cause
	reply.lasting.Start(i.ctx)
	rec.lasting = &reply.lasting
	return rec
}

// answered reports a handshake.
func (g *Guard) answered(i *inspection, reply *Reply, prior *Delivery) *Reply {
	if prior != nil {
		prior.settle(replay.Release) // an outer guard must not remember a handshake as an event that was processed
	}
	rec := g.record(i.known(), reason.Handshake, reply.Status, time.Now())
	rec.Detail = i.note
	g.put(rec)
	return reply
}

// reject makes the reply to a reason with its default status. The guard's own checks answer by refusal.
func (g *Guard) reject(why reason.Reason, detail string, cause error) *Reply {
	return g.rejectionReply(why, why.Status(), detail, cause)
}

// describe fills in an empty rejection.
func (g *Guard) describe(r *Rejection, why reason.Reason, status int, detail string, cause error) {
	r.Reason, r.Status, r.Endpoint, r.Provider, r.detail, r.cause = why, status, g.endpoint, g.provider, detail, cause
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

// Rejection says why a delivery was refused. However it is printed, it shows the name of its status and nothing more,
// because routers print errors into responses. What was seen, and which setting to check, is in Detail and reaches the
// observer.
//
// A Rejection unwraps into the error behind it, so that errors.As and errors.Is in a router's error handling, and in
// error reporters mounted there, reach the app's own error. An error handler that chooses a status by the app's errors
// must look for a *Rejection first and keep its Status: for some providers a 404 is the end of the webhook.
type Rejection struct {
	Reason   reason.Reason
	Status   int    // that is answered
	Endpoint string // the name of the guard that refused
	Provider string

	detail string // for logs; see Detail
	cause  error  // nil: the guard itself refused; see Cause
}

// Error returns the outward text: the name of the status, the same for every reason with that status.
func (r *Rejection) Error() string { return http.StatusText(r.Status) }

// StatusCode returns the status of the answer. Echo v5 chooses its status by this method.
func (r *Rejection) StatusCode() int { return r.Status }

// Detail says what was seen and which setting to check. It holds no secret and no expected signature, and is meant
// for logs, never for the answer.
func (r *Rejection) Detail() string { return r.detail }

// Cause returns the app's or the store's error behind the rejection, or nil. It is for logs, never for the answer.
func (r *Rejection) Cause() error { return r.cause }

// Unwrap returns what Cause returns. Its text never becomes part of the rejection's own.
func (r *Rejection) Unwrap() error { return r.cause }

// Format prints the outward text for every verb: fields must not show how a check ended.
func (r Rejection) Format(f fmt.State, verb rune) {
	// A value receiver, because %+v of a copy would print the fields otherwise.
	text := r.Error()
	if verb == 'q' || f.Flag('#') {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(f, text)
}

// MarshalJSON writes the outward text in the form of Echo's own errors. It is there because encoding/json would
// otherwise write all exported fields, the reason among them.
func (r Rejection) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Message string `json:"message"`
	}{r.Error()})
}
