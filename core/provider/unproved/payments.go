package unproved

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func payments() []core.Provider { return []core.Provider{Flutterwave()} }

// Flutterwave is the webhooks of version 4 of Flutterwave's API: the HMAC-SHA-256 of the body in base64, under the
// secret hash. Receivers agree on it, and samples that compare the header with the secret hash itself exist as well.
//
// Version 3 presents the secret hash as it is, in the header verif-hash: use provider.Token("verif-hash").
//
// https://developer.flutterwave.com/docs/webhooks
func Flutterwave() core.Provider {
	return of(entry.Entry{
		Name: "flutterwave", Title: "Flutterwave", Confidence: "C",
		Docs: "https://developer.flutterwave.com/docs/webhooks",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Flutterwave-Signature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/type"), Data: "/data"},
	})
}
