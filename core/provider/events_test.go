package provider_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// signedRequest is a delivery with headers of its own; a body that is no JSON object is a form.
func signedRequest(t testing.TB, p core.Provider, body string, headers map[string]string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if !strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	require.NoError(t, webhooktest.Sign(r, p, signerFor(p), time.Unix(ownTime, 0)))
	return r
}

// eventRow is a delivery and what its event says.
type eventRow struct {
	name     string
	provider core.Provider
	body     string
	headers  map[string]string
	want     core.Event // Data is compared where it is set, Payload likewise
	nameless bool       // without an identity
}

func TestWhatAnEventSays(t *testing.T) {
	t.Parallel()
	type headers = map[string]string
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	moment := time.Unix(ownTime, 0).UTC()
	all := core.Authenticated{ID: true, Type: true, Time: true}
	rows := []eventRow{
		{
			"github", provider.GitHub(), `{"action":"opened"}`,
			headers{"X-Github-Event": "pull_request", "X-Github-Delivery": "72d3162e"},
			core.Event{ID: "72d3162e", Type: "pull_request", Action: "opened"}, false,
		},
		{
			"github as a form", provider.GitHub(), form("payload", `{"action":"closed"}`),
			headers{"X-Github-Event": "issues"},
			core.Event{Type: "issues", Action: "closed", Payload: []byte(`{"action":"closed"}`)}, false,
		},
		{
			"shopify", provider.Shopify(), `{"id":1}`,
			headers{"X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "b54557e4",
				"X-Shopify-Shop-Domain": "a.myshopify.com", "X-Shopify-Triggered-At": "2026-03-01T12:00:00Z"},
			core.Event{ID: "b54557e4", Type: "orders/create", Tenant: "a.myshopify.com", Time: moment}, false,
		},
		{
			"stripe", provider.Stripe(),
			`{"id":"evt_1","type":"invoice.paid","created":1772366400,"data":{"object":{"id":"in_1"}}}`, nil,
			core.Event{ID: "evt_1", Type: "invoice.paid", Time: moment, Data: []byte(`{"id":"in_1"}`),
				Authenticated: all}, false,
		},
		{
			"slack", provider.Slack(),
			`{"type":"event_callback","event_id":"Ev1","event_time":1772366400,"event":{"type":"app_mention"}}`, nil,
			core.Event{ID: "Ev1", Type: "app_mention", Time: moment, Data: []byte(`{"type":"app_mention"}`),
				Authenticated: all}, false,
		},
		{
			"slack's first retry is the second attempt", provider.Slack(),
			`{"type":"app_rate_limited","event_id":"Ev1"}`, headers{"X-Slack-Retry-Num": "1"},
			core.Event{ID: "Ev1", Type: "app_rate_limited", Attempt: 2,
				Authenticated: core.Authenticated{ID: true, Type: true}}, false,
		},
		{
			"a slash command", provider.Slack(), form("command", "/deploy", "trigger_id", "13345224609.7"), nil,
			core.Event{Type: "slash_command", Authenticated: core.Authenticated{Type: true}}, true,
		},
		{
			"an interaction", provider.Slack(), form("payload", `{"type":"block_actions","trigger_id":"1.2"}`), nil,
			core.Event{Type: "block_actions", Payload: []byte(`{"type":"block_actions","trigger_id":"1.2"}`),
				Authenticated: core.Authenticated{Type: true}}, true,
		},
		{
			"standard webhooks", provider.StandardWebhooks(),
			`{"type":"user.created","timestamp":"2026-03-01T12:00:00Z","data":{"a":1}}`, headers{"Webhook-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "user.created", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all},
			false,
		},
		{
			"svix", provider.Svix(), `{"eventType":"user.created","data":{"a":1}}`, headers{"Svix-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "user.created", Data: []byte(`{"a":1}`),
				Authenticated: core.Authenticated{ID: true, Type: true}}, false,
		},
		{
			"resend", provider.Resend(), `{"type":"email.sent","created_at":"2026-03-01T12:00:00.000Z","data":{"a":1}}`,
			headers{"Svix-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "email.sent", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all},
			false,
		},
		{
			"gitlab", provider.GitLab(), `{"object_attributes":{"action":"open"}}`,
			headers{"Webhook-Id": "f5e5", "X-Gitlab-Event": "Issue Hook"},
			core.Event{ID: "f5e5", Type: "Issue Hook", Action: "open", Authenticated: core.Authenticated{ID: true}},
			false,
		},
		{
			"gitlab's secret token", provider.GitLabToken(), `{"object_attributes":{"action":"open"}}`,
			headers{"Idempotency-Key": "f5e5", "X-Gitlab-Event-Uuid": "9", "X-Gitlab-Event": "Issue Hook"},
			core.Event{ID: "f5e5", Type: "Issue Hook", Action: "open",
				Authenticated: core.Authenticated{ID: true, Type: true}}, false,
		},
		{
			"mailgun", provider.Mailgun(), `{"event-data":{"event":"opened","id":"Ase7","timestamp":1772366400.5}}`,
			nil,
			// the token is the id
			core.Event{Type: "opened", Time: moment.Add(time.Second / 2), Authenticated: core.Authenticated{ID: true}},
			false,
		},
		// the token is the id
		{"mailgun as a form", provider.Mailgun(), form("event", "opened"), nil,
			core.Event{Type: "opened", Time: moment, Authenticated: core.Authenticated{ID: true}}, false},
		{
			"postmark", provider.Postmark(), `{"RecordType":"Bounce","ID":42,"MessageID":"m"}`, nil,
			core.Event{ID: "42", Type: "Bounce", Authenticated: core.Authenticated{ID: true, Type: true}}, false,
		},
		{
			"telegram", provider.Telegram(), `{"update_id":7,"callback_query":{}}`, nil,
			core.Event{ID: "7", Type: "callback_query", Authenticated: core.Authenticated{ID: true, Type: true}}, false,
		},
	}
	for _, row := range slices.Concat(rows, appEventRows(), requestEventRows()) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, row.provider, secretFor(row.provider), time.Unix(ownTime, 0))
			d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, row.provider, row.body, row.headers),
				adapter.Inbound{})
			require.Nil(t, reply)
			got, want := d.Events()[0], row.want
			if want.Data != nil {
				require.Equal(t, string(want.Data), string(got.Data))
			}
			if want.Payload != nil {
				require.Equal(t, string(want.Payload), string(got.Payload))
			}
			if want.ID == "" {
				want.ID = got.ID
			}
			require.Equal(t, []any{want.ID, want.Type, want.Action, want.Tenant, want.Attempt},
				[]any{got.ID, got.Type, got.Action, got.Tenant, got.Attempt})
			require.True(t, want.Time.Equal(got.Time), got.Time)
			require.Equal(t, want.Authenticated, got.Authenticated)
			require.Equal(t, row.nameless, got.Identity.IsZero())
		})
	}
}

// TestAnIDOfTheOtherFamilyDoesNotStandIn: of two families of headers one is signed, and the other is whatever whoever
// captured the delivery adds.
func TestAnIDOfTheOtherFamilyDoesNotStandIn(t *testing.T) {
	t.Parallel()
	p := provider.Svix()
	const body = `{"type":"a"}`
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	for name, value := range map[string]string{
		"Webhook-Id": "msg_real", "Webhook-Timestamp": fmt.Sprint(ownTime), "Webhook-Signature": "v1," +
			ownWhsecMAC("msg_real", ownTime, body),
		"Svix-Id": "msg_forged",
	} {
		r.Header.Set(name, value)
	}
	d, reply := guardOf(t, p, ownWhsec, time.Unix(ownTime, 0)).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.Nil(t, reply)
	require.Equal(t, "msg_real", d.Events()[0].ID)
	require.True(t, d.Events()[0].Authenticated.ID)
}

func TestSlacksHandshakeIsAnsweredAfterTheProofOnly(t *testing.T) {
	t.Parallel()
	p := provider.Slack()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	const body = `{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`
	d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, nil), adapter.Inbound{})
	require.Nil(t, d)
	require.Equal(t, http.StatusOK, reply.Status)
	require.Equal(t, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", string(reply.Body))
	require.Contains(t, reply.Header().Get("Content-Type"), "text/plain")

	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	require.Equal(t, reason.MissingSignature, reasonOf(g, r))
	require.NotEmpty(t, reasonOf(g, signedRequest(t, p, `{"challenge":"<script>","type":"url_verification"}`, nil)))
}

// TestDerivationsOfIdentitiesNeverChange computes identities as they are documented, without the code that derives
// them.
func TestDerivationsOfIdentitiesNeverChange(t *testing.T) {
	t.Parallel()
	derive := func(parts ...string) string {
		h := sha256.New()
		for _, p := range parts {
			_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			_, _ = h.Write([]byte(p))
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	digest := func(body string) string {
		sum := sha256.Sum256([]byte(body))
		return string(sum[:])
	}
	const version, body = "sallyport identity 1", `{"id":"evt_1","event_id":"Ev1","type":"a"}`
	type headers = map[string]string
	rows := []struct {
		provider core.Provider
		headers  headers
		want     string
	}{
		{provider.Stripe(), nil, derive(version, "vectors", "", "id", "evt_1")},
		{provider.Slack(), nil, derive(version, "vectors", "", "id", "Ev1")},
		{provider.StandardWebhooks(), headers{"Webhook-Id": "msg_1"}, derive(version, "vectors", "", "id", "msg_1")},
		{provider.Svix(), headers{"Svix-Id": "msg_1"}, derive(version, "vectors", "", "id", "msg_1")},
		{provider.GitHub(), headers{"X-Github-Event": "push", "X-Github-Delivery": "not in it"},
			derive(version, "vectors", "", "digest", digest(body))},
		{provider.Shopify(), headers{"X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": "a.example",
			"X-Shopify-Webhook-Id": "w1"},
			derive(version, "vectors", "a.example", "digest", digest(body), "orders/create", "w1")},
		{provider.GitLabToken(), headers{"X-Gitlab-Event": "Push Hook", "Idempotency-Key": "k1"},
			derive(version, "vectors", "", "digest", digest(body), "k1")},
		{provider.Telegram(), nil, derive(version, "vectors", "", "digest", digest(body))},
		{provider.Postmark(), nil, derive(version, "vectors", "", "digest", digest(body))},
	}
	for _, row := range rows {
		g := guardOf(t, row.provider, secretFor(row.provider), time.Unix(ownTime, 0))
		d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, row.provider, body, row.headers),
			adapter.Inbound{})
		require.Nil(t, reply, row.provider.Name())
		require.Equal(t, row.want, d.Events()[0].Identity.String(), row.provider.Name())
	}
}
