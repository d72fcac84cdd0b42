package webhooktest_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// A signal on its own: no guard, no secret.
func ExampleFake() {
	signal := httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		fmt.Println(e.Type, string(e.Data))
		return nil
	})
	w := httptest.NewRecorder()
	signal.ServeHTTP(w, webhooktest.Fake(core.Event{
		Type:    "invoice.paid",
		Payload: []byte(`{"id":"evt_1","data":{"object":{"id":"in_1"}}}`),
		Data:    []byte(`{"id":"in_1"}`),
	}))
	fmt.Println(w.Code)
	// Output:
	// invoice.paid {"id":"in_1"}
	// 200
}

// A delivery through the real guard. The second one is a retry: signed again, and the same event.
func ExampleNewRequest() {
	const secret = "whsec_of_this_test_and_nothing_else"
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: memstore.New(),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := httpwebhook.Verify(guard)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		fmt.Println("ran", e.ID)
		return nil
	}))
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "https://example.com/hooks", `{"id":"evt_1"}`,
			time.Now()))
		fmt.Println(w.Code)
	}
	// Output:
	// ran evt_1
	// 200
	// 200
}

// A request with headers of its own, such as GitHub's event type.
func ExampleSign() {
	const secret = "an-accepted-secret-of-32-bytes!!"
	r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(`{"action":"opened"}`))
	r.Header.Set("X-GitHub-Event", "pull_request")
	if err := webhooktest.Sign(r, provider.GitHub(), secret, time.Now()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Header.Get("X-Hub-Signature-256")[:15])
	// Output: sha256=d8937252
}

// A router's own test: the sender makes the keys, and sends what the provider would.
func ExampleSender() {
	github := webhooktest.NewSender(provider.GitHub())
	guard, err := core.New(core.Config{
		Endpoint: "github", Provider: provider.GitHub(), Secrets: secrets.Static(github.Secret()),
		Replay:       memstore.New(),
		StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// or Gin, Echo, Chi
	router := httpwebhook.Verify(guard)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		fmt.Println(e.Type, len(e.Payload) > 0)
		return nil
	}))
	for _, sample := range github.Samples() {
		fmt.Println(github.Send(router, "/webhooks/github", sample).Code)
	}
	// Output:
	// push true
	// 200
	// pull_request true
	// 200
	// issues true
	// 200
}
