package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// A guard, a set of receivers, and the route of both. The sender stands for Stripe here.
func Example() {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe", // its name in stores, logs and metrics
		Provider: provider.Stripe(),
		Secrets:  secrets.Static(stripe.Secret()), // secrets.FromEnv("STRIPE_SECRET") in an app
		Replay:   memstore.New(),                  // of one process
	})
	if err != nil {
		fmt.Println(err) // every mistake in the config
		return
	}
	signals := core.NewSignals()
	signals.On("invoice.paid", func(_ context.Context, e core.Event) error {
		fmt.Println("paid:", e.ID)
		return nil // an error is a 500, and Stripe sends the event again
	})
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, signals)

	event := webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)}
	fmt.Println(stripe.Send(mux, "/webhooks/stripe", event).Code)
	fmt.Println(stripe.Send(mux, "/webhooks/stripe", event).Code) // the same again: nothing runs
	forger := webhooktest.NewSender(provider.Stripe())            // another secret
	fmt.Println(forger.Send(mux, "/webhooks/stripe", event).Code)
	// Output:
	// paid: evt_1
	// 200
	// 200
	// 400
}

// New reports every mistake at once, each with its field and what to do.
func ExampleNew() {
	_, err := core.New(core.Config{
		Endpoint: "stripe",
		Provider: provider.Stripe(),
		Secrets:  secrets.Static("secret"),
		Limits:   core.Limits{Tolerance: 300}, // nanoseconds
	})
	for _, mistake := range core.ConfigErrors(err) {
		fmt.Println(mistake.Field)
	}
	// Output:
	// Secrets[0] (#1)
	// Limits.Tolerance
	// Replay
}

// Receivers of one set run in the order in which they were registered, in every router. Here and below, send signs
// events as Stripe does, delivers them and prints the answers.
func ExampleSignals() {
	signals := core.NewSignals()
	signals.On("invoice.*", func(_ context.Context, e core.Event) error {
		fmt.Println("an invoice:", e.Type)
		return nil
	})
	signals.On("*", func(_ context.Context, e core.Event) error {
		fmt.Println("anything:", e.Type)
		return nil
	})
	send(signals, `{"id":"evt_1","type":"invoice.paid"}`, `{"id":"evt_2","type":"charge.failed"}`)
	// Output:
	// an invoice: invoice.paid
	// anything: invoice.paid
	// 200
	// anything: charge.failed
	// 200
}

// A receiver with a name is remembered by itself: when another one fails, the retry does not run it again.
func ExampleSignals_Named() {
	signals := core.NewSignals()
	signals.Named("ledger").On("invoice.paid", func(context.Context, core.Event) error {
		fmt.Println("booked")
		return nil
	})
	tries := 0
	signals.Named("mail").On("invoice.paid", func(context.Context, core.Event) error {
		if tries++; tries == 1 {
			return errors.New("the mail server is down")
		}
		fmt.Println("mailed")
		return nil
	})
	const event = `{"id":"evt_1","type":"invoice.paid"}`
	send(signals, event, event) // and the provider's retry
	// Output:
	// booked
	// 500
	// mailed
	// 200
}

// An event that no receiver takes is answered 200, and not remembered.
func ExampleSignals_OnUnhandled() {
	signals := core.NewSignals()
	signals.On("invoice.paid", func(context.Context, core.Event) error { return nil })
	signals.OnUnhandled(func(_ context.Context, e core.Event) { fmt.Println("unhandled:", e.Type) })
	send(signals, `{"id":"evt_1","type":"charge.failed"}`)
	// Output:
	// unhandled: charge.failed
	// 200
}

// Typed decodes the object that an event is about.
func ExampleTyped() {
	type invoice struct {
		ID         string `json:"id"`
		AmountPaid int64  `json:"amount_paid"`
	}
	signals := core.NewSignals()
	signals.On("invoice.paid", core.Typed(func(_ context.Context, e core.Event, in invoice) error {
		fmt.Println(e.ID, in.ID, in.AmountPaid)
		return nil
	}))
	send(signals, `{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1","amount_paid":4200}}}`)
	// Output:
	// evt_1 in_1 4200
	// 200
}

// Permanent is for what a retry would meet again: the answer is 200, and the record and the log have the error.
func ExamplePermanent() {
	signals := core.NewSignals()
	signals.On("invoice.paid", func(context.Context, core.Event) error {
		return core.Permanent(errors.New("the customer is unknown"))
	})
	const event = `{"id":"evt_1","type":"invoice.paid"}`
	send(signals, event, event) // the second does not run
	// Output:
	// 200
	// 200
}

// Respond sets the answer for providers that act on it, such as Slack.
func ExampleEvent_Respond() {
	slack := webhooktest.NewSender(provider.Slack())
	guard, err := core.New(core.Config{
		Endpoint: "slack", Provider: provider.Slack(), Replay: memstore.New(),
		Secrets: secrets.Static(slack.Secret()),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		return e.Respond(http.StatusOK, "application/json", []byte(`{"text":"on it"}`))
	})
	w := slack.Send(httpwebhook.Handler(guard, signals), "/webhooks/slack", webhooktest.Sample{
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		Body:   []byte("command=%2Fdeploy&text=production&trigger_id=1"),
	})
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"text":"on it"}
}

// send gives deliveries of Stripe to a guard and its receivers, and prints what they are answered.
func send(signals *core.Signals, events ...string) {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Replay: memstore.New(),
		Secrets: secrets.Static(stripe.Secret()),
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = guard.Shutdown(context.Background()) }()
	handler := httpwebhook.Handler(guard, signals)
	for _, event := range events {
		w := stripe.Send(handler, "/webhooks/stripe", webhooktest.Sample{Body: []byte(event)})
		fmt.Println(w.Code)
	}
}
