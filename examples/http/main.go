// Command http receives Stripe's webhooks with net/http alone: STRIPE_SECRET=whsec_... go -C examples run ./http
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func main() {
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(),
		Secrets:        secrets.FromEnv("STRIPE_SECRET", "STRIPE_SECRET_OLD"), // the second may be unset
		Replay:         memstore.New(),
		TrustedProxies: core.PrivateNetworks, // whose X-Forwarded-Proto counts
	})
	if err != nil {
		log.Fatal(err)
	}
	signals := core.NewSignals()
	signals.On("invoice.paid", func(_ context.Context, e core.Event) error {
		log.Printf("paid: %s", e.ID)
		return nil // an error is a 500, and Stripe sends the event again
	})
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, signals)
	server := &http.Server{Addr: ":8080", Handler: mux, MaxHeaderBytes: 64 << 10, ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	log.Fatal(server.ListenAndServe())
}
