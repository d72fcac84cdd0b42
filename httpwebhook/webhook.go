// Package httpwebhook puts a [core.Guard] in front of net/http handlers, and of every router that uses them.
//
//	guard, err := core.New(core.Config{ ... })
//	signals := core.NewSignals()
//	signals.On("invoice.paid", func(ctx context.Context, e core.Event) error { return ship(ctx, e.Data) })
//	httpwebhook.Handle(mux, "/webhooks/stripe", guard, signals)
//
// [Handle] mounts guard and receivers on an [http.ServeMux] in one call; [Handler] is the same as a handler of its own,
// for any router. [Verify] with [Signal] or [Dispatch] is the form for middleware. Everything here is safe for
// concurrent use.
package httpwebhook

import (
	"context"
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/nethttp"
)

// Config is what [VerifyWithConfig] takes.
type Config struct {
	// Guard checks the requests. Required.
	Guard *core.Guard
	// OnReject, if not nil, is called for every refused delivery before the answer is written, with the request, why,
	// and the answer's header, to which it may add. It cannot change the answer's status or body, nor a header that
	// the answer itself needs. It is called by many requests at once, and must not keep the header.
	// The request has its body still: Guard.Explain examines it, at a cost that a flood of refusals must not multiply.
	OnReject func(*http.Request, *core.Rejection, http.Header)
}

// Verify is middleware that lets only proved deliveries through. It panics for a nil guard, where it is mounted.
//
// A plain handler after it is settled by how it ends: committed when it answered 2xx, or answered nothing; released,
// so that the provider's retry runs, on everything else, a panic included.
//
// The temporary files of a multipart form are removed when the handler has returned. As in net/http itself, those of a
// form that was parsed on a copy (middleware behind the guard that calls [http.Request.WithContext]) are out of reach:
// whoever copies the request must remove them, by r.MultipartForm.RemoveAll.
func Verify(guard *core.Guard) func(http.Handler) http.Handler {
	return VerifyWithConfig(Config{Guard: guard})
}

// VerifyWithConfig is [Verify] with more settings.
func VerifyWithConfig(config Config) func(http.Handler) http.Handler {
	if config.Guard == nil {
		panic("httpwebhook: the guard is nil")
	}
	return func(next http.Handler) http.Handler {
		if next == nil {
			panic("httpwebhook: the handler is nil")
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			nethttp.Guard(config.Guard, w, r, adapter.Inbound{Route: r.Pattern}, config.OnReject, next.ServeHTTP)
		})
	}
}

// Dispatch makes a handler of a whole set of receivers, which takes no more from then on; mount it behind [Verify].
// It panics for a nil set.
func Dispatch(signals *core.Signals) http.HandlerFunc { return nethttp.Dispatch(signals) }

// Signal makes a handler of one receiver for every event; mount it behind [Verify]. It panics for a nil function. The
// receiver's error decides what becomes of the event, see [core.Receiver]; its context is e.Context(). A request that
// no guard proved is a 500 and runs nothing.
func Signal(fn func(*http.Request, core.Event) error) http.HandlerFunc { return nethttp.Signal(fn) }

// On registers a receiver that takes the request. The context for its work is e.Context(), not that of the request. The
// set then serves only routers with net/http's handlers.
func On(to core.Registrar, pattern string, fn func(*http.Request, core.Event) error) {
	core.OnRouter(to, pattern, fn)
}

// Handler makes one handler of a guard and its receivers, for every method: handshakes reach the guard, and a wrong
// method is its 405. It panics for a nil guard or set.
func Handler(guard *core.Guard, signals *core.Signals) http.Handler {
	return Verify(guard)(Dispatch(signals))
}

// Handle mounts guard and receivers on a pattern without a method ("/webhooks/stripe"), so that handshakes reach the
// guard and a wrong method is its 405. It panics for a nil guard or set.
func Handle(mux *http.ServeMux, pattern string, guard *core.Guard, signals *core.Signals) {
	mux.Handle(pattern, Handler(guard, signals))
}

// FromContext returns the delivery that the innermost guard proved, and false where none did. Pass the request's
// context.
func FromContext(ctx context.Context) (*core.Delivery, bool) { return core.FromContext(ctx) }
