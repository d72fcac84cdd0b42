package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign the URL they were given. Behind a proxy that changes host, port or path, set
// core.Config.PublicURL to the URL as it is registered, with its query. Where nothing stands between the URL and the
// body, the body has to be one whole JSON text, or that URL configured.

// HubSpot is a HubSpot app's webhooks with signatures of version 3. The secret is the app's client secret. Events come
// in batches. A CRM card asks with a GET, whose query HubSpot makes: leave core.Config.PublicURL out for those.
//
// Twelve characters of the URL are signed decoded, as HubSpot documents: : / ? @ ! $ ' ( ) * , and ;.
//
// https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
func HubSpot() core.Provider {
	e := hubspot("hubspot", "HubSpot", &entry.Scheme{
		Algorithm: entry.HMACSHA256,
		Signature: entry.Signature{Field: headers("X-Hubspot-Signature-V3"), Encoding: entry.Base64},
		Timestamp: entry.Timestamp{Field: headers("X-Hubspot-Request-Timestamp"), Unit: entry.Milliseconds,
			Resigned: true},
		// https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
		// No separators: the method and the URL are the endpoint's own, and a digit more or less makes the timestamp
		// ten times older or newer.
		Signed: []entry.Part{{Kind: entry.PartMethod}, entry.UnescapedURL(), entry.Body(),
			entry.TimestampText()},
	})
	e.Methods = []string{"GET"}
	e.Unsigned = []string{"whether : / ? @ ! $ ' ( ) * , ; are escaped in the URL"}
	e.Identity.NoneForGET, e.Identity.Why = true, "a card waits for its answer, and a repeated answer would be wrong"
	return of(e)
}

// Mandrill is the webhooks of Mailchimp Transactional. The secret is the webhook's key, which exists once the webhook
// does: for its creation start with core.Config.Setup.AwaitingSecret. Events come in batches. The URL is signed with
// the user and the password that it is registered with: configure them with [core.BasicAuth].
//
// https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
func Mandrill() core.Provider {
	return of(entry.Entry{
		Name: "mandrill", Title: "Mandrill", Confidence: "A",
		Docs:       "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
		SecretFrom: "Settings > Webhooks > the webhook > Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Signature: entry.Signature{Field: headers("X-Mandrill-Signature"), Encoding: entry.Base64},
			Signed: []entry.Part{
				entry.URL(), {Kind: entry.PartSortedForm,
					Closing: &entry.Closing{Field: "mandrill_events", Only: true}},
			},
			URLUser: true,
		},
		Unsigned: []string{"time"},
		Event: entry.Event{
			// of a list's entry
			ID: pointer("/_id"), Type: []entry.Value{{JSON: "/event"}, {JSON: "/type"}}, Action: pointer("/action"),
			Time: pointer("/ts"), PayloadForm: "mandrill_events",
		},
		Batch: &entry.Batch{},
		Handshakes: []entry.Handshake{
			{Method: "HEAD", When: "before the webhook is saved"},
			// The first POST is signed with a key that everybody knows, and says nothing. Once the webhook's own key is
			// configured it is a forgery like any other.
			{Method: "POST", WhileAwaiting: true, WhenForm: "mandrill_events", WhenEquals: "[]",
				When: "before the webhook is saved"},
		},
		MaxBody: inboundMail,
	})
}

// Square is Square's webhooks. The secret is the subscription's signature key.
//
// https://developer.squareup.com/docs/webhooks/step3validate
func Square() core.Provider {
	return of(entry.Entry{
		Name: "square", Title: "Square", Confidence: "A",
		Docs:       "https://developer.squareup.com/docs/webhooks/step3validate",
		SecretFrom: "Developer Console > the application > Webhooks > Subscriptions > Signature Key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Square-Hmacsha256-Signature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.URL(), entry.Body()},
		},
		Unsigned: []string{"attempt (Square-Retry-Number)"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id"},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Attempt: header("Square-Retry-Number"), AttemptBase: 1, Data: "/data",
		},
		// The documentation says 24 hours on one page and 72 on another.
		RetryHorizon: 72 * time.Hour, AckLimit: 10 * time.Second,
	})
}

// Trello is a webhook of Trello. The secret is the application's OAuth 1.0 secret.
//
// https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
func Trello() core.Provider {
	return of(entry.Entry{
		Name: "trello", Title: "Trello", Confidence: "B",
		Addresses:  "https://ip-ranges.atlassian.com/ (sources.Atlassian)",
		Docs:       "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
		SecretFrom: "the Power-Up's API Key page > Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Signature: entry.Signature{Field: headers("X-Trello-Webhook"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body(), entry.URL()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/action/id"},
		Event: entry.Event{
			ID: pointer("/action/id"), Type: pointer("/action/type"), Time: pointer("/action/date"),
			TimeUnit: entry.RFC3339, Data: "/action",
		},
		Handshakes: []entry.Handshake{{Method: "HEAD", When: "when the webhook is created"}},
	})
}

// Twilio is Twilio's requests: incoming messages and calls, status callbacks, event streams. The secret is the
// account's primary auth token. Requests wait for their answer (TwiML, see [core.Event.Respond]), so that nothing of
// them is remembered. Event Streams send lists of CloudEvents, each of which is an event and remembered by its id.
//
// The fields of a form are signed as names and values without anything between them, so that whoever captured a
// delivery can move letters from a value into the next name. Its AccountSid, which comes first, ends the URL. A body
// that is not a form is signed through its digest in the URL. Leave core.Config.PublicURL out where callbacks have a
// query each.
//
// https://www.twilio.com/docs/usage/security#validating-requests
func Twilio() core.Provider {
	form := entry.Part{
		Kind: entry.PartSortedForm, Repeats: entry.RepeatsOnce,
		Closing: &entry.Closing{Field: "AccountSid", Prefix: "AC"},
	}
	return of(entry.Entry{
		Name: "twilio", Title: "Twilio", Confidence: "A",
		Docs:       "https://www.twilio.com/docs/usage/security#validating-requests",
		SecretFrom: "Console > Account > API keys & tokens > Auth Token (primary)",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Signature: entry.Signature{Field: headers("X-Twilio-Signature"), Encoding: entry.Base64},
			// Some of Twilio's products sign the URL with its port and some without, and its libraries accept both.
			Signed:     []entry.Part{{Kind: entry.PartURLWithoutPort}, form},
			Also:       [][]entry.Part{{{Kind: entry.PartURLWithPort}, form}},
			BodySHA256: "bodySHA256",
		},
		Unsigned: []string{"where a name of the form ends and its value begins", "time"},
		// Event Streams send lists of CloudEvents, and wait for nothing.
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/id", NoneForSingles: true,
			Why: "a request waits for its answer, and a repeated answer would be wrong",
		},
		Batch: &entry.Batch{},
		Event: entry.Event{
			ID: []entry.Value{{Form: "MessageSid"}, {Form: "CallSid"}, {JSON: "/id"}, {Query: "MessageSid"},
				{Query: "CallSid"}},
			Type: []entry.Value{
				{Form: "MessageStatus"}, {Form: "CallStatus"}, {Form: "SmsStatus"}, {JSON: "/type"},
				{Query: "MessageStatus"}, {Query: "CallStatus"}, {Query: "SmsStatus"},
			},
			Time: pointer("/time"), TimeUnit: entry.RFC3339,
		},
		Methods: []string{"GET"},
		// Requests are never repeated; Event Streams are, for four hours.
		NeverRetries: true, RetryHorizon: 4 * time.Hour, AckLimit: 15 * time.Second,
	})
}

// Plivo is Plivo's callbacks with signatures of version 2, which cover the URL and a nonce and nothing of what is said.
// The secret is the auth token. Prefer [PlivoV3] where its header comes. A nonce counts once, so that the body that
// came first stands. Nothing separates URL and nonce: core.Config.PublicURL is required.
//
// https://www.plivo.com/docs/messaging/concepts/signature-validation
func Plivo() core.Provider {
	return of(entry.Entry{
		Name: "plivo", Title: "Plivo", Confidence: "A",
		Docs:       "https://www.plivo.com/docs/messaging/concepts/signature-validation",
		SecretFrom: plivoSecret,
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Plivo-Signature-V2"), Encoding: entry.Base64},
			ID:        entry.Field{Headers: []string{"X-Plivo-Signature-V2-Nonce"}, Grammar: entry.Token},
			Signed:    []entry.Part{{Kind: entry.PartURLWithoutQuery}, entry.ID()},
		},
		Unsigned: []string{"the body", "the query", "time"},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Event:    plivoEvent(),
		Methods:  []string{"GET"},
	})
}

const plivoSecret = "Console > Overview > Auth Token"

func plivoEvent() entry.Event {
	return entry.Event{
		ID: []entry.Value{{Form: "MessageUUID"}, {Form: "CallUUID"}, {Query: "MessageUUID"}, {Query: "CallUUID"}},
		Type: []entry.Value{
			{Form: "Event"}, {Form: "Status"}, {Form: "CallStatus"}, {Query: "Event"}, {Query: "Status"},
			{Query: "CallStatus"},
		},
	}
}

// PlivoV3 is Plivo's callbacks with signatures of version 3, which cover the form. The secret is the auth token. Voice
// requests wait for their answer (XML, see [core.Event.Respond]), so that nothing is remembered.
//
// Query and form are signed decoded, with a dot between them. Where a value could be read as one and as the other,
// core.Config.PublicURL has to be configured.
//
// https://www.plivo.com/docs/voice/concepts/signature-validation
func PlivoV3() core.Provider {
	return of(entry.Entry{
		Name: "plivo-v3", Title: "Plivo (v3)", Confidence: "A",
		Docs:       "https://www.plivo.com/docs/voice/concepts/signature-validation",
		SecretFrom: plivoSecret,
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Plivo-Signature-V3"), Layout: entry.List, Separator: ',',
				Encoding: entry.Base64},
			ID: entry.Field{Headers: []string{"X-Plivo-Signature-V3-Nonce"}, Grammar: entry.Token},
			Signed: []entry.Part{
				{Kind: entry.PartURLWithoutQuery}, {Kind: entry.PartSortedQuery},
				{Kind: entry.PartSortedForm, Repeats: entry.RepeatsSorted},
				entry.Literal("."), entry.ID(),
			},
		},
		Unsigned: []string{"where a name of the form ends and its value begins", "time"},
		Identity: entry.Identity{Kind: entry.None,
			Why: "a call waits for its answer, and a repeated answer would be wrong"},
		Event:   plivoEvent(),
		Methods: []string{"GET"},
	})
}
