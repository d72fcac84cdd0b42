// Package ginwebhook puts a [core.Guard] in front of a Gin route.
//
//	guard, err := core.New(core.Config{ ... })
//	signals := core.NewSignals()
//	signals.On("invoice.paid", func(ctx context.Context, e core.Event) error { return ship(ctx, e.Data) })
//	ginwebhook.Handle(r, "/webhooks/stripe", guard, signals)
//
// [Handle] mounts guard and receivers in one call. [Verify] with [Signal] is the form for Use on groups: there, mind
// that Gin copies a group's middleware into a route when the route is registered, so a Use that comes after the route
// does not guard it. A [Signal] on such a route answers 500 and runs nothing; a plain handler would run unguarded.
//
// A refused delivery aborts the chain with one write, and adds the [core.Rejection] to c.Errors as a private error.
// Everything here is safe for concurrent use.
package ginwebhook

import (
	"net/http"
	"reflect"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
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
// A plain handler after it is settled by how it ends: committed when it added nothing to c.Errors and answered 2xx, or
// answered nothing; released, so that the provider's retry runs, on everything else, a panic included.
func Verify(guard *core.Guard) gin.HandlerFunc { return VerifyWithConfig(Config{Guard: guard}) }

// VerifyWithConfig is [Verify] with more settings.
func VerifyWithConfig(config Config) gin.HandlerFunc {
	// Fails closed at start-up: a route must not be mounted unguarded by a forgotten error of core.New.
	if config.Guard == nil {
		panic("ginwebhook: the guard is nil")
	}
	var verify gin.HandlerFunc
	verify = func(c *gin.Context) {
		in := adapter.Inbound{Route: c.FullPath(), Params: c, KeepBody: config.OnReject != nil}
		d, reply := config.Guard.Receive(c.Writer, c.Request, in)
		if reply != nil {
			if reply.Rejection != nil && config.OnReject != nil {
				// Before put, whose headers replace those of the hook: it cannot change what the guard answers.
				config.OnReject(c.Request, reply.Rejection, c.Writer.Header())
			}
			c.Abort() // a handlers' chain goes on after a write
			put(c, c.Writer, reply)
			return
		}
		c.Set(gin.BodyBytesKey, d.Body()) // what ShouldBindBodyWith reads; before Request, see there
		c.Request = d.Request()
		w := newWriter(c)
		w.tracker = d.Track(&w.sender)
		before, returned := len(c.Errors), false
		defer func() {
			w.restore(c)
			if !returned { // not recovered: the panic goes on to Gin's own recovery with its stack
				// Fails closed: the event is released, and the provider's retry runs it.
				d.Abandon()
				w.tracker.Release()
				if !c.Writer.Written() {
					// Gin's recovery from http.ErrAbortHandler would leave a 200
					c.Status(http.StatusInternalServerError)
				}
			}
		}()
		c.Next()
		returned = true
		outcome := adapter.Outcome{Written: w.written(), Request: c.Request}
		if len(c.Errors) > before {
			// Fails closed: Gin's handlers report errors this way, and may have answered 200 before.
			outcome.Err = c.Errors.Last()
		}
		// Without a handler nothing ran: the event is released, and a resend runs once there is one.
		outcome.NoHandler = outcome.Written.Status == 0 && isLast(c, verify)
		if reply := d.Finish(outcome); reply != nil {
			c.Abort()
			// What the app wrote, and was held back, gives way: the delivery failed after it.
			put(c, w.tracker.Replace(), reply)
			return
		}
		w.tracker.Release()
		// Fails closed: the event is released, and Gin would answer 200. Middleware before the guard may still answer.
		if outcome.Err != nil && !c.Writer.Written() && c.Writer.Status() < http.StatusMultipleChoices {
			c.Status(http.StatusInternalServerError)
		}
	}
	return verify
}

// isLast reports whether a guard is the last handler of the route, so that none of the app's stands behind it.
func isLast(c *gin.Context, verify gin.HandlerFunc) bool {
	return reflect.ValueOf(c.Handler()).Pointer() == reflect.ValueOf(verify).Pointer()
}

// put writes a reply, and tells Gin of a rejection.
func put(c *gin.Context, w http.ResponseWriter, reply *core.Reply) {
	if reply.Rejection != nil {
		_ = c.Error(reply.Rejection)
	}
	reply.Write(w)
	c.Writer.WriteHeaderNow() // Gin keeps the status of an answer without a body to itself
}

// Signal makes a handler of one receiver for every event; mount it behind [Verify]. It panics for a nil function. The
// receiver's error decides what becomes of the event, see [core.Receiver]. A request that no guard proved is a 500 and
// runs nothing.
func Signal(fn func(*gin.Context, core.Event) error) gin.HandlerFunc {
	signals := core.NewSignals()
	On(signals, "*", fn)
	return Dispatch(signals)
}

// On registers a receiver that takes Gin's own context. The context for its work is e.Context(), not that of the
// request. A receiver that passes c to its database has a context that
// never ends. The set then serves only Gin.
func On(to core.Registrar, pattern string, fn func(*gin.Context, core.Event) error) {
	core.OnRouter(to, pattern, fn)
}

// Dispatch makes a handler of a whole set of receivers, which takes no more from then on; mount it behind [Verify].
// It panics for a nil set.
func Dispatch(signals *core.Signals) gin.HandlerFunc {
	core.Freeze[*gin.Context](signals)
	return func(c *gin.Context) {
		w, ok := c.Writer.(*writer)
		if !ok { // middleware has put a writer of its own over the guard's
			w = newWriter(c)
			w.tracker = adapter.TrackerFor(&w.sender)
			defer w.restore(c)
		}
		reply := signals.Serve(c, c.Request, w.written)
		if reply == nil {
			return // a receiver answered
		}
		if reply.Rejection != nil {
			c.Abort()
		}
		put(c, w, reply)
	}
}

// Handle mounts guard and receivers on a path, for every method that Gin's Any knows, so that handshakes reach the
// guard and a wrong method is its 405 and not the router's 404. It panics for a nil guard or set.
func Handle(router gin.IRoutes, path string, guard *core.Guard, signals *core.Signals) {
	router.Any(path, Verify(guard), Dispatch(signals))
}

// FromContext returns the delivery that the innermost guard proved, and false where none did.
func FromContext(c *gin.Context) (*core.Delivery, bool) { return core.FromContext(c.Request.Context()) }
