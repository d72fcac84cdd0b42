package provider_test

import (
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// acmeSetUp is a sender of one's own with everything that a built-in entry can say of its set-up.
func acmeSetUp() core.Provider {
	return provider.HMAC(provider.HMACConfig{
		Name: "acme", Header: "X-Acme-Signature", OtherHeaders: []string{"X-Old-Signature"}, EventType: "/type",
		FormField:    "payload",
		EmptyAnswers: true, Methods: []string{"PUT", "DELETE"},
		Handshakes: []provider.Handshake{
			{Method: "HEAD"},
			{Method: "GET", Challenge: "query:challenge", Answer: `{"challenge":"{challenge}"}`,
				ContentType: "application/json"},
			{Headers: map[string]string{"X-Acme-Event": "ping"}, Member: "/test", Equals: "true", Lacks: "/id"},
			{Published: "a-published-secret-of-acme", Member: "/type", Equals: "webhook.test"},
			{Signed: true, Member: "/type", Equals: "verification", Challenge: "/challenge"},
		},
	})
}

func TestASenderOfOnesOwnCanSayHowItsURLIsTried(t *testing.T) {
	t.Parallel()
	ran := 0
	g, err := core.New(core.Config{
		Endpoint: "acme", Provider: acmeSetUp(), Secrets: secrets.Static(ownSecret), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(ownTime, 0) },
	})
	require.NoError(t, err)
	h := httpwebhook.Verify(g)(httpwebhook.Signal(func(*http.Request, core.Event) error { ran++; return nil }))
	sig := func(key, text string) string { return hex.EncodeToString(ownMAC([]byte(key), text)) }
	const published = "a-published-secret-of-acme"
	for _, row := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		answer                     string
		runs                       int
	}{
		{"HEAD", "HEAD", "/", "", nil, 200, "", 0},
		{"a challenge in the query", "GET", "/?challenge=abc", "", nil, 200, `{"challenge":"abc"}`, 0},
		{"a challenge with markup", "GET", "/?challenge=%3Cb%3E", "", nil, 400, "", 0},
		{"an unsigned ping", "POST", "/", `{"test":true}`, []string{"X-Acme-Event", "ping"}, 200, "", 0},
		{"an unsigned ping without its header", "POST", "/", `{"test":true}`, nil, 400, "", 0},
		{"an unsigned event under the ping's header", "POST", "/", `{"test":true,"id":1}`,
			[]string{"X-Acme-Event", "ping"}, 400, "", 0},
		{"a test under the published secret", "POST", "/", `{"type":"webhook.test"}`,
			[]string{"X-Acme-Signature", sig(published, `{"type":"webhook.test"}`)}, 200, "", 0},
		{"an event under the published secret", "POST", "/", `{"type":"a"}`,
			[]string{"X-Acme-Signature", sig(published, `{"type":"a"}`)}, 400, "", 0},
		{"a signed challenge", "POST", "/", `{"type":"verification","challenge":"abc"}`,
			[]string{"X-Acme-Signature", sig(ownSecret, `{"type":"verification","challenge":"abc"}`)}, 200, "abc", 0},
		{"an unsigned challenge", "POST", "/", `{"type":"verification","challenge":"abc"}`, nil, 400, "", 0},
		{"an event", "POST", "/", `{"type":"a"}`, []string{"X-Acme-Signature", sig(ownSecret, `{"type":"a"}`)}, 200, "",
			1},
		{"under the other header", "POST", "/", `{"type":"a"}`,
			[]string{"X-Old-Signature", sig(ownSecret, `{"type":"a"}`)}, 200, "", 1},
		{"as a form", "POST", "/", "payload=%7B%22type%22%3A%22a%22%7D",
			[]string{"X-Acme-Signature", sig(ownSecret, `{"type":"a"}`)}, 200, "", 1},
		{"by PUT", "PUT", "/", `{"type":"a"}`, []string{"X-Acme-Signature", sig(ownSecret, `{"type":"a"}`)}, 200, "",
			1},
		{"by DELETE without a body", "DELETE", "/", "", []string{"X-Acme-Signature", sig(ownSecret, "")}, 200, "", 1},
		{"by PATCH", "PATCH", "/", `{"type":"a"}`, []string{"X-Acme-Signature", sig(ownSecret, `{"type":"a"}`)}, 405,
			"", 0},
	} {
		r := httptest.NewRequest(row.method, "https://example.com"+row.target, strings.NewReader(row.body))
		for i := 0; i < len(row.headers); i += 2 {
			r.Header.Set(row.headers[i], row.headers[i+1])
		}
		before := ran
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, row.status, w.Code, "%s: %s", row.name, w.Body)
		require.Equal(t, row.runs, ran-before, row.name)
		if row.status == 200 {
			require.Equal(t, row.answer, w.Body.String(), row.name)
		}
	}
}

// TestAHandshakeThatCouldBeADeliveryIsRefused: a mistake in the description must not lose events, nor sign for whoever
// asks.
func TestAHandshakeThatCouldBeADeliveryIsRefused(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]provider.Handshake{
		"HEAD, GET or POST":       {Method: "PUT"},
		"comes with POST only":    {Method: "GET", Member: "/a", Equals: "b"},
		"every delivery would be": {},
		"Member needs Equals":     {Member: "/a"},
		"one request only":        {Published: "a-published-secret-of-acme", Challenge: "/a"},
		"name it in Challenge":    {Method: "GET", Parameter: "a"},
		"Challenge is":            {Challenge: "a"},
		"nothing is signed":       {Challenge: "/a", Answer: "{hmac}"},
		"a 2xx":                   {Member: "/a", Equals: "b", Status: 404},
		"mistaken":                {Method: "GET", Challenge: "query:a"},
	} {
		c := provider.HMACConfig{Name: "acme", Header: "X-Sig", Methods: []string{"GET"},
			Handshakes: []provider.Handshake{h}}
		_, err := core.New(core.Config{Endpoint: "acme", Provider: provider.HMAC(c), Secrets: secrets.Static(ownSecret),
			Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, want)
	}
	for want, methods := range map[string][]string{"POST is always accepted": {"POST"}, `"OPTIONS"`: {"OPTIONS"}} {
		c := provider.HMACConfig{Name: "acme", Header: "X-Sig", Methods: methods}
		_, err := core.New(core.Config{Endpoint: "acme", Provider: provider.HMAC(c), Secrets: secrets.Static(ownSecret),
			Replay: core.DangerouslyNoReplay})
		require.ErrorContains(t, err, want)
	}
}
