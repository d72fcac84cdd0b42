// Package chiwebhook puts a [core.Guard] in front of a Chi route.
//
//	guard, err := core.New(core.Config{ ... })
//	signals := core.NewSignals()
//	signals.On("invoice.paid", func(ctx context.Context, e core.Event) error { return ship(ctx, e.Data) })
//	chiwebhook.Handle(r, "/webhooks/stripe", guard, signals)
//
// [Handle] mounts guard and receivers in one call. [Verify] with [Signal] is the form for Use and With. In a Use, Chi
// has not routed the request yet: the route's pattern is then missing from logs, and a token or tenant in the path
// cannot be read, so such a delivery is refused; mount those by With or Handle. Everything here is safe for concurrent
// use.
package chiwebhook

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

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
func Verify(guard *core.Guard) func(http.Handler) http.Handler {
	return VerifyWithConfig(Config{Guard: guard})
}

// VerifyWithConfig is [Verify] with more settings.
func VerifyWithConfig(config Config) func(http.Handler) http.Handler {
	if config.Guard == nil {
		panic("chiwebhook: the guard is nil")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			in := adapter.Inbound{
				Route:  chi.RouteContext(r.Context()).RoutePattern(), // "" for no context, as outside of Chi
				Params: params{r},
			}
			nethttp.Guard(config.Guard, w, r, in, config.OnReject, next.ServeHTTP)
		})
	}
}

// params reads the route's parameters. It is one pointer: passing it on allocates nothing.
type params struct{ *http.Request }

// Param returns a parameter; empty where the route has none of that name.
func (p params) Param(name string) string { return chi.URLParam(p.Request, name) }

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

// Handle mounts guard and receivers on a path, for every method that Chi knows, so that handshakes reach the guard and
// a wrong method is its 405 and not the router's. It panics for a nil guard or set.
func Handle(router chi.Router, path string, guard *core.Guard, signals *core.Signals) {
	router.Handle(path, Verify(guard)(Dispatch(signals)))
}

// FromContext returns the delivery that the innermost guard proved, and false where none did. Pass the request's
// context.
func FromContext(ctx context.Context) (*core.Delivery, bool) { return core.FromContext(ctx) }
