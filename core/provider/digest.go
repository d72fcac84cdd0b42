package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign with a plain hash of bytes among which the secret stands. That is weaker than HMAC: where a
// provider has a newer scheme, use that one. Where the hash ends with the body, a body with a zero byte is refused: it
// could be a captured one that somebody lengthened.

// HubSpotV1 is a HubSpot app's webhooks with signatures of version 1. The secret is the app's client secret. Prefer
// [HubSpot], version 3, which every delivery carries next to it.
//
// https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
func HubSpotV1() core.Provider {
	e := hubspot("hubspot-v1", "HubSpot (v1)", &entry.Scheme{
		Algorithm: entry.DigestSHA256,
		Signature: hubspotOld("v1"),
		Signed:    []entry.Part{entry.Secret(), entry.Body()},
	})
	e.Unsigned = []string{"time"}
	return of(e)
}

// HubSpotV2 is the requests of HubSpot's CRM cards and workflow actions with signatures of version 2. The secret is the
// app's client secret. They wait for an answer, so that nothing is remembered.
//
// https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
func HubSpotV2() core.Provider {
	e := hubspot("hubspot-v2", "HubSpot (v2)", &entry.Scheme{
		Algorithm: entry.DigestSHA256,
		Signature: hubspotOld("v2"),
		// The method and the URL are the endpoint's own.
		Signed: []entry.Part{entry.Secret(), {Kind: entry.PartMethod}, entry.URL(), entry.Body()},
	})
	e.Unsigned = []string{"time"}
	e.Methods = []string{"GET"}
	e.Batch = nil
	e.Identity = entry.Identity{Kind: entry.None, Why: "a card or an action waits for its answer, and a repeated " +
		"answer would be wrong"}
	return of(e)
}

func hubspotOld(version string) entry.Signature {
	return entry.Signature{
		Field: headers("X-Hubspot-Signature"), Encoding: entry.Hex,
		Name: version, Version: headers("X-Hubspot-Signature-Version"),
	}
}

// hubspot holds what all versions share. An eventId is not unique, says HubSpot, and a retry counts its attempts inside
// the signed body, so that several members together name an event.
func hubspot(name, title string, s *entry.Scheme) entry.Entry {
	return entry.Entry{
		Name: name, Title: title, Confidence: "A",
		Docs:       "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
		SecretFrom: "the app's page > Auth > Client secret",
		Scheme:     s,
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/eventId", And: []string{"/subscriptionId", "/objectId", "/occurredAt"},
		},
		Event: entry.Event{
			ID: pointer("/eventId"), Type: pointer("/subscriptionType"), Time: pointer("/occurredAt"),
			TimeUnit: entry.Milliseconds,
			Attempt:  pointer("/attemptNumber"), AttemptBase: 1, Tenant: pointer("/portalId"),
		},
		Batch:        &entry.Batch{},
		RetryHorizon: 24 * time.Hour, AckLimit: 5 * time.Second,
	}
}

// Cloudinary is Cloudinary's notifications, signed with SHA-1, which is an account's setting at first. The secret is
// the API secret of the account. Prefer [CloudinarySHA256] and change the setting: collisions of SHA-1 can be made.
//
// https://cloudinary.com/documentation/notifications#verifying_notification_signatures
func Cloudinary() core.Provider {
	return of(cloudinary("cloudinary", "Cloudinary", entry.DigestSHA1))
}

// CloudinarySHA256 is Cloudinary's notifications for accounts that sign with SHA-256.
//
// https://cloudinary.com/documentation/notifications#verifying_notification_signatures
func CloudinarySHA256() core.Provider {
	return of(cloudinary("cloudinary-sha256", "Cloudinary (SHA-256)", entry.DigestSHA256))
}

func cloudinary(name, title string, alg entry.Algorithm) entry.Entry {
	return entry.Entry{
		Name: name, Title: title, Confidence: "A",
		Docs:       "https://cloudinary.com/documentation/notifications#verifying_notification_signatures",
		SecretFrom: "Settings > API Keys > API Secret",
		Scheme: &entry.Scheme{
			Algorithm: alg,
			Signature: entry.Signature{Field: headers("X-Cld-Signature"), Encoding: entry.Hex},
			// Cloudinary's own libraries accept two hours.
			Timestamp: entry.Timestamp{Field: headers("X-Cld-Timestamp"), Past: 2 * time.Hour},
			// No separator: a digit more or less makes the timestamp ten times older or newer.
			Signed: []entry.Part{entry.Body(), entry.TimestampText(), entry.Secret()},
		},
		Event: entry.Event{Type: pointer("/notification_type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339},
	}
}

// Midtrans is Midtrans's payment notifications. The secret is the server key.
//
// The signature covers the order, the status code and the amount, without anything between them, and nothing else of
// the body: not the status of the transaction. Ask Midtrans's API for that before goods leave the house.
//
// https://docs.midtrans.com/docs/https-notification-webhooks
func Midtrans() core.Provider {
	return of(entry.Entry{
		Name: "midtrans", Title: "Midtrans", Confidence: "B",
		Docs:       "https://docs.midtrans.com/docs/https-notification-webhooks",
		SecretFrom: "Settings > Access Keys > Server Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.DigestSHA512,
			Signature: entry.Signature{Field: entry.Field{JSON: "/signature_key"}, Encoding: entry.Hex},
			Signed: []entry.Part{
				{Kind: entry.PartJSON, Text: "/order_id", Grammar: entry.NoControl},
				{Kind: entry.PartJSON, Text: "/status_code", Grammar: entry.Status},
				{Kind: entry.PartJSON, Text: "/gross_amount", Grammar: entry.Amount},
				entry.Secret(),
			},
		},
		Unsigned: []string{"everything but order_id, status_code and gross_amount; an order_id that ends in digits " +
			"can be divided in another way"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/transaction_id",
			And: []string{"/transaction_status", "/fraud_status", "/status_code"}},
		Event: entry.Event{ID: pointer("/transaction_id"), Type: pointer("/transaction_status")},
	})
}

// UnisenderGo is Unisender Go's webhooks. The secret is the API key of the account or of the project. The body's member
// auth is the MD5 of the body with the API key in auth's place.
//
// MD5 is broken against collisions: nobody can forge a given event, but whoever can choose much of what is sent may
// make two bodies of one hash.
//
// https://godocs.unisender.ru/web-api-ref#callback-format
// https://www.rubydoc.info/gems/unigo-ruby/1.0.1/UniGo/Client/Helpers
func UnisenderGo() core.Provider {
	return of(entry.Entry{
		Name: "unisender-go", Title: "Unisender Go", Confidence: "B",
		Docs:       "https://godocs.unisender.ru/web-api-ref#callback-format",
		SecretFrom: "the account's or the project's API key",
		Scheme: &entry.Scheme{
			Algorithm: entry.DigestMD5,
			Signature: entry.Signature{Field: entry.Field{JSON: "/auth"}, Encoding: entry.Hex},
			Signed:    []entry.Part{{Kind: entry.PartReplacedBody}},
		},
		Unsigned: []string{"call id (ID)", "time"},
		Event: entry.Event{ // with single events switched on, the body is one flat object
			Type: pointer("/event_name"), Action: []entry.Value{{JSON: "/event_data/status"}, {JSON: "/status"}},
			Time:     []entry.Value{{JSON: "/event_data/event_time"}, {JSON: "/event_time"}},
			TimeUnit: entry.DateTimeInUTC, Data: "/event_data",
		},
		Batch:      &entry.Batch{Pointer: "/events_by_user", Inner: []string{"/events"}},
		Handshakes: []entry.Handshake{{Method: "GET", When: "when the webhook is saved"}},
	})
}
