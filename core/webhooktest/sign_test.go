package webhooktest_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const bytesSecret = "an-accepted-secret-of-32-bytes!!"

// keys are what a provider signs with, another one, and what is configured for the first.
type keys struct{ configured, right, wrong string }

func keysOf(p core.Provider) keys {
	e, _ := entry.Of(p)
	switch {
	case e.Scheme != nil && e.Scheme.Algorithm.PublicKey():
		public, private := webhooktest.KeyPair(p)
		_, other := webhooktest.KeyPair(p)
		return keys{public, private, other}
	case e.Credential.Kind == entry.Basic:
		return keys{"user:a-long-enough-password", "user:a-long-enough-password", "user:another-long-password"}
	case e.Scheme != nil && e.Scheme.Key.Encoding == entry.Base64:
		right := e.Scheme.Key.Prefix + whsec[len("whsec_"):]
		return keys{right, right, strings.Replace(right, "MfKQ", "AfKQ", 1)}
	case e.Scheme != nil && e.Scheme.Key.Encoding == entry.Hex:
		hexKey := strings.Repeat("0123456789abcdef", 4)
		return keys{hexKey, hexKey, strings.Repeat("0123456789abcdee", 4)}
	default:
		return keys{bytesSecret, bytesSecret, "another-secret-of-many-bytes!!!!"}
	}
}

const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func newGuard(t *testing.T, p core.Provider, secret string, now time.Time) *core.Guard {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "test", Provider: p, Secrets: secrets.Static(secret), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		PublicURL: publicOf(p, "https://example.com/hooks"),
	})
	require.NoError(t, err)
	return g
}

// publicOf is the URL that has to be configured, where nothing else ends the one that is signed.
func publicOf(p core.Provider, registered string) string {
	if e, err := entry.Of(p); err == nil && e.Scheme != nil && e.Scheme.Boundary().URL {
		return registered
	}
	return ""
}

func TestTheGuardAcceptsWhatIsSignedAndNothingElse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	own := provider.HMAC(provider.HMACConfig{
		Name: "own", Header: "Own-Signature", Pairs: ';', SignatureKey: "s", TimestampKey: "t",
		TimestampUnit: provider.RFC3339,
		IDHeader:      "Own-Id", Signed: "{url}\n{id}.{timestamp}.{body}", Encoding: provider.Base64,
		Algorithm: provider.SHA384,
	})
	for _, p := range append(provider.All(), own, provider.Token("X-Own-Token")) {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			k := keysOf(p)
			g := newGuard(t, p, k.configured, now)
			send := func(secret string) *core.Reply {
				r := webhooktest.NewRequest(p, secret, "https://example.com/hooks?a=1", []byte(`{"id":"evt_1"}`), now)
				_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
				return reply
			}
			require.Nil(t, send(k.right))
			require.NotNil(t, send(k.wrong))
			bare := httptest.NewRequest(http.MethodPost, "https://example.com/hooks",
				strings.NewReader(`{"id":"evt_1"}`))
			_, reply := g.Receive(httptest.NewRecorder(), bare, adapter.Inbound{})
			require.NotNil(t, reply)
		})
	}
}

func TestARetryKeepsItsID(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, p := range []core.Provider{provider.StandardWebhooks(), provider.Svix(), provider.Mailgun()} {
		right := keysOf(p).right
		g := newGuard(t, p, right, now.Add(time.Minute))
		identity := func(r *http.Request) core.Identity {
			d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, reply, p.Name())
			return d.Events()[0].Identity
		}
		first := webhooktest.NewRequest(p, right, "https://example.com/", `{}`, now)
		body, err := io.ReadAll(first.Body)
		require.NoError(t, err)
		again := httptest.NewRequest(http.MethodPost, "https://example.com/", strings.NewReader(string(body)))
		again.Header = first.Header.Clone()
		require.NoError(t, webhooktest.Sign(again, p, right, now.Add(time.Minute)))
		first.Body = io.NopCloser(strings.NewReader(string(body)))
		retried := identity(again)
		require.Equal(t, identity(first), retried, p.Name())
		require.NotEqual(t, retried, identity(webhooktest.NewRequest(p, right, "https://example.com/", `{}`, now)),
			p.Name())
	}
}

func TestSigningInTheBodyKeepsTheEvent(t *testing.T) {
	t.Parallel()
	p := provider.Mailgun()
	r := webhooktest.NewRequest(p, bytesSecret, "https://example.com/",
		`{"event-data":{"n":12345678901234567890,"html":"<b>"}}`, time.Now())
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.EqualValues(t, len(body), r.ContentLength)
	var doc map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(body, &doc))
	require.Contains(t, string(doc["event-data"]), "12345678901234567890")
	require.JSONEq(t, `{"n":12345678901234567890,"html":"<b>"}`, string(doc["event-data"]))

	form := httptest.NewRequest(http.MethodPost, "https://example.com/", strings.NewReader("event=opened&tag=a&tag=b"))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	require.NoError(t, webhooktest.Sign(form, p, bytesSecret, time.Now()))
	body, err = io.ReadAll(form.Body)
	require.NoError(t, err)
	values, err := url.ParseQuery(string(body))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, values["tag"])
	require.Len(t, values.Get("token"), 50)
}

func TestAKeyPairOfTheSecondKind(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := provider.StandardWebhooks()
	public, private := webhooktest.KeyPair(p)
	require.True(t, strings.HasPrefix(public, "whpk_"))
	g := newGuard(t, p, public, now)
	_, reply := g.Receive(httptest.NewRecorder(), webhooktest.NewRequest(p, private, "https://example.com/", `{}`, now),
		adapter.Inbound{})
	require.Nil(t, reply)
	_, reply = g.Receive(httptest.NewRecorder(), webhooktest.NewRequest(p, whsec, "https://example.com/", `{}`, now),
		adapter.Inbound{})
	require.NotNil(t, reply)
	require.Panics(t, func() { webhooktest.KeyPair(provider.Stripe()) })
	require.Error(t, webhooktest.Sign(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")),
		provider.Discord(), bytesSecret, now))
}

func TestSignSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	request := func(body string) *http.Request {
		return &http.Request{Method: http.MethodPost, URL: &url.URL{}, Body: io.NopCloser(strings.NewReader(body))}
	}
	require.Error(t, webhooktest.Sign(request(""), core.Provider{}, bytesSecret, time.Now()))
	require.Error(t, webhooktest.Sign(request(""), provider.HMAC(provider.HMACConfig{}), bytesSecret, time.Now()))
	require.Error(t, webhooktest.Sign(request(""), provider.Svix(), "whsec_%%%", time.Now()))
	require.Error(t, webhooktest.Sign(request("[1]"), provider.Mailgun(), bytesSecret, time.Now()))
	require.NoError(t, webhooktest.Sign(request(""), provider.Mailgun(), bytesSecret, time.Now()))
	require.NoError(t, webhooktest.Sign(request(""), provider.Stripe(), bytesSecret, time.Now()))
	require.Panics(t, func() { webhooktest.NewRequest(core.Provider{}, bytesSecret, "/", "", time.Now()) })
}
