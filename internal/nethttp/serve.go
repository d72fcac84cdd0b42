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
	in.KeepBody = in.KeepBody || onReject != nil
	d, reply := guard.Receive(w, r, in)
	if reply != nil {
		if reply.Rejection != nil && onReject != nil {
			onReject(r, reply.Rejection, w.Header())
		}
		reply.Write(w)
		return
	}
	t := d.Track(w)
	returned := false
	defer func() {
		// Not recovered: the panic goes on to the router's own recovery with its stack.
		if !returned {
			d.Abandon()
			t.Release()
		}
	}()
	next(t.Writer(), d.Request())
	returned = true
	if reply := d.Finish(adapter.Outcome{Written: t.Written()}); reply != nil {
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
