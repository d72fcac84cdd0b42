package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Platforms that sign nothing and present a shared secret as it is.

// headerToken is a sender that presents the secret in a header, whole.
func headerToken(name, title, confidence, docs, headerName string, event entry.Event) entry.Entry {
	return entry.Entry{
		Name: name, Title: title, Confidence: confidence, Docs: docs,
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: headerName}, Unsigned: sharedSecretOnly(),
		Event: event,
	}
}

// Auth0 is a custom webhook log stream of Auth0 with an authorization token. The secret is the header's value, whole.
// Choose the content format JSON Array or JSON Object: of JSON Lines no event is read.
//
// https://auth0.com/docs/customize/log-streams/custom-log-streams
func Auth0() core.Provider {
	e := headerToken("auth0", "Auth0 log streams", "B",
		"https://auth0.com/docs/customize/log-streams/custom-log-streams", "Authorization", entry.Event{
			ID: pointer("/log_id"), Type: pointer("/data/type"), Time: pointer("/data/date"), TimeUnit: entry.RFC3339,
			Data: "/data",
		})
	e.Identity = entry.Identity{Kind: entry.ByPointer, Pointer: "/log_id"}
	e.Batch = &entry.Batch{}
	return of(e)
}

// RevenueCat is a webhook of RevenueCat with an authorization header. The secret is the header's value, whole. It wants
// exactly 200, and retries five times over 155 minutes.
//
// https://www.revenuecat.com/docs/integrations/webhooks
func RevenueCat() core.Provider {
	e := headerToken("revenuecat", "RevenueCat", "B", "https://www.revenuecat.com/docs/integrations/webhooks",
		"Authorization", entry.Event{
			ID: pointer("/event/id"), Type: pointer("/event/type"), Time: pointer("/event/event_timestamp_ms"),
			TimeUnit: entry.Milliseconds, Data: "/event",
		})
	e.Identity = entry.Identity{Kind: entry.ByPointer, Pointer: "/event/id"}
	e.RetryHorizon, e.AckLimit = 4*time.Hour, time.Minute
	return of(e)
}

// JFrogToken is a webhook of the JFrog Platform whose secret does not sign the payload: JFrog sends the secret itself.
// Where it signs use [JFrog].
//
// https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks
func JFrogToken() core.Provider {
	e := headerToken("jfrog-token", "JFrog Platform (token)", "B", jfrogDocs, "X-JFrog-Event-Auth", jfrogEvent())
	e.Identity = jfrogIdentity()
	return of(e)
}

// Harbor is a webhook policy of a Harbor registry with an auth header. The secret is the header's value, whole. Harbor
// repeats a failed delivery with the same body, as often as the instance is set to.
//
// https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
func Harbor() core.Provider {
	return of(headerToken("harbor", "Harbor", "A",
		"https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/",
		"Authorization",
		entry.Event{Type: pointer("/type"), Time: pointer("/occur_at"), Data: "/event_data"}))
}

// Vapi is the server messages of Vapi with a secret in the header X-Vapi-Secret. Some messages wait for their answer
// ([core.Event.Respond]), so that nothing is remembered. For a bearer token use [Bearer], for a signature [HMAC].
//
// https://docs.vapi.ai/server-url/server-authentication
func Vapi() core.Provider {
	e := headerToken("vapi", "Vapi", "B", "https://docs.vapi.ai/server-url/server-authentication", "X-Vapi-Secret",
		entry.Event{Type: pointer("/message/type"), Data: "/message"})
	e.Identity = entry.Identity{Kind: entry.None, Why: "a message may wait for its answer, and a repeated answer " +
		"would be wrong"}
	return of(e)
}

// RingCentral is a webhook subscription of RingCentral with a verification token of your own. When a subscription is
// created or renewed, RingCentral sends a request without a body whose Validation-Token the answer repeats.
//
// https://developers.ringcentral.com/guide/notifications/webhooks/receiving
func RingCentral() core.Provider {
	e := headerToken("ringcentral", "RingCentral", "B",
		"https://developers.ringcentral.com/guide/notifications/webhooks/receiving",
		"Verification-Token",
		entry.Event{ID: pointer("/uuid"), Type: pointer("/event"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Data: "/body"})
	e.Handshakes = []entry.Handshake{{
		Method: "POST", WhenHeader: "Validation-Token", Headers: [][2]string{{"Validation-Token", "{challenge}"}},
		ContentType: "application/json", When: "when the subscription is created or renewed",
	}}
	return of(e)
}

// ShippoToken is a webhook of Shippo whose URL holds a token of your own, as the parameter "token" of its query. Access
// logs that are written before the guard hold it. Where Shippo signs use [Shippo].
//
// https://docs.goshippo.com/docs/tracking/webhooksecurity/
func ShippoToken() core.Provider {
	return of(entry.Entry{
		Name: "shippo-token", Title: "Shippo (token)", Confidence: "B",
		Addresses:  shippoDocs,
		Docs:       shippoDocs,
		Credential: entry.Credential{Kind: entry.QueryToken, Name: "token"},
		Unsigned:   sharedSecretOnly(),
		Event:      entry.Event{Type: pointer("/event"), Data: "/data"},
	})
}

// HuggingFace is a webhook of the Hugging Face Hub with a secret, which is presented as it is. The type is the event's
// scope. Two changes of a repository's settings may be equal to the byte, so that nothing is remembered.
//
// https://huggingface.co/docs/hub/webhooks
func HuggingFace() core.Provider {
	e := headerToken("hugging-face", "Hugging Face", "A", "https://huggingface.co/docs/hub/webhooks",
		"X-Webhook-Secret",
		entry.Event{Type: pointer("/event/scope"), Action: pointer("/event/action"), Tenant: pointer("/repo/owner/id")})
	e.Identity = entry.Identity{
		Kind: entry.None, Why: "a changed setting may come as an empty `updatedConfig`, which is the same for the " +
			"next one",
	}
	return of(e)
}

// Documenso is a webhook of Documenso with a secret, which is presented as it is. Without one the header is empty, and
// the delivery is refused.
//
// https://docs.documenso.com/docs/developers/webhooks/verification
func Documenso() core.Provider {
	return of(headerToken("documenso", "Documenso", "B",
		"https://docs.documenso.com/docs/developers/webhooks/verification", "X-Documenso-Secret",
		entry.Event{Type: pointer("/event"), Data: "/payload"}))
}
