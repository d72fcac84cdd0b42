package unproved

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func chat() []core.Provider { return []core.Provider{Calendly()} }

// Calendly is Calendly's webhook subscriptions. The secret is the signing key that you chose, or that Calendly made for
// an OAuth app. That timestamp and body are signed is Calendly's own word; the form of the header is what receivers
// agree on.
//
// https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures
func Calendly() core.Provider {
	return of(entry.Entry{
		Name: "calendly", Title: "Calendly", Confidence: "C",
		Docs:       "https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
		SecretFrom: "the subscription's signing_key, or the OAuth app's webhook signing key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{
				Field: headers("Calendly-Webhook-Signature"), Layout: entry.Pairs, Separator: ',', Name: "v1",
				Encoding: entry.Hex,
			},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}, Tolerance: 3 * time.Minute},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339, Data: "/payload",
		},
	})
}
