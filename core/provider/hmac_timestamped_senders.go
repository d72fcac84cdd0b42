package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Email services and developer tools that sign a timestamp together with the body.

// CustomerIO is the reporting webhooks and webhook actions of Customer.io. It retries for seven days.
//
// https://docs.customer.io/journeys/webhooks-action/#securely-verify-requests
// https://docs.customer.io/api/webhooks/
func CustomerIO() core.Provider {
	return of(entry.Entry{
		Name: "customer-io", Title: "Customer.io", Confidence: "B",
		Addresses:  "https://docs.customer.io/journeys/webhooks/",
		Docs:       "https://docs.customer.io/journeys/webhooks-action/#securely-verify-requests",
		SecretFrom: "the webhook's page > signing key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-CIO-Signature"), Encoding: entry.Hex},
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: headers("X-CIO-Timestamp"), Past: customerIOHorizon},
			Signed:    []entry.Part{entry.Literal("v0:"), entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/object_type"), Action: pointer("/metric"),
			Time: pointer("/timestamp"), Data: "/data",
		},
		RetryHorizon: customerIOHorizon, AckLimit: 4 * time.Second,
	})
}

const customerIOHorizon = 7 * 24 * time.Hour

// Buildkite is a notification service of Buildkite that sends an HMAC signature. Where it sends the token itself use
// [Token] with "X-Buildkite-Token".
//
// https://buildkite.com/docs/apis/webhooks/pipelines#webhook-signature
func Buildkite() core.Provider {
	return of(entry.Entry{
		Name: "buildkite", Title: "Buildkite", Confidence: "A",
		Docs:       "https://buildkite.com/docs/apis/webhooks/pipelines#webhook-signature",
		SecretFrom: "Settings > Notification Services > the webhook > Token",
		Scheme: pairsHMAC("X-Buildkite-Signature", "signature", entry.Hex,
			entry.Timestamp{Field: entry.Field{Key: "timestamp"}}),
		Unsigned: []string{"event (X-Buildkite-Event), which the body has too"},
		Event:    entry.Event{Type: pointer("/event")},
	})
}

// Mux is a webhook of Mux, which signs with every active secret. It retries for a day.
//
// https://www.mux.com/docs/core/verify-webhook-signatures
// https://www.mux.com/docs/core/listen-for-webhooks
func Mux() core.Provider {
	return of(entry.Entry{
		Name: "mux", Title: "Mux", Confidence: "A",
		Docs:       "https://www.mux.com/docs/core/verify-webhook-signatures",
		SecretFrom: "Settings > Webhooks > the webhook > Show signing secret",
		Scheme: pairsHMAC("Mux-Signature", "v1", entry.Hex, entry.Timestamp{
			Field: entry.Field{Key: "t"}, Past: muxHorizon, // whether a retry is signed again is not documented
		}),
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		RetryHorizon: muxHorizon,
	})
}

const muxHorizon = 24 * time.Hour

// WorkOS is a webhook of WorkOS. Its own SDK allows three minutes, and so does this entry. It retries for three days.
//
// https://workos.com/docs/events/data-syncing/webhooks
// https://workos.com/docs/webhooks
func WorkOS() core.Provider {
	return of(entry.Entry{
		Name: "workos", Title: "WorkOS", Confidence: "A",
		Docs:       "https://workos.com/docs/events/data-syncing/webhooks",
		SecretFrom: "Webhooks > the endpoint > Signing secret",
		Scheme: pairsHMAC("WorkOS-Signature", "v1", entry.Hex, entry.Timestamp{
			// as above
			Field: entry.Field{Key: "t"}, Unit: entry.Milliseconds, Tolerance: 3 * time.Minute, Past: workosHorizon,
		}),
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/id",
			// An action has an object and no event.
			Apart: []entry.Apart{{
				When: []entry.Members{{Has: []string{"/object"}, Lacks: []string{"/event"}}}, Answer: true,
				Why: "actions wait for a signed answer",
			}},
		},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/event"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		RetryHorizon: workosHorizon,
	})
}

const workosHorizon = 72 * time.Hour

// Sanity is a GROQ-powered webhook of Sanity. Its payload is what the webhook's projection makes of it, so that type
// and id are read where documents have them. Sanity tries again twice, half a minute apart, and on 429 and 5xx only, so
// that a failed authentication is answered 503: a secret that was mistyped can be fixed.
//
// https://www.sanity.io/docs/webhooks
// https://github.com/sanity-io/webhook-toolkit
func Sanity() core.Provider {
	return of(entry.Entry{
		Name: "sanity", Title: "Sanity", Confidence: "A",
		Docs: "https://www.sanity.io/docs/webhooks",
		Scheme: pairsHMAC("sanity-webhook-signature", "v1", entry.Base64URLRaw, entry.Timestamp{
			Field: entry.Field{Key: "t"}, Unit: entry.Milliseconds,
		}),
		Unsigned: []string{"every header but the signature: operation, document, idempotency key"},
		Identity: entry.Identity{
			Kind: entry.None, Why: "a projection may leave out all that changed, so that the next event is byte-equal",
		},
		Event: entry.Event{
			ID: header("Idempotency-Key"), Type: pointer("/_type"), Time: pointer("/_updatedAt"),
			TimeUnit: entry.RFC3339,
		},
		Methods: []string{"GET", "PUT", "PATCH", "DELETE"},
		// a minute of delays, and whatever Sanity waits for three answers
		RetryHorizon: 5 * time.Minute, AuthStatus: 503, Answers: tooLarge503(),
	})
}

// CloudflareStream is the webhook of Cloudflare Stream, of which an account has one. The id is the video's.
//
// https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/
func CloudflareStream() core.Provider {
	return of(entry.Entry{
		Name: "cloudflare-stream", Title: "Cloudflare Stream", Confidence: "B",
		Docs:       "https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/",
		SecretFrom: "secret in the answer to the call that set the webhook",
		Scheme:     pairsHMAC("Webhook-Signature", "sig1", entry.Hex, entry.Timestamp{Field: entry.Field{Key: "time"}}),
		Event: entry.Event{
			ID: pointer("/uid"), Type: pointer("/status/state"), Time: pointer("/modified"), TimeUnit: entry.RFC3339,
		},
	})
}

// ElevenLabs is a workspace webhook of ElevenLabs with HMAC. Its own SDK accepts a delivery for half an hour. Calls'
// audio is part of some events: set Limits.MaxBody for it.
//
// ElevenLabs sends a delivery once, unless retries are switched on for the webhook, and then repeats it only on 408,
// 429 and 5xx, so that a failed authentication is answered 503: a secret that was mistyped can be fixed.
//
// https://elevenlabs.io/docs/eleven-api/resources/webhooks
// https://github.com/elevenlabs/elevenlabs-python
func ElevenLabs() core.Provider {
	return of(entry.Entry{
		Name: "elevenlabs", Title: "ElevenLabs", Confidence: "A",
		Docs:       "https://elevenlabs.io/docs/eleven-api/resources/webhooks",
		SecretFrom: "the dialog that created the webhook",
		Scheme: pairsHMAC("ElevenLabs-Signature", "v0", entry.Hex, entry.Timestamp{
			Field: entry.Field{Key: "t"}, Past: 30 * time.Minute,
		}),
		Event: entry.Event{Type: pointer("/type"), Time: pointer("/event_timestamp"), Data: "/data"},

		NeverRetries: true, AuthStatus: 503, Answers: tooLarge503(),
	})
}

// pairsHMAC is a list of pairs with a time and signatures, HMAC-SHA256 over "time.body".
func pairsHMAC(name, signatureKey string, enc entry.Encoding, at entry.Timestamp) *entry.Scheme {
	return &entry.Scheme{
		Algorithm: entry.HMACSHA256,
		Signature: entry.Signature{
			Field: headers(name), Layout: entry.Pairs, Separator: ',', Name: signatureKey, Encoding: enc,
		},
		Timestamp: at,
		Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
	}
}
