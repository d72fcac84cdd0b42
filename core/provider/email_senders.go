package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// emailSenders are email services that sign in ways of their own.
func emailSenders() []core.Provider {
	return []core.Provider{AhaSend(), MailPace(), Mailomat(), SparkPostRelay(), Sweego()}
}

// AhaSend is a webhook or a route of AhaSend; each has a secret of its own. It signs by Standard Webhooks, but that the
// secret is the key as it is shown: it is not base64, and a prefix is a part of it.
//
// AhaSend repeats events for 16 minutes and messages that come in for seven hours, and disables a webhook after 100
// failures in a row.
//
// https://ahasend.com/docs/api-reference/webhooks/security
// https://ahasend.com/docs/api-reference/routes/retry-policy
func AhaSend() core.Provider {
	scheme := standardScheme("Webhook-")
	scheme.Key = entry.Key{}
	return of(entry.Entry{
		Name: "ahasend", Title: "AhaSend", Confidence: "A",
		Docs:       "https://ahasend.com/docs/api-reference/webhooks/security",
		SecretFrom: "Webhooks > the webhook > Webhook Secret; for messages that come in, the route's",
		Scheme:     scheme,
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Webhook-Id"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339, Data: "/data",
			Type:   pointer("/type"),
			Action: pointer("/data/delivery_attempt/classification"),
		},
		MaxBody: inboundMail, RetryHorizon: ahaSendHorizon,
	})
}

// ahaSendHorizon is the length of a route's schedule: ten times, the nth n^4 seconds after the one before, give or take
// a tenth.
const ahaSendHorizon = 8 * time.Hour

// MailPace is the webhooks and the inbound webhook of a domain of MailPace. The secret is the domain's public key,
// base64. MailPace disables a webhook whose endpoint answers with an error.
//
// https://docs.mailpace.com/guide/webhooks
// https://docs.mailpace.com/guide/inbound
func MailPace() core.Provider {
	return of(entry.Entry{
		Name: "mailpace", Title: "MailPace", Confidence: "B",
		Docs:       "https://docs.mailpace.com/guide/webhooks#verification",
		SecretFrom: "the domain > Webhooks > Public Key Verification",
		Scheme: &entry.Scheme{
			Algorithm: entry.Ed25519,
			Key:       entry.Key{Encoding: entry.Base64},
			Signature: entry.Signature{Field: headers("X-MailPace-Signature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		// The id is the message's, which has several events: what happened and when it did tell them apart.
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/payload/id", And: []string{"/event", "/payload/updated_at"},
		},
		Event: entry.Event{
			// a message that comes in is no event
			Type: []entry.Value{{JSON: "/event"}, {JSON: "/raw", Const: "inbound"}},
			Time: pointer("/payload/updated_at"), TimeUnit: entry.RFC3339, Data: "/payload",
		},
		MaxBody: inboundMail,
	})
}

// Mailomat is a webhook of Mailomat.
//
// The signature covers the event's type, an id and a timestamp, and nothing of the body: whoever captured one delivery
// could put another body with its signature, once. The id is used a single time here, so that the body that came
// first stands.
//
// https://api.mailomat.swiss/docs/#tag/webhook-security
// https://github.com/symfony/symfony/tree/8.1/src/Symfony/Component/Mailer/Bridge/Mailomat
func Mailomat() core.Provider {
	return of(entry.Entry{
		Name: "mailomat", Title: "Mailomat", Confidence: "A",
		Docs:       "https://api.mailomat.swiss/docs/#tag/webhook-security",
		SecretFrom: "the webhook's page > secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			// The header names the algorithm, which is compared and never obeyed.
			Signature: entry.Signature{Field: headers("X-MOM-Webhook-Signature"), Prefix: "sha256=",
				Encoding: entry.Hex},
			// The time is the event's, and not the attempt's. Symfony's bridge accepts twelve hours.
			Timestamp: entry.Timestamp{Field: headers("X-MOM-Webhook-Timestamp"), Past: mailomatPast},
			ID:        entry.Field{Headers: []string{"X-MOM-Webhook-Id"}, Grammar: entry.Token},
			Signed: []entry.Part{
				entry.ID(), entry.Literal("."),
				{Kind: entry.PartHeader, Text: "X-MOM-Webhook-Event", Grammar: entry.Word},
				entry.Literal("."), entry.TimestampText(),
			},
		},
		Unsigned: []string{"the body"},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("X-MOM-Webhook-Id"), Type: header("X-MOM-Webhook-Event"), Time: pointer("/occurredAt"),
			TimeUnit: entry.RFC3339, Data: "/payload",
		},
		RetryHorizon: mailomatPast,
	})
}

const mailomatPast = 12 * time.Hour

// SparkPostRelay is SparkPost's relay webhooks, which pass on messages that come in, with the token (auth_token) of the
// webhook. For event webhooks see [SparkPost].
//
// https://developers.sparkpost.com/api/relay-webhooks/
func SparkPostRelay() core.Provider {
	return of(entry.Entry{
		Name: "sparkpost-relay", Title: "SparkPost relay webhooks", Confidence: "B",
		Docs:       "https://developers.sparkpost.com/api/relay-webhooks/",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-MessageSystems-Webhook-Token"},
		Unsigned:   sharedSecretOnly(),
		Event:      entry.Event{Type: []entry.Value{{JSON: "/msys/relay_message", Const: "inbound"}}},
		Batch:      &entry.Batch{},
		MaxBody:    inboundMail,
	})
}

// Sweego is a webhook of Sweego, of emails that were sent, of messages that come in and of SMS. It signs by Standard
// Webhooks, but that the signature names no version.
//
// Messages that come in are repeated every five minutes, 20 times. How long events are repeated is not documented.
//
// https://learn.sweego.io/docs/webhooks/webhook_signature
func Sweego() core.Provider {
	scheme := standardScheme("Webhook-")
	scheme.Key = entry.Key{Encoding: entry.Base64}
	scheme.Signature = entry.Signature{Field: headers("Webhook-Signature"), Encoding: entry.Base64}
	// The timestamp is when the webhook was sent, says the documentation, and Symfony's bridge accepts five minutes.
	return of(entry.Entry{
		Name: "sweego", Title: "Sweego", Confidence: "B",
		Docs:       "https://learn.sweego.io/docs/webhooks/webhook_signature",
		SecretFrom: "the personal settings > Webhooks > the webhook > secret",
		Scheme:     scheme,
		// The signed id is that of the request: nothing says that a retry has the same.
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id", And: []string{"/event_type"}},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/event_type"), Action: pointer("/channel"),
			Time:     pointer("/timestamp"),
			TimeUnit: entry.RFC3339InUTC,
		},
		MaxBody: inboundMail, RetryHorizon: sweegoHorizon,
	})
}

const sweegoHorizon = 100 * time.Minute
