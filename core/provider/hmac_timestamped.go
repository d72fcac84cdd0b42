package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign a timestamp together with what they send.

// Stripe is a webhook endpoint of Stripe. The secret is the endpoint's signing secret, prefix included.
//
// https://docs.stripe.com/webhooks#verify-manually
func Stripe() core.Provider {
	return of(entry.Entry{
		Name: "stripe", Title: "Stripe", Confidence: "A",
		Addresses:  "https://docs.stripe.com/ips (sources.Stripe)",
		Docs:       "https://docs.stripe.com/webhooks#verify-manually",
		SecretFrom: "Workbench > Webhooks > the endpoint > Signing secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Whole: "whsec_"},
			// v0 is a test-mode signature that anybody may make; only v1 counts.
			Signature: entry.Signature{Field: headers("Stripe-Signature"), Layout: entry.Pairs, Separator: ',',
				Name: "v1", Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}, Resigned: true},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			// A thin event has its time in RFC 3339, and no object: fetch it.
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/created"), TimeUnit: entry.SecondsOrRFC3339,
			Data: "/data/object",
		},
		RetryHorizon: 72 * time.Hour,
	})
}

// Slack is the Events API, interactivity and slash commands of a Slack app. The secret is the app's signing secret.
// Interactions and slash commands, which come as forms, have no identity: their answer matters. They have no id
// either: what Slack documents of their trigger_id is that modals are opened with it, for a short time.
//
// https://docs.slack.dev/authentication/verifying-requests-from-slack
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func Slack() core.Provider {
	return of(entry.Entry{
		Name: "slack", Title: "Slack", Confidence: "A",
		Docs:       "https://docs.slack.dev/authentication/verifying-requests-from-slack",
		SecretFrom: "the app's Basic Information > App Credentials > Signing Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Slack-Signature"), Prefix: "v0=", Encoding: entry.Hex},
			// Slack has requests refused that are older than five minutes, and its last retry comes some six minutes
			// after the first attempt: it has a time of its own. An interaction is not remembered, so that the window
			// is what protects it.
			Timestamp: entry.Timestamp{Field: headers("X-Slack-Request-Timestamp"), Resigned: true},
			Signed:    []entry.Part{entry.Literal("v0:"), entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Unsigned: []string{"attempt (X-Slack-Retry-Num)"},
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/event_id", NoneForForms: true,
			Why: "interactions and slash commands wait for an answer, and a repeated answer would be wrong",
		},
		Event: entry.Event{
			ID: pointer("/event_id"),
			Type: []entry.Value{
				{JSON: "/event/type"}, {JSON: "/type"}, {Form: "payload", InForm: "/type"},
				{Form: "command", Const: "slash_command"},
			},
			Time: pointer("/event_time"), Data: "/event",
			Attempt: header("X-Slack-Retry-Num"), AttemptBase: 1, // it is 1 at the first retry
			PayloadForm: "payload",
		},
		Handshakes: []entry.Handshake{
			// https://docs.slack.dev/reference/events/url_verification
			{Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification", EchoJSON: "/challenge",
				When: "when the request URL is saved"},
		},
		RetryHorizon: 10 * time.Minute, AckLimit: 3 * time.Second,
	})
}

// Mailgun is Mailgun's event webhooks. The secret is the account's HTTP webhook signing key.
//
// The signature covers a timestamp and a token and nothing of the event: whoever captured one delivery could put
// another body with its signature, once. The token is used a single time here, so that the body that came first
// stands.
//
// Subaccounts' parent-signature is not read: such a delivery is refused.
//
// https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
// https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries
func Mailgun() core.Provider {
	return of(entry.Entry{
		Name: "mailgun", Title: "Mailgun", Confidence: "A",
		Docs:       "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
		SecretFrom: "Send > Sending > Webhooks > HTTP webhook signing key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{JSON: "/signature/signature", Form: "signature"},
				Encoding: entry.Hex},
			Timestamp: entry.Timestamp{
				Field: entry.Field{JSON: "/signature/timestamp", Form: "timestamp"},
				// Mailgun retries for eight hours and does not say whether a retry is signed again; receivers report
				// that it repeats token and signature. Such a retry must not be refused. The longer window lets in no
				// replay: the token counts once, and is remembered for longer than the window.
				Past: mailgunHorizon,
			},
			ID: entry.Field{JSON: "/signature/token", Form: "token", Grammar: entry.HexText},
			// No separator: the timestamp is all digits of a fixed length and the token is hexadecimal.
			Signed: []entry.Part{entry.TimestampText(), entry.ID()},
		},
		Unsigned: []string{"the body"},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			// The event's own id is unique within a day only.
			ID: []entry.Value{{JSON: "/signature/token"}, {Form: "token"}},
			// A message that comes in has a sender and no event.
			Type:   []entry.Value{{JSON: "/event-data/event"}, {Form: "event"}, {Form: "sender", Const: "inbound"}},
			Action: pointer("/event-data/severity"),
			Time:   []entry.Value{{JSON: "/event-data/timestamp"}, {Form: "timestamp"}},
			Data:   "/event-data",
		},
		MaxBody: inboundMail, RetryHorizon: mailgunHorizon,
		Others: []entry.Other{{
			What: "an alert (of blocklists, or of a verification job), which signs its whole body in another way",
			Do:   "give alerts a URL of their own, and describe them with provider.HMAC",
		}},
	})
}

// inboundMail is what an email service's messages may be long that come in with their attachments.
const inboundMail = 32 << 20

const mailgunHorizon = 8 * time.Hour
