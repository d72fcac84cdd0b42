// Command nethttp receives Stripe's webhooks with net/http alone.
//
//	STRIPE_SECRET=whsec_... go run ./examples/nethttp
package main

import (
	"log"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

type invoice struct {
	ID         string
	AmountPaid int64 `json:"amount_paid"`
}

type customer struct{ ID string }

func main() {
	guard, err := core.New(core.Config{
		Endpoint:       "stripe",
		Provider:       provider.Stripe(),
		Secrets:        core.SecretsFromEnv("STRIPE_SECRET", "STRIPE_SECRET_OLD"), // the second, for a rotation, may be unset
		Replay:         memstore.New(),
		TrustedProxies: core.PrivateNetworks, // whose X-Forwarded-Proto counts
		// DangerouslyAllowHTTP: true, // local development over http
	})
	if err != nil {
		log.Fatal(err)
	}
	signals := core.NewSignals[*http.Request]()
	signals.On("invoice.paid", core.Typed(func(_ *http.Request, e core.Event, in invoice) error {
		log.Printf("%s: invoice %s brought %d", e.ID, in.ID, in.AmountPaid)
		return nil // an error is a 500, and Stripe sends the event again
	}))
	signals.On("customer.*", core.Typed(func(_ *http.Request, e core.Event, c customer) error {
		log.Printf("%s: %s of %s", e.ID, e.Type, c.ID)
		return nil
	}))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }) // unguarded
	core.Handle(mux, "/webhooks/stripe", guard, signals)

	server := &http.Server{
		Addr: ":8080", Handler: mux, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}
