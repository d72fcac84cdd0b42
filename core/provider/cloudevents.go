package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// CloudEvents is any sender of CloudEvents over HTTP (the HTTP 1.1 Web Hooks specification) that presents a bearer
// token. Where it presents another credential, leave Secrets out and give it as one of Credentials; a token in the
// URL's parameter access_token is core.QueryToken("access_token", ...).
//
// Binary, structured and batched content modes are read. Nothing is signed: the token vouches for all of it.
//
// origins are the senders that may deliver here ("eventemitter.example.com"): their OPTIONS request is answered with
// their name, before any proof. Others, and all of them where none is given, are not answered, and a sender that asks
// for consent does not deliver then. Consent is no authentication.
//
// https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
func CloudEvents(origins ...string) core.Provider {
	e := cloudEvents("cloudevents", "CloudEvents")
	e.Confidence = "A"
	e.Docs = "https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md"
	e.Credential = entry.Credential{Kind: entry.Bearer}
	for _, origin := range origins {
		consent := cloudEventsConsent()
		consent.WhenEquals = origin
		e.Handshakes = append(e.Handshakes, consent)
	}
	return of(e)
}

// AzureEventGridCloudEvents is Azure Event Grid's deliveries in the CloudEvents schema. Event Grid signs nothing: put a
// secret into the URL you register, as the parameter "token" of its query, "https://example.com/hooks/azure?token=...".
// The OPTIONS request, by which Event Grid asks for consent, comes with that token and is answered after it was
// checked.
//
// https://learn.microsoft.com/azure/event-grid/cloud-event-schema
// https://learn.microsoft.com/azure/event-grid/delivery-and-retry
func AzureEventGridCloudEvents() core.Provider {
	e := cloudEvents("azure-event-grid-cloudevents", "Azure Event Grid (CloudEvents)")
	e.Confidence = "B"
	e.Docs = "https://learn.microsoft.com/azure/event-grid/cloud-event-schema"
	e.Credential = entry.Credential{Kind: entry.QueryToken, Name: "token"}
	consent := cloudEventsConsent()
	consent.Proved = true
	e.AuthStatus, e.Answers = 503, tooLarge503()
	e.Handshakes = []entry.Handshake{consent}
	e.RetryHorizon, e.AckLimit = 24*time.Hour, 30*time.Second
	return of(e)
}

func cloudEvents(name, title string) entry.Entry {
	either := func(name string) []entry.Value { return []entry.Value{{Header: "Ce-" + name}, {JSON: "/" + name}} }
	return entry.Entry{
		Name: name, Title: title,
		Unsigned: []string{"everything: the token is a shared secret"},
		// Source and id together name an event. In binary mode they are headers, and elsewhere they are in the body.
		Identity: entry.Identity{With: []string{"Ce-Source", "Ce-Id"}},
		Event: entry.Event{
			ID: either("id"), Type: either("type"), Time: either("time"), TimeUnit: entry.RFC3339, Data: "/data",
			Binary: "Ce-Id",
		},
		Batch: &entry.Batch{},
	}
}

// cloudEventsConsent says how often a sender may deliver, which one that asks for a rate waits for: as often as it
// likes.
func cloudEventsConsent() entry.Handshake {
	return entry.Handshake{
		Method: "OPTIONS", WhenHeader: "WebHook-Request-Origin", When: "when the sender asks for consent",
		Headers: [][2]string{{"WebHook-Allowed-Origin", "{challenge}"}, {"WebHook-Allowed-Rate", "*"},
			{"Allow", "POST"}},
	}
}
