package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that follow Standard Webhooks: a signed id, a signed timestamp, and signatures for every active secret.

// standardHorizon is the length of the schedule that Standard Webhooks recommends: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h,
// 10 h, 14 h, 20 h, 24 h.
const standardHorizon = 76 * time.Hour

// svixHorizon is the length of Svix's own schedule, which is shorter: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
//
// https://docs.svix.com/retries
const svixHorizon = 28 * time.Hour

// svixAckLimit is how long Svix waits for an answer, by the same page.
const svixAckLimit = 15 * time.Second

// StandardWebhooks is any sender that follows the specification. The secret is base64, with or without "whsec_". For
// senders that sign with a key pair it is the public key, "whpk_" and base64.
//
// The prefix of what is configured says which signatures it verifies: secrets verify those of version v1, public keys
// those of v1a, and neither ever the other. A list may hold both while a sender moves from one to the other; remove the
// secret when the sender no longer signs with it.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func StandardWebhooks() core.Provider {
	return of(entry.Entry{
		Name: "standard-webhooks", Title: "Standard Webhooks", Confidence: "A",
		Docs:       "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
		Scheme:     withPublicKeys(standardScheme("Webhook-")),
		SecretFrom: "the sender's page for this endpoint",
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Webhook-Id"), Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		RetryHorizon: standardHorizon, AckLimit: 15 * time.Second,
	})
}

// Svix is any sender that uses Svix. The secret is the endpoint's signing secret ("whsec_..."), or its public key
// ("whpk_...") where the sender signs with a key pair. Both names of the headers are known, svix-* first; the names are
// never mixed within one delivery.
//
// https://docs.svix.com/receiving/verifying-payloads/how-manual
func Svix() core.Provider {
	return of(entry.Entry{
		Name: "svix", Title: "Svix", Confidence: "A",
		Docs:       "https://docs.svix.com/receiving/verifying-payloads/how-manual",
		SecretFrom: "the endpoint's page in the sender's webhook portal > Signing Secret",
		Scheme:     withPublicKeys(standardScheme("Svix-", "Webhook-")),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID:   []entry.Value{{Header: "Svix-Id"}, {Header: "Webhook-Id"}},
			Type: []entry.Value{{JSON: "/type"}, {JSON: "/eventType"}}, Data: "/data",
		},
		RetryHorizon: svixHorizon, AckLimit: svixAckLimit,
	})
}

// Resend is Resend's webhooks, which Svix sends, on Svix's schedule.
//
// https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests
// https://resend.com/docs/webhooks/retries-and-replays
func Resend() core.Provider {
	return of(entry.Entry{
		Name: "resend", Title: "Resend", Confidence: "A",
		Docs:       "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
		SecretFrom: "Webhooks > the webhook > Signing Secret",
		Scheme:     withPublicKeys(standardScheme("Svix-")),
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID: header("Svix-Id"), Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
		RetryHorizon: svixHorizon, AckLimit: svixAckLimit,
	})
}

// GitLab is a GitLab webhook with a signing token (GitLab 19.0 and newer). For the older secret token see
// [GitLabToken].
//
// A 4xx disables a GitLab webhook for good, so that a failed authentication is answered 503: a secret that was
// mistyped can be fixed. How long GitLab waits is the instance's setting, and whether it sends a failed delivery again
// by itself is not documented.
//
// https://docs.gitlab.com/user/project/integrations/webhooks/
func GitLab() core.Provider {
	return of(entry.Entry{
		Name: "gitlab", Title: "GitLab", Confidence: "B",
		Docs:       gitlabDocs,
		SecretFrom: "the webhook's settings > Signing token",
		Scheme:     standardScheme("Webhook-"),
		Unsigned:   []string{"event type (X-Gitlab-Event)"},
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{ID: header("Webhook-Id"), Type: header("X-Gitlab-Event"),
			Action: pointer("/object_attributes/action")},
		MaxBody: 25 << 20, AuthStatus: 503,
	})
}

const gitlabDocs = "https://docs.gitlab.com/user/project/integrations/webhooks/"

func standardScheme(families ...string) *entry.Scheme {
	named := func(suffix string) (f entry.Field) {
		for _, family := range families {
			f.Headers = append(f.Headers, family+suffix)
		}
		return f
	}
	id := named("Id")
	id.Grammar = entry.Token // the specification forbids the dot that separates the parts
	return &entry.Scheme{
		Algorithm: entry.HMACSHA256,
		Key:       entry.Key{Encoding: entry.Base64, Prefix: "whsec_"},
		Signature: entry.Signature{Field: named("Signature"), Layout: entry.Versioned, Name: "v1",
			Encoding: entry.Base64},
		// the time of the attempt, says the specification
		Timestamp: entry.Timestamp{Field: named("Timestamp"), Resigned: true},
		ID:        id,
		Signed: []entry.Part{entry.ID(), entry.Literal("."), entry.TimestampText(), entry.Literal("."),
			entry.Body()},
	}
}

// withPublicKeys adds version v1a of the specification: Ed25519 under a key of its own prefix.
func withPublicKeys(s *entry.Scheme) *entry.Scheme {
	s.Second = &entry.KeyKind{Algorithm: entry.Ed25519, Key: entry.Key{Encoding: entry.Base64, Prefix: "whpk_"},
		Name: "v1a"}
	return s
}
