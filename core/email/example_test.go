package email_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/emailtest"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// Another sender needs another provider and another secret. The receiver stays as it is.
func ExampleOn() {
	sender := webhooktest.NewSender(provider.Postmark())
	guard, err := core.New(core.Config{
		Endpoint: "mail",
		Provider: provider.Postmark(),
		Secrets:  secrets.Static(sender.Secret()),
		Replay:   memstore.New(),
		Logger:   quiet(),
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = guard.Shutdown(context.Background()) }()
	signals := core.NewSignals()
	email.On(signals, func(_ context.Context, _ core.Event, m email.Event) error {
		fmt.Println("suppress", m.Recipient, m.RejectReason)
		return nil
	}, email.Bounced, email.Complained)
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/mail", guard, signals)

	for _, sample := range sender.Samples() {
		sender.Send(mux, "/webhooks/mail", sample)
	}
	// Output:
	// suppress al@example.com bounced
	// suppress al@example.com spam
}

// suppressing is an app that keeps addresses from getting mail again. Only its configuration knows the email service.
func suppressing(p core.Provider, secret string) (app http.Handler, stop func(context.Context) error, err error) {
	guard, err := core.New(core.Config{
		Endpoint: "mail",
		Provider: p,
		Secrets:  secrets.Static(secret),
		Replay:   memstore.New(),
		Logger:   quiet(),
	})
	if err != nil {
		return nil, nil, err
	}
	signals := core.NewSignals()
	email.On(signals, func(_ context.Context, _ core.Event, m email.Event) error {
		fmt.Println("suppress", m.Recipient, m.Type)
		return nil
	}, email.Bounced, email.Complained)
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/mail", guard, signals)
	return mux, guard.Shutdown, nil
}

// An app that suppresses bounced addresses moves from SendGrid to Postmark: the provider and the secret change, and
// nothing else does.
func Example_anotherService() {
	for _, p := range []core.Provider{provider.SendGrid(), provider.Postmark()} {
		sender := webhooktest.NewSender(p) // in place of the service
		app, stop, err := suppressing(p, sender.Secret())
		if err != nil {
			panic(err)
		}
		for _, kind := range []email.Type{email.Delivered, email.Bounced, email.Complained} {
			sample, _ := emailtest.Sample(p, kind)
			fmt.Println(p.Name(), kind, sender.Send(app, "/webhooks/mail", sample).Code)
		}
		if err := stop(context.Background()); err != nil {
			panic(err)
		}
	}
	// Output:
	// sendgrid delivered 200
	// suppress al@example.com bounced
	// sendgrid bounced 200
	// suppress al@example.com complained
	// sendgrid complained 200
	// postmark delivered 200
	// suppress al@example.com bounced
	// postmark bounced 200
	// suppress al@example.com complained
	// postmark complained 200
}
