package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Planning, documents and tables: tools that sign the raw body and nothing else.

// Linear is a webhook of Linear. The type stands in the body; Linear-Delivery and Linear-Event are not signed. The body
// carries the time of sending (webhookTimestamp). Linear recommends a minute for it, but its retries, after a minute,
// an hour and six hours, repeat the same bytes.
//
// https://linear.app/developers/webhooks
func Linear() core.Provider {
	return of(entry.Entry{
		Name: "linear", Title: "Linear", Confidence: "A",
		Docs:       "https://linear.app/developers/webhooks",
		SecretFrom: "Settings > API > Webhooks > the webhook > Signing secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Linear-Signature"), Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{JSON: "/webhookTimestamp"}, Unit: entry.Milliseconds,
				Tolerance: time.Minute, Past: linearHorizon},
			Signed: []entry.Part{entry.Body()},
		},
		Unsigned: []string{"delivery id (Linear-Delivery)", "event (Linear-Event)"},
		// The body says when it was sent, so that a retry is another body. What was done to what, and when, is the
		// event.
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/createdAt",
			And: []string{"/webhookId", "/type", "/action", "/data/id"}},
		Event: entry.Event{
			ID: header("Linear-Delivery"), Type: pointer("/type"), Action: pointer("/action"),
			Time:     pointer("/webhookTimestamp"),
			TimeUnit: entry.Milliseconds, Data: "/data",
		},
		RetryHorizon: linearHorizon,
	})
}

const linearHorizon = 8 * time.Hour

// Jira is a webhook of Jira Cloud with a secret. The webhooks of Connect apps carry a JWT instead, and are refused
// here.
//
// Jira tries again on 408, 409, 425, 429 and 5xx only, so that a failed authentication is answered 503: a secret that
// was mistyped can be fixed. It retries for up to half an hour.
//
// https://developer.atlassian.com/cloud/jira/platform/webhooks/
// https://community.developer.atlassian.com/t/new-jira-cloud-webhook-retry-policy/30554
func Jira() core.Provider {
	return of(entry.Entry{
		Name: "jira", Title: "Jira Cloud", Confidence: "A",
		Addresses: "https://ip-ranges.atlassian.com/ (sources.Atlassian)",
		Docs:      "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
		Scheme:    prefixedHMAC("X-Hub-Signature"),
		Unsigned:  []string{"delivery id (X-Atlassian-Webhook-Identifier)", "attempt (X-Atlassian-Webhook-Retry)"},
		Event: entry.Event{
			ID: header("X-Atlassian-Webhook-Identifier"), Type: pointer("/webhookEvent"), Time: pointer("/timestamp"),
			TimeUnit: entry.Milliseconds, Attempt: header("X-Atlassian-Webhook-Retry"), AttemptBase: 1,
		},
		MaxBody: jiraBody, RetryHorizon: 30 * time.Minute, AuthStatus: 503, Answers: tooLarge503(),
	})
}

// jiraBody is the longest body of a webhook of Jira.
const jiraBody = 25 << 20

// Asana is a webhook of Asana. Asana makes the secret up and hands it over in the first request, while the call that
// creates the webhook waits for the answer: start with Setup.AwaitingSecret and a Setup.SecretSink. Each webhook has a
// secret of its own. Heartbeats carry no event.
//
// https://developers.asana.com/docs/webhooks-guide
func Asana() core.Provider {
	return of(entry.Entry{
		Name: "asana", Title: "Asana", Confidence: "B",
		Docs:       "https://developers.asana.com/docs/webhooks-guide",
		SecretFrom: "the header X-Hook-Secret of the first request, which Setup.SecretSink takes",
		Scheme:     hexHMAC("X-Hook-Signature"),
		Event: entry.Event{
			Type: pointer("/resource/resource_type"), Action: pointer("/action"), Time: pointer("/created_at"),
			TimeUnit: entry.RFC3339,
		},
		Batch: &entry.Batch{Pointer: "/events"},
		Handshakes: []entry.Handshake{{Method: "POST", SecretHeader: "X-Hook-Secret",
			When: "when the webhook is created"}},
		RetryHorizon: 24 * time.Hour, AckLimit: 10 * time.Second,
	})
}

// Notion is a webhook subscription of a Notion connection. Notion makes the secret up and hands it over in the first
// request: start with Setup.AwaitingSecret and a Setup.SecretSink, and paste what it took into Notion's form.
//
// https://developers.notion.com/reference/webhooks
// https://developers.notion.com/reference/webhooks-events-delivery
func Notion() core.Provider {
	return of(entry.Entry{
		Name: "notion", Title: "Notion", Confidence: "A",
		Docs:       "https://developers.notion.com/reference/webhooks",
		SecretFrom: "verification_token in the body of the first request, which Setup.SecretSink takes",
		Scheme:     prefixedHMAC("X-Notion-Signature"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Attempt: pointer("/attempt_number"), Data: "/data",
		},
		Handshakes: []entry.Handshake{{Method: "POST", SecretJSON: "/verification_token",
			When: "when the subscription is created"}},
		// Eight tries, the last one about a day after the first.
		RetryHorizon: 25 * time.Hour,
	})
}

// ClickUp is a webhook of ClickUp. The secret is in the answer to the call that created it. ClickUp tries an event five
// times, suspends a webhook after a hundred events that failed, and at once where it is answered 401 or 410, which this
// guard never does by itself.
//
// https://developer.clickup.com/docs/webhooksignature
// https://developer.clickup.com/docs/webhookhealth
func ClickUp() core.Provider {
	return of(entry.Entry{
		Name: "clickup", Title: "ClickUp", Confidence: "B",
		Docs:       "https://developer.clickup.com/docs/webhooksignature",
		SecretFrom: "webhook.secret in the answer to the call that created the webhook",
		Scheme:     hexHMAC("X-Signature"),
		Unsigned:   []string{"time"},
		Identity: entry.Identity{
			Kind: entry.None, Why: "an event may carry no more than its name and what it is about, so that the next " +
				"one is byte-equal",
		},
		Event: entry.Event{Type: pointer("/event"), Time: pointer("/history_items/0/date"),
			TimeUnit: entry.Milliseconds},
		AckLimit: 7 * time.Second,
	})
}

// Airtable is a webhook of an Airtable base. A delivery says that something changed and not what: ask for the webhook's
// payloads. Airtable wants an answer of 200 or 204 without a body.
//
// https://airtable.com/developers/web/api/webhooks-overview
func Airtable() core.Provider {
	return of(entry.Entry{
		Name: "airtable", Title: "Airtable", Confidence: "A",
		Docs:       "https://airtable.com/developers/web/api/webhooks-overview",
		SecretFrom: "macSecretBase64 in the answer to the call that created the webhook",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Encoding: entry.Base64},
			Signature: entry.Signature{Field: headers("X-Airtable-Content-MAC"), Prefix: "hmac-sha256=",
				Encoding: entry.Hex},
			Signed: []entry.Part{entry.Body()},
		},
		Event: entry.Event{Time: pointer("/timestamp"), TimeUnit: entry.RFC3339},
		// Thirteen tries, ten seconds apart and then twice as long each time.
		RetryHorizon: 24 * time.Hour, AckLimit: 25 * time.Second, AckEmpty: true,
	})
}
