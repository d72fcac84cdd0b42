package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Platforms that sign with a key pair.

// Circle is a webhook subscription of Circle, version 2. The secret is Circle's public key, base64: a delivery's
// X-Circle-Key-Id names it, and the API shows it. Circle asks for the URL with a HEAD, and sends a signed
// webhooks.test. Version 1 of its notifications comes through SNS: [AWSSNS]. Those of the Payments Network are repeated
// eleven times, for a day and a half.
//
// https://developers.circle.com/wallets/webhook-notifications
// https://developers.circle.com/cpn/references/webhook-retries
func Circle() core.Provider {
	return of(entry.Entry{
		Name: "circle", Title: "Circle", Confidence: "A",
		Addresses:  "3.230.111.7, 3.90.127.28, 35.169.154.32 and 54.88.227.75, by https://developers.circle.com",
		Docs:       "https://developers.circle.com/api-reference/verify-webhook-signatures",
		SecretFrom: "the API: GET /v2/notifications/publicKey/{id}, with the id in a delivery's X-Circle-Key-Id",
		Scheme: &entry.Scheme{
			Algorithm: entry.ECDSAP256SHA256,
			Signature: entry.Signature{Field: headers("X-Circle-Signature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Unsigned: []string{"the key's id (X-Circle-Key-Id)"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/notificationId", And: []string{"/notificationType"}},
		Event: entry.Event{
			ID: pointer("/notificationId"), Type: pointer("/notificationType"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339,
			Tenant:   pointer("/subscriptionId"), Data: "/notification",
		},
		Handshakes:   []entry.Handshake{{Method: "HEAD", When: "when the webhook is added"}},
		RetryHorizon: 37 * time.Hour,
	})
}
