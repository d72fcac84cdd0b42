// Package echo5webhook puts a [core.Guard] in front of an Echo v5 route. For Echo v4 see package echowebhook.
//
//	guard, err := core.New(core.Config{ ... })
//	signals := core.NewSignals()
//	signals.On("invoice.paid", func(ctx context.Context, e core.Event) error { return ship(ctx, e.Data) })
//	echo5webhook.Handle(e, "/webhooks/stripe", guard, signals)
//
// [Handle] mounts guard and receivers in one call. [Verify] with [Signal] is the form for Use on groups: there, mind
// that a group's middleware guards only the routes that are added to the group after it.
//
// A refused delivery is returned as an [echo.HTTPError] with the [core.Rejection] inside, so the app's own
// HTTPErrorHandler renders it. Everything here is safe for concurrent use.
package echo5webhook

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
)

// Config is what [VerifyWithConfig] takes.
type Config struct {
	// Guard checks the requests. Required.
	Guard *core.Guard
	// Skipper, if not nil, names requests that are not checked. Such a request carries no delivery: a [Signal] answers
	// it 500, a plain handler runs unguarded.
	Skipper middleware.Skipper
	// OnReject, if not nil, is called for every refused delivery before the error is returned, with the request, why,
	// and the answer's header, to which it may add. It cannot change the answer's status or body, nor a header that
	// the answer itself needs. It is called by many requests at once, and must not keep the header.
	// The request has its body still: Guard.Explain examines it, at a cost that a flood of refusals must not multiply.
	OnReject func(*http.Request, *core.Rejection, http.Header)
}

// Verify is middleware that lets only proved deliveries through. It panics for a nil guard, where it is mounted.
//
// A plain handler after it is settled by how it ends: committed when it returned no error and answered 2xx, or
// answered nothing; released, so that the provider's retry runs, on everything else, a panic included. Its error is
// returned as it is.
func Verify(guard *core.Guard) echo.MiddlewareFunc { return VerifyWithConfig(Config{Guard: guard}) }

// VerifyWithConfig is [Verify] with more settings.
func VerifyWithConfig(config Config) echo.MiddlewareFunc {
	mw, err := config.ToMiddleware()
	if err != nil {
		panic(err)
	}
	return mw
}

// ToMiddleware is [VerifyWithConfig] with an error, not a panic, for a nil guard.
func (config Config) ToMiddleware() (echo.MiddlewareFunc, error) {
	// Fails closed at start-up: a route must not be mounted unguarded by a forgotten error of core.New.
	if config.Guard == nil {
		return nil, errors.New("echo5webhook: the guard is nil")
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			// Fails open, as the app has configured: nothing verifies such a request.
			if config.Skipper != nil && config.Skipper(c) {
				return next(c)
			}
			res := c.Response()
			in := adapter.Inbound{Route: c.Path(), Params: c, KeepBody: config.OnReject != nil}
			d, reply := config.Guard.Receive(res, c.Request(), in)
			if reply != nil {
				if reply.Rejection != nil && config.OnReject != nil {
					// Before put, whose headers replace those of the hook: it cannot change what the guard answers.
					config.OnReject(c.Request(), reply.Rejection, res.Header())
				}
				return put(c, reply)
			}
			c.SetRequest(d.Request())
			t := d.Track(c.Response())
			tracked := response{t}
			c.SetResponse(tracked)
			defer restore(c, tracked, t.ResponseWriter) // Echo writes its errors past the tracker
			defer t.Release()                           // sends what was held back
			// Fails closed where the handler panics: the event is released. Not recovered: the panic goes on to Echo's
			// own recovery with its stack. After Finish it does nothing.
			defer d.Abandon()
			err := next(c)
			if reply := d.Finish(adapter.Outcome{
				Err: err, ErrStatus: statusOf(err), Written: t.Written(), Request: c.Request(),
			}); reply != nil {
				reply.Write(t.Replace()) // past Echo's response, which takes what was withheld for written
				return nil
			}
			return err
		}
	}, nil
}

// restore takes a writer off again, unless somebody has put one of their own over it.
func restore(c *echo.Context, w, was http.ResponseWriter) {
	if c.Response() == w {
		c.SetResponse(was)
	}
}

// statusOf returns the status that Echo answers to an error with; zero where it is 500.
func statusOf(err error) int {
	if err == nil {
		return 0 // which errors.As would allocate for
	}
	return echo.StatusCode(err)
}

// put writes a reply, or returns it as the error that it is.
func put(c *echo.Context, reply *core.Reply) error {
	rejection := reply.Rejection
	if rejection == nil {
		reply.Write(c.Response())
		return nil
	}
	h := c.Response().Header()
	reply.SetHeader(h)
	h.Del(echo.HeaderContentType) // the error handler's own, which keeps one that is there
	return echo.NewHTTPError(rejection.Status, rejection.Error()).Wrap(rejection)
}

// Signal makes a handler of one receiver for every event; mount it behind [Verify]. It panics for a nil function. The
// receiver's error decides what becomes of the event, see [core.Receiver]; it is not what the handler returns, which
// is an [echo.HTTPError] with a [core.Rejection]. A request that no guard proved is a 500 and runs nothing.
func Signal(fn func(*echo.Context, core.Event) error) echo.HandlerFunc {
	signals := core.NewSignals()
	On(signals, "*", fn)
	return Dispatch(signals)
}

// On registers a receiver that takes Echo v5's own context. The context for its work is e.Context(), not that of the
// request. The set then serves only Echo v5.
func On(to core.Registrar, pattern string, fn func(*echo.Context, core.Event) error) {
	core.OnRouter(to, pattern, fn)
}

// Dispatch makes a handler of a whole set of receivers, which takes no more from then on; mount it behind [Verify].
// It panics for a nil set.
func Dispatch(signals *core.Signals) echo.HandlerFunc {
	core.Freeze[*echo.Context](signals)
	return func(c *echo.Context) error {
		was := c.Response()
		t := adapter.TrackerFor(was)
		if w := http.ResponseWriter(response{t}); w != was { // middleware has put a writer of its own over the guard's
			c.SetResponse(w)
			defer restore(c, w, was)
		}
		if reply := signals.Serve(c, c.Request(), t.Written); reply != nil {
			return put(c, reply)
		}
		return nil // a receiver answered
	}
}

// Router is what [Handle] mounts on: an [echo.Echo] or an [echo.Group].
type Router interface {
	Any(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) echo.RouteInfo
}

// Handle mounts guard and receivers on a path, for every method, so that handshakes reach the
// guard and a wrong method is its 405 and not the router's. It panics for a nil guard or set.
func Handle(router Router, path string, guard *core.Guard, signals *core.Signals) {
	router.Any(path, Dispatch(signals), Verify(guard))
}

// FromContext returns the delivery that the innermost guard proved, and false where none did.
func FromContext(c *echo.Context) (*core.Delivery, bool) {
	return core.FromContext(c.Request().Context())
}
