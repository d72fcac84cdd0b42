package interop_test

import (
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	tokens "github.com/sallyport-go/sallyport/core/provider/jwt"
)

const clientKey = "client-key-of-this-test"

// TestTokens lets another JWT library than the one that the entries are built on check what webhooktest signs, and sign
// what the guard verifies. The claims are those of the senders' documentation, as are the checks that are no library's.
func TestTokens(t *testing.T) {
	t.Parallel()
	rows := []bearer{
		google(tokens.GooglePubSub(pusher())),
		google(tokens.GoogleEventarc(pusher())),
		{
			provider: tokens.Vonage(), header: "Authorization", scheme: "Bearer ", algorithm: jwa.HS256(), covers: true,
			claims: func(body []byte, at time.Time) map[string]any {
				return map[string]any{
					"iss": "Vonage", "iat": at.Unix(), "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
					"payload_hash": sha256Hex(string(body)),
					"api_key":      "a1b2c3d4", "application_id": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
				}
			},
			options: []jwt.ValidateOption{jwt.WithIssuer("Vonage"),
				jwt.WithMaxDelta(5*time.Minute, "", jwt.IssuedAtKey)},
			check: func(c jwt.Token, body []byte) bool { return claim(c, "payload_hash") == sha256Hex(string(body)) },
		},
		{
			provider: tokens.MessageBird(), header: "MessageBird-Signature-JWT", algorithm: jwa.HS256(), covers: true,
			claims: func(body []byte, at time.Time) map[string]any {
				all := map[string]any{
					"iss": "MessageBird", "nbf": at.Unix(), "exp": at.Add(time.Minute).Unix(), "jti": "a-token",
					"url_hash": sha256Hex(hooksURL),
				}
				if len(body) > 0 {
					all["payload_hash"] = sha256Hex(string(body))
				}
				return all
			},
			options: []jwt.ValidateOption{jwt.WithIssuer("MessageBird"), jwt.WithRequiredClaim("exp"),
				jwt.WithRequiredClaim("nbf"), jwt.WithAcceptableSkew(time.Second)},
			check: func(c jwt.Token, body []byte) bool {
				if claim(c, "url_hash") != sha256Hex(hooksURL) {
					return false
				}
				if len(body) == 0 {
					return !c.Has("payload_hash")
				}
				return claim(c, "payload_hash") == sha256Hex(string(body))
			},
			differences: []difference{
				{[]string{"another HMAC under what is configured"}, accept,
					"MessageBird's libraries take HS256, HS384 and HS512, and the row pins one"},
			},
		},
		{
			provider: tokens.Monday(hooksURL), header: "Authorization", algorithm: jwa.HS256(),
			claims: func(_ []byte, at time.Time) map[string]any {
				return map[string]any{
					"accountId": 1825529, "userId": 4012689, "aud": hooksURL, "shortLivedToken": "a-token",
					"iat": at.Unix(), "exp": at.Add(5 * time.Minute).Unix(),
				}
			},
			options: []jwt.ValidateOption{jwt.WithAudience(hooksURL), jwt.WithRequiredClaim("exp")},
		},
		{
			provider: tokens.Netlify(), header: "X-Webhook-Signature", algorithm: jwa.HS256(), covers: true,
			claims: func(body []byte, _ time.Time) map[string]any {
				return map[string]any{"iss": "netlify", "sha256": sha256Hex(string(body))}
			},
			options: []jwt.ValidateOption{jwt.WithIssuer("netlify")},
			check:   func(c jwt.Token, body []byte) bool { return claim(c, "sha256") == sha256Hex(string(body)) },
		},
		{
			provider: tokens.Plaid(), header: "Plaid-Verification", algorithm: jwa.ES256(), covers: true,
			claims: func(body []byte, at time.Time) map[string]any {
				return map[string]any{"iat": at.Unix(), "request_body_sha256": sha256Hex(string(body))}
			},
			options: []jwt.ValidateOption{jwt.WithMaxDelta(5*time.Minute, "", jwt.IssuedAtKey)},
			check: func(c jwt.Token, body []byte) bool {
				return claim(c,
					"request_body_sha256") == sha256Hex(string(body))
			},
		},
		{
			provider: tokens.JiraConnect(tokens.JiraConnectConfig{ClientKeys: []string{clientKey}}),
			header:   "Authorization", scheme: "JWT ", algorithm: jwa.HS256(), url: hooksURL + "?b=2&a=1+%2C&a=0",
			claims: func(_ []byte, at time.Time) map[string]any {
				return map[string]any{
					"iss": clientKey, "iat": at.Unix(), "exp": at.Add(3 * time.Minute).Unix(),
					"qsh": sha256Hex(`POST&/hooks/in&a=0,1%20%2C&b=2`),
				}
			},
			options: []jwt.ValidateOption{jwt.WithIssuer(clientKey), jwt.WithRequiredClaim("exp")},
			check: func(c jwt.Token, _ []byte) bool {
				return claim(c, "qsh") == sha256Hex(`POST&/hooks/in&a=0,1%20%2C&b=2`)
			},
		},
	}
	for _, b := range rows {
		b.peer().run(t)
	}
}
