package jws

import (
	"encoding/json"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Kinde is the webhooks of a Kinde business. Config.Keys is that of keys.Kinde, for the business's own domain: tokens
// name no recipient, and the keys of that domain alone say whose they are.
//
// The body is a token, and an event's payload is what the token says. Its time is the event's, so that retries are as
// old as the event. An event is remembered by its event_id; the webhook-id header is not signed.
//
// https://docs.kinde.com/integrate/webhooks/about-webhooks/
func Kinde() core.Provider {
	const horizon = 36 * time.Hour
	return made(entry.Entry{
		Name: "kinde", Title: "Kinde", Confidence: "A",
		Docs:       "https://docs.kinde.com/integrate/webhooks/about-webhooks/",
		SecretFrom: "https://<your domain>/.well-known/jwks, in PEM, for keys at hand; usually Keys fetches them",
		Scheme:     &entry.Scheme{Timestamp: entry.Timestamp{Past: horizon + 5*time.Minute}},
		Unsigned:   []string{"webhook-id"},
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id"},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		RetryHorizon: horizon, LastQuickRetry: 10 * time.Minute,
	}, &mechanism{
		algorithm: rs256, in: "the body", names: byKid,
		time: moment{at: "/timestamp", unit: entry.RFC3339}, covers: "{body}",
		complete: func(members map[string]json.RawMessage, at int64) {
			text, _ := json.Marshal(time.Unix(at, 0).UTC().Format(time.RFC3339))
			members["timestamp"] = text
		},
	}, nil)
}
