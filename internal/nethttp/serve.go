// Package nethttp is what the adapters of routers with net/http's own handlers share.
package nethttp

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
)

// Guard guards one request: next gets it only where it is proved. onReject, if not nil, sees each refusal before it is
// written, and may add headers.
func Guard(
	guard *core.Guard, w http.ResponseWriter, r *http.Request, in adapter.Inbound,
	onReject func(*http.Request, *core.Rejection, http.Header), next func(http.ResponseWriter, *http.Request),
) {
	// Only a hook can use the body of a refusal. Without one no copy is kept for unverified senders.
	in.KeepBody = in.KeepBody || onReject != nil
	d, reply := guard.Receive(w, r, in)
	if reply != nil {
		if reply.Rejection != nil && onReject != nil {
			// Before Write, whose headers replace those of the hook: it cannot change what the guard answers.
			onReject(r, reply.Rejection, w.Header())
		}
		reply.Write(w)
		return
	}
	// From here on the delivery must be finished or abandoned, or its claims block retries for a lease.
	t := d.Track(w)
	returned := false
	defer func() {
		// Not recovered: the panic goes on to the router's own recovery with its stack.
		if !returned {
			// Fails closed: the event is released, and the provider's retry runs it.
			d.Abandon()
			t.Release()
		}
	}()
	next(t.Writer(), d.Request())
	// Not at the end of the function: a panic of Finish itself must not settle twice.
	returned = true
	if reply := d.Finish(adapter.Outcome{Written: t.Written()}); reply != nil {
		// What the app wrote, and was held back, is dropped: the delivery failed after it.
		reply.Write(t.Replace())
		return
	}
	t.Release()
}

// Dispatch makes a handler of a set of receivers, which takes no more from then on. It panics for a nil set, and for
// one with a receiver of another router.
func Dispatch(signals *core.Signals) http.HandlerFunc {
	core.Freeze[*http.Request](signals)
	return func(w http.ResponseWriter, r *http.Request) {
		// A receiver has no writer: nothing is written but what middleware has written.
		if reply := signals.Serve(r, r, func() adapter.Written { return adapter.Written{} }); reply != nil {
			reply.Write(w)
		}
	}
}

// Signal makes a handler of one receiver for every event.
func Signal(fn func(*http.Request, core.Event) error) http.HandlerFunc {
	signals := core.NewSignals()
	core.OnRouter(signals, "*", fn)
	return Dispatch(signals)
}
