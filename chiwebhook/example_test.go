package chiwebhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

func Example() {
	const secret = "whsec_an-example-of-a-signing-secret"
	guard, err := core.New(core.Config{
		Endpoint: "stripe",
		Provider: provider.Stripe(),
		Secrets:  secrets.Static(secret), // secrets.FromEnv("STRIPE_SECRET") in an app
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
	r := chi.NewRouter()
	chiwebhook.Handle(r, "/webhooks/stripe", guard, signals)

	// Stripe's delivery, and the same one again.
	for range 2 {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "https://example.com/webhooks/stripe",
			`{"id":"evt_1","type":"invoice.paid"}`, time.Now()))
		fmt.Println(w.Code)
	}
	// Output:
	// paid: evt_1
	// 200
	// 200
}

func ExampleVerify() {
	const secret = "an-example-of-a-signing-secret"
	guard, err := core.New(core.Config{
		Endpoint:     "github",
		Provider:     provider.GitHub(),
		Secrets:      secrets.Static(secret),
		Replay:       memstore.New(),
		StoreFailure: core.RefuseDelivery, // GitHub does not retry, so the choice has to be made
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := chi.NewRouter()
	r.Route("/webhooks", func(r chi.Router) {
		r.Use(chiwebhook.Verify(guard))
		r.Post("/github", chiwebhook.Signal(func(_ *http.Request, e core.Event) error {
			fmt.Println("action:", e.Action)
			return nil
		}))
	})

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("POST", "https://example.com/webhooks/github", nil)) // not signed
	fmt.Println(w.Code)
	w = httptest.NewRecorder()
	r.ServeHTTP(w, webhooktest.NewRequest(provider.GitHub(), secret, "https://example.com/webhooks/github",
		`{"action":"opened"}`, time.Now()))
	fmt.Println(w.Code)
	// Output:
	// 400
	// action: opened
	// 200
}
