package adapter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// Ctx is what the handlers of a small router get.
type Ctx struct {
	W http.ResponseWriter
	R *http.Request

	pattern string
}

// Pattern returns the route's.
func (c *Ctx) Pattern() string { return c.pattern }

// Param returns a parameter of the route.
func (c *Ctx) Param(string) string { return "" }

type (
	// Handler is a handler of the router.
	Handler func(*Ctx) error
	// Middleware wraps handlers.
	Middleware func(Handler) Handler
)

// Verify is the guard as middleware of the router.
func Verify(guard *core.Guard) Middleware {
	return func(next Handler) Handler {
		return func(c *Ctx) error {
			d, reply := guard.Receive(c.W, c.R, adapter.Inbound{Route: c.Pattern(), Params: c})
			if reply != nil {
				reply.Write(c.W) // refused, a duplicate, or a handshake: the app is not called
				return nil
			}
			t := d.Track(c.W)
			defer t.Release() // sends what was held back
			defer d.Abandon() // does nothing after Finish; a panic leaves the event to the retry
			c.W, c.R = t.Writer(), d.Request()
			err := next(c)
			if reply := d.Finish(adapter.Outcome{Err: err, Written: t.Written(), Request: c.R}); reply != nil {
				reply.Write(t.Replace())
				return nil
			}
			return err
		}
	}
}

// Dispatch serves a set of receivers behind Verify.
func Dispatch(signals *core.Signals) Handler {
	core.Freeze[*Ctx](signals)
	return func(c *Ctx) error {
		if reply := signals.Serve(c, c.R, adapter.WrittenTo(c.W)); reply != nil {
			reply.Write(c.W)
		}
		return nil
	}
}

// On registers a receiver in the router's own style.
func On(to core.Registrar, pattern string, fn func(*Ctx, core.Event) error) {
	core.OnRouter(to, pattern, fn)
}

// serve is the router: one route, and an error is a 500.
func serve(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(&Ctx{W: w, R: r, pattern: "/webhooks/stripe"}); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
}

// An adapter for another router: Verify, Dispatch and On are all of it.
func Example() {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe",
		Provider: provider.Stripe(),
		Secrets:  secrets.Static(stripe.Secret()),
		Replay:   memstore.New(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		fmt.Println("in every router:", e.Type)
		return nil
	})
	On(signals, "*", func(c *Ctx, e core.Event) error {
		fmt.Println("on", c.Pattern())
		return nil
	})
	app := serve(Verify(guard)(Dispatch(signals)))
	sample := stripe.Samples()[0]
	for range 2 { // the second is a duplicate
		w := httptest.NewRecorder()
		app.ServeHTTP(w, stripe.Request("/webhooks/stripe", sample))
		fmt.Println(w.Code)
	}
	failing := serve(Verify(guard)(func(*Ctx) error { return errors.New("the database is down") }))
	w := httptest.NewRecorder()
	failing.ServeHTTP(w, stripe.Request("/webhooks/stripe", stripe.Samples()[1]))
	fmt.Println(w.Code)
	// Output:
	// in every router: checkout.session.completed
	// on /webhooks/stripe
	// 200
	// 200
	// 500
}
