package jws

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TrueLayer is TrueLayer's webhooks. Config.Keys is that of keys.TrueLayer, for production or for the sandbox: the
// address of keys that a delivery names must be one of the two, and is never fetched.
//
// A signature covers method, path and query, the headers that it lists, and the body. X-Tl-Webhook-Timestamp must be
// among them. Set PublicURL where the endpoint sees another path than the one that is registered.
//
// https://docs.truelayer.com/docs/configure-webhooks-for-your-integration
// https://github.com/TrueLayer/truelayer-signing
func TrueLayer() core.Provider {
	const horizon = 72 * time.Hour
	return made(entry.Entry{
		Name: "truelayer", Title: "TrueLayer", Confidence: "A",
		Docs: "https://docs.truelayer.com/docs/configure-webhooks-for-your-integration",
		SecretFrom: "https://webhooks.truelayer.com/.well-known/jwks, in PEM, for keys at hand; usually Keys fetches " +
			"them",
		Scheme:   &entry.Scheme{Timestamp: entry.Timestamp{Past: horizon + 5*time.Minute}},
		Unsigned: []string{"headers that the signature does not list"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id"},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: []entry.Value{{JSON: "/type"}, {JSON: "/event_type"}},
		},
		RetryHorizon: horizon,
	}, &mechanism{
		algorithm: es512, header: "Tl-Signature", in: "`Tl-Signature`, detached", detached: request, names: byKid,
		expects: []string{"jku"},
		jku: []string{
			"https://webhooks.truelayer.com/.well-known/jwks",
			"https://webhooks.truelayer-sandbox.com/.well-known/jwks",
		},
		time: moment{header: timestampHeader}, covers: "{method}, {path}, {timestamp}, {listed headers}, {body}",
	}, nil)
}
