package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Developer tools that sign the raw body and nothing else.

// Vercel is a webhook of a Vercel team or integration. The secret is the webhook's, or the integration's client secret.
//
// Drains (logs, traces) have the same header and scheme, and come as a list or as lines: what is not one object is
// refused.
//
// https://vercel.com/docs/webhooks
func Vercel() core.Provider {
	return of(entry.Entry{
		Name: "vercel", Title: "Vercel", Confidence: "B",
		Docs:       "https://vercel.com/docs/webhooks",
		SecretFrom: "the dialog that created the webhook, or the integration's client secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1, // as Vercel documents it
			Signature: entry.Signature{Field: headers("x-vercel-signature"), Encoding: entry.Hex},
			Signed:    []entry.Part{{Kind: entry.PartBody, Grammar: entry.Object}},
		},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/createdAt"), TimeUnit: entry.Milliseconds,
			Data: "/payload",
		},
		Others: []entry.Other{{
			What: "the test of a drain (logs, traces), which wants the header x-vercel-verify in the answer",
			Do: "give drains a handler of their own, which answers that header and checks x-vercel-signature " +
				"with the drain's secret",
		}},
	})
}

// Heroku is a webhook of a Heroku app with a secret. Subscribe at level "sync": at level "notify" each event is sent
// once and never again.
//
// https://devcenter.heroku.com/articles/app-webhooks
// https://devcenter.heroku.com/articles/app-webhooks-schema
// https://devcenter.heroku.com/articles/webhook-events
func Heroku() core.Provider {
	return of(entry.Entry{
		Name: "heroku", Title: "Heroku", Confidence: "B",
		Docs:   "https://devcenter.heroku.com/articles/app-webhooks",
		Scheme: base64HMAC("Heroku-Webhook-Hmac-SHA256"),
		// The body names the attempt, so that a retry's is another.
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/webhook_metadata/event/include"), Action: pointer("/action"),
			Time: pointer("/created_at"), TimeUnit: entry.RFC3339, Data: "/data",
		},
	})
}

// Sentry is a webhook of a Sentry integration. The secret is the integration's client secret. The time in
// Sentry-Hook-Timestamp is not signed and therefore not checked. Requests of UI components (issue links, alert rule
// actions, select fields) are signed in another header: [SentryUI].
//
// https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
func Sentry() core.Provider {
	return of(entry.Entry{
		Name: "sentry", Title: "Sentry", Confidence: "B",
		Docs:       "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
		SecretFrom: "Settings > Developer Settings > the integration > Client Secret",
		Scheme:     hexHMAC("Sentry-Hook-Signature"),
		Unsigned: []string{"resource (Sentry-Hook-Resource)", "request id (Request-ID)",
			"time (Sentry-Hook-Timestamp)"},
		Event: entry.Event{
			ID: header("Request-Id"), Type: header("Sentry-Hook-Resource"), Action: pointer("/action"),
			Time: header("Sentry-Hook-Timestamp"), Data: "/data",
		},
		AckLimit: time.Second,
	})
}

// SentryUI is the requests of the UI components of a Sentry integration: issue links, alert rule actions, select
// fields. The secret is the integration's client secret. They wait for their answer ([core.Event.Respond]), so that
// nothing is remembered. Select fields ask with a GET, of which nothing but an empty body is signed: its signature is
// one shared secret.
//
// https://github.com/getsentry/sentry/tree/master/src/sentry/sentry_apps/external_requests
func SentryUI() core.Provider {
	return of(entry.Entry{
		Name: "sentry-ui", Title: "Sentry (UI components)", Confidence: "A",
		Docs:       "https://github.com/getsentry/sentry/tree/master/src/sentry/sentry_apps/external_requests",
		SecretFrom: "Settings > Developer Settings > the integration > Client Secret",
		Scheme:     hexHMAC("Sentry-App-Signature"),
		Unsigned:   []string{"the query of a GET", "request id (Request-ID)", "time"},
		Identity: entry.Identity{Kind: entry.None, Why: "a component waits for its answer, and a repeated answer " +
			"would be wrong"},
		Event:   entry.Event{ID: header("Request-Id")},
		Methods: []string{"GET"}, NeverRetries: true,
	})
}

// CircleCI is an outbound webhook of CircleCI.
//
// https://circleci.com/docs/guides/integration/outbound-webhooks/
func CircleCI() core.Provider {
	return of(entry.Entry{
		Name: "circleci", Title: "CircleCI", Confidence: "A",
		Docs:     "https://circleci.com/docs/guides/integration/outbound-webhooks/",
		Scheme:   versionedHMAC("circleci-signature"),
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/happened_at"), TimeUnit: entry.RFC3339,
		},
		AckLimit: 10 * time.Second,
	})
}

// PagerDuty is a V3 webhook subscription of PagerDuty, which signs with every active secret. PagerDuty's SDK takes a
// 4xx for the way to stop a redelivery, so that a failed authentication is answered 503: a secret that was mistyped can
// be fixed.
//
// https://developer.pagerduty.com/docs/verifying-webhook-signatures
// https://github.com/PagerDuty/go-pagerduty/tree/main/webhookv3
func PagerDuty() core.Provider {
	return of(entry.Entry{
		Name: "pagerduty", Title: "PagerDuty", Confidence: "A",
		Docs:       "https://developer.pagerduty.com/docs/verifying-webhook-signatures",
		SecretFrom: "the dialog that created the webhook subscription",
		Scheme:     versionedHMAC("X-PagerDuty-Signature"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/event/id"},
		Event: entry.Event{
			ID: pointer("/event/id"), Type: pointer("/event/event_type"), Time: pointer("/event/occurred_at"),
			TimeUnit: entry.RFC3339, Data: "/event/data",
		},
		MaxBody: 2 << 20, AuthStatus: 503, Drops4xx: true,
	})
}

// LaunchDarkly is a signed webhook of LaunchDarkly. Its payload is an entry of the audit log, whose id is the event's.
//
// https://launchdarkly.com/docs/home/infrastructure/webhooks
func LaunchDarkly() core.Provider {
	return of(entry.Entry{
		Name: "launchdarkly", Title: "LaunchDarkly", Confidence: "B",
		Docs:     "https://launchdarkly.com/docs/home/infrastructure/webhooks",
		Scheme:   hexHMAC("X-LD-Signature"),
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/_id"},
		Event: entry.Event{
			ID: pointer("/_id"), Type: pointer("/kind"), Time: pointer("/date"), TimeUnit: entry.Milliseconds,
		},
	})
}

// Grafana is a webhook contact point of Grafana Alerting (12.0 and newer) with an HMAC secret, under the default header
// and without a timestamp header. For other headers describe it with [HMAC]: what is signed is "{body}", or
// "{timestamp}:{body}" with a timestamp header.
//
// https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
func Grafana() core.Provider {
	return of(entry.Entry{
		Name: "grafana", Title: "Grafana Alerting", Confidence: "A",
		Docs:     "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
		Scheme:   hexHMAC("X-Grafana-Alerting-Signature"),
		Unsigned: []string{"time"},
		Identity: entry.Identity{Kind: entry.None, Why: "an alert that still fires is sent again, byte for byte, as " +
			"a reminder"},
		Event:   entry.Event{Type: pointer("/status")},
		Methods: []string{"PUT"},
	})
}

// Doppler is a project's webhook of Doppler with a signing secret. The payload names the secrets that changed, and has
// neither an id nor a time; a payload of your own is the same text each time. So nothing is remembered: make receivers
// that a repetition does not hurt.
//
// https://docs.doppler.com/docs/webhooks
func Doppler() core.Provider {
	return of(entry.Entry{
		Name: "doppler", Title: "Doppler", Confidence: "B",
		Docs:   "https://docs.doppler.com/docs/webhooks",
		Scheme: prefixedHMAC("X-Doppler-Signature"),
		Identity: entry.Identity{
			Kind: entry.None, Why: "a payload has neither id nor time: two changes of one secret are equal to the byte",
		},
		Event: entry.Event{Type: pointer("/type"), Tenant: pointer("/workplace/id")},
	})
}

// versionedHMAC is a list of pairs "v1=...,v2=..." of which v1 is HMAC-SHA256 of the body.
func versionedHMAC(name string) *entry.Scheme {
	return bodyHMAC(entry.Signature{
		Field: headers(name), Layout: entry.Pairs, Separator: ',', Name: "v1", Encoding: entry.Hex,
	})
}
