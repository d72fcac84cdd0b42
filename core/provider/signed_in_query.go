package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Senders that put the signature into the URL's query.

// PandaDoc is a webhook subscription of PandaDoc. It adds the parameter signature to the URL: whoever reads access logs
// reads it, and can send that delivery again, but no other body. An event has no id of its own; the id that it holds is
// the document's.
//
// https://developers.pandadoc.com/docs/webhook-verification
// https://developers.pandadoc.com/docs/webhook-debugging
func PandaDoc() core.Provider {
	return of(entry.Entry{
		Name: "pandadoc", Title: "PandaDoc", Confidence: "B",
		Docs:       "https://developers.pandadoc.com/docs/webhook-verification",
		SecretFrom: "Developer Dashboard > Configuration > the webhook > Shared key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: entry.Field{Query: "signature"}, Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Body()},
		},
		Unsigned: []string{"time"},
		Event:    entry.Event{Type: pointer("/event"), Data: "/data"},
		Batch:    &entry.Batch{},
		AckLimit: 20 * time.Second,
	})
}
