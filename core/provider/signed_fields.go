package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign a few fields and not the body as it was sent.

// Adyen is Adyen's standard webhooks. The secret is the HMAC key of the webhook, hexadecimal. Every item of a delivery
// carries its own signature, and every one has to be right.
//
// Eight fields of an item are signed; reason, additionalData and the rest are not.
//
// Adyen waits ten seconds. It tries again three times within half a minute, then at growing intervals of up to eight
// hours for 30 days.
//
// https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/
// https://docs.adyen.com/development-resources/webhooks/troubleshoot
func Adyen() core.Provider {
	field := func(pointer string, g entry.Grammar) entry.Part {
		// What is absent is signed as nothing.
		return entry.Part{Kind: entry.PartJSON, Text: "/NotificationRequestItem" + pointer, Optional: true, Grammar: g}
	}
	required := field("/pspReference", entry.NoColon)
	required.Optional = false
	colon := entry.Literal(":")
	return of(entry.Entry{
		Name: "adyen", Title: "Adyen", Confidence: "A",
		Docs:       "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
		SecretFrom: "Developers > Webhooks > the webhook > Security > HMAC Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Encoding: entry.Hex},
			Items:     "/notificationItems",
			Signature: entry.Signature{
				Field:    entry.Field{JSON: "/NotificationRequestItem/additionalData/hmacSignature"},
				Encoding: entry.Base64,
			},
			// Only the merchant's own reference may hold a colon: read from both ends, the text divides in one way.
			Signed: []entry.Part{
				required, colon, field("/originalReference", entry.NoColon), colon,
				field("/merchantAccountCode", entry.NoColon), colon,
				field("/merchantReference", entry.NoControl), colon, field("/amount/value", entry.NoColon), colon,
				field("/amount/currency", entry.NoColon), colon, field("/eventCode", entry.NoColon), colon,
				field("/success", entry.NoColon),
			},
		},
		Unsigned: []string{"everything but pspReference, originalReference, merchantAccountCode, merchantReference, " +
			"amount, eventCode and success"},
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/NotificationRequestItem/pspReference",
			And: []string{"/NotificationRequestItem/eventCode", "/NotificationRequestItem/success"},
		},
		Event: entry.Event{
			ID: pointer("/NotificationRequestItem/pspReference"), Type: pointer("/NotificationRequestItem/eventCode"),
			Time: pointer("/NotificationRequestItem/eventDate"), TimeUnit: entry.RFC3339,
			Data: "/NotificationRequestItem",
		},
		Batch:        &entry.Batch{Pointer: "/notificationItems"},
		RetryHorizon: adyenHorizon, LastQuickRetry: adyenQuickRetry, AckLimit: adyenAckLimit,
		AckBody: "[accepted]",
	})
}

const (
	adyenHorizon    = 30 * 24 * time.Hour
	adyenQuickRetry = 10 * time.Minute // of the retry queue: 2, 5 and 10 minutes, and longer ones
	adyenAckLimit   = 10 * time.Second
)

// MercadoPago is Mercado Pago's webhooks. The secret is the application's secret signature.
//
// What is signed is the id of the resource (data.id in the URL), the id of the request and a time, and nothing of the
// body: fetch the resource by its id. QR code notifications are not signed, and are refused.
//
// https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks
func MercadoPago() core.Provider {
	manifest := func(lower bool) []entry.Part {
		return []entry.Part{
			// Both are words of letters and digits, so that the template divides in one way.
			{Kind: entry.PartQuery, Text: "data.id", Before: "id:", After: ";", Optional: true, Lower: lower,
				Grammar: entry.Token},
			{Kind: entry.PartID, Before: "request-id:", After: ";"},
			{Kind: entry.PartTimestamp, Before: "ts:", After: ";"},
		}
	}
	return of(entry.Entry{
		Name: "mercado-pago", Title: "Mercado Pago", Confidence: "A",
		Docs:       "https://www.mercadopago.com.br/developers/en/docs/your-integrations/notifications/webhooks",
		SecretFrom: "Your integrations > the application > Webhooks > Secret signature",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Signature"), Layout: entry.Pairs, Separator: ',', Name: "v1",
				Encoding: entry.Hex},
			Timestamp: entry.Timestamp{
				// The documentation shows milliseconds and the library reads seconds.
				Field: entry.Field{Key: "ts"}, Unit: entry.SecondsOrMilliseconds,
				// Whether a retry is signed again is not documented. The id of the request counts once, and is
				// remembered for longer than the window.
				Past: 4 * 24 * time.Hour,
			},
			ID: entry.Field{Headers: []string{"X-Request-Id"}, Grammar: entry.Token},
			// The documentation writes data.id in lower case, the library keeps it.
			Signed: manifest(true), Also: [][]entry.Part{manifest(false)},
		},
		Unsigned: []string{"the body"},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{ID: header("X-Request-Id"), Type: []entry.Value{{JSON: "/type"}},
			Action: pointer("/action"), Time: pointer("/date_created"), TimeUnit: entry.RFC3339, Data: "/data"},
		// Its X-Signature is there as well, and fits no secret: so Mercado Pago's own page on IPN says.
		Others: []entry.Other{{
			Query: []string{"id", "topic"}, What: "an IPN notification, which no secret verifies",
			Do: "remove notification_url and the IPN URL at Mercado Pago, or give IPN a URL of its own and trust " +
				"the API alone",
		}},
	})
}

// DropboxSign is Dropbox Sign's (HelloSign's) callbacks. The secret is the API key.
//
// What is signed is the time and the type of the event, and nothing else: any other content fits a captured delivery.
// Fetch the signature request by its id.
//
// https://developers.hellosign.com/docs/events/overview
func DropboxSign() core.Provider {
	return of(entry.Entry{
		Name: "dropbox-sign", Title: "Dropbox Sign", Confidence: "A",
		Docs:       "https://developers.hellosign.com/docs/events/overview",
		SecretFrom: "Integrations > API > API Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Document:  "json",
			Signature: entry.Signature{Field: entry.Field{JSON: "/event/event_hash"}, Encoding: entry.Hex},
			// It is the event's own time, and retries repeat it.
			Timestamp: entry.Timestamp{Field: entry.Field{JSON: "/event/event_time"}, Past: 72 * time.Hour},
			// No separator: the type holds no digit.
			Signed: []entry.Part{entry.TimestampText(),
				{Kind: entry.PartJSON, Text: "/event/event_type", Grammar: entry.Word}},
		},
		Unsigned: []string{"everything but event_time and event_type"},
		Identity: entry.Identity{
			// What the hash is made of, and not its digits, which another case of them or another API key changes. Two
			// events of one type in one second have one hash, and only unsigned members tell them apart.
			Kind: entry.ByPointer, Pointer: "/event/event_time",
			And: []string{
				"/event/event_type", "/event/event_metadata/related_signature_id",
				"/signature_request/signature_request_id", "/template/template_id",
			},
		},
		Event: entry.Event{
			ID: pointer("/event/event_hash"), Type: pointer("/event/event_type"), Time: pointer("/event/event_time"),
			PayloadForm: "json",
		},
		AckBody: "Hello API Event Received",
	})
}

// Braintree is Braintree's webhooks. The secret is the pair of an API key, "public_key|private_key"; the private key
// alone verifies deliveries but cannot answer the check of a new URL.
//
// The payload is XML in base64, in the form's field bt_payload; nothing of it is decoded here.
//
// https://developer.paypal.com/braintree/docs/guides/webhooks/parse
func Braintree() core.Provider {
	// The check of a URL is answered with a signature of its challenge, which is hexadecimal: such a payload is none.
	payload := entry.Part{Kind: entry.PartForm, Text: "bt_payload", Grammar: entry.NoChallenge}
	return of(entry.Entry{
		Name: "braintree", Title: "Braintree", Confidence: "A",
		Docs:       "https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
		SecretFrom: "Settings > API > API Keys: the public key, a bar and the private key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Key:       entry.Key{Named: "|", SHA1: true},
			Signature: entry.Signature{Field: entry.Field{Form: "bt_signature"}, Layout: entry.Pairs, Separator: '&',
				Equals: '|', Encoding: entry.Hex},
			Signed: []entry.Part{payload},
			// As Braintree's own libraries do.
			Also: [][]entry.Part{{payload, entry.Literal("\n")}},
		},
		Unsigned: []string{"every other field of the form"},
		Identity: entry.Identity{Kind: entry.BySigned},
		Event:    entry.Event{PayloadForm: "bt_payload"},
		Handshakes: []entry.Handshake{
			{Method: "GET", WhenQuery: "bt_challenge", EchoQuery: "bt_challenge", Answer: "{key}|{hmac}",
				Grammar: entry.Challenge, When: "when the webhook is created"},
		},
	})
}
