package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign nothing and put a shared secret into the body. It is never handed on in an event's details, but
// the payload is the body as it came and holds it: do not log it.

// Figma is a webhook of Figma (version 2). The secret is the passcode you chose for the webhook. A webhook that was
// just created sends an event of the type PING.
//
// Figma stops a webhook at once that answers 400, so that a failed authentication is answered 503: a passcode that was
// mistyped can be fixed.
//
// https://developers.figma.com/docs/rest-api/webhooks-security
func Figma() core.Provider {
	return of(entry.Entry{
		Name: "figma", Title: "Figma", Confidence: "B",
		Docs:       "https://developers.figma.com/docs/rest-api/webhooks-security",
		Credential: entry.Credential{Kind: entry.BodyToken, Name: "/passcode"},
		Unsigned:   sharedSecretOnly(),
		Event:      entry.Event{Type: pointer("/event_type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339},
		AuthStatus: 503, Answers: tooLarge503(),
	})
}

// MicrosoftGraph is the change notifications of Microsoft Graph. The secret is the clientState you gave to the
// subscription, of up to 128 characters; every notification of a delivery has to carry it. Of rich notifications the
// validation tokens are not verified and the content is not decrypted.
//
// When the subscription is created or renewed, Graph asks with an empty POST that carries validationToken, which is
// answered for whoever asks.
//
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
func MicrosoftGraph() core.Provider {
	return of(entry.Entry{
		Name: "microsoft-graph", Title: "Microsoft Graph", Confidence: "B",
		Docs:       "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
		Credential: clientState(),
		Unsigned:   sharedSecretOnly(),
		Identity: entry.Identity{Kind: entry.None, Why: "a notification may name no more than what changed, so " +
			"that the next change is byte-equal"},
		Event: entry.Event{
			ID: pointer("/id"), Type: []entry.Value{{JSON: "/lifecycleEvent"}, {JSON: "/changeType"}},
			Data: "/resourceData",
		},
		Batch:      &entry.Batch{Pointer: "/value"},
		Handshakes: []entry.Handshake{validationToken("validationToken")},
		// Slower than this too often marks the endpoint as slow, and its notifications are dropped.
		RetryHorizon: 4 * time.Hour, AckLimit: 3 * time.Second,
	})
}

// SharePoint is the webhooks of SharePoint lists. The secret is the clientState you gave to the subscription; every
// notification of a delivery has to carry it. A notification says that something changed and not what: ask for the
// list's changes.
//
// When the subscription is created, SharePoint asks with an empty POST that carries validationtoken, which is answered
// for whoever asks.
//
// https://learn.microsoft.com/sharepoint/dev/apis/webhooks/overview-sharepoint-webhooks
func SharePoint() core.Provider {
	return of(entry.Entry{
		Name: "sharepoint", Title: "SharePoint", Confidence: "B",
		Docs:       "https://learn.microsoft.com/sharepoint/dev/apis/webhooks/overview-sharepoint-webhooks",
		Credential: clientState(),
		Unsigned:   sharedSecretOnly(),
		Identity: entry.Identity{Kind: entry.None, Why: "a notification names the list and nothing else, so that " +
			"every one of a list is equal to the byte"},
		Batch:      &entry.Batch{Pointer: "/value"},
		Handshakes: []entry.Handshake{validationToken("validationtoken")},
		// Five times, five minutes apart.
		RetryHorizon: 30 * time.Minute, AckLimit: 5 * time.Second,
	})
}

func clientState() entry.Credential {
	return entry.Credential{Kind: entry.BodyToken, Name: "/clientState", Items: "/value"}
}

// validationToken answers with the parameter, in which a sentence may stand.
func validationToken(parameter string) entry.Handshake {
	return entry.Handshake{Method: "POST", WhenQuery: parameter, EchoQuery: parameter, Grammar: entry.Sentence,
		When: "when the subscription is created or renewed"}
}
