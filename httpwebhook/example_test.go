package httpwebhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// Guard and receivers on a pattern, in one call. Every method reaches the guard.
func ExampleHandle() {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe",
		Provider: provider.Stripe(),
		Secrets:  secrets.Static(stripe.Secret()), // secrets.FromEnv("STRIPE_SECRET") in an app
		Replay:   memstore.New(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	signals := core.NewSignals()
	signals.On("invoice.paid", func(_ context.Context, e core.Event) error {
		fmt.Println("paid:", e.ID)
		return nil
	})
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, signals)

	event := webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)}
	for range 2 { // Stripe's delivery, and the same one again
		fmt.Println(stripe.Send(mux, "/webhooks/stripe", event).Code)
	}
	// Output:
	// paid: evt_1
	// 200
	// 200
}

// Middleware, for a handler that takes the request.
func ExampleVerify() {
	github := webhooktest.NewSender(provider.GitHub())
	guard, err := core.New(core.Config{
		Endpoint:     "github",
		Provider:     provider.GitHub(),
		Secrets:      secrets.Static(github.Secret()),
		Replay:       memstore.New(),
		StoreFailure: core.RefuseDelivery, // GitHub does not retry, so the choice has to be made
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verify := httpwebhook.Verify(guard)
	handler := verify(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		fmt.Println("action:", e.Action)
		return nil
	}))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "https://example.com/webhooks/github", nil)) // not signed
	fmt.Println(w.Code)
	fmt.Println(github.Send(handler, "/webhooks/github", webhooktest.Sample{Body: []byte(`{"action":"opened"}`)}).Code)
	// Output:
	// 400
	// action: opened
	// 200
}
