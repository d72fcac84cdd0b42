package emailtest_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/emailtest"
	"github.com/sallyport-go/sallyport/core/email/inbound"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// types are those that a sender reports, in the order of the package.
func types(sender string) string {
	return map[string]string{
		"ahasend":         "queued rejected failed bounced deferred delivered opened clicked inbound",
		"customer-io":     "sent rejected failed bounced delivered opened clicked complained unsubscribed",
		"loops":           "sent bounced deferred delivered opened clicked complained unsubscribed subscribed",
		"mailchimp":       "bounced complained unsubscribed subscribed",
		"mailomat":        "queued rejected bounced deferred delivered opened clicked",
		"mailpace":        "queued rejected bounced deferred delivered inbound",
		"scaleway-tem":    "queued rejected bounced deferred delivered",
		"sparkpost-relay": "inbound",
		"sweego":          "sent bounced delivered opened clicked complained unsubscribed inbound",
		"amazon-ses":      "sent rejected failed bounced delivered opened clicked complained inbound",
		"brevo": "queued rejected failed bounced deferred delivered opened clicked complained unsubscribed " +
			"subscribed inbound",
		"mailersend": "sent bounced deferred delivered opened clicked complained unsubscribed inbound",
		"mailgun":    "queued rejected bounced deferred delivered opened clicked complained unsubscribed inbound",
		"mailjet":    "rejected bounced deferred delivered opened clicked complained unsubscribed inbound",
		"mailtrap":   "rejected bounced deferred delivered opened clicked complained unsubscribed inbound",
		"mandrill":   "sent rejected bounced deferred opened clicked complained unsubscribed inbound",
		"postal":     "queued failed bounced deferred delivered clicked inbound",
		"postmark": "rejected failed bounced deferred delivered autoresponded opened clicked complained " +
			"unsubscribed subscribed inbound inbound_failed",
		"resend": "sent bounced deferred delivered opened clicked complained inbound",
		"sendgrid": "queued rejected bounced deferred delivered opened clicked complained unsubscribed " +
			"subscribed inbound",
		"sparkpost": "queued rejected failed bounced deferred delivered autoresponded opened clicked complained " +
			"unsubscribed inbound",
		"unisender-go": "sent bounced deferred delivered opened clicked complained unsubscribed subscribed",
	}[sender]
}

func allTypes() []email.Type {
	return []email.Type{
		email.Queued, email.Sent, email.Rejected, email.Failed, email.Bounced, email.Deferred, email.Delivered,
		email.AutoResponded,
		email.Opened, email.Clicked, email.Complained, email.Unsubscribed, email.Subscribed, email.Inbound,
		email.InboundFailed,
	}
}

// TestEverySenderHasASampleOfEachType sends each through the guard, and then once more.
func TestEverySenderHasASampleOfEachType(t *testing.T) {
	t.Parallel()
	for _, p := range emailtest.Senders() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			var has []string
			for _, kind := range allTypes() {
				sample, ok := emailtest.Sample(p, kind)
				if !ok {
					continue
				}
				has = append(has, string(kind))
				fetched := p.Name() == "resend" || p.Name() == "mailtrap"
				sender, calls := webhooktest.NewSender(p), 0
				signals := core.NewSignals()
				switch {
				case kind == email.Inbound && !fetched: // which have to be asked for the message
					inbound.On(signals, func(_ context.Context, _ core.Event, m *inbound.Message) error {
						calls++
						require.Equal(t, "Your receipt", m.Subject)
						require.Equal(t, "Thank you.", strings.TrimSpace(m.Text))
						return nil
					}, inbound.Config{})
				case kind != email.Inbound:
					email.On(signals, func(_ context.Context, _ core.Event, m email.Event) error {
						calls++
						require.Equal(t, kind, m.Type)
						require.Contains(t, []string{"al@example.com", "jo@example.com"}, m.Recipient)
						return nil
					}, kind)
				default:
					continue
				}
				guard, err := core.New(core.Config{
					Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: memstore.New(),
					Logger: slog.New(slog.DiscardHandler),
				})
				require.NoError(t, err)
				mux := http.NewServeMux()
				httpwebhook.Handle(mux, "/mail", guard, signals)
				require.Equal(t, http.StatusOK, sender.Send(mux, "/mail", sample).Code, kind)
				require.Equal(t, 1, calls, kind)
				require.NoError(t, guard.Shutdown(t.Context()))
			}
			require.Equal(t, types(p.Name()), strings.Join(has, " "))
		})
	}
}
