package jws

import (
	"encoding/json"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Wix is the webhooks of a Wix app. Secrets hold the app's public key, as the dashboard shows it or as the base64 of
// that text.
//
// The body is a token whose claim data is JSON in a text, in which data and identity are JSON in texts again. An
// event's payload is that JSON with the inner texts taken out of their quotes: instanceId, eventType, and the event
// itself in data. An event is remembered by the id in data, and by its payload where it has none.
//
// Nothing in a delivery has to say when it was sent; exp counts where it is there.
//
// https://dev.wix.com/docs/build-apps/develop-your-app/api-integrations/events-and-webhooks/about-webhooks
func Wix() core.Provider {
	return made(entry.Entry{
		Name: "wix", Title: "Wix", Confidence: "A",
		Docs: "https://dev.wix.com/docs/build-apps/develop-your-app/api-integrations/events-and-webhooks/" +
			"about-webhooks",
		SecretFrom: "the app's dashboard > Webhooks > Get Public Key",
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/data/id"},
		Event: entry.Event{
			ID: pointer("/data/id"), Type: pointer("/eventType"), Time: pointer("/data/eventTime"),
			TimeUnit: entry.RFC3339, Tenant: pointer("/instanceId"), Data: "/data",
		},
		RetryHorizon: 47*time.Hour + 11*time.Minute, LastQuickRetry: 11 * time.Minute,
		AckLimit: 1250 * time.Millisecond,
	}, &mechanism{
		algorithm: rs256, in: "the body", names: configured, armoured: true,
		claim: jsonscan.Compile("/data"), nested: []string{"data", "identity"}, covers: "{body}",
		complete: wixClaims,
	}, nil)
}

// wixClaims wraps the event of a test as Wix does.
func wixClaims(members map[string]json.RawMessage, at int64) {
	text := func(v any) json.RawMessage {
		inner, _ := json.Marshal(v)
		quoted, _ := json.Marshal(string(inner))
		return quoted
	}
	for _, name := range []string{"data", "identity"} {
		if value, ok := members[name]; ok && isObject(value) {
			members[name] = text(value)
		}
	}
	data := text(members)
	clear(members)
	members["data"] = data
	members["iat"], _ = json.Marshal(at)
	members["exp"], _ = json.Marshal(at + 3600)
}
