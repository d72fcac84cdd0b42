package unproved

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func post() []core.Provider { return []core.Provider{Lob()} }

// Lob is the webhooks of Lob, a service for letters and postcards. Lob's own pages describe webhooks and their retries;
// that timestamp and body are signed is what receivers agree on. Some of them read the timestamp in seconds and others
// in milliseconds, and the two are distinguished by their length. Whether a retry is signed again is not documented,
// and neither is for how long Lob retries.
//
// https://help.lob.com/print-and-mail/getting-data-and-results/using-webhooks
func Lob() core.Provider {
	return of(entry.Entry{
		Name: "lob", Title: "Lob", Confidence: "C",
		Docs:       "https://help.lob.com/print-and-mail/getting-data-and-results/using-webhooks",
		SecretFrom: "Webhooks > the webhook > Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Lob-Signature"), Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: headers("Lob-Signature-Timestamp"), Unit: entry.SecondsOrMilliseconds},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal("."), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/event_type/id"), Time: pointer("/date_created"),
			TimeUnit: entry.RFC3339, Data: "/body",
		},
	})
}
