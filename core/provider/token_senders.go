package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Email services and developer tools that sign nothing and present a shared secret as it is.

// Brevo is Brevo's webhooks, which present HTTP Basic credentials from the URL you register. Secrets are pairs
// "user:password". Where the webhook was created with a bearer token instead, leave Secrets out and give
// [core.BearerToken] as one of Credentials.
//
// Brevo retries for about eleven hours, and drops an event for good on a 4xx, so that a failed authentication is
// answered 503: a credential that was mistyped can be fixed.
//
// https://developers.brevo.com/docs/secured-webhooks
func Brevo() core.Provider {
	return of(entry.Entry{
		Name: "brevo", Title: "Brevo", Confidence: "B",
		Docs:       "https://developers.brevo.com/docs/secured-webhooks",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   sharedSecretOnly(),
		Event: entry.Event{
			// Messages that come in are items of a list, with ids and headers.
			ID: pointer("/Uuid/0"), Type: []entry.Value{{JSON: "/event"}, {JSON: "/Headers", Const: "inbound"}},
			Time: pointer("/ts_epoch"), TimeUnit: entry.Milliseconds,
		},
		Batch:        &entry.Batch{Or: "/items"}, // a list where the webhook is batched; else one event
		MaxBody:      inboundMail,
		RetryHorizon: 12 * time.Hour, AuthStatus: 503, Answers: tooLarge503(),
	})
}

// Mailjet is Mailjet's event webhooks, which present HTTP Basic credentials from the URL you register. Secrets are
// pairs "user:password". Mailjet retries for a day.
//
// https://documentation.mailjet.com/hc/en-us/articles/360043578154-Event-Tracking-API
func Mailjet() core.Provider {
	return of(entry.Entry{
		Name: "mailjet", Title: "Mailjet", Confidence: "B",
		Docs:       "https://documentation.mailjet.com/hc/en-us/articles/360043578154-Event-Tracking-API",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   sharedSecretOnly(),
		Event: entry.Event{ // MessageID names the message
			Type: []entry.Value{{JSON: "/event"}, {JSON: "/Headers", Const: "inbound"}}, Action: pointer("/error"),
			Time: pointer("/time"),
		},
		Batch:        &entry.Batch{}, // a list where events are grouped, else one event
		MaxBody:      inboundMail,
		RetryHorizon: 24 * time.Hour,
	})
}

// SendGridInbound is SendGrid's inbound parse webhook where no security policy signs it: it presents HTTP Basic
// credentials from the URL you register. Secrets are pairs "user:password". Where a policy signs it use [SendGrid].
//
// SendGrid repeats what was answered 5xx for three days, and nothing else, so that a failed authentication is answered
// 503: a credential that was mistyped can be fixed.
//
// https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/inbound-email
func SendGridInbound() core.Provider {
	return of(entry.Entry{
		Name: "sendgrid-inbound", Title: "SendGrid Inbound Parse", Confidence: "B",
		Docs:       "https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/inbound-email",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   sharedSecretOnly(),
		Event: entry.Event{
			// parsed, or raw
			Type: []entry.Value{{Form: "headers", Const: "inbound"}, {Form: "email", Const: "inbound"}},
		},
		MaxBody: inboundMail, RetryHorizon: 72 * time.Hour, AuthStatus: 503, Drops4xx: true,
	})
}

// SparkPost is SparkPost's event webhooks with HTTP Basic credentials. Secrets are pairs "user:password". SparkPost
// retries for eight hours until it is answered 200.
//
// https://support.sparkpost.com/docs/tech-resources/webhook-authentication
// https://docs.bird.com/api/email-api/webhooks
func SparkPost() core.Provider {
	// The class of an event is the name of the member that holds it.
	classes := []string{"message_event", "track_event", "gen_event", "unsubscribe_event", "relay_event",
		"ab_test_event", "ingest_event"}
	member := func(name string) (values []entry.Value) {
		for _, class := range classes {
			values = append(values, entry.Value{JSON: "/msys/" + class + "/" + name})
		}
		return values
	}
	return of(entry.Entry{
		Name: "sparkpost", Title: "SparkPost", Confidence: "B",
		Docs:       "https://support.sparkpost.com/docs/tech-resources/webhook-authentication",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   sharedSecretOnly(),
		Event: entry.Event{
			ID:   member("event_id"),
			Type: append(member("type"), entry.Value{JSON: "/msys/relay_message", Const: "inbound"}),
			Time: member("timestamp"),
		},
		Batch:   &entry.Batch{},
		MaxBody: inboundMail, RetryHorizon: 8 * time.Hour, AckLimit: 10 * time.Second,
	})
}

// Mailchimp is the audience webhooks of Mailchimp Marketing. Register a URL that ends in "?secret=" and the secret;
// access logs that are written before the guard hold it. Mailchimp asks for the URL with a GET first, and retries for
// 75 minutes.
//
// https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/
func Mailchimp() core.Provider {
	return of(entry.Entry{
		Name: "mailchimp", Title: "Mailchimp Marketing", Confidence: "B",
		Docs:         "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
		Credential:   entry.Credential{Kind: entry.QueryToken, Name: "secret"},
		Unsigned:     sharedSecretOnly(),
		Event:        entry.Event{Type: []entry.Value{{Form: "type"}}, Action: []entry.Value{{Form: "data[action]"}}},
		Handshakes:   []entry.Handshake{{Method: "GET", When: "when the webhook is saved"}},
		RetryHorizon: 75 * time.Minute, AckLimit: 10 * time.Second,
	})
}

// AzureDevOps is a service hook of Azure DevOps with HTTP Basic credentials. Secrets are pairs "user:password".
//
// https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks
func AzureDevOps() core.Provider {
	return of(entry.Entry{
		Name: "azure-devops", Title: "Azure DevOps", Confidence: "B",
		Addresses:  "https://learn.microsoft.com/en-us/azure/devops/organizations/security/allow-list-ip-url",
		Docs:       "https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   sharedSecretOnly(),
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/eventType"), Time: pointer("/createdDate"), TimeUnit: entry.RFC3339,
			Data: "/resource",
		},
	})
}

// DockerHub is a webhook of a Docker Hub repository, which authenticates in no way of its own. Register a URL that ends
// in "?token=" and the secret; access logs that are written before the guard hold it.
//
// https://docs.docker.com/docker-hub/repos/manage/webhooks/
func DockerHub() core.Provider {
	return of(entry.Entry{
		Name: "docker-hub", Title: "Docker Hub", Confidence: "B",
		Docs:       "https://docs.docker.com/docker-hub/repos/manage/webhooks/",
		Credential: entry.Credential{Kind: entry.QueryToken, Name: "token"},
		Unsigned:   sharedSecretOnly(),
		Event:      entry.Event{Time: pointer("/push_data/pushed_at"), Data: "/push_data"},
	})
}

// Okta is an event hook of Okta whose authentication field is "Authorization". The secret is that field's value, whole.
//
// Okta sends an event again at most once, and never after a 4xx, so that a failed authentication is answered 503: a
// secret that was mistyped can be fixed. The one-time verification, a GET whose header is answered as JSON, is
// answered for whoever asks.
//
// https://developer.okta.com/docs/concepts/event-hooks/
func Okta() core.Provider {
	return of(entry.Entry{
		Name: "okta", Title: "Okta Event Hooks", Confidence: "B",
		Docs:       "https://developer.okta.com/docs/concepts/event-hooks/",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "Authorization"},
		Unsigned:   sharedSecretOnly(),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/uuid"},
		Event: entry.Event{
			ID: pointer("/uuid"), Type: pointer("/eventType"), Time: pointer("/published"), TimeUnit: entry.RFC3339,
		},
		Batch: &entry.Batch{Pointer: "/data/events"},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenHeader: "X-Okta-Verification-Challenge", Answer: `{"verification":"{challenge}"}`,
			ContentType: "application/json",
			When:        "when the hook is verified",
		}},
		AckLimit: 3 * time.Second, AuthStatus: 503, Drops4xx: true,
	})
}

// Alertmanager is a webhook receiver of Prometheus Alertmanager with a bearer token (http_config, authorization). For
// basic_auth leave Secrets out and give [core.BasicAuth] as one of Credentials.
//
// Alertmanager drops a notification on a 4xx, so that a failed authentication is answered 503: a secret that was
// mistyped can be fixed.
//
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
func Alertmanager() core.Provider {
	return of(entry.Entry{
		Name: "alertmanager", Title: "Prometheus Alertmanager", Confidence: "B",
		Docs:       "https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
		Credential: entry.Credential{Kind: entry.Bearer},
		Unsigned:   sharedSecretOnly(),
		Identity: entry.Identity{Kind: entry.None, Why: "a group of alerts that still fires is sent again, byte " +
			"for byte, as a reminder"},
		Event:      entry.Event{Type: pointer("/status")},
		AuthStatus: 503, Drops4xx: true,
	})
}

// CloudflareNotifications is a webhook destination of Cloudflare's notifications with a secret.
//
// https://developers.cloudflare.com/notifications/get-started/configure-webhooks/
func CloudflareNotifications() core.Provider {
	return of(entry.Entry{
		Name: "cloudflare-notifications", Title: "Cloudflare Notifications", Confidence: "B",
		Addresses:  "https://www.cloudflare.com/ips/",
		Docs:       "https://developers.cloudflare.com/notifications/get-started/configure-webhooks/",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "cf-webhook-auth"},
		Unsigned:   sharedSecretOnly(),
		Event:      entry.Event{Type: pointer("/alert_type"), Time: pointer("/ts"), Data: "/data"},
	})
}

func sharedSecretOnly() []string {
	return []string{"everything: the credential is a shared secret"}
}
