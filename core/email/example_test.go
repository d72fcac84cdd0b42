package email_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// Another sender needs another provider and another secret. The receiver stays as it is.
func ExampleOn() {
	sender := webhooktest.NewSender(provider.Postmark())
	guard, err := core.New(core.Config{
		Endpoint: "mail",
		Provider: provider.Postmark(),
		Secrets:  core.StaticSecrets(sender.Secret()),
		Replay:   memstore.New(),
		Logger:   quiet(),
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = guard.Close() }()
	signals := core.NewSignals[*http.Request]()
	email.On(signals, func(_ context.Context, _ core.Event, m email.Event) error {
		fmt.Println("suppress", m.Recipient, m.RejectReason)
		return nil
	}, email.Bounced, email.Complained)
	mux := http.NewServeMux()
	core.Handle(mux, "/webhooks/mail", guard, signals)

	for _, sample := range sender.Samples() {
		sender.Send(mux, "/webhooks/mail", sample)
	}
	// Output:
	// suppress al@example.com bounced
	// suppress al@example.com spam
}
