package provider

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Senders that sign the raw body, and read their key in a way of their own.

// AuthorizeNet is the webhooks of Authorize.net. The secret is the account's Signature Key: 128 hexadecimal digits,
// whose text is the key and not what they decode to.
//
// https://developer.authorize.net/api/reference/features/webhooks.html
func AuthorizeNet() core.Provider {
	return of(entry.Entry{
		Name: "authorize-net", Title: "Authorize.net", Confidence: "B",
		Docs:       "https://developer.authorize.net/api/reference/features/webhooks.html",
		SecretFrom: "Account > Settings > API Credentials and Keys > New Signature Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA512,
			Signature: entry.Signature{Field: headers("X-ANET-Signature"), Prefix: "sha512=", Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Body()},
		},
		Unsigned: []string{"request id (X-Request-Id)"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/notificationId"},
		Event: entry.Event{
			ID: pointer("/notificationId"), Type: pointer("/eventType"), Time: pointer("/eventDate"),
			TimeUnit: entry.RFC3339, Data: "/payload",
		},
	})
}
