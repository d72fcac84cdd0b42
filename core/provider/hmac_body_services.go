package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Messaging, identity and other services that sign the raw body and nothing else.

// GetStream is the webhooks of Stream Chat. The secret is the app's API secret. Hooks before a message is sent and of
// custom commands wait for their answer ([core.Event.Respond]).
//
// https://getstream.io/chat/docs/node/webhooks_overview/
func GetStream() core.Provider {
	return of(entry.Entry{
		Name: "getstream", Title: "Stream Chat", Confidence: "A",
		Addresses:  "https://getstream.io/chat/docs/node/webhooks_overview/",
		Docs:       "https://getstream.io/chat/docs/node/webhooks_overview/",
		SecretFrom: "the app's dashboard > API secret",
		Scheme:     hexHMAC("X-Signature"),
		Unsigned:   []string{"delivery id (X-Webhook-Id)", "attempt (X-Webhook-Attempt)", "API key (X-Api-Key)"},
		Event: entry.Event{
			ID: header("X-Webhook-Id"), Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Attempt: header("X-Webhook-Attempt"),
		},
	})
}

// HelpScout is the webhooks of Help Scout with a secret of your own. One change may send several events over one body,
// so the event's name belongs to the identity, although it stands in a header that nothing covers.
//
// https://developer.helpscout.com/webhooks/
func HelpScout() core.Provider {
	return of(entry.Entry{
		Name: "helpscout", Title: "Help Scout", Confidence: "A",
		Docs:     "https://developer.helpscout.com/webhooks/",
		Scheme:   sha1HMAC("X-HelpScout-Signature", "", entry.Base64),
		Unsigned: []string{"event (X-HelpScout-Event)", "time"},
		Identity: entry.Identity{With: []string{"X-Helpscout-Event"}},
		Event:    entry.Event{Type: header("X-Helpscout-Event")},
	})
}

// Nylas is the webhooks of Nylas v3. The secret is the webhook_secret in the answers to the calls that create the
// webhook and rotate its secret. The body counts the attempts, so that an event is remembered by its id. Nylas asks for
// the URL with a GET when the webhook is created and each time it is activated. It makes three attempts, the last one
// 10 to 20 minutes after the first.
//
// https://developer.nylas.com/docs/v3/notifications/
// https://developer.nylas.com/docs/cookbook/use-cases/build/retry-failed-webhooks/
func Nylas() core.Provider {
	return of(entry.Entry{
		Name: "nylas", Title: "Nylas", Confidence: "B",
		Addresses:  "https://api.us.nylas.com/v3/webhooks/ip-addresses",
		Docs:       "https://developer.nylas.com/docs/v3/notifications/",
		SecretFrom: "webhook_secret in the answer of the API that created the webhook",
		Scheme:     hexHMAC("X-Nylas-Signature"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/time"),
			Attempt: pointer("/webhook_delivery_attempt"), Data: "/data",
		},
		Handshakes: []entry.Handshake{{Method: "GET", WhenQuery: "challenge", EchoQuery: "challenge",
			When: "when the webhook is created or activated"}},
		RetryHorizon: 20 * time.Minute, AckLimit: 10 * time.Second,
	})
}

// PusherChannels is the webhooks of Pusher Channels. The secret is a key of the app and its secret, "key:secret": a
// delivery that names another key is refused. The secret alone is accepted too, and then serves whatever key is named.
//
// https://pusher.com/docs/channels/server_api/webhooks/
func PusherChannels() core.Provider {
	s := hexHMAC("X-Pusher-Signature")
	s.Key.Named, s.Key.NamedIn = ":", "X-Pusher-Key"
	return of(entry.Entry{
		Name: "pusher", Title: "Pusher Channels", Confidence: "A",
		Docs:       "https://pusher.com/docs/channels/server_api/webhooks/",
		SecretFrom: "the app's App Keys > key and secret, with a colon between them",
		Scheme:     s,
		Unsigned:   []string{"the app's key (X-Pusher-Key)"},
		Event:      entry.Event{Type: pointer("/name")},
		Batch:      &entry.Batch{Pointer: "/events"},
	})
}

// Webex is the webhooks of Webex with a secret of your own. The id in the body is the webhook's.
//
// https://developer.webex.com/docs/webhooks
func Webex() core.Provider {
	return of(entry.Entry{
		Name: "webex", Title: "Webex", Confidence: "B",
		Docs:   "https://developer.webex.com/docs/webhooks",
		Scheme: sha1HMAC("X-Spark-Signature", "", entry.Hex),
		Event:  entry.Event{Type: pointer("/resource"), Action: pointer("/event"), Data: "/data"},
	})
}

// Ably is the batched webhook rules of Ably. The secret is an API key, "appId.keyId:keyValue": the part after the colon
// signs. Requests that are not batched are not signed, and are refused.
//
// https://ably.com/docs/platform/integrations/webhooks/outgoing
func Ably() core.Provider {
	s := base64HMAC("X-Ably-Signature")
	s.Key.Named, s.Key.NamedIn = ":", "X-Ably-Key"
	return of(entry.Entry{
		Name: "ably", Title: "Ably", Confidence: "B",
		Docs:       "https://ably.com/docs/platform/integrations/webhooks/outgoing",
		SecretFrom: "the app's dashboard > API Keys: the key that the rule signs with",
		Scheme:     s,
		Unsigned:   []string{"the key's name (X-Ably-Key)"},
		Event: entry.Event{Type: pointer("/name"), Time: pointer("/timestamp"), TimeUnit: entry.Milliseconds,
			Data: "/data"},
		Batch:        &entry.Batch{Pointer: "/items"},
		RetryHorizon: 5 * time.Minute,
	})
}

// Cronofy is the push notifications of Cronofy, which signs with every active client secret of the OAuth app.
//
// https://docs.cronofy.com/developers/api/push-notifications/authentication/
func Cronofy() core.Provider {
	return of(entry.Entry{
		Name: "cronofy", Title: "Cronofy", Confidence: "A",
		Docs:       "https://docs.cronofy.com/developers/api/push-notifications/authentication/",
		SecretFrom: "the app's client secret",
		Scheme: bodyHMAC(entry.Signature{
			Field: headers("Cronofy-HMAC-SHA256"), Layout: entry.List, Separator: ',', Encoding: entry.Base64,
		}),
		Identity: entry.Identity{Kind: entry.None, Why: "a notification names a channel and the time from which " +
			"events changed: two may be equal to the byte"},
		Event: entry.Event{Type: pointer("/notification/type"), Time: pointer("/notification/triggered_at"),
			TimeUnit: entry.RFC3339, Data: "/notification"},
	})
}

// Dub is the webhooks of Dub. The secret is the webhook's, its prefix "whsec_" included. An event keeps its id over all
// retries, which come after 12 seconds, 2 and 30 minutes and 6 hours, and then every day.
//
// https://dub.co/docs/concepts/webhooks/verify-webhook-requests
func Dub() core.Provider {
	return of(entry.Entry{
		Name: "dub", Title: "Dub", Confidence: "A",
		Addresses:  "https://dub.co/docs/concepts/webhooks/introduction",
		Docs:       "https://dub.co/docs/concepts/webhooks/verify-webhook-requests",
		SecretFrom: "Settings > Webhooks > the webhook > Signing secret",
		Scheme:     whole("whsec_", hexHMAC("Dub-Signature")),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/event"), Time: pointer("/createdAt"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		LastQuickRetry: 7 * time.Hour,
	})
}

// Castle is the webhooks of Castle. The secret is the API secret of the environment.
//
// https://docs.castle.io/docs/webhooks
func Castle() core.Provider {
	return of(entry.Entry{
		Name: "castle", Title: "Castle", Confidence: "A",
		Docs:       "https://docs.castle.io/docs/webhooks",
		SecretFrom: "Settings > API secret",
		Scheme:     base64HMAC("X-Castle-Signature"),
		Event: entry.Event{
			Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339, Data: "/data",
		},
	})
}

// Tally is a webhook of Tally, a form service, with a signing secret. Without one Tally signs nothing.
//
// https://tally.so/help/webhooks
func Tally() core.Provider {
	return of(entry.Entry{
		Name: "tally", Title: "Tally", Confidence: "B",
		Docs:     "https://tally.so/help/webhooks",
		Scheme:   base64HMAC("Tally-Signature"),
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/eventId"},
		Event: entry.Event{ID: pointer("/eventId"), Type: pointer("/eventType"), Time: pointer("/createdAt"),
			TimeUnit: entry.RFC3339, Data: "/data"},
		AckLimit: 10 * time.Second,
	})
}

// Merge is the webhooks of a Merge organization (merge.dev), which share one signature key. Several events may carry
// one hook's id, so that the body is what an event is remembered by.
//
// https://docs.merge.dev/basics/webhooks/merge-webhooks
// https://help.merge.dev/articles/5614281-merge-webhook-signatures
func Merge() core.Provider {
	return of(entry.Entry{
		Name: "merge", Title: "Merge", Confidence: "B",
		Docs:       "https://docs.merge.dev/basics/webhooks/merge-webhooks",
		SecretFrom: "Advanced > Webhooks > Security > signature key",
		Scheme: bodyHMAC(entry.Signature{Field: headers("X-Merge-Webhook-Signature"),
			Encoding: entry.Base64URL}),
		Event: entry.Event{Type: pointer("/hook/event"), Tenant: pointer("/linked_account/id"), Data: "/data"},
	})
}

// Sendbird is the webhooks of Sendbird Chat and of its business messages. The secret is the master API token:
// deliveries are signed with no other token of the application. An event is sent up to three times.
//
// https://sendbird.com/docs/chat/v3/platform-api/webhook/webhook-overview
func Sendbird() core.Provider {
	return of(entry.Entry{
		Name: "sendbird", Title: "Sendbird", Confidence: "B",
		Docs:       "https://sendbird.com/docs/chat/v3/platform-api/webhook/webhook-overview",
		SecretFrom: "Settings > Application > General > API tokens > the master API token",
		Scheme:     hexHMAC("X-Sendbird-Signature"),
		Event:      entry.Event{Type: pointer("/category"), Tenant: pointer("/app_id"), Data: "/payload"},
		AckLimit:   5 * time.Second,
	})
}

// LinkedIn is the webhooks of a LinkedIn app. The secret is the app's client secret, which signs the text "hmacsha256="
// and the body. LinkedIn asks for the URL with a GET when it is registered and every two hours. The answer is signed
// with the same secret, so that only codes without the sign "=" are answered: no delivery has such a text.
//
// https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation
func LinkedIn() core.Provider {
	s := hexHMAC("X-LI-Signature")
	s.Signed = []entry.Part{entry.Literal("hmacsha256="), entry.Body()}
	return of(entry.Entry{
		Name: "linkedin", Title: "LinkedIn", Confidence: "B",
		Docs:       "https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation",
		SecretFrom: "the app's Auth > Client Secret",
		Scheme:     s,
		Event:      entry.Event{Type: pointer("/type")},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenQuery: "challengeCode", EchoQuery: "challengeCode", Grammar: entry.Token,
			Answer: `{"challengeCode":"{challenge}","challengeResponse":"{hmac}"}`, ContentType: "application/json",
			When: "when the URL is registered, and every two hours",
		}},
		RetryHorizon: 8 * time.Hour,
	})
}
