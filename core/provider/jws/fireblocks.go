package jws

import (
	"errors"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Fireblocks is the webhooks (version 2) of these Fireblocks workspaces, by the signature whose keys rotate.
// Config.Keys is that of keys.Fireblocks, for the workspace's environment. Fireblocks signs for every workspace of an
// environment with the same keys, so that only workspaces that are listed count.
//
// Nothing signed says when a delivery was sent. The signature covers the body, and the header Fireblocks-Signature,
// which comes as well, is the older one.
//
// https://developers.fireblocks.com/reference/validating-webhooks
func Fireblocks(workspaces ...string) core.Provider {
	var err error
	if len(workspaces) == 0 || slices.Contains(workspaces, "") {
		err = errors.New("Fireblocks needs the ids of the workspaces whose events count: Fireblocks signs for " +
			"everybody with the same keys")
	}
	return made(entry.Entry{
		Name: "fireblocks", Title: "Fireblocks", Confidence: "B",
		Docs: "https://developers.fireblocks.com/reference/validating-webhooks",
		SecretFrom: "https://keys.fireblocks.io/.well-known/jwks.json or that of the workspace's environment, in " +
			"PEM, for keys at hand; usually Keys fetches them",
		Identity:  entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Recipient: &entry.Recipient{Pointers: []string{"/workspaceId"}, Allowed: slices.Clone(workspaces)},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/eventType"), Time: pointer("/createdAt"), TimeUnit: entry.Milliseconds,
			Tenant: pointer("/workspaceId"), Data: "/data",
		},
		// Ten attempts, the last one 28,360 s after the first. Of 4xx only 408 and 429 are tried again.
		RetryHorizon: 28_360 * time.Second, LastQuickRetry: 160 * time.Second,
		AuthStatus: 503, Answers: entry.Answers{TooLarge: entry.Answer{Status: 503}},
	}, &mechanism{
		algorithm: rs512, header: "Fireblocks-Webhook-Signature", in: "`Fireblocks-Webhook-Signature`, detached",
		detached: encoded, names: byKid, covers: "{body}",
	}, err)
}
