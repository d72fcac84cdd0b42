package core_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// Both gates must pass: the signature, and a password in the URL that the provider calls.
func ExampleBasicAuth() {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint:    "stripe",
		Provider:    provider.Stripe(),
		Secrets:     secrets.Static(stripe.Secret()),
		Credentials: []core.Credential{core.BasicAuth(secrets.Static("hook:a-password-that-is-long"))},
		Replay:      memstore.New(),
		Logger:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := httpwebhook.Handler(guard, core.NewSignals())
	for _, password := range []string{"a-password-that-is-long", "a-guess"} {
		event := webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)}
		r := stripe.Request("/webhooks/stripe", event)
		r.SetBasicAuth("hook", password)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 400
}

// One endpoint for many shops: each has its own secrets, and its own memory of events.
func ExampleTenantFromPath() {
	shop := webhooktest.NewSender(provider.Shopify())
	secretsOf := func(_ context.Context, name string) ([]secrets.Secret, error) { // from the app's database
		if name != "acme" {
			return nil, secrets.ErrUnknownTenant // looks like a forgery from outside; any other error is a 503
		}
		return []secrets.Secret{secrets.New("current", shop.Secret())}, nil
	}
	guard, err := core.New(core.Config{
		Endpoint: "shopify",
		Provider: provider.Shopify(),
		Tenant:   core.TenantFromPath("shop"),
		Secrets:  secrets.FromFunc(secretsOf, 5*time.Minute), // asked once a tenant in five minutes
		Replay:   memstore.New(),
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		fmt.Println(e.Tenant, e.Type)
		return nil
	})
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/{shop}/shopify", guard, signals)
	sample := shop.Samples()[0]
	fmt.Println(shop.Send(mux, "/webhooks/acme/shopify", sample).Code)
	fmt.Println(shop.Send(mux, "/webhooks/globex/shopify", sample).Code)
	// Output:
	// acme orders/create
	// 200
	// 401
}

// Rotation says when the old secret is no longer needed.
func ExampleGuard_Rotation() {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	fresh, old := webhooktest.NewSender(provider.Stripe()), webhooktest.NewSender(provider.Stripe())
	clock := func() time.Time { return now }
	fresh.Now, old.Now = clock, clock
	guard, err := core.New(core.Config{
		Endpoint: "stripe",
		Provider: provider.Stripe(),
		Secrets:  secrets.Labeled(secrets.New("2026-05", fresh.Secret()), secrets.New("2025-11", old.Secret())),
		Replay:   memstore.New(),
		Logger:   slog.New(slog.DiscardHandler),
		Now:      clock,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := httpwebhook.Handler(guard, core.NewSignals())
	event := func(id string) webhooktest.Sample {
		return webhooktest.Sample{Body: []byte(`{"id":"` + id + `","type":"invoice.paid"}`)}
	}
	old.Send(handler, "/webhooks/stripe", event("evt_1"))
	now = now.Add(5 * 24 * time.Hour) // longer than Stripe retries
	fresh.Send(handler, "/webhooks/stripe", event("evt_2"))
	for _, use := range guard.Rotation().Secrets {
		fmt.Println(use.Label, use.Matched, use.SafeToRemove())
	}
	// Output:
	// 2026-05 1 false
	// 2025-11 1 true
}

// Explain finds out what is wrong with a request that was refused and saved.
func ExampleGuard_Explain() {
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
	r := stripe.Request("/webhooks/stripe", webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)})
	saved := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(`{"id":"evt_1"}`+"\n")) // by an editor
	saved.Header = r.Header
	why := guard.Explain(saved, adapter.Inbound{})
	fmt.Println(why.Reason)
	for _, finding := range why.Findings {
		fmt.Println(finding.Code)
	}
	// Output:
	// bad_signature
	// body_newline
}

// HealthHandler answers 503 when an endpoint has fallen silent, or refuses every delivery.
func ExampleHealthHandler() {
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
	health := core.HealthHandler(core.HealthLimits{MaxSilence: 24 * time.Hour, MaxRejectedInARow: 2}, guard)
	status := func() int {
		w := httptest.NewRecorder()
		health.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
		return w.Code
	}
	fmt.Println(status())
	handler := httpwebhook.Handler(guard, core.NewSignals())
	rotated := webhooktest.NewSender(provider.Stripe()) // it signs with a secret that the guard does not have yet
	for range 3 {
		rotated.Send(handler, "/webhooks/stripe", webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)})
	}
	fmt.Println(status(), guard.Health().RejectedInARow, guard.Health().LastReason == reason.BadSignature)
	// Output:
	// 200
	// 503 3 true
}

// A resend of an event that was processed runs once the endpoint has forgotten it.
func ExampleGuard_IdentityOf() {
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
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		fmt.Println("ran", e.ID)
		return nil
	})
	handler := httpwebhook.Handler(guard, signals)
	event := webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)}
	stripe.Send(handler, "/webhooks/stripe", event)

	ctx := context.Background()
	id, err := guard.IdentityOf(ctx, "", "evt_1")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := guard.Forget(ctx, id); err != nil {
		fmt.Println(err)
		return
	}
	stripe.Send(handler, "/webhooks/stripe", event)
	// Output:
	// ran evt_1
	// ran evt_1
}

// An observer gets the record of every outcome, in addition to the log: for metrics.
func ExampleObserverFunc() {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Replay: memstore.New(),
		Secrets: secrets.Static(stripe.Secret()),
		Logger:  slog.New(slog.DiscardHandler),
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
			fmt.Println(r.Endpoint, r.Reason, r.Status)
		})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	event := webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)}
	signals := core.NewSignals()
	signals.On("*", func(context.Context, core.Event) error { return nil })
	handler := httpwebhook.Handler(guard, signals)
	stripe.Send(handler, "/webhooks/stripe", event)
	stripe.Send(handler, "/webhooks/stripe", event)
	_ = guard.Shutdown(context.Background()) // waits until the observers have everything
	// Output:
	// stripe accepted 200
	// stripe duplicate 200
}

// A burst must not take every connection of a pool: the third delivery at once is asked to come back.
func ExampleLimits() {
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe",
		Provider: provider.Stripe(),
		Secrets:  secrets.Static(stripe.Secret()),
		Replay:   memstore.New(),
		Limits:   core.Limits{MaxRunning: 2, SignalTimeout: time.Minute},
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	signals := core.NewSignals()
	deliver := func(n int) {
		event := webhooktest.Sample{Body: fmt.Appendf(nil, `{"id":"evt_%d","type":"invoice.paid"}`, n)}
		fmt.Println("event", n, "is answered", stripe.Send(mux, "/webhooks/stripe", event).Code)
	}
	running := 0
	signals.On("*", func(context.Context, core.Event) error {
		running++
		deliver(running + 1) // while this one runs
		return nil
	})
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, signals)
	deliver(1)
	// Output:
	// event 3 is answered 503
	// event 2 is answered 200
	// event 1 is answered 200
}

// outcomes counts deliveries by their reasons, and has no use for the names of events.
type outcomes struct{ deliveries map[reason.Reason]int }

func (o outcomes) Observe(_ context.Context, r core.Record) { o.deliveries[r.Reason]++ }
func (outcomes) NeedsNames() bool                           { return false }

// An observer that only counts says that it needs no names: where these stand in the body, nothing is read of it.
func ExampleNamesObserver() {
	counted := outcomes{map[reason.Reason]int{}}
	var _ core.NamesObserver = counted
	stripe := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(stripe.Secret()),
		Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
		Observers: []core.Observer{counted},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := httpwebhook.Verify(guard)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	r := stripe.Request("/webhooks/stripe", webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)})
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if err := guard.Flush(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(counted.deliveries)
	// Output: map[accepted:1]
}
