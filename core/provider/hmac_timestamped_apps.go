package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Apps that sign a timestamp together with the body.

// Box is Box's webhooks of version 2. The secret is the app's primary signature key; Box signs with the secondary key
// as well, in a header of its own. Before you reset a key, configure both. Box retries for two hours.
//
// https://developer.box.com/guides/webhooks/v2/signatures-v2
// https://developer.box.com/guides/webhooks/v2
func Box() core.Provider {
	return of(entry.Entry{
		Name: "box", Title: "Box", Confidence: "A",
		Docs:       "https://developer.box.com/guides/webhooks/v2/signatures-v2",
		SecretFrom: "Developer Console > the app > Webhooks > Manage signature keys > Primary key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Box-Signature-Primary"),
				Further: []string{"Box-Signature-Secondary"}, Encoding: entry.Base64},
			// Nothing stands between body and timestamp: what is not wholly a timestamp of RFC 3339 is refused.
			Timestamp: entry.Timestamp{
				Field: headers("Box-Delivery-Timestamp"), Unit: entry.RFC3339, Tolerance: 10 * time.Minute,
				Past: boxHorizon, // whether a retry is signed again is not documented
			},
			Signed: []entry.Part{entry.Body(), entry.TimestampText()},
		},
		Unsigned: []string{"delivery id (Box-Delivery-Id)"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/trigger"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/source",
		},
		RetryHorizon: boxHorizon, AckLimit: 30 * time.Second,
	})
}

const boxHorizon = 2 * time.Hour

// Calendly is a webhook subscription of Calendly. The secret is the signing key that you chose when you created the
// subscription, or that Calendly made for an OAuth app. Calendly retries for 24 hours, and deletes a subscription that
// answers 410, which this guard never does by itself.
//
// https://developer.calendly.com/docs/webhooks/overview
// https://developer.calendly.com/api-docs/overview/webhooks/webhook-errors
func Calendly() core.Provider {
	return of(entry.Entry{
		Name: "calendly", Title: "Calendly", Confidence: "B",
		Docs:       "https://developer.calendly.com/docs/webhooks/overview",
		SecretFrom: "signing_key of the call that created the subscription, or the OAuth app's webhook signing key",
		Scheme: pairsHMAC("Calendly-Webhook-Signature", "v1", entry.Hex, entry.Timestamp{
			// Whether a retry is signed again is not documented.
			Field: entry.Field{Key: "t"}, Tolerance: 3 * time.Minute, Past: calendlyHorizon,
		}),
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339, Data: "/payload",
		},
		RetryHorizon: calendlyHorizon, AckLimit: 15 * time.Second,
	})
}

const calendlyHorizon = 24 * time.Hour

// Crisp is the web hooks of a plugin of Crisp. The secret is the plugin's signing secret. Hooks that are made in a
// website's settings are not signed, and refused. The signature is over the bytes that arrive, as Crisp's library for
// Go checks it.
//
// https://docs.crisp.chat/references/web-hooks/v1/
// https://github.com/crisp-im/go-crisp-api/blob/master/crisp/events.go
func Crisp() core.Provider {
	return of(entry.Entry{
		Name: "crisp", Title: "Crisp", Confidence: "A",
		Docs:       "https://docs.crisp.chat/references/web-hooks/v1/",
		SecretFrom: "Crisp Marketplace > the plugin > Web Hooks > Signing Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Crisp-Signature"), Encoding: entry.Hex},
			// The unit is not documented.
			Timestamp: entry.Timestamp{Field: headers("X-Crisp-Request-Timestamp"), Unit: entry.SecondsOrMilliseconds},
			Signed: []entry.Part{entry.Literal("["), entry.TimestampText(), entry.Literal(";"), entry.Body(),
				entry.Literal("]")},
		},
		Unsigned: []string{"attempt (X-Delivery-Attempt-Count)", "origin (X-Crisp-Hook-Origin)"},
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/timestamp"), TimeUnit: entry.SecondsOrMilliseconds,
			Attempt: header("X-Delivery-Attempt-Count"), Tenant: pointer("/website_id"), Data: "/data",
		},
	})
}

// Webflow is the webhooks of a Webflow site. The secret is the OAuth app's client secret, or the secretKey of a webhook
// that was created with a site token.
//
// https://developers.webflow.com/data/docs/working-with-webhooks
// https://github.com/webflow/js-webflow-api
func Webflow() core.Provider {
	return of(entry.Entry{
		Name: "webflow", Title: "Webflow", Confidence: "A",
		Docs:       "https://developers.webflow.com/data/docs/working-with-webhooks",
		SecretFrom: "the OAuth app's client secret, or secretKey in the answer of the API that creates the webhook",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Webflow-Signature"), Encoding: entry.Hex},
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: headers("X-Webflow-Timestamp"), Unit: entry.Milliseconds,
				Past: webflowHorizon},
			Signed: []entry.Part{entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Event: entry.Event{ID: pointer("/payload/id"), Type: pointer("/triggerType"), Data: "/payload"},

		RetryHorizon: webflowHorizon,
	})
}

// webflowHorizon covers three retries, ten minutes apart.
const webflowHorizon = 40 * time.Minute

// Retell is Retell AI's webhooks. The secret is the API key that has the webhook badge.
//
// https://docs.retellai.com/features/secure-webhook
// https://github.com/RetellAI/retell-typescript-sdk
func Retell() core.Provider {
	return of(entry.Entry{
		Name: "retell", Title: "Retell AI", Confidence: "A",
		Docs:       "https://github.com/RetellAI/retell-typescript-sdk",
		SecretFrom: "Settings > API Keys > the key with the webhook badge",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Retell-Signature"), Layout: entry.Pairs, Separator: ',',
				Name: "d", Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "v"}, Unit: entry.Milliseconds},
			// No separator: a digit more or less makes the timestamp ten times older or newer.
			Signed: []entry.Part{entry.Body(), entry.TimestampText()},
		},
		Identity: entry.Identity{Apart: []entry.Apart{{
			When:   []entry.Members{{Has: []string{"/call_inbound"}}, {Has: []string{"/chat_inbound"}}},
			Answer: true, Why: "inbound calls and chats wait for their answer",
		}}},
		Event: entry.Event{Type: pointer("/event"), Data: "/call"},
	})
}

// QuickNode is QuickNode's Streams and Webhooks. The secret is the security token of the stream. Switch compression
// off: QuickNode signs what it compresses, and a compressed body is refused.
//
// The body is what your filter returns, and two of them may be equal. What is remembered is therefore the nonce, which
// is signed: a replay is recognised, and a retry with another nonce runs again.
//
// https://www.quicknode.com/guides/quicknode-products/streams/validating-incoming-streams-webhook-messages
func QuickNode() core.Provider {
	return of(entry.Entry{
		Name: "quicknode", Title: "QuickNode", Confidence: "A",
		Docs:       "https://www.quicknode.com/guides/quicknode-products/streams/validating-incoming-streams-webhook-messages",
		SecretFrom: "the stream's or webhook's Settings > Security token",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Qn-Signature"), Encoding: entry.Hex},
			// No separator: a digit that moved from the nonce to the timestamp or back would be far outside the window.
			Timestamp: entry.Timestamp{Field: headers("X-Qn-Timestamp")},
			ID:        entry.Field{Headers: []string{"X-Qn-Nonce"}, Grammar: entry.Token},
			Signed:    []entry.Part{entry.ID(), entry.TimestampText(), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.BySignedID},
	})
}
