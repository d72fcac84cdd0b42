package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Platforms that follow Standard Webhooks and say more than [StandardWebhooks] knows.

// followsStandard is a sender that signs as the specification says, under its own header names.
func followsStandard(name, title, confidence, docs, secretFrom string, event entry.Event) entry.Entry {
	event.ID = header("Webhook-Id")
	return entry.Entry{
		Name: name, Title: title, Confidence: confidence, Docs: docs, SecretFrom: secretFrom,
		Scheme: standardScheme("Webhook-"), Identity: entry.Identity{Kind: entry.BySignedID}, Event: event,
	}
}

// Render is a webhook of Render.
//
// https://render.com/docs/webhooks
func Render() core.Provider {
	return of(followsStandard("render", "Render", "A", "https://render.com/docs/webhooks",
		"Integrations > Webhooks > the webhook > Signing Secret",
		entry.Event{Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339, Data: "/data"}))
}

// Gemini is a static webhook of the Gemini API. While its secret is rotated both may sign for 24 hours. It retries for
// 24 hours. Dynamic webhooks, which a request names and a key pair signs, are refused.
//
// https://ai.google.dev/gemini-api/docs/webhooks
func Gemini() core.Provider {
	e := followsStandard("gemini", "Gemini API", "A", "https://ai.google.dev/gemini-api/docs/webhooks",
		"new_signing_secret in the answer of the API that created the webhook",
		entry.Event{Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339, Data: "/data"})
	e.RetryHorizon = 24 * time.Hour
	return of(e)
}

// Brex is a webhook of Brex. The secret is base64 without a prefix; while it is rotated the API shows two, and either
// counts.
//
// https://developer.brex.com/docs/webhooks/
func Brex() core.Provider {
	return of(followsStandard("brex", "Brex", "B", "https://developer.brex.com/docs/webhooks/",
		"the API: GET /v1/webhooks/secrets",
		entry.Event{Type: pointer("/event_type"), Tenant: pointer("/company_id")}))
}

// BigCommerce is the webhooks of a BigCommerce app. The secret is the app's client secret, which is the key as it is,
// and not base64. It retries for 48 hours.
//
// https://developer.bigcommerce.com/docs/integrations/webhooks
func BigCommerce() core.Provider {
	e := followsStandard("bigcommerce", "BigCommerce", "B",
		"https://developer.bigcommerce.com/docs/integrations/webhooks", "the app's client secret",
		entry.Event{Type: pointer("/scope"), Time: pointer("/created_at"), Tenant: pointer("/producer"), Data: "/data"})
	e.Scheme.Key = entry.Key{}
	e.RetryHorizon = 48 * time.Hour
	return of(e)
}

// IncidentIO is a webhook of incident.io, which Svix sends, under either name of the headers. It retries for 24 hours.
//
// https://docs.incident.io/integrations/webhooks
func IncidentIO() core.Provider {
	return of(entry.Entry{
		Name: "incident-io", Title: "incident.io", Confidence: "B",
		Docs:       "https://docs.incident.io/integrations/webhooks",
		SecretFrom: "Settings > Webhooks > the endpoint > Signing Secret",
		Scheme:     standardScheme("Svix-", "Webhook-"),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{ID: []entry.Value{{Header: "Svix-Id"}, {Header: "Webhook-Id"}},
			Type: pointer("/event_type")},
		RetryHorizon: 24 * time.Hour,
	})
}

// Lithic is an event subscription of Lithic.
//
// https://docs.lithic.com/docs/events-api
func Lithic() core.Provider {
	return of(followsStandard("lithic", "Lithic", "A", "https://docs.lithic.com/docs/events-api",
		"the event subscription's secret, by the API",
		entry.Event{Type: pointer("/event_type"), Time: pointer("/created"), TimeUnit: entry.RFC3339}))
}

// DodoPayments is a webhook of Dodo Payments.
//
// https://docs.dodopayments.com/developer-resources/webhooks
func DodoPayments() core.Provider {
	return of(followsStandard("dodo-payments", "Dodo Payments", "A",
		"https://docs.dodopayments.com/developer-resources/webhooks",
		"Developer > Webhooks > the endpoint > Secret key",
		entry.Event{Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Tenant: pointer("/business_id"), Data: "/data"}))
}

// Etsy is a webhook of a commercial Etsy app. An event names its resource, which the app fetches.
//
// https://developers.etsy.com/documentation/essentials/webhooks
func Etsy() core.Provider {
	return of(followsStandard("etsy", "Etsy", "B", "https://developers.etsy.com/documentation/essentials/webhooks",
		"the endpoint's page in the webhook portal > Signing Secret",
		entry.Event{Type: pointer("/event_type"), Tenant: pointer("/shop_id")}))
}

// sentBySvix is a sender whose own page says that Svix sends its webhooks, on Svix's schedule.
func sentBySvix(name, title, docs, secretFrom string, event entry.Event) entry.Entry {
	event.ID = header("Svix-Id")
	return entry.Entry{
		Name: name, Title: title, Confidence: "B", Docs: docs, SecretFrom: secretFrom,
		Scheme: standardScheme("Svix-"), Identity: entry.Identity{Kind: entry.BySignedID}, Event: event,
		RetryHorizon: svixHorizon, AckLimit: svixAckLimit,
	}
}

// Stytch is the webhooks of a Stytch project, which Svix sends. What Stytch calls the type of an event
// ("direct.organization.create") is its source, its object's type and its action.
//
// https://stytch.com/docs/b2b/guides/webhooks
func Stytch() core.Provider {
	return of(sentBySvix("stytch", "Stytch", "https://stytch.com/docs/b2b/guides/webhooks",
		"Webhooks > the endpoint > Signing Secret",
		entry.Event{Type: pointer("/object_type"), Action: pointer("/action"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339, Tenant: pointer("/project_id")}))
}

// Vanta is the webhooks of Vanta, which Svix sends. Its examples of bodies hold no type: where yours do not either,
// give each type an endpoint of its own.
//
// https://developer.vanta.com/docs/webhooks
// https://developer.vanta.com/reference/webhooks/overview
func Vanta() core.Provider {
	return of(sentBySvix("vanta", "Vanta", "https://developer.vanta.com/docs/webhooks",
		"Settings > Webhooks > the endpoint > Signing Secret",
		entry.Event{Type: []entry.Value{{JSON: "/type"}, {JSON: "/eventType"}}}))
}
