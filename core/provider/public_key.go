package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign with a key pair. What is configured as their secret is the public key, as they show it.

// Discord is the interactions and the webhook events of a Discord application. The secret is the application's public
// key, 64 hexadecimal digits.
//
// Interactions wait for their answer, and webhook events for a 204 ([core.Event.Respond]). The latter carry no id, so
// that nothing is remembered by default. Discord sends requests with wrong signatures on purpose, and removes an
// endpoint that does not answer them 401.
//
// https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint
// https://discord.com/developers/docs/events/webhook-events
func Discord() core.Provider {
	return of(entry.Entry{
		Name: "discord", Title: "Discord", Confidence: "A",
		Docs:       "https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint",
		SecretFrom: "the application's General Information > Public Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.Ed25519,
			Key:       entry.Key{Encoding: entry.Hex},
			Signature: entry.Signature{Field: headers("X-Signature-Ed25519"), Encoding: entry.Hex},
			// Whether a retry of a webhook event is signed again is not documented; they go on for ten minutes.
			Timestamp: entry.Timestamp{Field: headers("X-Signature-Timestamp"), Past: discordHorizon},
			// No separator: the body is JSON, which begins with no digit.
			Signed: []entry.Part{entry.TimestampText(), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.None,
			Why: "an interaction waits for its answer, and a webhook event has no id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: []entry.Value{{JSON: "/event/type"}, {JSON: "/type"}},
			Time: pointer("/event/timestamp"), TimeUnit: entry.RFC3339, Data: "/event/data",
		},
		Handshakes: []entry.Handshake{
			// A webhook event has the type 1 as well, and the member event, which no PING has.
			{
				Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "1", LacksJSON: "/event",
				Body:        `{"type":1}`,
				ContentType: "application/json", When: "when the interactions endpoint URL is saved",
			},
			{
				Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "0", LacksJSON: "/event", Status: 204,
				When: "when the webhook events URL is saved",
			},
		},
		RetryHorizon: discordHorizon, AckLimit: 3 * time.Second, AuthStatus: 401,
	})
}

const discordHorizon = 10 * time.Minute

// Telnyx is Telnyx's webhooks of API version 2. The secret is the account's public key, base64. The body counts the
// attempts, so that an event is remembered by its id. Telnyx tries each URL three times.
//
// https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks
// https://github.com/team-telnyx/telnyx-python/pull/242
func Telnyx() core.Provider {
	return of(entry.Entry{
		Name: "telnyx", Title: "Telnyx", Confidence: "A",
		Docs:       "https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks",
		SecretFrom: "Mission Control Portal > Keys & Credentials > Public Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.Ed25519,
			Key:       entry.Key{Encoding: entry.Base64},
			Signature: entry.Signature{Field: headers("Telnyx-Signature-Ed25519"), Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: headers("Telnyx-Timestamp")},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("|"), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/data/id"},
		Event: entry.Event{
			ID: pointer("/data/id"), Type: pointer("/data/event_type"), Time: pointer("/data/occurred_at"),
			TimeUnit: entry.RFC3339,
			Attempt:  pointer("/meta/attempt"), Data: "/data/payload",
		},
		AckLimit: 2 * time.Second,
	})
}

// SendGrid is SendGrid's signed event webhook, and its inbound parse webhook where a security policy signs it. The
// secret is the verification key, base64. Events come in batches.
//
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
// https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/securing-your-parse-webhooks
func SendGrid() core.Provider {
	return of(entry.Entry{
		Name: "sendgrid", Title: "SendGrid", Confidence: "A",
		Docs:       "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
		SecretFrom: "Settings > Mail Settings > Event Webhooks > the webhook > Verification Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.ECDSAP256SHA256,
			Signature: entry.Signature{Field: headers("X-Twilio-Email-Event-Webhook-Signature"),
				Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: headers("X-Twilio-Email-Event-Webhook-Timestamp"), Past: sendgridPast},
			// No separator: the body is a JSON list or a multipart form, which begin with no digit.
			Signed: []entry.Part{entry.TimestampText(), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/sg_event_id"},
		Event: entry.Event{
			ID: pointer("/sg_event_id"), Action: pointer("/type"), Time: pointer("/timestamp"),
			// A message that comes in is a form.
			Type: []entry.Value{{JSON: "/event"}, {Form: "headers", Const: "inbound"},
				{Form: "email", Const: "inbound"}},
		},
		Batch:   &entry.Batch{},
		MaxBody: inboundMail, RetryHorizon: sendgridPast,
		Others: []entry.Other{
			{
				What: "an event webhook without a signature: its Signed Event Webhook is off",
				Do:   "turn it on in Settings > Mail Settings > Event Webhooks",
			},
			{
				What: "Inbound Parse, which does not sign unless a security policy says so",
				Do:   "use provider.SendGridInbound and another URL for it",
			},
		},
	})
}

// sendgridPast is how old a delivery may be. Retries go on for a day, and are not documented to be signed again. An
// event counts once within it, because its id is remembered for longer.
const sendgridPast = 24 * time.Hour

// Postal is a webhook or an HTTP endpoint of a Postal mail server. The secret is the server's public key: PEM, or the
// base64 of the DER inside it, as its DKIM record shows it. Servers before 3.3 sign with SHA-1 alone: [PostalSHA1].
//
// https://docs.postalserver.io/developer/webhooks
func Postal() core.Provider {
	return of(postal("postal", "Postal", entry.RSAPKCS1SHA256, "X-Postal-Signature-256"))
}

// PostalSHA1 is a webhook or an HTTP endpoint of an older Postal mail server, which signs with SHA-1 alone. The
// secret is that of [Postal]; use that one where the header X-Postal-Signature-256 comes, because collisions of SHA-1
// can be made.
//
// https://docs.postalserver.io/developer/webhooks
func PostalSHA1() core.Provider {
	return of(postal("postal-sha1", "Postal (SHA-1)", entry.RSAPKCS1SHA1, "X-Postal-Signature"))
}

func postal(name, title string, alg entry.Algorithm, header string) entry.Entry {
	return entry.Entry{
		Name: name, Title: title, Confidence: "A",
		Docs: "https://docs.postalserver.io/developer/webhooks",
		SecretFrom: "the server's signing key: its public half, from /.well-known/jwks.json in PEM, or from postal " +
			"default-dkim-record",
		Scheme: &entry.Scheme{
			Algorithm: alg,
			Key:       entry.Key{WeakRSA: true}, // installations of some years have a key of 1024 bits
			Signature: entry.Signature{Field: headers(header), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/uuid"},
		Event: entry.Event{
			// A message that comes in has a number in place of the uuid, and neither type nor time.
			ID:     []entry.Value{{JSON: "/uuid"}, {JSON: "/id", With: "/rcpt_to"}},
			Type:   []entry.Value{{JSON: "/event"}, {JSON: "/rcpt_to", Const: "inbound"}},
			Action: pointer("/payload/status"), Time: pointer("/timestamp"), Data: "/payload",
		},
		// Six attempts, the last one 36 minutes after the first. A message that comes in bounces at once where it is
		// answered 5xx, and is otherwise tried up to 18 times.
		Answers: entry.Answers{Transient: entry.Answer{Status: 409}, App: entry.Answer{Status: 409}},
		MaxBody: inboundMail, RetryHorizon: 40 * time.Minute, AckLimit: 5 * time.Second,
	}
}

// Wise is a webhook of Wise. The secret is Wise's public key for your environment, production or sandbox, in PEM.
//
// Wise retries for 16 days, and counts nothing but 200 as accepted. What was answered 400 it sends three times at most,
// so that a failed authentication is answered 503: a key that was mistyped can be fixed.
//
// https://docs.wise.com/guides/developer/webhooks/event-handling
// https://docs.wise.com/guides/developer/webhooks
func Wise() core.Provider {
	return of(entry.Entry{
		Name: "wise", Title: "Wise", Confidence: "A",
		Docs:       "https://docs.wise.com/guides/developer/webhooks/event-handling",
		SecretFrom: "Wise's documentation of webhooks, which publishes the public keys of production and sandbox",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA256,
			Signature: entry.Signature{Field: headers("X-Signature-Sha256"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Unsigned: []string{"delivery id (X-Delivery-Id)", "test flag (X-Test-Notification)"},
		Event: entry.Event{
			ID: header("X-Delivery-Id"), Type: pointer("/event_type"), Time: pointer("/sent_at"),
			TimeUnit: entry.RFC3339, Data: "/data",
		},
		// Eleven retries, the first one after a minute and each next one after twice as long, and then 14 daily ones.
		RetryHorizon: 16 * 24 * time.Hour, AuthStatus: 503, Answers: tooLarge503(),
	})
}
