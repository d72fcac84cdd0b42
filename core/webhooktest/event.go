package webhooktest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Event returns an event of the provider, as a guard reads it from a sample. Call a receiver with it:
//
//	err := core.Typed(onPaid)(t.Context(), webhooktest.Event(t, provider.Stripe(), "invoice.paid"))
//
// Its Endpoint is the provider's name, and no store remembers it. The test fails if no sample has an event of that
// type. Then make a core.Event of your own.
func Event(t testing.TB, p core.Provider, eventType string) core.Event {
	t.Helper()
	var known []string // types, for the message
	sender := NewSender(p)
	guard := guardOf(t, sender, p)
	for _, sample := range sender.Samples() {
		d, reply := guard.Receive(httptest.NewRecorder(), sender.Request("/webhooks", sample), adapter.Inbound{})
		if reply != nil {
			t.Fatalf("webhooktest: a sample of %s was refused: %s", p.Name(), reply.Rejection.Detail())
		}
		// The delivery is given up at once. Its memory may be used again, so the event gets copies below.
		events := d.Events()
		d.Abandon()
		for _, e := range events {
			if e.Type == eventType { // the first one: samples of one type are alike
				e.Payload, e.Data = bytes.Clone(e.Payload), bytes.Clone(e.Data)
				return e
			}
			known = append(known, e.Type)
		}
	}
	slices.Sort(known)
	t.Fatalf("webhooktest: no sample of %s has an event of type %q; there are %s", p.Name(), eventType,
		strings.Join(slices.Compact(known), ", "))
	return core.Event{}
}

// guardOf makes a guard that accepts the sender's deliveries. It is shut down when the test ends. It has no store: the
// same sample can be read again.
func guardOf(t testing.TB, sender *Sender, p core.Provider) *core.Guard {
	t.Helper()
	config := core.Config{
		Endpoint: p.Name(), Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: core.DangerouslyNoReplay,
		StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
	}
	// Where the signature covers the URL, the guard must know it, and it must be the one that the sender signs.
	if e, err := entry.Of(p); err == nil && e.Scheme != nil && e.Scheme.Boundary().URL {
		config.PublicURL = "https://" + sender.host() + "/webhooks"
	}
	guard, err := core.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guard.Shutdown(context.Background()) })
	return guard
}
