package jwt

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// LiveKit is the webhooks of LiveKit Cloud or of a LiveKit server. The secret is the secret of the API key that signs
// webhooks. A token that lets a participant into a room is signed with the same secret, and proves no webhook: it has
// no hash of a body.
//
// A token counts for five minutes, and a retry has the token of the first attempt. LiveKit tries again on 429, 5xx and
// no answer only, so that a failed authentication is answered 503.
//
// https://docs.livekit.io/server/webhooks/
// https://github.com/livekit/protocol/blob/main/webhook/url_notifier.go
func LiveKit() core.Provider {
	return of(entry.Entry{
		Name: "livekit", Title: "LiveKit", Confidence: "A",
		Docs:       "https://docs.livekit.io/server/webhooks/",
		SecretFrom: "the secret of the API key that the webhook is signed with",
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event:      entry.Event{ID: pointer("/id"), Type: pointer("/event"), Time: pointer("/createdAt")},
		AuthStatus: 503, Answers: entry.Answers{TooLarge: entry.Answer{Status: 503}},
	}, &mechanism{
		header: "Authorization", algorithms: []string{"HS256"},
		expires: true, notBefore: true, time: "nbf", leeway: leeway,
		bodyHash: "sha256", bodyBase64: true, covers: "{body}",
	})
}
