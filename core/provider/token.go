package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign nothing and present a shared secret as it is. It vouches for the whole request, and stays as good
// as the channel it came through: TLS is all that keeps it.

// GitLabToken is a GitLab webhook with a secret token (X-Gitlab-Token). Prefer the signing token, see [GitLab], which
// also says why a failed authentication is answered 503.
//
// https://docs.gitlab.com/user/project/integrations/webhooks/
func GitLabToken() core.Provider {
	return of(entry.Entry{
		Name: "gitlab-token", Title: "GitLab (secret token)", Confidence: "A",
		Docs:       gitlabDocs,
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-Gitlab-Token"},
		Unsigned:   []string{"everything: the token is a shared secret"},
		// A feature flag is switched on, off and on with equal bodies, and a body may be your own template. The key is
		// kept over resends, and the token vouches for it as much as for the body.
		Identity: entry.Identity{Apart: []entry.Apart{{
			Headers: []string{"Idempotency-Key", "X-Gitlab-Event-Uuid"},
			Why:     "`feature_flag`, `tag_push` of one commit, and those with a template of your own",
		}}},
		Event: entry.Event{ID: []entry.Value{{Header: "Idempotency-Key"}, {Header: "X-Gitlab-Event-Uuid"}},
			Type: header("X-Gitlab-Event"), Action: pointer("/object_attributes/action")},
		MaxBody: 25 << 20, AuthStatus: 503,
	})
}

// Postmark is Postmark's webhooks, which present HTTP Basic credentials from the URL you register. Secrets are pairs
// "user:password".
//
// Postmark stops at a 403 and sends again what was refused otherwise. Inbound messages are retried for ten and a half
// hours, other events not longer.
//
// https://postmarkapp.com/developer/webhooks/webhooks-overview
// https://postmarkapp.com/support/article/understanding-inbound-webhook-retries-in-postmark
func Postmark() core.Provider {
	return of(entry.Entry{
		Name: "postmark", Title: "Postmark", Confidence: "B",
		Addresses:  "https://postmarkapp.com/support/article/800-ips-for-firewalls",
		Docs:       "https://postmarkapp.com/developer/webhooks/webhooks-overview",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   []string{"everything: the credential is a shared secret"},
		Event: entry.Event{
			// A bounce has an id of its own. MessageID is the id of an inbound message, and else that of the message
			// sent.
			ID:     []entry.Value{{JSON: "/ID"}, {JSON: "/MessageID", With: "/FromFull"}},
			Type:   []entry.Value{{JSON: "/RecordType"}, {JSON: "/FromFull", Const: "Inbound"}},
			Action: pointer("/Type"),
			Time: []entry.Value{
				{JSON: "/DeliveredAt"}, {JSON: "/BouncedAt"}, {JSON: "/ReceivedAt"}, {JSON: "/ChangedAt"},
			},
			TimeUnit: entry.RFC3339,
		},
		MaxBody: inboundMail, RetryHorizon: 11 * time.Hour,
	})
}

// Telegram is the updates of a Telegram bot. The secret is the secret_token you gave to setWebhook: 1 to 256 characters
// of A-Z a-z 0-9 _ and -, of which 16 are the least that is accepted here. Telegram repeats what is not answered 2xx "a
// reasonable amount of attempts".
//
// https://core.telegram.org/bots/api#setwebhook
func Telegram() core.Provider {
	return of(entry.Entry{
		Name: "telegram", Title: "Telegram", Confidence: "B",
		Addresses:  "149.154.160.0/20 and 91.108.4.0/22, by https://core.telegram.org/bots/webhooks",
		Docs:       "https://core.telegram.org/bots/api#setwebhook",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-Telegram-Bot-Api-Secret-Token"},
		Unsigned:   []string{"everything: the token is a shared secret"},
		Event:      entry.Event{ID: pointer("/update_id"), Type: []entry.Value{{FirstKey: "update_id"}}},
	})
}

// Basic is a sender that presents HTTP Basic credentials (RFC 7617). Secrets are pairs "user:password".
func Basic() core.Provider {
	return of(entry.Entry{
		Name: "basic", Title: "HTTP Basic", Confidence: "A", OfOnesOwn: true,
		Docs:       "https://www.rfc-editor.org/rfc/rfc7617",
		Credential: entry.Credential{Kind: entry.Basic},
		Unsigned:   []string{"everything: the credential is a shared secret"},
		Event:      commonEvent(),
	})
}

// Bearer is a sender that presents a bearer token (RFC 6750).
func Bearer() core.Provider {
	return of(entry.Entry{
		Name: "bearer", Title: "Bearer token", Confidence: "A", OfOnesOwn: true,
		Docs:       "https://www.rfc-editor.org/rfc/rfc6750",
		Credential: entry.Credential{Kind: entry.Bearer},
		Unsigned:   []string{"everything: the credential is a shared secret"},
		Event:      commonEvent(),
	})
}

// Token is a sender that presents a shared secret in a header of its own. Its name is "token".
func Token(headerName string) core.Provider {
	return of(entry.Entry{
		Name: "token", Title: "Header token", Confidence: "A", OfOnesOwn: true,
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: headerName},
		Unsigned:   []string{"everything: the credential is a shared secret"},
		Event:      commonEvent(),
	})
}

// commonEvent reads what most JSON events call these things; nothing is decided by them.
func commonEvent() entry.Event {
	return entry.Event{ID: pointer("/id"), Type: []entry.Value{{JSON: "/type"}, {JSON: "/event"}}}
}
