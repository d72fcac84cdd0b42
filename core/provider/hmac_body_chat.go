package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Chat and communication that sign the raw body and nothing else.

// Meta is the webhooks of WhatsApp, Messenger, Instagram and Pages. The secret is the app's secret; Instagram may have
// one of its own, so list both. When the webhook is configured, Meta asks with a GET for the verify token you chose:
// put it into core.Config.Setup.VerifyTokens.
//
// A delivery carries up to 1000 updates and three megabytes. Meta retries for up to seven days (WhatsApp) or 36 hours.
//
// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func Meta() core.Provider {
	return of(entry.Entry{
		Name: "meta", Title: "Meta (WhatsApp, Messenger, Instagram)", Confidence: "A",
		Docs:       "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
		SecretFrom: "App Dashboard > App settings > Basic > App secret",
		Scheme:     prefixedHMAC("X-Hub-Signature-256"),
		// Messenger and Instagram send lists of messaging: an item's type is the member that not every item has.
		Event: entry.Event{Type: []entry.Value{
			{JSON: "/changes/0/field"},
			{FirstKey: "sender", NotKeys: "recipient timestamp id time uid hop_context changes"},
		}},
		Batch: &entry.Batch{Pointer: "/entry", Inner: []string{"/messaging", "/standby"}, Whole: "/changes"},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenQuery: "hub.mode", TokenQuery: "hub.verify_token", EchoQuery: "hub.challenge",
			When: "when the callback URL is saved",
		}},
		MaxBody: 3 << 20, RetryHorizon: 7 * 24 * time.Hour,
	})
}

// LINE is the webhooks of a LINE Messaging API channel. The secret is the channel secret. The console's Verify button
// sends a delivery without events. LINE sends again only where redelivery is switched on.
//
// https://developers.line.biz/en/docs/messaging-api/receiving-messages/
func LINE() core.Provider {
	return of(entry.Entry{
		Name: "line", Title: "LINE", Confidence: "A",
		Docs:       "https://developers.line.biz/en/docs/messaging-api/receiving-messages/",
		SecretFrom: "LINE Developers Console > the channel > Basic settings > Channel secret",
		Scheme:     base64HMAC("X-Line-Signature"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/webhookEventId"},
		Event: entry.Event{
			ID: pointer("/webhookEventId"), Type: pointer("/type"), Time: pointer("/timestamp"),
			TimeUnit: entry.Milliseconds,
		},
		Batch: &entry.Batch{Pointer: "/events"},
	})
}

// Viber is the callbacks of a Viber bot, signed with its authentication token. Several events of a message share its
// token, so that an event is remembered by its body. Viber retries for an hour.
//
// https://developers.viber.com/docs/api/rest-bot-api/#callbacks
// https://developers.viber.com/docs/faq/
func Viber() core.Provider {
	return of(entry.Entry{
		Name: "viber", Title: "Viber", Confidence: "A",
		Docs:       "https://developers.viber.com/docs/api/rest-bot-api/#callbacks",
		SecretFrom: "the bot's Edit Info > Your app key",
		Scheme:     hexHMAC("X-Viber-Content-Signature"),
		Event: entry.Event{
			ID: pointer("/message_token"), Type: pointer("/event"), Time: pointer("/timestamp"),
			TimeUnit: entry.Milliseconds,
		},
		RetryHorizon: time.Hour,
	})
}

// MSTeams is an outgoing webhook of Microsoft Teams. The secret is its security token, in base64. Teams shows what
// e.Respond answers: an activity in JSON, within five seconds.
//
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook
func MSTeams() core.Provider {
	return of(entry.Entry{
		Name: "ms-teams", Title: "Microsoft Teams (outgoing webhook)", Confidence: "B",
		Docs:       "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
		SecretFrom: "the security token, shown once when the outgoing webhook is created",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Encoding: entry.Base64},
			Signature: entry.Signature{Field: headers("Authorization"), Prefix: "HMAC ", Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.None, Why: "whoever wrote waits for an answer, and a repeated answer " +
			"would be wrong"},
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339},
		AckLimit: 5 * time.Second,
	})
}

// Intercom is the webhooks of an Intercom app, signed with HMAC-SHA-1. The secret is the app's client secret. The body
// counts the attempts, so that a notification is remembered by its id. Canvas Kit, the uninstall request and health
// checks are signed otherwise, and go to URLs of their own: [IntercomApp].
//
// https://developers.intercom.com/docs/references/webhooks/webhook-models
// https://intercom-developer-hub.readme.io/reference/signed-notifications
func Intercom() core.Provider {
	return of(entry.Entry{
		Name: "intercom", Title: "Intercom", Confidence: "B",
		Docs:       "https://intercom-developer-hub.readme.io/reference/signed-notifications",
		SecretFrom: "Developer Hub > the app > Basic information > Client secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Signature: entry.Signature{Field: headers("X-Hub-Signature"), Prefix: "sha1=", Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/topic"), Time: pointer("/created_at"),
			Attempt: pointer("/delivery_attempts"),
			Data:    "/data/item",
		},
		Handshakes: []entry.Handshake{{Method: "HEAD", When: "when the endpoint URL is saved"}},
	})
}

// IntercomApp is the requests of an Intercom app that are signed in X-Body-Signature, with HMAC-SHA-256: Canvas Kit,
// the uninstall request, health checks. The secret is the app's client secret. Canvas Kit waits for its answer
// ([core.Event.Respond]), so that nothing is remembered.
//
// https://developers.intercom.com/docs/canvas-kit
func IntercomApp() core.Provider {
	return of(entry.Entry{
		Name: "intercom-app", Title: "Intercom (Canvas Kit, uninstall, health check)", Confidence: "B",
		Docs:       "https://developers.intercom.com/docs/canvas-kit",
		SecretFrom: "Developer Hub > the app > Basic information > Client secret",
		Scheme:     hexHMAC("X-Body-Signature"),
		Unsigned:   []string{"time"},
		Identity: entry.Identity{Kind: entry.None, Why: "a canvas waits for its answer, and a repeated answer " +
			"would be wrong"},
		Event:      entry.Event{Type: []entry.Value{{JSON: "/topic"}, {JSON: "/component_id"}}},
		Handshakes: []entry.Handshake{{Method: "HEAD", When: "when the URL is saved"}},
	})
}

// SinchNumbers is the callbacks of Sinch's Numbers API, signed with HMAC-SHA-1. The secret is the one you chose in the
// callback configuration.
//
// https://developers.sinch.com/docs/numbers/api-reference/numbers/tag/Callback-Configuration/
// https://github.com/sinch/sinch-sdk-node
func SinchNumbers() core.Provider {
	return of(entry.Entry{
		Name: "sinch-numbers", Title: "Sinch Numbers", Confidence: "A",
		Docs: "https://github.com/sinch/sinch-sdk-node",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Signature: entry.Signature{Field: headers("X-Sinch-Signature"), Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Body()},
		},
		Event: entry.Event{ID: pointer("/eventId"), Type: pointer("/eventType")},
	})
}

// XTwitter is the webhooks of the X API (Account Activity and filtered streams). The secret is the app's consumer
// secret. The type is the name of the list the event comes in, such as "tweet_create_events".
//
// X asks hourly, with a GET that carries crc_token, for an HMAC of that token, which is answered for whoever asks. So
// that nobody has a body signed, a token holds letters, digits and . _ ~ + / = - only, and a body that is no JSON
// object is refused.
//
// https://docs.x.com/x-api/webhooks/quickstart
func XTwitter() core.Provider {
	return of(entry.Entry{
		Name: "x-twitter", Title: "X (Twitter)", Confidence: "B",
		Docs:       "https://docs.x.com/x-api/webhooks/quickstart",
		SecretFrom: "Developer Console > the app > Keys and tokens > Consumer secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Twitter-Webhooks-Signature"), Prefix: "sha256=",
				Encoding: entry.Base64},
			Signed: []entry.Part{{Kind: entry.PartBody, Grammar: entry.Object}},
		},
		// A mention by somebody who was blocked says so before its list.
		Event: entry.Event{Type: []entry.Value{{FirstKey: "for_user_id", NotKeys: "user_has_blocked is_blocked_by"}}},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenQuery: "crc_token", EchoQuery: "crc_token", Answer: `{"response_token":"sha256={hmac}"}`,
			ContentType: "application/json",
			When:        "when the webhook is added, and hourly",
		}},
	})
}
