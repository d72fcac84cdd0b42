// Package nfkd has the senders that bring a secret into Unicode's compatibility decomposition (NFKD) before it is the
// key, which the standard library cannot do. Whoever imports package provider alone does not link golang.org/x/text.
package nfkd

import (
	"golang.org/x/text/unicode/norm"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// EasyPost is a webhook of EasyPost with a secret of your own, in any script: "sécret" signs as EasyPost's libraries
// read it, however its accents were typed. Nothing signed says when a delivery was sent.
//
// https://docs.easypost.com/docs/webhooks
func EasyPost() core.Provider {
	return entry.NewProvider(entry.Entry{
		Name: "easypost", Title: "EasyPost", Confidence: "A",
		Docs: "https://docs.easypost.com/docs/webhooks",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Normal: norm.NFKD.String},
			Signature: entry.Signature{
				Field: entry.Field{Headers: []string{"X-Hmac-Signature"}}, Prefix: "hmac-sha256-hex=",
				Encoding: entry.Hex,
			},
			Signed: []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: []entry.Value{{JSON: "/id"}}, Type: []entry.Value{{JSON: "/description"}},
			Time: []entry.Value{{JSON: "/created_at"}}, TimeUnit: entry.RFC3339,
			Data: "/result",
		},
	}, nil)
}
