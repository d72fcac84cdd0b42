package provider_test

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// ask is a request that is, or looks like, a handshake.
type ask struct {
	name     string
	provider string
	made     core.Provider // where the provider is made of parameters
	request  *http.Request
	signed   bool   // as the provider signs
	answer   string // the body; refused where status is 0
	status   int
	kind     string            // of the answer; empty: plain text
	headers  map[string]string // of the answer
}

func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "https://example.com"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Content-Type" {
			r.Header.Del(headers[i])
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func asks() []ask {
	const (
		jsonType = "application/json"
		formType = "application/x-www-form-urlencoded"
		token    = "?token=an-accepted-secret-of-32-bytes%21%21"
		crc      = "MTY3NzU0ODAyMA-_.~+/="
	)
	mac64 := func(text string) string { return base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret), text)) }
	zoom := func(token string) string {
		return `{"event":"endpoint.url_validation","payload":{"plainToken":"` + token + `"},"event_ts":1772366400000}`
	}
	grid := func(code string) string {
		return `[{"id":"1","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"` +
			code + `","validationUrl":"https://a.example/"}}]`
	}
	return []ask{
		{name: "okta", provider: "okta",
			request: request("GET", "/hooks", "", "X-Okta-Verification-Challenge", "abc-123_X"), status: 200,
			answer: `{"verification":"abc-123_X"}`, kind: jsonType},
		{name: "okta with a quote", provider: "okta",
			request: request("GET", "/hooks", "", "X-Okta-Verification-Challenge", `a","x":"`)},
		{name: "okta with two challenges", provider: "okta",
			request: request("GET", "/hooks", "", "X-Okta-Verification-Challenge", "a", "X-Okta-Verification-Challenge",
				"b")},
		{name: "okta without a challenge", provider: "okta", request: request("GET", "/hooks", "")},
		{name: "okta by POST", provider: "okta",
			request: request("POST", "/hooks", "{}", "X-Okta-Verification-Challenge", "abc")},

		{name: "zoom", provider: "zoom", request: request("POST", "/hooks", zoom("qgg8vlvZRS6UYooatFL8Aw")),
			signed: true, status: 200, answer: `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"` +
				ownHex("qgg8vlvZRS6UYooatFL8Aw") + `"}`, kind: jsonType},
		{name: "zoom, unsigned", provider: "zoom", request: request("POST", "/hooks", zoom("qgg8vlvZRS6UYooatFL8Aw"))},
		{name: "zoom, a token that could be a delivery", provider: "zoom",
			request: request("POST", "/hooks", zoom("v0:1772366400:x")), signed: true},
		{name: "zoom, a token of 200", provider: "zoom",
			request: request("POST", "/hooks", zoom(strings.Repeat("a", 200))), signed: true},

		{name: "x", provider: "x-twitter",
			request: request("GET", "/hooks?crc_token=MTY3NzU0ODAyMA-_.~%2B/=&nonce=1", ""), status: 200,
			answer: `{"response_token":"sha256=` + mac64(crc) + `"}`, kind: jsonType},
		{name: "x, a token that is a body", provider: "x-twitter",
			request: request("GET", "/hooks?crc_token=%7B%7D", "")},
		{name: "x, a token that is too long", provider: "x-twitter",
			request: request("GET", "/hooks?crc_token="+strings.Repeat("a", 600), "")},
		{name: "x, two tokens", provider: "x-twitter", request: request("GET", "/hooks?crc_token=a&crc_token=b", "")},
		{name: "x, a signed token as a delivery", provider: "x-twitter",
			request: request("POST", "/hooks", crc, "X-Twitter-Webhooks-Signature", "sha256="+mac64(crc))},

		{name: "front", provider: "front",
			request: request("POST", "/hooks", `{"type":"sync"}`, "X-Front-Challenge", "a1b2"), signed: true,
			status: 200, answer: "a1b2"},
		{name: "front, unsigned", provider: "front",
			request: request("POST", "/hooks", `{"type":"sync"}`, "X-Front-Challenge", "a1b2")},
		{name: "front with markup", provider: "front",
			request: request("POST", "/hooks", `{"type":"sync"}`, "X-Front-Challenge", "<b>"), signed: true},

		{name: "event grid", provider: "azure-event-grid",
			request: request("POST", "/hooks"+token, grid("512d38b6-c7b8-40c8-89fe-f46f9e9622b6")), status: 200,
			answer: `{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}`, kind: jsonType},
		{name: "event grid without the token", provider: "azure-event-grid",
			request: request("POST", "/hooks", grid("512d38b6"))},
		{name: "event grid with markup", provider: "azure-event-grid",
			request: request("POST", "/hooks"+token, grid("<b>"))},

		{name: "event grid of cloud events", provider: "azure-event-grid-cloudevents",
			request: request("OPTIONS", "/hooks"+token, "", "WebHook-Request-Origin", "eventgrid.azure.net",
				"WebHook-Request-Rate", "120"), status: 200, headers: map[string]string{
				"WebHook-Allowed-Origin": "eventgrid.azure.net", "WebHook-Allowed-Rate": "*", "Allow": "POST",
			}},
		{name: "event grid of cloud events without the token", provider: "azure-event-grid-cloudevents",
			request: request("OPTIONS", "/hooks", "", "WebHook-Request-Origin", "eventgrid.azure.net")},
		{name: "event grid of cloud events without an origin", provider: "azure-event-grid-cloudevents",
			request: request("OPTIONS", "/hooks"+token, "")},
		{name: "event grid of cloud events with a line of its own", provider: "azure-event-grid-cloudevents",
			request: request("OPTIONS", "/hooks"+token, "", "WebHook-Request-Origin", "a\r\nSet-Cookie: b")},
		{name: "cloud events", made: provider.CloudEvents("a.example", "b.example"),
			request: request("OPTIONS", "/hooks", "", "WebHook-Request-Origin", "b.example"), status: 200,
			headers: map[string]string{
				"WebHook-Allowed-Origin": "b.example", "WebHook-Allowed-Rate": "*",
			}},
		{name: "cloud events of another origin", made: provider.CloudEvents("a.example"),
			request: request("OPTIONS", "/hooks", "", "WebHook-Request-Origin", "b.example")},
		{name: "cloud events of two origins", made: provider.CloudEvents("a.example"),
			request: request("OPTIONS", "/hooks", "", "WebHook-Request-Origin", "a.example", "WebHook-Request-Origin",
				"b.example")},
		{name: "cloud events without origins", provider: "cloudevents",
			request: request("OPTIONS", "/hooks", "", "WebHook-Request-Origin", "a.example")},

		{name: "graph", provider: "microsoft-graph",
			request: request("POST",
				"/hooks?validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+1f-2", "", "Content-Type", "text/plain"), status: 200, answer: "Validation: Testing client application reachability for subscription Request-Id: 1f-2"},
		{name: "graph with markup", provider: "microsoft-graph",
			request: request("POST", "/hooks?validationToken=%3Cscript%3E", "")},
		{name: "graph, too long", provider: "microsoft-graph",
			request: request("POST", "/hooks?validationToken="+strings.Repeat("a", 600), "")},
		{name: "graph, a notification with a token next to it", provider: "microsoft-graph",
			request: request("POST", "/hooks?validationToken=a", `{"value":[{"clientState":"x"}]}`)},
		{name: "sharepoint", provider: "sharepoint", request: request("POST", "/hooks?validationtoken=a1b2-c3", ""),
			status: 200, answer: "a1b2-c3"},
		{name: "sharepoint by GET", provider: "sharepoint",
			request: request("GET", "/hooks?validationtoken=a1b2-c3", "")},

		{name: "strava", provider: "strava",
			request: request("GET", "/hooks"+token+
				"&hub.mode=subscribe&hub.challenge=15f7d1a91c1f40f8&hub.verify_token=a-verify-token", ""), status: 200,
			answer: `{"hub.challenge":"15f7d1a91c1f40f8"}`, kind: jsonType},
		{name: "strava with another verify token", provider: "strava",
			request: request("GET", "/hooks"+token+
				"&hub.mode=subscribe&hub.challenge=15f7d1a91c1f40f8&hub.verify_token=another", "")},
		{name: "strava with a quote", provider: "strava", request: request("GET",
			"/hooks?hub.mode=subscribe&hub.challenge=%22&hub.verify_token=a-verify-token", "")},

		{name: "websub", made: provider.WebSub("https://a.example/feed"),
			request: request("GET",
				"/hooks?hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2Ffeed&hub.challenge=abc123&hub.lease_seconds=864000", ""), status: 200, answer: "abc123"},
		{name: "websub with another topic", made: provider.WebSub("https://a.example/feed"),
			request: request("GET",
				"/hooks?hub.mode=subscribe&hub.topic=https%3A%2F%2Fb.example%2Ffeed&hub.challenge=abc123", "")},
		{name: "websub with two topics", made: provider.WebSub("https://a.example/feed"),
			request: request("GET",
				"/hooks?hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2Ffeed&hub.topic=b&hub.challenge=abc123",
				"")},
		{name: "websub's end", made: provider.WebSub("https://a.example/feed"),
			request: request("GET",
				"/hooks?hub.mode=unsubscribe&hub.topic=https%3A%2F%2Fa.example%2Ffeed&hub.challenge=abc123", "")},
		{name: "websub without topics", provider: "websub", request: request("GET",
			"/hooks?hub.mode=subscribe&hub.topic=&hub.challenge=abc123", "")},
		{name: "websub with markup", made: provider.WebSubSHA1("t"),
			request: request("GET", "/hooks?hub.mode=subscribe&hub.topic=t&hub.challenge=%3Cb%3E", "")},

		{name: "woocommerce's ping", provider: "woocommerce",
			request: request("POST", "/hooks", "webhook_id=12", "Content-Type", formType), status: 200},
		{name: "a ping with more in it", provider: "woocommerce",
			request: request("POST", "/hooks", "webhook_id=12&webhook_id=13")},
		{name: "a ping with markup", provider: "woocommerce", request: request("POST", "/hooks", "webhook_id=%3Cb%3E")},
		{name: "a ping of two kilobytes", provider: "woocommerce",
			request: request("POST", "/hooks", "webhook_id=12&a="+strings.Repeat("a", 2000))},
		{name: "an unsigned order", provider: "woocommerce", request: request("POST", "/hooks", `{"id":1}`)},
		{name: "a wrongly signed ping", provider: "woocommerce",
			request: request("POST", "/hooks", "webhook_id=12", "X-Wc-Webhook-Signature", mac64("x"))},
	}
}

// TestHandshakesAreAnsweredAndNothingElseIs: the answer is what the provider documents, typed and never sniffed; what a
// handshake must not hold is refused; none reaches a signal.
func TestHandshakesAreAnsweredAndNothingElseIs(t *testing.T) {
	t.Parallel()
	for _, a := range asks() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			p := a.made
			if a.provider != "" {
				found, ok := provider.ByName(a.provider)
				require.True(t, ok)
				p = found
			}
			g, err := core.New(core.Config{
				Endpoint: "handshakes", Provider: p, Secrets: secrets.Static(secretFor(p)),
				Replay: core.DangerouslyNoReplay,
				Setup:  core.Setup{VerifyTokens: secrets.Static("a-verify-token", "https://a.example/feed")},
				Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(ownTime, 0) },
				DangerouslyAllowHTTP: true,
			})
			require.NoError(t, err)
			if a.signed {
				require.NoError(t, webhooktest.Sign(a.request, p, signerFor(p), time.Unix(ownTime, 0)))
			}
			d, reply := g.Receive(httptest.NewRecorder(), a.request, adapter.Inbound{})
			require.Nil(t, d, "a handshake is no event")
			if a.status == 0 {
				require.NotNil(t, reply.Rejection, string(reply.Body))
				return
			}
			require.Nil(t, reply.Rejection)
			require.Equal(t, a.status, reply.Status)
			require.Equal(t, a.answer, string(reply.Body))
			want := a.kind
			if want == "" {
				want = "text/plain; charset=utf-8"
			}
			if a.answer != "" {
				require.Equal(t, want, reply.Header().Get("Content-Type"))
				require.Equal(t, "nosniff", reply.Header().Get("X-Content-Type-Options"))
			}
			for name, value := range a.headers {
				require.Equal(t, value, reply.Header().Get(name))
			}
		})
	}
}
