package jwt

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Apps, and the token of a bank.

// JiraConnectConfig says whose tokens count, and where the app lives.
type JiraConnectConfig struct {
	// ClientKeys are those of the installations, as the "installed" callback reports them. Required. Each installation
	// has a shared secret of its own.
	ClientKeys []string
	// BasePath is the path of the app's baseUrl, "/connect", which the hash of the request leaves out. Default: none.
	BasePath string
}

// JiraConnect is the webhooks of an Atlassian Connect app. Secrets are the shared secrets of its installations.
//
// A token covers method, path and query (qsh), and nothing of the body: it says who sent it. The callbacks of the app's
// own life ("installed") are signed otherwise, and refused.
//
// https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/
func JiraConnect(c JiraConnectConfig) core.Provider {
	var mistakes []error
	if len(c.ClientKeys) == 0 || c.ClientKeys[0] == "" {
		mistakes = append(mistakes,
			errors.New("JiraConnectConfig.ClientKeys is empty; the installed callback reports them"))
	}
	if c.BasePath != "" && (c.BasePath[0] != '/' || strings.ContainsAny(c.BasePath, "?#% ")) {
		mistakes = append(mistakes,
			fmt.Errorf("JiraConnectConfig.BasePath %.100q is no path such as /connect", c.BasePath))
	}
	return made(entry.Entry{
		Name: "jira-connect", Title: "Jira (Connect)", Confidence: "B",
		Docs:       "https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/",
		SecretFrom: "the installed callback's sharedSecret",
		Unsigned:   []string{"the body: the token vouches for whoever sent it", "X-Atlassian-Webhook-Identifier"},
		Event: entry.Event{
			ID: header("X-Atlassian-Webhook-Identifier"), Type: pointer("/webhookEvent"), Time: pointer("/timestamp"),
			TimeUnit: entry.Milliseconds,
		},
	}, &mechanism{
		header: "Authorization", scheme: "JWT", algorithms: []string{"HS256"},
		issuers: append([]string{}, c.ClientKeys...), expires: true, issued: true, time: "iat", leeway: leeway,
		qsh: &queryHash{basePath: strings.TrimSuffix(c.BasePath, "/")}, covers: "{method}, {path}",
	}, errors.Join(mistakes...))
}

// JiraOAuth is the dynamic webhooks of an OAuth 2.0 (3LO) app, registered through Jira's REST API. The secret is the
// app's client secret.
//
// A token covers nothing of the body, and no part of the request: it says who sent it, until it expires. Webhooks
// with a secret of their own are the entry jira, those of Connect apps jira-connect.
//
// Jira tries again on 408, 409, 425, 429 and 5xx only, so that a failed authentication is answered 503.
//
// https://developer.atlassian.com/cloud/jira/platform/webhooks/#webhooks-authentication-for-oauth-2-0-apps
func JiraOAuth() core.Provider {
	return of(entry.Entry{
		Name: "jira-oauth", Title: "Jira Cloud (OAuth 2.0 app)", Confidence: "B",
		Addresses:  "https://ip-ranges.atlassian.com/ (sources.Atlassian)",
		Docs:       "https://developer.atlassian.com/cloud/jira/platform/webhooks/#webhooks-authentication-for-oauth-2-0-apps",
		SecretFrom: "developer.atlassian.com > the app > Settings > Secret",
		Unsigned:   []string{"the body: the token vouches for whoever sent it", "X-Atlassian-Webhook-Identifier"},
		Event: entry.Event{
			ID: header("X-Atlassian-Webhook-Identifier"), Type: pointer("/webhookEvent"), Time: pointer("/timestamp"),
			TimeUnit: entry.Milliseconds, Attempt: header("X-Atlassian-Webhook-Retry"), AttemptBase: 1,
		},
		RetryHorizon: 30 * time.Minute, AuthStatus: 503, Answers: entry.Answers{TooLarge: entry.Answer{Status: 503}},
	}, &mechanism{
		header: "Authorization", scheme: "Bearer", algorithms: []string{"HS256"},
		expires: true, issued: true, time: "iat", leeway: leeway, covers: "the sender",
	})
}

// Monday is the webhooks of a monday.com app. The secret is the app's Signing Secret; for the webhooks of the app's own
// life it is the Client Secret. The audience is the endpoint's URL as it is registered at monday.com. Webhooks that are
// made by hand on a board are not signed, and refused.
//
// A token covers nothing of the body: it says who sent it.
//
// https://developer.monday.com/apps/docs/authorization-header
func Monday(audience string) core.Provider {
	var err error
	if u, parsed := url.Parse(audience); parsed != nil || u.Scheme != "https" || u.Host == "" {
		err = fmt.Errorf("Monday needs the endpoint's URL as it is registered at monday.com, and %.100q is none",
			audience)
	}
	return made(entry.Entry{
		Name: "monday", Title: "monday.com", Confidence: "B",
		Docs:       "https://developer.monday.com/apps/docs/authorization-header",
		SecretFrom: "the app's Basic Information > Signing Secret",
		Unsigned:   []string{"the body: the token vouches for whoever sent it"},
		Event:      entry.Event{Type: pointer("/event/type"), Data: "/event"},
		// The URL is tried with a challenge, which may come before the app signs anything.
		Handshakes: []entry.Handshake{
			{Proved: true, Method: "POST", EchoJSON: "/challenge", Answer: `{"challenge":"{challenge}"}`,
				ContentType: "application/json", When: "when the webhook is created"},
			{Unsigned: true, Method: "POST", EchoJSON: "/challenge", Answer: `{"challenge":"{challenge}"}`,
				ContentType: "application/json", When: "when the webhook is created"},
		},
	}, &mechanism{
		header: "Authorization", algorithms: []string{"HS256"},
		audiences: []string{audience}, expires: true, issued: true, time: "iat", leeway: leeway, covers: "the sender",
	}, err)
}

// Netlify is Netlify's outgoing webhooks with a JWS secret token, which is the secret.
//
// Nothing in a delivery says when it was sent.
//
// https://docs.netlify.com/site-deploys/notifications/#payload-signature
func Netlify() core.Provider {
	return of(entry.Entry{
		Name: "netlify", Title: "Netlify", Confidence: "B",
		Docs:       "https://docs.netlify.com/site-deploys/notifications/#payload-signature",
		SecretFrom: "the notification's JWS secret token",
		Event:      entry.Event{Type: pointer("/state"), Time: pointer("/updated_at"), TimeUnit: entry.RFC3339},
	}, &mechanism{
		header: "X-Webhook-Signature", algorithms: []string{"HS256"},
		issuers: []string{"netlify"}, leeway: leeway, bodyHash: "sha256", covers: "{body}",
	})
}

// Plaid is Plaid's webhooks. Config.Keys is that of keys.Plaid, which asks Plaid's API for each key with your client id
// and secret.
//
// Plaid retries for 24 hours, and asks receivers to refuse tokens older than five minutes: each attempt has a token of
// its own.
//
// Plaid's events have no id, and some repeat byte for byte, so that a delivery is remembered by its token: a replay
// does not run again, and a retry does if Plaid signs it again. What the tokens of one delivery have in common is
// documented nowhere.
//
// https://plaid.com/docs/api/webhooks/webhook-verification/
// https://support.plaid.com/hc/en-us/articles/40390675922967-Can-Plaid-re-push-failed-or-missed-webhook-events
func Plaid() core.Provider {
	return of(entry.Entry{
		Name: "plaid", Title: "Plaid", Confidence: "B",
		Docs:       "https://plaid.com/docs/api/webhooks/webhook-verification/",
		SecretFrom: "Plaid's /webhook_verification_key/get, in PEM, for keys at hand; usually Keys asks for them",
		Scheme:     &entry.Scheme{Timestamp: entry.Timestamp{Resigned: true}},
		Identity:   entry.Identity{Kind: entry.BySigned},
		Event:      entry.Event{Type: pointer("/webhook_type"), Action: pointer("/webhook_code")},

		RetryHorizon: 24 * time.Hour, AckLimit: 10 * time.Second,
	}, &mechanism{
		header: "Plaid-Verification", algorithms: []string{"ES256"}, keyless: true,
		issued: true, time: "iat", leeway: leeway,
		bodyHash: "request_body_sha256", signed: inputHash, covers: "{body}",
	})
}
