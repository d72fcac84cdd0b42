package adaptertest_test

import (
	"crypto/sha1"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// sent is one delivery of a sender, signed as the sender does, and how many signals ran.
type sent struct {
	body    string
	headers []string
	age     time.Duration // it was signed so long before it came
	status  int           // of the answer; 0: 200
	runs    int
}

// sentEvents are deliveries of one sender, in order.
type sentEvents struct {
	name, provider string
	pair           bool // the sender signs with a key pair, also where a shared secret is usual
	method         string
	all            []sent
}

// TestEveryEventOfASenderRuns sends events whose bodies are equal to the byte, retries of the same bytes, requests that
// wait for an answer, and forms of a proof that few senders use, through net/http and Gin.
func TestEveryEventOfASenderRuns(t *testing.T) {
	t.Parallel()
	for _, row := range append(equalEvents(), lateEvents()...) {
		for _, router := range []string{"http", "gin"} {
			t.Run(row.provider+"/"+row.name+"/"+router, func(t *testing.T) {
				t.Parallel()
				row.send(t, router)
			})
		}
	}
}

func (e *sentEvents) send(t *testing.T, router string) {
	t.Helper()
	c, ok := catalogue.ByName(e.provider)
	require.True(t, ok)
	data, err := entry.Of(c.Sample())
	require.NoError(t, err)
	keys := newKeys(c.Sample(), data)
	if e.pair {
		keys.configured, keys.signing = webhooktest.KeyPair(c.Sample())
	}
	runs := 0
	app := routed(t, router, core.Config{
		Endpoint: "events", Provider: c.Sample(), Replay: memstore.New(), StoreFailure: core.RefuseDelivery,
		Secrets: secrets.Static(keys.configured), Logger: slog.New(slog.DiscardHandler), Now: lifeNow,
	}, func(core.Event) { runs++ })
	for n, one := range e.all {
		method := e.method
		if method == "" {
			method = http.MethodPost
		}
		r := httptest.NewRequest(method, "https://example.com/hooks", strings.NewReader(one.body))
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(one.headers); i += 2 {
			r.Header.Set(one.headers[i], one.headers[i+1])
		}
		require.NoError(t, webhooktest.Sign(r, c.Sample(), keys.signing, lifeNow().Add(-one.age)))
		runs = 0
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		want := one.status
		if want == 0 {
			want = http.StatusOK
		}
		require.Equal(t, want, w.Code, "delivery %d: %s", n, w.Body)
		require.Equal(t, one.runs, runs, "delivery %d", n)
	}
}

// routed mounts a guard and a receiver of every event in a router.
func routed(t *testing.T, router string, c core.Config, run func(core.Event)) http.Handler {
	t.Helper()
	g, err := core.New(c)
	require.NoError(t, err)
	return mounted(router, "/hooks", g, func(e core.Event) error { run(e); return nil })
}

// apart are two genuine events of one body, and the second once more.
func apart(name, provider, body, header string, further ...string) sentEvents {
	with := func(id string) []string { return append([]string{header, id}, further...) }
	return sentEvents{name: name, provider: provider, all: []sent{
		{body: body, headers: with("1"), runs: 1}, {body: body, headers: with("2"), runs: 1},
		{body: body, headers: with("2")},
	}}
}

// inTime are two genuine events of one body, which the signed time tells apart.
func inTime(name, provider, body string, headers ...string) sentEvents {
	return sentEvents{name: name, provider: provider, all: []sent{
		{body: body, headers: headers, age: 2 * time.Second, runs: 1},
		{body: body, headers: headers, age: time.Second, runs: 1},
		{body: body, headers: headers, age: time.Second},
	}}
}

// waiting is a request that waits for its answer, and its repetition.
func waiting(name, provider, body string) sentEvents {
	return sentEvents{name: name, provider: provider,
		all: []sent{{body: body, runs: 1}, {body: body, runs: 1}, {body: body, age: time.Second, runs: 1}}}
}

// equalEvents are rows about events whose bodies may be equal to the byte.
func equalEvents() []sentEvents {
	const (
		shopify   = "X-Shopify-Webhook-Id"
		topic     = "X-Shopify-Topic"
		flag      = `{"object_kind":"feature_flag","project":{"id":1},"object_attributes":{"id":6,"active":true}}`
		tag       = `{"object_kind":"tag_push","ref":"refs/tags/v1","checkout_sha":"82b3d5ae55f7080f1e6022629cdb57bfae7cccc7"}`
		inbound   = `{"event":"call_inbound","event_timestamp":1785600000000,"call_inbound":{"agent_id":"a","from_number":"+1","to_number":"+2"}}`
		chat      = `{"event":"chat_inbound","event_timestamp":1785600000000,"chat_inbound":{"agent_id":"a"}}`
		action    = `{"id":"action_context_1","object":"user_registration_action_context"}`
		signingIn = `{"id":"action_context_1","object":"authentication_action_context"}`
	)
	return []sentEvents{
		apart("only an id", "shopify", `{"id":820982911946154508}`, shopify, topic, "orders/updated"),
		apart("a listing that is removed", "shopify", `{"product_listing":{"product_id":1}}`, shopify, topic,
			"product_listings/remove"),
		apart("a collection that is removed", "shopify", `{"collection_listing":{"collection_id":1}}`, shopify, topic,
			"collection_listings/remove"),
		apart("a level that is disconnected", "shopify", `{"inventory_item_id":1,"location_id":2}`, shopify, topic,
			"inventory_levels/disconnect"),
		apart("a hook of WordPress", "woocommerce",
			`{"action":"woocommerce_add_to_cart","arg":"6512bd43d9caa6e02c990b0a82652dca"}`, "X-Wc-Webhook-Delivery-Id",
			"X-Wc-Webhook-Topic", "action.woocommerce_add_to_cart"),
		apart("a feature flag on, off and on", "gitlab-token", flag, "Idempotency-Key", "X-Gitlab-Event",
			"Feature Flag Hook"),
		apart("a tag of the same commit", "gitlab-token", tag, "Idempotency-Key", "X-Gitlab-Event", "Tag Push Hook"),
		apart("a template of one's own", "gitlab-token", `{"text":"x"}`, "Idempotency-Key", "X-Gitlab-Event", "Push Hook"),
		apart("repository_dispatch", "github", `{"action":"deploy","client_payload":{"env":"prod"},"sender":{"id":1}}`,
			"X-Github-Delivery", "X-Github-Event", "repository_dispatch"),
		apart("workflow_dispatch", "github", `{"inputs":null,"ref":"refs/heads/main","workflow":"ci.yml"}`,
			"X-Github-Delivery", "X-Github-Event", "workflow_dispatch"),
		apart("payload unwrapping", "google-pubsub", `{"a":1}`, "X-Goog-Pubsub-Message-Id"),
		inTime("a body of one's own", "contentful", `{"entryId":"e1"}`, "X-Contentful-Topic",
			"ContentManagement.Entry.publish"),
		inTime("a trigger's body", "zendesk", `{"ticket":"1"}`),
		inTime("a merchant's event", "revolut", `{"event":"ORDER_COMPLETED","order_id":"1"}`),
		waiting("an inbound call", "retell", inbound), waiting("an inbound chat", "retell", chat),
		waiting("an action at registration", "workos", action), waiting("an action at sign-in", "workos", signingIn),
		{name: "an event of a call", provider: "retell",
			all: []sent{{body: `{"event":"call_ended","call":{"call_id":"1"}}`, runs: 1},
				{body: `{"event":"call_ended","call":{"call_id":"1"}}`, age: time.Second}}},
		{name: "an event", provider: "workos", all: []sent{
			{body: `{"id":"event_1","event":"user.created","data":{"object":"user"}}`, runs: 1},
			{body: `{"id":"event_1","event":"user.created","data":{"object":"user"}}`, age: time.Second},
		}},
	}
}

// late is a retry of the same bytes so long after they were signed, and one that comes too late.
func late(provider string, headers []string, ages ...time.Duration) sentEvents {
	row := sentEvents{name: "a retry of the same bytes", provider: provider}
	for n, age := range ages {
		body := `{"id":"` + string(rune('a'+n)) + `"}`
		row.all = append(row.all, sent{body: body, headers: headers, age: age, runs: 1})
	}
	return row
}

// lateEvents are rows about retries, and about proofs of which few senders have a second form.
func lateEvents() []sentEvents {
	return []sentEvents{
		late("linear", nil, time.Minute, time.Hour, 6*time.Hour),
		late("zoom", nil, 5*time.Minute, 25*time.Minute, 85*time.Minute),
		late("webflow", nil, 10*time.Minute, 20*time.Minute, 30*time.Minute),
		late("contentful", []string{"X-Contentful-Topic", "a"}, 31*time.Second, 61*time.Second),
		late("box", nil, 20*time.Minute, time.Hour, 2*time.Hour),
		late("sendgrid", nil, 23*time.Hour), late("discord", nil, 9*time.Minute), late("mailgun", nil, 7*time.Hour),
		late("mercado-pago", nil, 30*time.Minute),
		{name: "an OAuth app's token", provider: "jira-oauth", all: []sent{{body: `{"webhookEvent":"jira:issue_created"}`,
			headers: []string{"X-Atlassian-Webhook-Identifier", "1"}, runs: 1}}},
		{name: "an asymmetric key", provider: "svix", pair: true, all: []sent{{body: `{"type":"a"}`, runs: 1}}},
		{name: "an asymmetric key", provider: "clerk", pair: true, all: []sent{{body: `{"type":"a"}`, runs: 1}}},
		{name: "an asymmetric key", provider: "resend", pair: true, all: []sent{{body: `{"type":"a"}`, runs: 1}}},
		{name: "a server that signs with SHA-1 only", provider: "postal-sha1",
			all: []sent{{body: `{"uuid":"1","event":"MessageSent"}`, runs: 1}}},
	}
}

// TestAByteOrderMarkHidesNoClientState: SharePoint writes one before its notifications.
func TestAByteOrderMarkHidesNoClientState(t *testing.T) {
	t.Parallel()
	row := life{name: "a byte order mark", provider: "sharepoint", steps: []step{
		{body: "\ufeff" + `{"value":[{"clientState":"` + lifeSecret + `","resource":"r"}]}`, status: 200,
			ran: []string{""}},
		{body: "\ufeff" + `{"value":[{"clientState":"another","resource":"r"}]}`, status: 400},
	}}
	row.play(t, "gin")
	row.play(t, "http")
}

// TestAPasswordInTheURLIsSignedWithIt: Mandrill signs the URL as it was registered.
func TestAPasswordInTheURLIsSignedWithIt(t *testing.T) {
	t.Parallel()
	const events = `[{"event":"send","_id":"1"}]`
	form := "mandrill_events=" + url.QueryEscape(events)
	sign := func(address string) string {
		return base64.StdEncoding.EncodeToString(macOf(sha1.New, lifeSecret, address+"mandrill_events"+events))
	}
	pair := "hooks:" + lifeSecret + "-of-the-url"
	wrong := "Basic " + base64.StdEncoding.EncodeToString([]byte("hooks:another-password"))
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	delivery := func(address, authorization string, status int, ran ...string) step {
		return step{body: form, status: status, ran: ran, headers: []string{"Authorization", authorization,
			"Content-Type", "application/x-www-form-urlencoded", "X-Mandrill-Signature", sign(address)}}
	}
	row := life{name: "a password in the URL", provider: "mandrill", change: func(c *core.Config) {
		c.Credentials = []core.Credential{core.BasicAuth(secrets.Static(pair))}
	}, steps: []step{
		delivery("https://"+pair+"@example.com/hooks", basic, 200, "send"),
		delivery("https://hooks:another@example.com/hooks", basic, 400),
		delivery("https://"+pair+"@example.com/hooks", wrong, 400),
	}}
	row.play(t, "gin")
	row.play(t, "http")
}

// TestAThinEventOfStripeHasItsTime: it is written as RFC 3339, and the event has no object.
func TestAThinEventOfStripeHasItsTime(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered",` +
		`"created":"2026-01-01T00:00:00.000Z"}`
	for _, router := range []string{"http", "gin"} {
		stripe := webhooktest.NewSender(senderOf(t, "stripe"))
		stripe.Now = lifeNow
		var got core.Event
		app := routed(t, router, core.Config{
			Endpoint: "thin", Provider: senderOf(t, "stripe"), Replay: memstore.New(), Now: lifeNow,
			Secrets: secrets.Static(stripe.Secret()), Logger: slog.New(slog.DiscardHandler),
		}, func(e core.Event) { got = e })
		w := stripe.Send(app, "/hooks", webhooktest.Sample{Body: []byte(body)})
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "2026-01-01T00:00:00Z", got.Time.UTC().Format(time.RFC3339))
		require.JSONEq(t, body, string(got.Data))
	}
}

func senderOf(t *testing.T, name string) core.Provider {
	t.Helper()
	c, ok := catalogue.ByName(name)
	require.True(t, ok)
	return c.Sample()
}

// TestSendersAreRememberedAsLongAsTheySendAgain: what is forgotten earlier runs again with the last retry. The figures
// are the senders' own.
func TestSendersAreRememberedAsLongAsTheySendAgain(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]time.Duration{
		"docusign": 15 * 24 * time.Hour, "notion": 24 * time.Hour, "recurly": 5*time.Hour + 30*time.Minute,
		"airtable": 23 * time.Hour, "zoom": 85 * time.Minute, "webflow": 30 * time.Minute, "paystack": 72 * time.Hour,
		"sharepoint": 25 * time.Minute, "sendgrid": 24 * time.Hour, "typeform": 10 * time.Hour, "twilio": 4 * time.Hour,
	} {
		e, err := entry.Of(senderOf(t, name))
		require.NoError(t, err)
		require.GreaterOrEqual(t, e.RetryHorizon, again, name)
	}
	graph, err := entry.Of(senderOf(t, "microsoft-graph"))
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, graph.AckLimit, "slower than that marks the endpoint as slow")
}
