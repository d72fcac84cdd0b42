package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Platforms and developer tools that sign the raw body and nothing else.

// SonarQube is a webhook of SonarQube Server or SonarQube Cloud with a secret. SonarQube sends a delivery once: it
// lists the failed ones and does not repeat them. An issue change that alters the quality gate is sent under the same
// task.
//
// https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/
func SonarQube() core.Provider {
	return of(entry.Entry{
		Name: "sonarqube", Title: "SonarQube", Confidence: "B",
		Docs:     "https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/",
		Scheme:   hexHMAC("X-Sonar-Webhook-HMAC-SHA256"),
		Unsigned: []string{"project (X-SonarQube-Project), which the body has too"},
		Event:    entry.Event{Type: pointer("/status"), Action: pointer("/qualityGate/status")},
		AckLimit: 10 * time.Second, NeverRetries: true,
	})
}

// HCPTerraform is a notification configuration of HCP Terraform or Terraform Enterprise with a token. Saving or
// verifying a configuration sends a signed verification request.
//
// https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations
func HCPTerraform() core.Provider {
	return of(entry.Entry{
		Name: "hcp-terraform", Title: "HCP Terraform", Confidence: "B",
		Docs:   "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations",
		Scheme: bodyHMAC512(entry.Signature{Field: headers("X-TFE-Notification-Signature"), Encoding: entry.Hex}),
		Event: entry.Event{
			Type: []entry.Value{{JSON: "/notifications/0/trigger"}, {JSON: "/trigger"}},
			Time: pointer("/notifications/0/run_updated_at"), TimeUnit: entry.RFC3339,
		},
	})
}

// Snyk is a webhook of a Snyk organization. The secret is the one you chose. A ping is sent when the webhook is
// created, signed like every delivery. The type stands in a header alone, which nothing covers.
//
// https://docs.snyk.io/snyk-api/using-specific-snyk-apis/webhooks-apis/validating-payloads
func Snyk() core.Provider {
	return of(entry.Entry{
		Name: "snyk", Title: "Snyk", Confidence: "B",
		Docs:     "https://docs.snyk.io/snyk-api/using-specific-snyk-apis/webhooks-apis/validating-payloads",
		Scheme:   prefixedHMAC("X-Hub-Signature"),
		Unsigned: []string{"event type (X-Snyk-Event)", "delivery id (X-Snyk-Transport-ID)", "time (X-Snyk-Timestamp)"},
		Event: entry.Event{
			ID: header("X-Snyk-Transport-Id"), Type: header("X-Snyk-Event"), Time: header("X-Snyk-Timestamp"),
			TimeUnit: entry.RFC3339,
		},
	})
}

// Discourse is a webhook of a Discourse forum with a secret. Several events of one object may be sent over one body, so
// the event's name belongs to the identity, although it stands in a header that nothing covers.
//
// https://github.com/discourse/discourse/blob/main/app/jobs/regular/emit_web_hook_event.rb
func Discourse() core.Provider {
	return of(entry.Entry{
		Name: "discourse", Title: "Discourse", Confidence: "A",
		Docs:   "https://github.com/discourse/discourse/blob/main/app/jobs/regular/emit_web_hook_event.rb",
		Scheme: prefixedHMAC("X-Discourse-Event-Signature"),
		Unsigned: []string{"event (X-Discourse-Event)", "event id (X-Discourse-Event-Id)",
			"forum (X-Discourse-Instance)", "time"},
		Identity: entry.Identity{With: []string{"X-Discourse-Event"}},
		Event: entry.Event{
			ID: header("X-Discourse-Event-Id"), Type: []entry.Value{{FirstKey: "discourse"}},
			Action: header("X-Discourse-Event"),
		},
		RetryHorizon: 3 * time.Hour, AckLimit: 20 * time.Second, // four retries: after 1, 5, 25 and 125 minutes
	})
}

// Npm is a hook of the npm registry. The secret is the one you chose.
//
// https://github.com/npm/npm-hook-receiver
func Npm() core.Provider {
	return of(entry.Entry{
		Name: "npm", Title: "npm registry hooks", Confidence: "A",
		Docs:   "https://github.com/npm/npm-hook-receiver",
		Scheme: prefixedHMAC("X-Npm-Signature"),
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/time"), TimeUnit: entry.Milliseconds,
			Tenant: pointer("/hookOwner/username"),
		},
	})
}

// Nexus is a webhook of Sonatype Nexus Repository with a secret key. Nexus sends a delivery once and never repeats it.
//
// https://help.sonatype.com/en/working-with-hmac-payloads.html
func Nexus() core.Provider {
	return of(entry.Entry{
		Name: "nexus", Title: "Sonatype Nexus Repository", Confidence: "A",
		Docs:     "https://help.sonatype.com/en/working-with-hmac-payloads.html",
		Scheme:   sha1HMAC("X-Nexus-Webhook-Signature", "", entry.Hex),
		Unsigned: []string{"event type (X-Nexus-Webhook-ID)", "delivery id (X-Nexus-Webhook-Delivery)"},
		Event: entry.Event{
			ID: header("X-Nexus-Webhook-Delivery"), Type: header("X-Nexus-Webhook-Id"), Action: pointer("/action"),
			Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
		},
		NeverRetries: true,
	})
}

// JFrog is a webhook of the JFrog Platform whose secret signs the payload ("use secret for payload signing"). Without
// that choice JFrog sends the secret itself: [JFrogToken].
//
// https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks
func JFrog() core.Provider {
	return of(entry.Entry{
		Name: "jfrog", Title: "JFrog Platform", Confidence: "B",
		Docs:     jfrogDocs,
		Scheme:   hexHMAC("X-JFrog-Event-Auth"),
		Identity: jfrogIdentity(),
		Event:    jfrogEvent(),
	})
}

const jfrogDocs = "https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks"

func jfrogIdentity() entry.Identity {
	return entry.Identity{Kind: entry.None, Why: "a delivery has neither id nor time: the same artifact deployed " +
		"twice is equal to the byte"}
}

func jfrogEvent() entry.Event {
	return entry.Event{Type: pointer("/domain"), Action: pointer("/event_type"), Tenant: pointer("/jpd_origin"),
		Data: "/data"}
}

// Hookdeck is a destination of the Hookdeck Event Gateway, which signs what it forwards with the project's signing
// secret. While the secret is rotated a second header comes, and either may match. Bodies are those of the original
// senders, and may be equal to the byte: Hookdeck's id of the event, which nothing covers, tells them apart.
//
// https://github.com/hookdeck/hookdeck-vercel
func Hookdeck() core.Provider {
	return of(entry.Entry{
		Name: "hookdeck", Title: "Hookdeck Event Gateway", Confidence: "A",
		Docs:       "https://github.com/hookdeck/hookdeck-vercel",
		SecretFrom: "the project's settings > Secrets > Signing secret",
		Scheme: bodyHMAC(entry.Signature{
			Field: headers("X-Hookdeck-Signature"), Further: []string{"X-Hookdeck-Signature-2"}, Encoding: entry.Base64,
		}),
		Unsigned: []string{"event id (X-Hookdeck-Eventid)", "attempt (X-Hookdeck-Attempt-Count)",
			"source (X-Hookdeck-Source-Name)", "time"},
		Identity: entry.Identity{Apart: []entry.Apart{{
			Headers: []string{"X-Hookdeck-Eventid"}, Why: "all of them: the body is the original sender's",
		}}},
		Event: entry.Event{ID: header("X-Hookdeck-Eventid"), Type: header("X-Hookdeck-Source-Name"),
			Attempt: header("X-Hookdeck-Attempt-Count")},
	})
}

// Cursor is the webhook of Cursor's cloud agents. The secret is the one that you gave to the launch of the agent.
//
// https://cursor.com/docs/cloud-agent/api/webhooks
func Cursor() core.Provider {
	return of(entry.Entry{
		Name: "cursor", Title: "Cursor cloud agents", Confidence: "B",
		Docs:     "https://cursor.com/docs/cloud-agent/api/webhooks",
		Scheme:   prefixedHMAC("X-Webhook-Signature"),
		Unsigned: []string{"delivery id (X-Webhook-ID)", "event (X-Webhook-Event), which the body has too"},
		Event: entry.Event{
			ID: header("X-Webhook-Id"), Type: pointer("/event"), Action: pointer("/status"),
			Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
		},
	})
}

// AutodeskAPS is the webhooks of Autodesk Platform Services. They are signed once a secret token exists, which you
// create through the API.
//
// https://aps.autodesk.com/en/docs/webhooks/v1/tutorials/how-to-verify-payload-signature
func AutodeskAPS() core.Provider {
	return of(entry.Entry{
		Name: "autodesk-aps", Title: "Autodesk Platform Services", Confidence: "B",
		Docs:   "https://aps.autodesk.com/en/docs/webhooks/v1/tutorials/how-to-verify-payload-signature",
		Scheme: sha1HMAC("X-Adsk-Signature", "sha1hash=", entry.Hex),
		Event:  entry.Event{Type: pointer("/hook/event"), Tenant: pointer("/hook/tenant"), Data: "/payload"},
	})
}

// Storyblok is a webhook of a Storyblok space with a secret. Storyblok sends a delivery once, and mails the owner where
// it failed. A delivery has neither id nor time.
//
// https://www.storyblok.com/docs/concepts/webhooks
func Storyblok() core.Provider {
	return of(entry.Entry{
		Name: "storyblok", Title: "Storyblok", Confidence: "B",
		Docs:   "https://www.storyblok.com/docs/concepts/webhooks",
		Scheme: sha1HMAC("Webhook-Signature", "", entry.Hex),
		Identity: entry.Identity{Kind: entry.None, Why: "a delivery has neither id nor time: two publications of one " +
			"story are equal to the byte"},
		Event:    entry.Event{Type: pointer("/action"), Tenant: pointer("/space_id")},
		AckLimit: 120 * time.Second, NeverRetries: true,
	})
}

// Segment is the destination "Webhooks" of Segment with a shared secret. Segment repeats what was answered 5xx for four
// hours and drops what was answered 4xx, so that a failed authentication is answered 503: a secret that was mistyped
// can be fixed.
//
// https://segment.com/docs/connections/destinations/catalog/webhooks/
func Segment() core.Provider {
	return of(entry.Entry{
		Name: "segment", Title: "Segment Webhooks", Confidence: "B",
		Docs:     "https://segment.com/docs/connections/destinations/catalog/webhooks/",
		Scheme:   sha1HMAC("X-Signature", "", entry.Hex),
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/messageId"},
		Event: entry.Event{
			ID: pointer("/messageId"), Type: pointer("/type"), Action: pointer("/event"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339,
		},
		RetryHorizon: 4 * time.Hour, AuthStatus: 503, Drops4xx: true,
	})
}

// MongoDBAtlas is the alert webhook of MongoDB Atlas, Cloud Manager or Ops Manager with a secret. The id in the body is
// the alert's, the same when it opens and when it closes.
//
// https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/
func MongoDBAtlas() core.Provider {
	return of(entry.Entry{
		Name: "mongodb-atlas", Title: "MongoDB Atlas", Confidence: "B",
		Docs:     "https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/",
		Scheme:   sha1HMAC("X-MMS-Signature", "", entry.Base64),
		Unsigned: []string{"event (X-MMS-Event); the body has the alert's status", "time"},
		Event: entry.Event{
			Type: pointer("/eventTypeName"), Action: pointer("/status"), Time: pointer("/updated"),
			TimeUnit: entry.RFC3339,
		},
	})
}

// sha1HMAC is the HMAC-SHA1 of the body, for senders that know nothing else. Collisions of SHA-1 do not break it.
func sha1HMAC(name, prefix string, enc entry.Encoding) *entry.Scheme {
	s := bodyHMAC(entry.Signature{Field: headers(name), Prefix: prefix, Encoding: enc})
	s.Algorithm = entry.HMACSHA1
	return s
}
