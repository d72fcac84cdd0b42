package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Chat and communication that sign a timestamp together with the body.

// Zoom is the event subscriptions of a Zoom app. The secret is the app's secret token. Zoom never repeats what a 4xx
// answered, so that a failed authentication is answered 503.
//
// Zoom validates the URL with a signed event of the type endpoint.url_validation, when it is configured and every 72
// hours, which is answered after the proof. Its plainToken holds letters, digits, - and _ only, so that nobody has a
// delivery signed.
//
// https://developers.zoom.us/docs/api/webhooks
// https://github.com/zoom/webhook-sample
func Zoom() core.Provider {
	return of(entry.Entry{
		Name: "zoom", Title: "Zoom", Confidence: "A",
		Docs:       "https://developers.zoom.us/docs/api/webhooks",
		SecretFrom: "the app's Features > Access > Secret Token",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Zm-Signature"), Prefix: "v0=", Encoding: entry.Hex},
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: headers("X-Zm-Request-Timestamp"), Past: zoomHorizon},
			Signed:    []entry.Part{entry.Literal("v0:"), entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/event_ts"), TimeUnit: entry.Milliseconds, Data: "/payload",
		},
		Handshakes: []entry.Handshake{{
			Proved: true, Method: "POST", WhenJSON: "/event", WhenEquals: "endpoint.url_validation",
			EchoJSON: "/payload/plainToken",
			Grammar:  entry.Token, Answer: `{"plainToken":"{challenge}","encryptedToken":"{hmac}"}`,
			ContentType: "application/json",
			When:        "when the endpoint is validated, and every 72 hours",
		}},
		RetryHorizon: zoomHorizon, AuthStatus: 503, Drops4xx: true,
	})
}

// zoomHorizon covers three retries, after 5, 20 and 60 minutes.
const zoomHorizon = 90 * time.Minute

// Zendesk is Zendesk's webhooks. The secret is the webhook's signing secret, which looks like base64 and is the key as
// it is.
//
// The body of a trigger's webhook is your own template, and may be equal to the byte from one ticket update to the
// next. What is remembered is therefore the body with the signed timestamp: a replay is recognised, and a retry that is
// signed again runs again.
//
// Zendesk repeats a delivery on 409, and on 429 and 503 with a Retry-After below a minute; never on 400 and 500. So a
// failed authentication, a failed receiver and a body that is too large are answered 409. "Test webhook" before the
// webhook exists is signed with a secret that Zendesk publishes, over a body of one's own: it is refused, and the
// detail says so.
//
// https://developer.zendesk.com/documentation/webhooks/verifying/
// https://developer.zendesk.com/api-reference/webhooks/introduction#webhook-retries
func Zendesk() core.Provider {
	return of(entry.Entry{
		Name: "zendesk", Title: "Zendesk", Confidence: "B",
		Docs:       "https://developer.zendesk.com/documentation/webhooks/verifying/",
		SecretFrom: "Admin Center > Apps and integrations > Webhooks > the webhook > Signing secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Zendesk-Webhook-Signature"), Encoding: entry.Base64},
			// Nothing stands between timestamp and body: what is not wholly a timestamp of RFC 3339 is refused.
			Timestamp: entry.Timestamp{
				Field: headers("X-Zendesk-Webhook-Signature-Timestamp"), Unit: entry.RFC3339,
				Past: zendeskHorizon, // whether a retry is signed again is not documented
			},
			Signed: []entry.Part{entry.TimestampText(), entry.Body()},
		},
		Unsigned: []string{"invocation id (X-Zendesk-Webhook-Invocation-Id)"},
		Identity: entry.Identity{Apart: []entry.Apart{{Time: true, Why: "those of triggers, whose body is your own"}}},
		Event: entry.Event{
			// An event has an id of its own. The body of a trigger may have another object's.
			ID: []entry.Value{{JSON: "/id", With: "/zendesk_event_version"},
				{Header: "X-Zendesk-Webhook-Invocation-Id"}},
			Type: pointer("/type"), Time: pointer("/time"), TimeUnit: entry.RFC3339,
		},
		Methods:          []string{"GET", "PUT", "PATCH", "DELETE"},
		PublishedSecrets: []string{"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="},
		RetryHorizon:     zendeskHorizon, AckLimit: 12 * time.Second, AuthStatus: 409,
		Answers: entry.Answers{
			Transient: entry.Answer{RetryAfter: 10 * time.Second}, TooMuch: entry.Answer{RetryAfter: 30 * time.Second},
			TooLarge: entry.Answer{Status: 409}, App: entry.Answer{Status: 409},
		},
	})
}

// zendeskHorizon covers five retries, each less than a minute after a request that may have timed out.
//
// https://developer.zendesk.com/api-reference/webhooks/introduction#webhook-retries
const zendeskHorizon = 10 * time.Minute

// Front is the application webhooks of Front. The secret is the app's. Rule webhooks, which are signed with SHA-1 and
// without a time, are refused.
//
// When the webhook is configured, Front sends a signed delivery with the header X-Front-Challenge, which is answered
// after the proof. Front repeats a delivery on 408, 429, 500 and after a timeout only, so that refusals are answered
// 500.
//
// https://dev.frontapp.com/docs/application-webhooks
func Front() core.Provider {
	return of(entry.Entry{
		Name: "front", Title: "Front (application webhooks)", Confidence: "B",
		Docs:       "https://dev.frontapp.com/docs/application-webhooks",
		SecretFrom: "Settings > Developers > the app > App secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Front-Signature"), Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: headers("X-Front-Request-Timestamp"), Unit: entry.Milliseconds},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Unsigned: []string{"challenge (X-Front-Challenge)"},
		Event: entry.Event{ID: pointer("/payload/id"), Type: pointer("/type"),
			Time: pointer("/payload/emitted_at"), Data: "/payload"},
		Handshakes: []entry.Handshake{{Proved: true, Method: "POST", WhenHeader: "X-Front-Challenge",
			When: "when the webhook is configured"}},
		AuthStatus: 500,
		Answers: entry.Answers{
			Transient: entry.Answer{Status: 500}, TooMuch: entry.Answer{Status: 429},
			TooLarge: entry.Answer{Status: 500},
		},
	})
}

// Twitch is Twitch EventSub over webhooks. The secret is the one you gave to the subscription, of 10 to 100 characters,
// of which 16 are the least that is accepted here. The challenge of a new subscription is answered after the proof. The
// type and the status come from the body, because no signature covers the header Twitch-Eventsub-Message-Type.
//
// https://dev.twitch.tv/docs/eventsub/handling-webhook-events
func Twitch() core.Provider {
	return of(entry.Entry{
		Name: "twitch", Title: "Twitch EventSub", Confidence: "A",
		Docs: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Twitch-Eventsub-Message-Signature"), Prefix: "sha256=",
				Encoding: entry.Hex},
			// Nothing stands between id, timestamp and body: what is not wholly a timestamp of RFC 3339 is refused.
			Timestamp: entry.Timestamp{
				Field: headers("Twitch-Eventsub-Message-Timestamp"), Unit: entry.RFC3339, Tolerance: 10 * time.Minute,
			},
			ID:     entry.Field{Headers: []string{"Twitch-Eventsub-Message-Id"}, Grammar: entry.Token},
			Signed: []entry.Part{entry.ID(), entry.TimestampText(), entry.Body()},
		},
		Unsigned: []string{"message type and subscription type in their headers; the body's are used"},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Twitch-Eventsub-Message-Id"), Type: pointer("/subscription/type"),
			Action: pointer("/subscription/status"),
			Data:   "/event",
		},
		Handshakes: []entry.Handshake{{
			Proved: true, Method: "POST",
			WhenJSON: "/subscription/status", WhenEquals: "webhook_callback_verification_pending",
			EchoJSON: "/challenge",
			When:     "when the subscription is created",
		}},
	})
}

// Sinch is the callbacks of Sinch's Conversation and SMS APIs. The secret is the webhook's. The SMS API never repeats
// what a 4xx other than 429 answered, so that a failed authentication is answered 503.
//
// https://developers.sinch.com/docs/sms/api-reference/sms/tag/Webhooks
// https://developers.sinch.com/docs/conversation/callbacks
// https://github.com/sinch/sinch-sdk-node
func Sinch() core.Provider {
	return of(entry.Entry{
		Name: "sinch", Title: "Sinch (Conversation and SMS)", Confidence: "A",
		Docs: "https://github.com/sinch/sinch-sdk-node",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Sinch-Webhook-Signature"), Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: headers("X-Sinch-Webhook-Signature-Timestamp")},
			// The nonce, which has no dot: otherwise the end of a body could move into it.
			ID: entry.Field{Headers: []string{"X-Sinch-Webhook-Signature-Nonce"}, Grammar: entry.Token},
			Signed: []entry.Part{
				entry.Body(), entry.Literal("."), entry.ID(), entry.Literal("."), entry.TimestampText(),
			},
		},
		// An event of a conversation is named by the one member that is not the same in all of them.
		Event: entry.Event{
			Type: []entry.Value{{JSON: "/type"}, {FirstKey: "app_id",
				NotKeys: "accepted_time event_time project_id message_metadata correlation_id channel_metadata"}},
			Time:     []entry.Value{{JSON: "/event_time"}, {JSON: "/at"}, {JSON: "/received_at"}},
			TimeUnit: entry.RFC3339,
		},

		AuthStatus: 503, Answers: tooLarge503(),
	})
}
