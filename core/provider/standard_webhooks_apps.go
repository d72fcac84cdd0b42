package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// More providers that follow Standard Webhooks.

// Polar is Polar's webhooks. Unlike the specification's, the secret is the key as it is, and not base64.
//
// https://polar.sh/docs/integrate/webhooks/delivery
// https://github.com/polarsource/polar-js
func Polar() core.Provider {
	scheme := standardScheme("Webhook-")
	scheme.Key = entry.Key{} // the SDK encodes the secret before it hands it to the specification's library
	return of(entry.Entry{
		Name: "polar", Title: "Polar", Confidence: "A",
		Docs:       "https://polar.sh/docs/integrate/webhooks/delivery",
		SecretFrom: "Settings > Webhooks > the endpoint > Secret",
		Scheme:     scheme,
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Webhook-Id"), Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		AckLimit: 10 * time.Second,
	})
}

// Increase is Increase's event subscriptions, signed by Standard Webhooks as its SDKs verify them. The older header
// Increase-Webhook-Signature is not read.
//
// https://increase.com/documentation/webhooks
// https://github.com/Increase/increase-go
func Increase() core.Provider {
	return of(entry.Entry{
		Name: "increase", Title: "Increase", Confidence: "A",
		Docs:       "https://increase.com/documentation/webhooks",
		SecretFrom: "Developers > Webhooks > the event subscription > shared secret",
		Scheme:     standardScheme("Webhook-"),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{ID: header("Webhook-Id"), Type: pointer("/category"), Time: pointer("/created_at"),
			TimeUnit: entry.RFC3339},
	})
}
