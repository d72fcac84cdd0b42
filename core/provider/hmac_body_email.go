package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Email services that sign the raw body, and some a header with it.

// MailerSend is a webhook or an inbound route of MailerSend; each has a signing secret of its own. MailerSend pauses a
// webhook that fails twenty times in a day.
//
// When a webhook is saved MailerSend sends an event of the type webhook.test, signed with a secret that it publishes,
// and does not save without a 2xx. It is answered, and is no event. Start with core.Config.Setup.AwaitingSecret where
// the webhook's own secret is not known yet.
//
// https://developers.mailersend.com/api/v1/webhooks.html#security
func MailerSend() core.Provider {
	return of(entry.Entry{
		Name: "mailersend", Title: "MailerSend", Confidence: "A",
		Docs:       "https://developers.mailersend.com/api/v1/webhooks.html#security",
		SecretFrom: "the webhook's page > Signing secret; for inbound, the route's",
		Scheme:     hexHMAC("Signature"),
		Event: entry.Event{
			// The time of the event stands in data in version 1 and in inbound messages; in version 2 there is one
			// time alone.
			ID: pointer("/data/id"), Type: pointer("/type"),
			Time:     []entry.Value{{JSON: "/data/created_at"}, {JSON: "/created_at"}},
			TimeUnit: entry.RFC3339, Data: "/data",
		},
		PublishedSecrets: []string{mailerSendTest},
		Handshakes: []entry.Handshake{
			{
				Method: "POST", Published: mailerSendTest, WhenJSON: "/type", WhenEquals: "webhook.test",
				When: "when the webhook is saved",
			},
			{Method: "POST", Proved: true, WhenJSON: "/type", WhenEquals: "webhook.test",
				When: "when the webhook is tested"},
		},
		MaxBody: inboundMail,
	})
}

// mailerSendTest signs webhook.test and nothing else. MailerSend's documentation publishes it.
//
// https://developers.mailersend.com/api/v1/webhooks.html#webhooks-overview
const mailerSendTest = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G"

// Mailtrap is a webhook of Mailtrap whose payload format is JSON, of emails that were sent or of an inbox (Inbound
// Inboxes); each has a secret of its own. As JSON Lines it is one event, whose payload holds them all.
//
// Mailtrap repeats events of sent emails 40 times, five minutes apart, and messages that come in for a day.
//
// https://docs.mailtrap.io/email-api-smtp/advanced/webhooks
// https://docs.mailtrap.io/inbound-email/webhooks
func Mailtrap() core.Provider {
	return of(entry.Entry{
		Name: "mailtrap", Title: "Mailtrap", Confidence: "B",
		Docs: "https://docs.mailtrap.io/email-api-smtp/advanced/webhooks",
		SecretFrom: "the webhook's page > Signature secret, or signing_secret in the answer to the call that " +
			"created it",
		Scheme: hexHMAC("Mailtrap-Signature"),
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/event"), Action: pointer("/bounce_category"),
			Time:     pointer("/timestamp"),
			TimeUnit: entry.SecondsOrMilliseconds, // milliseconds for messages that come in
		},
		Batch: &entry.Batch{Pointer: "/events"}, RetryHorizon: 24 * time.Hour,
	})
}

// Klaviyo is the system webhooks of Klaviyo. The secret is the webhook's secret key, which you choose. The header
// Klaviyo-Timestamp is signed as it came, and is not read as a time: its form is not documented. Webhook actions of
// flows are not signed, and are refused.
//
// https://developers.klaviyo.com/en/docs/working_with_system_webhooks
func Klaviyo() core.Provider {
	body := entry.Body()
	body.Grammar = entry.WholeJSON // the timestamp follows it with nothing between them
	s := hexHMAC("Klaviyo-Signature")
	s.Signed = []entry.Part{body, {Kind: entry.PartHeader, Text: "Klaviyo-Timestamp", Grammar: entry.NoControl}}
	return of(entry.Entry{
		Name: "klaviyo", Title: "Klaviyo", Confidence: "B",
		Docs:     "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
		Scheme:   s,
		Unsigned: []string{"webhook id (Klaviyo-Webhook-Id)"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/external_id", And: []string{"/topic"}},
		Event:    entry.Event{ID: pointer("/external_id"), Type: pointer("/topic"), Data: "/payload"},
		Batch:    &entry.Batch{Pointer: "/data"},
	})
}
