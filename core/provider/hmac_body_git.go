package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Hosts of source code that sign the raw body and nothing else.

// GitHubStyle is any sender that signs as GitHub does, under GitHub's header names. What else it sends, and how often,
// is the sender's; for GitHub itself use [GitHub].
//
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func GitHubStyle() core.Provider {
	return of(entry.Entry{
		Name: "github-style", Title: "GitHub's scheme", Confidence: "A",
		Docs:     "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		Scheme:   prefixedHMAC("X-Hub-Signature-256"),
		Unsigned: []string{"event type (X-GitHub-Event)", "delivery id (X-GitHub-Delivery)", "time"},
		Identity: githubIdentity(),
		Event: entry.Event{
			ID: header("X-Github-Delivery"), Type: header("X-Github-Event"), Action: pointer("/action"),
			PayloadForm: "payload",
		},
	})
}

// Bitbucket is a webhook of Bitbucket Cloud. Its header has the name of GitHub's old one and carries SHA-256.
//
// Only a 5xx is tried again, twice more, so that a failed authentication is answered 503: a secret that was mistyped
// can be fixed. A payload is at most 256 KB.
//
// https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
// https://support.atlassian.com/bitbucket-cloud/docs/troubleshoot-webhooks/
func Bitbucket() core.Provider {
	return of(entry.Entry{
		Name: "bitbucket", Title: "Bitbucket Cloud", Confidence: "A",
		Addresses: "https://ip-ranges.atlassian.com/ (sources.Atlassian)",
		Docs:      "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
		Scheme:    prefixedHMAC("X-Hub-Signature"),
		Unsigned: []string{"event type (X-Event-Key)", "delivery id (X-Request-UUID)", "attempt (X-Attempt-Number)",
			"time"},
		Event: entry.Event{
			ID: header("X-Request-Uuid"), Type: header("X-Event-Key"), Attempt: header("X-Attempt-Number"),
		},
		AckLimit: 10 * time.Second, AuthStatus: 503, Drops4xx: true,
	})
}

// BitbucketServer is a webhook of Bitbucket Server or Data Center. After five failures the instance skips the webhook
// for a while, and what happens meanwhile is not sent.
//
// https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html
func BitbucketServer() core.Provider {
	return of(entry.Entry{
		Name: "bitbucket-server", Title: "Bitbucket Data Center", Confidence: "B",
		Docs:   "https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html",
		Scheme: prefixedHMAC("X-Hub-Signature"),
		Unsigned: []string{"event type in its header (X-Event-Key); the body's is used where it has one",
			"request id (X-Request-Id)", "time"},
		Event: entry.Event{ID: header("X-Request-Id"),
			Type: []entry.Value{{JSON: "/eventKey"}, {Header: "X-Event-Key"}}},
		// "Test connection" is not signed, although a secret is set. Every event has a date.
		Handshakes: []entry.Handshake{diagnosticsPing(false), diagnosticsPing(true)},
	})
}

func diagnosticsPing(signed bool) entry.Handshake {
	return entry.Handshake{
		Method: "POST", Proved: signed, Unsigned: !signed,
		WhenHeaders: [][2]string{{"X-Event-Key", "diagnostics:ping"}},
		WhenJSON:    "/test", WhenEquals: "true", LacksJSON: "/date", When: "at \"Test connection\"",
	}
}

// Gitea is a webhook of Gitea. Of a form Gitea signs the value of the field payload, and not the body. A delivery is
// tried once; the webhook's page sends it again.
//
// https://docs.gitea.com/usage/webhooks
func Gitea() core.Provider {
	return of(entry.Entry{
		Name: "gitea", Title: "Gitea", Confidence: "A",
		Docs:     "https://docs.gitea.com/usage/webhooks",
		Scheme:   payloadHMAC("X-Gitea-Signature"),
		Unsigned: []string{"event type (X-Gitea-Event)", "delivery id (X-Gitea-Delivery)", "time"},
		Event: entry.Event{
			ID: header("X-Gitea-Delivery"), Type: header("X-Gitea-Event"), Action: pointer("/action"),
			PayloadForm: "payload",
		},
		NeverRetries: true,
	})
}

// Forgejo is a webhook of Forgejo; what is said of [Gitea] holds here.
//
// https://forgejo.org/docs/latest/user/webhooks/
func Forgejo() core.Provider {
	return of(entry.Entry{
		Name: "forgejo", Title: "Forgejo", Confidence: "B",
		Docs: "https://forgejo.org/docs/latest/user/webhooks/",
		// Both names carry one value; versions before the fork's own names have Gitea's only.
		Scheme:   payloadHMAC("X-Forgejo-Signature", "X-Gitea-Signature"),
		Unsigned: []string{"event type (X-Forgejo-Event)", "delivery id (X-Forgejo-Delivery)", "time"},
		Event: entry.Event{
			ID:     []entry.Value{{Header: "X-Forgejo-Delivery"}, {Header: "X-Gitea-Delivery"}},
			Type:   []entry.Value{{Header: "X-Forgejo-Event"}, {Header: "X-Gitea-Event"}},
			Action: pointer("/action"), PayloadForm: "payload",
		},
		NeverRetries: true,
	})
}

// Gogs is a webhook of Gogs; what is said of [Gitea] holds here.
//
// https://gogs.io/advancing/webhooks
func Gogs() core.Provider {
	return of(entry.Entry{
		Name: "gogs", Title: "Gogs", Confidence: "A",
		Docs:     "https://gogs.io/advancing/webhooks",
		Scheme:   payloadHMAC("X-Gogs-Signature"),
		Unsigned: []string{"event type (X-Gogs-Event)", "delivery id (X-Gogs-Delivery)", "time"},
		Event: entry.Event{
			ID: header("X-Gogs-Delivery"), Type: header("X-Gogs-Event"), Action: pointer("/action"),
			PayloadForm: "payload",
		},
		NeverRetries: true,
	})
}

// payloadHMAC is hexHMAC of a sender that signs the payload of a form, and not the form.
func payloadHMAC(names ...string) *entry.Scheme {
	s := hexHMAC(names...)
	s.Signed = []entry.Part{{Kind: entry.PartPayload, Text: "payload"}}
	return s
}
