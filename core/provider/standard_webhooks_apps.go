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
	e := followsStandard("polar", "Polar", "A", "https://polar.sh/docs/integrate/webhooks/delivery",
		"Settings > Webhooks > the endpoint > Secret",
		entry.Event{Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339, Data: "/data"})
	e.Scheme.Key = entry.Key{} // the SDK encodes the secret before it hands it to the specification's library
	e.AckLimit = 10 * time.Second
	return of(e)
}

// Increase is Increase's event subscriptions, signed by Standard Webhooks as its SDKs verify them. The older header
// Increase-Webhook-Signature is not read.
//
// https://increase.com/documentation/webhooks
// https://github.com/Increase/increase-go
func Increase() core.Provider {
	return of(followsStandard("increase", "Increase", "A", "https://increase.com/documentation/webhooks",
		"Developers > Webhooks > the event subscription > shared secret",
		entry.Event{Type: pointer("/category"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339}))
}
