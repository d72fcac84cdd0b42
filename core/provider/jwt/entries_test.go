package jwt_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func traits(p core.Provider) entry.CustomTraits {
	e, _ := entry.Of(p)
	return e.Scheme.Custom.Traits()
}

// keySet is what a provider signs with, another one, what is configured for the first and for a third.
type keySet struct{ configured, right, wrong, other string }

func keysOf(p core.Provider) keySet {
	if traits(p).Pair == 0 {
		return keySet{secret, secret, otherSecret, "a-third-secret-of-this-test-as-well"}
	}
	public, private := webhooktest.KeyPair(p)
	other, wrong := webhooktest.KeyPair(p)
	return keySet{public, private, wrong, other}
}

func signedRequest(t testing.TB, p core.Provider, key, body string) *http.Request {
	t.Helper()
	return webhooktest.NewRequest(p, key, hook, body, time.Unix(now, 0))
}

func TestRecordedMessageBirdDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsOf(t, "testdata/vectors/messagebird.json", 12) {
		if v.Secret == "" {
			v.Secret = secret
		}
		r := httptest.NewRequest(v.Method, v.URL, strings.NewReader(string(v.Body)))
		for name, value := range v.Headers {
			r.Header.Set(name, value)
		}
		for _, url := range []string{"", v.URL} { // as the request has it, and as it is configured
			g := guardAt(t, jwt.MessageBird(), []string{v.Secret}, nil, time.Unix(v.Now, 0), url)
			r.Body = http.NoBody
			if len(v.Body) > 0 {
				r.Body = readCloser(string(v.Body))
			}
			require.Equal(t, v.Expect == "valid", reasonOf(g, r.Clone(t.Context())) == "", "%s: %s", v.ID, v.Note)
		}
		g := guardAt(t, jwt.MessageBird(), []string{v.Secret}, nil, time.Unix(v.Now, 0),
			"https://example.com/elsewhere")
		r.Body = readCloser(string(v.Body))
		require.NotEmpty(t, reasonOf(g, r.Clone(t.Context())), "%s at another URL", v.ID)
	}
}

func TestMessageBirdsTimes(t *testing.T) {
	t.Parallel()
	token := func(nbf, exp int64) string {
		return hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":"MessageBird","nbf":%d,"exp":%d,"jti":"j","url_hash":%q}`, nbf, exp, hash256(hook)))
	}
	g := guardOf(t, jwt.MessageBird(), []string{secret}, nil)
	for _, row := range []struct {
		nbf, exp int64
		want     reason.Reason
	}{
		{now, now + 60, ""}, {now + 1, now + 60, ""}, {now + 2, now + 60, reason.Early}, {now - 59, now, ""},
		{now - 61, now - 1, reason.Stale}, {now - 400, now + 60, reason.Stale},
	} {
		require.Equal(t, row.want, reasonOf(g, post("MessageBird-Signature-JWT", token(row.nbf, row.exp), "")), "%+v",
			row)
	}
	noExp := hs256(secret, plainHeader, fmt.Sprintf(`{"iss":"MessageBird","nbf":%d,"url_hash":%q}`, now, hash256(hook)))
	require.Equal(t, reason.MissingTimestamp, reasonOf(g, post("MessageBird-Signature-JWT", noExp, "")))
	noNbf := hs256(secret, plainHeader,
		fmt.Sprintf(`{"iss":"MessageBird","exp":%d,"url_hash":%q}`, now+60, hash256(hook)))
	require.Equal(t, reason.MissingTimestamp, reasonOf(g, post("MessageBird-Signature-JWT", noNbf, "")))
	for _, alg := range []string{"HS256", "HS512"} {
		h := hs256
		if alg == "HS512" {
			h = hs512
		}
		claims := fmt.Sprintf(`{"iss":"MessageBird","nbf":%d,"exp":%d,"url_hash":%q}`, now, now+60, hash256(hook))
		require.Empty(t, reasonOf(g, post("MessageBird-Signature-JWT", h(secret, `{"alg":"`+alg+`"}`, claims), "")))
	}
}

func googleClaims(changes ...string) string {
	claims := fmt.Sprintf(`{"aud":%q,"azp":"1","email":%q,"sub":"1","email_verified":true,"exp":%d,"iat":%d,"iss":"https://accounts.google.com"}`, hook, account, now+3600, now)
	for i := 0; i < len(changes); i += 2 {
		claims = strings.Replace(claims, changes[i], changes[i+1], 1)
	}
	return claims
}

func TestGooglesTokens(t *testing.T) {
	t.Parallel()
	key, other := rsaOnce()[0], rsaOnce()[1]
	source, err := keys.Static(map[string]crypto.PublicKey{"k1": key.Public()})
	require.NoError(t, err)
	const head = `{"alg":"RS256","kid":"k1","typ":"JWT"}`
	sign := func(claims string) string { return "Bearer " + rs256(t, key, head, claims) }
	rows := []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", sign(googleClaims()), ""},
		{"the issuer without its scheme", sign(googleClaims("https://accounts.google.com", "accounts.google.com")), ""},
		{"an audience in a list", sign(googleClaims(fmt.Sprintf("%q", hook), fmt.Sprintf("[%q]", hook))), ""},
		{"an hour old, used again",
			sign(googleClaims(fmt.Sprint(now+3600), fmt.Sprint(now+1), fmt.Sprintf(`"iat":%d`, now),
				fmt.Sprintf(`"iat":%d`, now-3599))), ""},
		{"older, though it has not expired",
			sign(googleClaims(fmt.Sprintf(`"iat":%d`, now), fmt.Sprintf(`"iat":%d`, now-4000))), reason.Stale},
		{"expired", sign(googleClaims(fmt.Sprint(now+3600), fmt.Sprint(now-30))), reason.Stale},
		{"no exp", sign(googleClaims(fmt.Sprintf(`"exp":%d,`, now+3600), "")), reason.MissingTimestamp},
		{"no iat", sign(googleClaims(fmt.Sprintf(`"iat":%d,`, now), "")), reason.MissingTimestamp},
		{"issued in the future", sign(googleClaims(fmt.Sprintf(`"iat":%d`, now), fmt.Sprintf(`"iat":%d`, now+400))),
			reason.Early},
		{"another issuer", sign(googleClaims("accounts.google.com", "accounts.google.com.evil.example")),
			reason.WrongRecipient},
		{"another audience", sign(googleClaims(hook, "https://example.com/other")), reason.WrongRecipient},
		{"an audience that begins alike", sign(googleClaims(hook, hook+"/")), reason.WrongRecipient},
		{"an audience in a list of others", sign(googleClaims(fmt.Sprintf("%q", hook), `["a","b"]`)),
			reason.WrongRecipient},
		{"an empty audience", sign(googleClaims(fmt.Sprintf("%q", hook), `""`)), reason.WrongRecipient},
		{"an audience that is a number", sign(googleClaims(fmt.Sprintf("%q", hook), `1`)), reason.MalformedSignature},
		{"an audience that is null", sign(googleClaims(fmt.Sprintf("%q", hook), `null`)), reason.MalformedSignature},
		{"no audience", sign(googleClaims(`"aud"`, `"x"`)), reason.WrongRecipient},
		{"another account of Google's", sign(googleClaims(account, "evil@evil.iam.gserviceaccount.com")),
			reason.WrongRecipient},
		{"an account that was not verified", sign(googleClaims("true", "false")), reason.WrongRecipient},
		{"an account that is verified by a text", sign(googleClaims("true", `"true"`)), reason.WrongRecipient},
		{"no account", sign(googleClaims(`"email"`, `"mail"`)), reason.WrongRecipient},
		{"another key under the kid", "Bearer " + rs256(t, other, head, googleClaims()), reason.BadSignature},
		{"an unknown kid", "Bearer " + rs256(t, key, `{"alg":"RS256","kid":"k2"}`, googleClaims()),
			reason.BadSignature},
		{"no kid", "Bearer " + rs256(t, key, `{"alg":"RS256"}`, googleClaims()), reason.MalformedSignature},
		{"HS256 under the public key", "Bearer " +
			hs256(publicPEM(t, key.Public()), `{"alg":"HS256","kid":"k1"}`, googleClaims()), reason.MalformedSignature},
		{"HS256 said to be RS256", "Bearer " + hs256(publicPEM(t, key.Public()), head, googleClaims()),
			reason.BadSignature},
	}
	for _, p := range []core.Provider{jwt.GooglePubSub(google()), jwt.GoogleEventarc(google())} {
		g := guardOf(t, p, nil, source)
		for _, row := range rows {
			require.Equal(t, row.want, reasonOf(g, post("Authorization", row.value, `{"message":{"messageId":"1"}}`)),
				row.name)
		}
	}

	d, reply := guardOf(t, jwt.GooglePubSub(google()), nil, source).Receive(httptest.NewRecorder(),
		post("Authorization", sign(googleClaims()),
			`{"message":{"messageId":"7","publishTime":"2026-03-01T12:00:00Z","data":"aGk="},"subscription":"s",`+
				`"deliveryAttempt":3}`), adapter.Inbound{})
	require.Nil(t, reply)
	e := d.Events()[0]
	require.Equal(t, []any{"7", 3, `"aGk="`, "fetched"}, []any{e.ID, e.Attempt, string(e.Data), e.Secret})
	require.False(t, e.Authenticated.ID, "the token covers nothing of the body")

	for _, c := range []jwt.GoogleConfig{
		{}, {Audience: hook}, {ServiceAccounts: []string{account}},
		{Audience: hook, ServiceAccounts: []string{"me@gmail.com"}},
		{Audience: hook, ServiceAccounts: []string{"@x.gserviceaccount.com"}},
		{Audience: hook, ServiceAccounts: []string{""}},
	} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: jwt.GooglePubSub(c), Keys: source,
			Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, "GoogleConfig")
	}
}

// downSource has no key now.
type downSource struct{}

func (downSource) Key(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("no answer")
}

// oddSource has a key that the provider would never have.
type oddSource struct{ key crypto.PublicKey }

func (s oddSource) Key(context.Context, string) (crypto.PublicKey, error) { return s.key, nil }

func TestSourcesThatFail(t *testing.T) {
	t.Parallel()
	p := jwt.GooglePubSub(google())
	value := "Bearer " + rs256(t, rsaOnce()[0], `{"alg":"RS256","kid":"k1"}`, googleClaims())
	require.Equal(t, reason.KeysUnavailable,
		reasonOf(guardOf(t, p, nil, downSource{}), post("Authorization", value, "")))
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	for _, key := range []crypto.PublicKey{nil, "key", []byte("key"), ecKey(t).Public(), small.Public()} {
		require.Equal(t, reason.BadSignature,
			reasonOf(guardOf(t, p, nil, oddSource{key}), post("Authorization", value, "")), "%T", key)
	}
	weak := "Bearer " + rs256(t, small, `{"alg":"RS256","kid":"k1"}`, googleClaims())
	require.Equal(t, reason.BadSignature,
		reasonOf(guardOf(t, p, nil, oddSource{small.Public()}), post("Authorization", weak, "")), "its own weak key")
	require.Equal(t, reason.BadSignature, reasonOf(guardOf(t, jwt.Plaid(), nil, oddSource{rsaOnce()[0].Public()}),
		post("Plaid-Verification", es256(t, ecKey(t), `{"alg":"ES256","kid":"k1"}`, fmt.Sprintf(`{"iat":%d}`, now)),
			"")))
}

func TestPlaid(t *testing.T) {
	t.Parallel()
	key, other := ecKey(t), ecKey(t)
	const body = `{"webhook_type":"TRANSACTIONS","webhook_code":"SYNC_UPDATES_AVAILABLE","item_id":"i"}`
	point, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	jwk := func(expired string) []byte {
		return []byte(fmt.Sprintf(`{"alg":"ES256","created_at":1560466143,"crv":"P-256","expired_at":%s,"kid":"k1",`+
			`"kty":"EC","use":"sig","x":%q,"y":%q}`, expired, base64.RawURLEncoding.EncodeToString(point[1:33]),
			base64.RawURLEncoding.EncodeToString(point[33:])))
	}
	asked := []string{}
	answer := jwk("null")
	source, err := keys.Plaid(func(_ context.Context, kid string) ([]byte, error) {
		asked = append(asked, kid)
		switch kid {
		case "k1":
			return answer, nil
		case "down":
			return nil, errors.New("no answer")
		}
		return nil, keys.ErrUnknownKey
	}, keys.Options{})
	require.NoError(t, err)
	g := guardOf(t, jwt.Plaid(), nil, source)
	claims := fmt.Sprintf(`{"iat":%d,"request_body_sha256":%q}`, now, hash256(body))
	const head = `{"alg":"ES256","kid":"k1","typ":"JWT"}`
	rows := []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", es256(t, key, head, claims), ""},
		{"again", es256(t, key, head, claims), ""},
		{"another key", es256(t, other, head, claims), reason.BadSignature},
		{"an unknown kid", es256(t, key, `{"alg":"ES256","kid":"k2"}`, claims), reason.BadSignature},
		{"the same again", es256(t, key, `{"alg":"ES256","kid":"k2"}`, claims), reason.BadSignature},
		{"a kid that cannot be asked for", es256(t, key, `{"alg":"ES256","kid":"../k1"}`, claims), reason.BadSignature},
		{"a key that cannot be had", es256(t, key, `{"alg":"ES256","kid":"down"}`, claims), reason.KeysUnavailable},
		{"HS256", hs256(secret, `{"alg":"HS256","kid":"k1"}`, claims), reason.MalformedSignature},
		{"RS256", rs256(t, rsaOnce()[0], `{"alg":"RS256","kid":"k1"}`, claims), reason.MalformedSignature},
		{"five minutes old", es256(t, key, head, strings.Replace(claims, fmt.Sprint(now), fmt.Sprint(now-300), 1)), ""},
		{"older", es256(t, key, head, strings.Replace(claims, fmt.Sprint(now), fmt.Sprint(now-301), 1)), reason.Stale},
		{"another body", es256(t, key, head, strings.Replace(claims, hash256(body), hash256("{}"), 1)),
			reason.BadSignature},
		{"no time", es256(t, key, head, strings.Replace(claims, "iat", "jat", 1)), reason.MissingTimestamp},
		// r and s of 0, and a signature in another form.
		{"r and s of 0", strings.Join(strings.Split(es256(t, key, head, claims), ".")[:2], ".") + "." +
			base64.RawURLEncoding.EncodeToString(make([]byte, 64)), reason.BadSignature},
		{"a short signature", strings.Join(strings.Split(es256(t, key, head, claims), ".")[:2], ".") + ".AAAA",
			reason.BadSignature},
	}
	for _, row := range rows {
		require.Equal(t, row.want, reasonOf(g, post("Plaid-Verification", row.value, body)), row.name)
	}
	require.Equal(t, []string{"k1", "k2", "down"}, asked, "each key is asked for once")

	answer = jwk("1700000000")
	source, err = keys.Plaid(func(context.Context, string) ([]byte, error) { return answer, nil }, keys.Options{})
	require.NoError(t, err)
	g = guardOf(t, jwt.Plaid(), nil, source)
	require.Equal(t, reason.BadSignature, reasonOf(g, post("Plaid-Verification", rows[0].value, body)),
		"a key that has expired")
	for _, odd := range []string{"", "{}", "[]", `{"kty":"oct","k":"AAAA"}`,
		strings.Replace(string(jwk("null")), `"k1"`, `"k9"`, 1), strings.Repeat("x", 100_000)} {
		source, err = keys.Plaid(func(context.Context, string) ([]byte, error) { return []byte(odd), nil },
			keys.Options{})
		require.NoError(t, err)
		require.NotEmpty(t, reasonOf(guardOf(t, jwt.Plaid(), nil, source),
			post("Plaid-Verification", rows[0].value, body)), "%.20q", odd)
	}
}

// TestAPlaidDeliveryIsRememberedByItsToken: Plaid's notices repeat byte for byte, and a replay has the same token.
func TestAPlaidDeliveryIsRememberedByItsToken(t *testing.T) {
	t.Parallel()
	p := jwt.Plaid()
	k := keysOf(p)
	g := guardOf(t, p, []string{k.configured}, nil)
	identity := func(r *http.Request) string {
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity.String()
	}
	first := signedRequest(t, p, k.right, "{}")
	value := first.Header.Get("Plaid-Verification")
	one := identity(first)
	require.Equal(t, one, identity(post("Plaid-Verification", value, "{}")))
	require.NotEqual(t, one, identity(webhooktest.NewRequest(p, k.right, hook, "{}", time.Unix(now+1, 0))))
}

func TestJiraConnectHashesTheRequest(t *testing.T) {
	t.Parallel()
	token := func(qsh, iss string) string {
		return "JWT " + hs256(secret, plainHeader,
			fmt.Sprintf(`{"iss":%q,"iat":%d,"exp":%d,"qsh":%q}`, iss, now, now+180, qsh))
	}
	rows := []struct {
		name, base, method, url, canonical string
		fits                               bool
	}{
		{"no query", "", "POST", "https://example.com/hooks", "POST&/hooks&", true},
		{"the root", "", "POST", "https://example.com/", "POST&/&", true},
		{"a slash at the end", "", "POST", "https://example.com/hooks/", "POST&/hooks&", true},
		{"sorted", "", "POST", "https://example.com/hooks?b=2&a=1", "POST&/hooks&a=1&b=2", true},
		{"sorted by name, not by the pair", "", "POST", "https://example.com/h?a-b=1&a=2", "POST&/h&a=2&a-b=1", true},
		{"repeated values", "", "POST", "https://example.com/hooks?a=2&a=1&a=10", "POST&/hooks&a=1,10,2", true},
		{"encoded", "", "POST", "https://example.com/hooks?q=a+b%2Cc&x=%7e", "POST&/hooks&q=a%20b%2Cc&x=~", true},
		{"jwt left out", "", "POST", "https://example.com/hooks?jwt=abc&a=1", "POST&/hooks&a=1", true},
		{"an ampersand in the path", "", "POST", "https://example.com/a&b=c?x=y", "POST&/a%26b=c&x=y", true},
		{"the base left out", "/connect", "POST", "https://example.com/connect/hooks", "POST&/hooks&", true},
		{"the base alone", "/connect", "POST", "https://example.com/connect", "POST&/&", true},
		{"a path that begins like the base", "/connect", "POST", "https://example.com/connected/hooks",
			"POST&ed/hooks&", false},
		{"the base with its slash", "/connect/", "POST", "https://example.com/connect/hooks", "POST&/hooks&", true},
		{"outside of the base", "/connect", "POST", "https://example.com/hooks", "POST&/hooks&", false},
		{"the base not left out", "/connect", "POST", "https://example.com/connect/hooks", "POST&/connect/hooks&",
			false},
		{"another method", "", "POST", "https://example.com/hooks", "GET&/hooks&", false},
		{"another path", "", "POST", "https://example.com/hooks", "POST&/hook&", false},
		{"a parameter more", "", "POST", "https://example.com/hooks?a=1", "POST&/hooks&", false},
	}
	for _, row := range rows {
		p := jwt.JiraConnect(jwt.JiraConnectConfig{ClientKeys: []string{"other", clientKey}, BasePath: row.base})
		g := guardOf(t, p, []string{secret}, nil)
		r := httptest.NewRequest(row.method, row.url,
			strings.NewReader(`{"webhookEvent":"jira:issue_created","timestamp":1772366400000}`))
		r.Header.Set("Authorization", token(hash256(row.canonical), clientKey))
		require.Equal(t, row.fits, reasonOf(g, r) == "", row.name)
	}
	g := guardOf(t, jwt.JiraConnect(jwt.JiraConnectConfig{ClientKeys: []string{clientKey}}), []string{secret}, nil)
	const canonical = "POST&/hooks&"
	require.Equal(t, reason.BadSignature, reasonOf(g, post("Authorization", token("context-qsh", clientKey), "{}")))
	require.Equal(t, reason.WrongRecipient,
		reasonOf(g, post("Authorization", token(hash256(canonical), "other"), "{}")))
	require.Equal(t, reason.MissingSignature,
		reasonOf(g, post("Authorization", strings.Replace(token(hash256(canonical), clientKey), "JWT", "Bearer", 1),
			"{}")))
	for _, c := range []jwt.JiraConnectConfig{{}, {ClientKeys: []string{""}},
		{ClientKeys: []string{"a"}, BasePath: "connect"}, {ClientKeys: []string{"a"}, BasePath: "/a?b"}} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: jwt.JiraConnect(c), Secrets: secrets.Static(secret),
			Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, "JiraConnectConfig")
	}
}

func TestMonday(t *testing.T) {
	t.Parallel()
	g := guardOf(t, jwt.Monday(hook), []string{secret}, nil)
	token := func(aud string, iat, exp int64) string {
		return hs256(secret, plainHeader,
			fmt.Sprintf(`{"accountId":1825529,"userId":4012689,"aud":%q,"exp":%d,"shortLivedToken":"t","iat":%d}`, aud,
				exp, iat))
	}
	const event = `{"event":{"type":"create_item","boardId":1}}`
	for _, row := range []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", token(hook, now, now+300), ""},
		{"another endpoint's", token("https://example.com/other", now, now+300), reason.WrongRecipient},
		{"expired", token(hook, now-299, now-31), reason.Stale},
		{"old", token(hook, now-301, now+300), reason.Stale},
		{"with a scheme", "Bearer " + token(hook, now, now+300), reason.MalformedSignature},
	} {
		require.Equal(t, row.want, reasonOf(g, post("Authorization", row.value, event)), row.name)
	}
	answer := func(value, body string) (int, string, string) {
		r := post("Authorization", value, body)
		if value == "" {
			r.Header.Del("Authorization")
		}
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, d)
		return reply.Status, string(reply.Body), reply.Header().Get("Content-Type")
	}
	for _, value := range []string{"", token(hook, now, now+300)} {
		status, body, kind := answer(value, `{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`)
		require.Equal(t, 200, status)
		require.JSONEq(t, `{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`, body)
		require.Equal(t, "application/json", kind)
		status, body, _ = answer(value, `{"challenge":"<script>"}`)
		require.Equal(t, 400, status)
		require.NotContains(t, body, "script")
	}
	status, _, _ := answer("", event)
	require.Equal(t, 400, status)
	status, _, _ = answer(token("https://example.com/other", now, now+300), `{"challenge":"abc"}`)
	require.Equal(t, 400, status, "a token that is wrong is not answered as if there were none")
	for _, audience := range []string{"", "hooks", "http://example.com/hooks", "https://"} {
		_, err := core.New(core.Config{Endpoint: "x", Provider: jwt.Monday(audience), Secrets: secrets.Static(secret),
			Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, "Monday")
	}
}

func TestNetlify(t *testing.T) {
	t.Parallel()
	const body = `{"id":"5ebc34bf4fea0b01f02efa3a","state":"ready"}`
	g := guardOf(t, jwt.Netlify(), []string{secret}, nil)
	claims := fmt.Sprintf(`{"iss":"netlify","sha256":%q}`, hash256(body))
	for _, row := range []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", hs256(secret, `{"alg":"HS256"}`, claims), ""},
		{"another body", hs256(secret, `{"alg":"HS256"}`, strings.Replace(claims, hash256(body), hash256("x"), 1)),
			reason.BadSignature},
		{"another issuer", hs256(secret, `{"alg":"HS256"}`, strings.Replace(claims, "netlify", "x", 1)),
			reason.WrongRecipient},
		{"no hash", hs256(secret, `{"alg":"HS256"}`, `{"iss":"netlify"}`), reason.BadSignature},
	} {
		require.Equal(t, row.want, reasonOf(g, post("X-Webhook-Signature", row.value, body)), row.name)
	}
	d, reply := g.Receive(httptest.NewRecorder(),
		post("X-Webhook-Signature", hs256(secret, `{"alg":"HS256"}`, claims), body), adapter.Inbound{})
	require.Nil(t, reply)
	require.Equal(t, "ready", d.Events()[0].Type)
	require.True(t, d.Events()[0].Authenticated.Type)
}

func TestVonageIsAskedAgain(t *testing.T) {
	t.Parallel()
	g := guardOf(t, jwt.Vonage(), []string{secret}, nil)
	_, reply := g.Receive(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, hook, strings.NewReader("{}")),
		adapter.Inbound{})
	require.Equal(t, 503, reply.Status)
}

func TestKeysThatNoProviderHas(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	rows := []struct {
		name     string
		provider core.Provider
		key      string
		want     string
	}{
		{"a short secret", jwt.Vonage(), "short", "16 bytes"},
		{"a placeholder", jwt.Vonage(), "changeme", "placeholder"},
		{"a secret where a key is needed", jwt.Plaid(), secret, "PEM"},
		{"a key of another type", jwt.Plaid(), publicPEM(t, rsaOnce()[0].Public()), "RSA"},
		{"a key of another type", jwt.GooglePubSub(google()), publicPEM(t, ecKey(t).Public()), "ECDSA"},
		{"a weak key", jwt.GooglePubSub(google()), publicPEM(t, small.Public()), "2048"},
		{"two keys", jwt.Plaid(), publicPEM(t, ecKey(t).Public()) + publicPEM(t, ecKey(t).Public()), "follows"},
		{"a private key", jwt.Plaid(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "private"},
		{"another block", jwt.Plaid(), "-----BEGIN EC KEY-----\nAAAA\n-----END EC KEY-----", "PUBLIC KEY"},
		{"nothing in it", jwt.Plaid(), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "malformed"},
	}
	for _, row := range rows {
		_, err := core.New(core.Config{
			Endpoint: "x", Provider: row.provider, Secrets: secrets.Static(row.key), Replay: core.DangerouslyNoReplay,
			Logger: slog.New(slog.DiscardHandler),
		})
		require.ErrorContains(t, err, row.want, row.name)
		require.NotContains(t, err.Error(), "AAAA", row.name)
	}
	_, err = core.New(core.Config{Endpoint: "x", Provider: jwt.Plaid(), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "Keys")
	_, err = core.New(core.Config{Endpoint: "x", Provider: jwt.Vonage(), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "Secrets")
}
