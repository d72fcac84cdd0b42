package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// More providers that sign nothing and present a shared secret as it is.

// Xendit is Xendit's webhooks, which present the account's verification token. A webhook's id is the same in every
// delivery of it. Xendit retries six times within a day, but never after a missing answer.
//
// https://docs.xendit.co/webhook/getting-started/
// https://docs.xendit.co/webhook/delivery-attempts-and-retries/
func Xendit() core.Provider {
	return of(entry.Entry{
		Name: "xendit", Title: "Xendit", Confidence: "B",
		Docs:       "https://docs.xendit.co/webhook/getting-started/",
		SecretFrom: "Settings > Developers > Webhooks > Webhook verification token",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-Callback-Token"},
		Unsigned:   []string{"everything: the token is a shared secret"},
		Identity:   entry.Identity{With: []string{"Webhook-Id"}},
		Event: entry.Event{ID: header("Webhook-Id"), Type: pointer("/event"), Time: pointer("/created"),
			TimeUnit: entry.RFC3339},
		RetryHorizon: 24 * time.Hour, AckLimit: 30 * time.Second,
	})
}

// Chargebee is Chargebee's webhooks with basic authentication. Secrets are pairs "user:password". The body names the
// state of the webhook, so that an event is remembered by its id. Chargebee retries for three days.
//
// https://www.chargebee.com/docs/webhook_settings.html
func Chargebee() core.Provider {
	return of(entry.Entry{
		Name: "chargebee", Title: "Chargebee", Confidence: "B",
		Docs:       "https://www.chargebee.com/docs/webhook_settings.html",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   []string{"everything: the credential is a shared secret"},
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/event_type"), Time: pointer("/occurred_at"),
			Data: "/content"},

		RetryHorizon: 72 * time.Hour,
	})
}

// Strava is the webhook events of a Strava app. Strava signs nothing: put a secret into the callback URL you register,
// as the parameter "token" of its query, "https://example.com/hooks/strava?token=...".
//
// When the subscription is created, Strava asks with a GET for the verify token you chose: put it into
// core.Config.Setup.VerifyTokens. An event says that something changed and not what. Strava makes three attempts in
// all, and waits two seconds.
//
// https://developers.strava.com/docs/webhooks/
func Strava() core.Provider {
	return of(entry.Entry{
		Name: "strava", Title: "Strava", Confidence: "B",
		Docs:       "https://developers.strava.com/docs/webhooks/",
		Credential: entry.Credential{Kind: entry.QueryToken, Name: "token"},
		Unsigned:   []string{"everything: the token is a shared secret"},
		Event: entry.Event{Type: pointer("/object_type"), Action: pointer("/aspect_type"),
			Time: pointer("/event_time")},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenQuery: "hub.mode", QueryEquals: "subscribe", TokenQuery: "hub.verify_token",
			EchoQuery: "hub.challenge",
			Answer:    `{"hub.challenge":"{challenge}"}`, ContentType: "application/json",
			When: "when the subscription is created",
		}},
		AckLimit: 2 * time.Second,
	})
}

// GooglePushChannels is the push notifications of Google Drive, Calendar and other Workspace APIs. The secret is the
// token you gave to the watch request; without one Google sends none, and the notification is refused. The body is
// empty: channel, message number and state are headers, and the first message of a channel has the state "sync".
//
// https://developers.google.com/workspace/drive/api/guides/push
func GooglePushChannels() core.Provider {
	return of(entry.Entry{
		Name: "google-push-channels", Title: "Google push channels", Confidence: "A",
		Docs:       "https://developers.google.com/workspace/drive/api/guides/push",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-Goog-Channel-Token"},
		Unsigned:   []string{"everything: the token is a shared secret"},
		Identity: entry.Identity{With: []string{"X-Goog-Channel-Id", "X-Goog-Message-Number",
			"X-Goog-Resource-State"}},
		Event: entry.Event{Type: header("X-Goog-Resource-State"), Action: header("X-Goog-Changed")},
	})
}

// AzureEventGrid is Azure Event Grid's deliveries in its own schema. Event Grid signs nothing: put a secret into the
// URL you register, as the parameter "token" of its query, "https://example.com/hooks/azure?token=...".
//
// The subscription's validation, an event of the type Microsoft.EventGrid.SubscriptionValidationEvent, is answered
// after the proof; its validationUrl is never followed. Event Grid never repeats what 400, 401, 403 or 413 answered, so
// that a failed authentication is answered 503.
//
// https://learn.microsoft.com/azure/event-grid/webhook-event-delivery
// https://learn.microsoft.com/azure/event-grid/delivery-and-retry
func AzureEventGrid() core.Provider {
	return of(entry.Entry{
		Name: "azure-event-grid", Title: "Azure Event Grid", Confidence: "B",
		Docs:       "https://learn.microsoft.com/azure/event-grid/webhook-event-delivery",
		Credential: entry.Credential{Kind: entry.QueryToken, Name: "token"},
		Unsigned:   []string{"everything: the token is a shared secret"},
		// By the body, because the publisher of a custom topic chooses the ids.
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/eventType"), Time: pointer("/eventTime"),
			TimeUnit: entry.RFC3339, Data: "/data"},
		Batch: &entry.Batch{},
		Handshakes: []entry.Handshake{{
			Proved: true, Method: "POST", WhenJSON: "/0/eventType",
			WhenEquals: "Microsoft.EventGrid.SubscriptionValidationEvent",
			EchoJSON:   "/0/data/validationCode", Answer: `{"validationResponse":"{challenge}"}`,
			ContentType: "application/json",
			When:        "when the subscription is created",
		}},
		RetryHorizon: 24 * time.Hour, AckLimit: 30 * time.Second, AuthStatus: 503, Answers: tooLarge503(),
	})
}

// AWSEventBridge is an API destination of Amazon EventBridge whose connection authorizes with an API key named
// "X-Api-Key". For a connection with basic authorization use [Basic]. An event is remembered by its body: an input
// transformer may leave the event's id out, and what is equal then is taken for the same event.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
func AWSEventBridge() core.Provider {
	return of(entry.Entry{
		Name: "aws-eventbridge", Title: "Amazon EventBridge (API destination)", Confidence: "B",
		Docs:       "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-Api-Key"},
		Unsigned:   []string{"everything: the API key is a shared secret"},
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/detail-type"), Time: pointer("/time"),
			TimeUnit: entry.RFC3339, Data: "/detail"},
		RetryHorizon: 24 * time.Hour, AckLimit: 5 * time.Second,
	})
}
