package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func main() {
	guard, err := core.New(core.Config{
		Endpoint:       "stripe",
		Provider:       provider.Stripe(),
		Secrets:        secrets.FromEnv("STRIPE_SECRET", "STRIPE_SECRET_OLD"),
		Replay:         memstore.New(),
		TrustedProxies: core.PrivateNetworks,
		Observers:      []core.Observer{newObserver(prometheus.DefaultRegisterer)}, // the log stays
	})
	if err != nil {
		log.Fatal(err)
	}
	prometheus.MustRegister(newRotation(guard), newHealth(guard))
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		log.Printf("%s: %s", e.ID, e.Type)
		return nil
	})
	hooks := http.NewServeMux()
	httpwebhook.Handle(hooks, "/webhooks/stripe", guard, signals)

	inside := http.NewServeMux()
	inside.Handle("GET /metrics", promhttp.Handler())
	go func() { log.Fatal(newServer("127.0.0.1:9090", inside).ListenAndServe()) }()
	log.Fatal(newServer(":8080", hooks).ListenAndServe())
}

func newServer(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
}
