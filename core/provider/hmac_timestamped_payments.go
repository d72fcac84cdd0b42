package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Payments and commerce that sign a timestamp together with the body.

// Paddle is Paddle Billing's notifications. The secret is the destination's secret key, prefix included. Paddle waits
// five seconds, and retries for three days.
//
// https://developer.paddle.com/webhooks/signature-verification
// https://developer.paddle.com/webhooks/respond-to-webhooks
func Paddle() core.Provider {
	return of(entry.Entry{
		Name: "paddle", Title: "Paddle Billing", Confidence: "A",
		Docs:       "https://developer.paddle.com/webhooks/signature-verification",
		SecretFrom: "Developer Tools > Notifications > the destination > Secret key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Paddle-Signature"), Layout: entry.Pairs, Separator: ';',
				Name: "h1", Encoding: entry.Hex},
			// whether a retry is signed again is not documented
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "ts"}, Past: paddleHorizon},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id"},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/event_type"), Time: pointer("/occurred_at"),
			TimeUnit: entry.RFC3339, Data: "/data",
		},
		RetryHorizon: paddleHorizon, AckLimit: 5 * time.Second,
	})
}

const paddleHorizon = 72 * time.Hour

// Recurly is Recurly's webhooks in JSON; those in XML are not signed, and are refused. The secret is the key of the
// webhook endpoint. While it is being replaced Recurly signs with both.
//
// https://docs.recurly.com/recurly-subscriptions/docs/signature-verification
// https://github.com/recurly/recurly-client-go
func Recurly() core.Provider {
	return of(entry.Entry{
		Name: "recurly", Title: "Recurly", Confidence: "A",
		Docs:       "https://docs.recurly.com/recurly-subscriptions/docs/signature-verification",
		SecretFrom: "Integrations > Webhooks > the endpoint > Secret key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Recurly-Signature"), Layout: entry.List, Separator: ',',
				Encoding: entry.Hex},
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: entry.Field{First: true}, Unit: entry.Milliseconds, Past: recurlyHorizon},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		// The member id is the object's.
		Event: entry.Event{
			Type: pointer("/object_type"), Action: pointer("/event_type"), Time: pointer("/event_time"),
			TimeUnit: entry.RFC3339,
		},
		RetryHorizon: recurlyHorizon,
	})
}

// recurlyHorizon covers ten retries, the last one some five and a half hours after the first attempt.
//
// https://docs.recurly.com/recurly-subscriptions/docs/automatic-retries
const recurlyHorizon = 6 * time.Hour

// Revolut is the webhooks of Revolut's Merchant and Business APIs. The secret is the webhook's signing secret
// ("wsk_..."), whole.
//
// A merchant's events name an order and a type and nothing else, so that two of them may be equal to the byte. What is
// remembered is therefore the body with the signed timestamp: a replay is recognised, and a retry that is signed again
// runs again.
//
// https://developer.revolut.com/docs/guides/merchant/monitor-and-observe/webhooks/verify-the-payload-signature
// https://developer.revolut.com/docs/guides/manage-accounts/webhooks/verify-the-payload-signature
func Revolut() core.Provider {
	return of(entry.Entry{
		Name: "revolut", Title: "Revolut (Merchant and Business)", Confidence: "B",
		Docs:       "https://developer.revolut.com/docs/guides/merchant/monitor-and-observe/webhooks/verify-the-payload-signature",
		SecretFrom: "signing_secret, in the answer of the API that creates or retrieves the webhook",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Whole: "wsk_"},
			Signature: entry.Signature{Field: headers("Revolut-Signature"), Layout: entry.Pairs, Separator: ',',
				Name: "v1", Encoding: entry.Hex},
			// "UNIX timestamp", and every example has 13 digits.
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: headers("Revolut-Request-Timestamp"), Unit: entry.Milliseconds,
				Past: revolutHorizon},
			Signed: []entry.Part{entry.Literal("v1."), entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		Identity: entry.Identity{Apart: []entry.Apart{{Time: true,
			Why: "a merchant's, which name an order and a type"}}},
		Event: entry.Event{Type: pointer("/event"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Data: "/data"},

		RetryHorizon: revolutHorizon,
	})
}

// revolutHorizon covers three retries, ten minutes apart.
const revolutHorizon = 40 * time.Minute

// CoinbaseCDP is the webhooks of the Coinbase Developer Platform: Onramp, Business checkouts, onchain activity. The
// secret is the one that creating the subscription returns.
//
// Coinbase signs twice: v0 covers timestamp and body, v1 some headers as well. v0 is what is checked here, so that the
// event's id, which is a header, is not authenticated; the type is the body's.
//
// https://docs.cdp.coinbase.com/webhooks/verify-signatures
func CoinbaseCDP() core.Provider {
	return of(entry.Entry{
		Name: "coinbase-cdp", Title: "Coinbase Developer Platform", Confidence: "A",
		Docs:       "https://docs.cdp.coinbase.com/webhooks/verify-signatures",
		SecretFrom: "secret, in the answer of the API that creates the subscription",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Hook0-Signature"), Layout: entry.Pairs, Separator: ',',
				Name: "v0", Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		Unsigned: []string{"event id in its header (X-Event-Id); the body's is used where it has one",
			"event type in its header (X-Event-Type); the body's is used"},
		// Events of wallets write the id's name in another way than those of transfers.
		Event: entry.Event{
			ID:   []entry.Value{{JSON: "/eventId"}, {JSON: "/eventID"}, {Header: "X-Event-Id"}},
			Type: pointer("/eventType"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
		},
	})
}

// Cashfree is the webhooks of Cashfree Payments, for payments and subscriptions. It tries again after 2, 10 and 30
// minutes; whoever has chosen a longer retry policy sets core.Config.Limits.Tolerance.
//
// https://www.cashfree.com/docs/payments/subscription/webhook-signature
// https://www.cashfree.com/docs/payments/online/webhooks/signature-verification
// https://www.cashfree.com/docs/api-reference/webhooks/reliability-and-operations
func Cashfree() core.Provider {
	return of(entry.Entry{
		Name: "cashfree", Title: "Cashfree Payments", Confidence: "B",
		Docs:       "https://www.cashfree.com/docs/payments/online/webhooks/signature-verification",
		SecretFrom: "Developers > the client secret of the API key, or the webhook's secret key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Webhook-Signature"), Encoding: entry.Base64},
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: headers("X-Webhook-Timestamp"), Unit: entry.Milliseconds,
				Past: cashfreeHorizon},
			// No separator: a digit more or less makes the timestamp ten times older or newer.
			Signed: []entry.Part{entry.TimestampText(), entry.Body()},
		},
		Event:        entry.Event{Type: pointer("/type"), Data: "/data"},
		RetryHorizon: cashfreeHorizon,
	})
}

// cashfreeHorizon covers the three retries of the usual policy.
const cashfreeHorizon = 45 * time.Minute

// Ordergroove is the webhooks of Ordergroove. While a verification key is replaced, for 24 hours, both keys sign.
//
// https://developer.ordergroove.com/reference/webhooks-verification
func Ordergroove() core.Provider {
	return of(entry.Entry{
		Name: "ordergroove", Title: "Ordergroove", Confidence: "B",
		Docs:       "https://developer.ordergroove.com/reference/webhooks-verification",
		SecretFrom: "the webhook route's verification key",
		Scheme: pairsHMAC("Ordergroove-Signature", "sig", entry.Hex,
			entry.Timestamp{Field: entry.Field{Key: "ts"}, Resigned: true}), // the time of transmission, says its page
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event:    entry.Event{ID: pointer("/id"), Type: pointer("/type"), Data: "/data/object"},
	})
}
