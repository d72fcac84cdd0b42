package provider_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestTheGoldenIdentitiesOfAppsAreDerivedAsDocumented computes the golden values of these entries without the code that
// derives them: what of the request of [TestIdentitiesNeverChange] each is remembered by.
func TestTheGoldenIdentitiesOfAppsAreDerivedAsDocumented(t *testing.T) {
	t.Parallel()
	derive := func(tenant string, parts ...string) string {
		h := sha256.New()
		for _, p := range append([]string{"sallyport identity 1", "golden", tenant}, parts...) {
			_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			_, _ = h.Write([]byte(p))
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	sum := sha256.Sum256([]byte(`{"id":"evt_1","event_id":"Ev1","type":"a"}`))
	digest := string(sum[:])
	body := derive("", "digest", digest)
	with := func(values ...string) string { return derive("", append([]string{"digest", digest}, values...)...) }
	byID := func(id string) string { return derive("", "id", id) }
	none := strings.Repeat("0", 64)
	want := map[string]string{
		"woocommerce":   derive("https://a.example/", "digest", digest, "order.created"),
		"lemon-squeezy": body, "razorpay": body, "paystack": body, "mollie": body, "checkout-com": body,
		"adyen-platform":    body,
		"coinbase-commerce": body, // without its id
		"gocardless":        byID("evt_1"), "chargebee": byID("evt_1"), "paddle": byID("Ev1"),
		"modern-treasury": body, "coinbase-cdp": body, "revolut": with("1772366400000"), "xendit": with("msg_1"),
		"polar": byID("msg_1"), "increase": byID("msg_1"), "openai": byID("msg_1"), "anthropic": byID("msg_1"),
		"replicate": byID("msg_1"),

		"meta": body, "viber": body, "sinch-numbers": body, "x-twitter": body, "typeform": body, "cal-com": body,
		"docusign": body,
		"line":     body, // without its id
		"xero":     body, "quickbooks": body, "zoom": body, "front": body, "sinch": body, "webflow": body,
		"elevenlabs": body,
		"intercom":   byID("evt_1"), "box": byID("evt_1"), "twitch": byID("msg_1"),
		"zendesk":  with("2026-03-01T12:00:00Z"),
		"ms-teams": none, "dropbox": none, "intercom-app": none, "sentry-ui": none,

		"alchemy": body, "aws-eventbridge": body, "azure-event-grid": body, "quicknode": byID("nonce-1"),
		"google-push-channels": with("channel-1", "7", "exists"),
	}
	data, err := os.ReadFile("testdata/golden_identities.json")
	require.NoError(t, err)
	golden := map[string]string{}
	require.NoError(t, json.Unmarshal(data, &golden))
	for name, id := range want {
		require.Equal(t, id, golden[name], name)
	}
	for _, v := range appVectors() {
		require.Contains(t, want, v.Provider)
	}
}

// TestWhatChangesBetweenAttemptsIsNoOtherEvent: where the body counts attempts or names the state of the webhook, the
// event's id is what is remembered; where it is the body with a signed time, another time is another event.
func TestWhatChangesBetweenAttemptsIsNoOtherEvent(t *testing.T) {
	t.Parallel()
	identity := func(p core.Provider, at int64, body string) core.Identity {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		require.NoError(t, webhooktest.Sign(r, p, secretFor(p), time.Unix(at, 0)))
		d, reply := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0)).Receive(httptest.NewRecorder(), r,
			adapter.Inbound{})
		require.Nil(t, reply, p.Name())
		return d.Events()[0].Identity
	}
	same := []struct {
		provider      core.Provider
		first, second string
	}{
		{provider.CoinbaseCommerce(), `{"attempt_number":1,"event":{"id":"e1"}}`,
			`{"attempt_number":2,"event":{"id":"e1"}}`},
		{provider.Chargebee(), `{"id":"ev_1","webhook_status":"scheduled"}`,
			`{"id":"ev_1","webhook_status":"re_scheduled"}`},
		{provider.Intercom(), `{"id":"notif_1","delivery_attempts":1}`, `{"id":"notif_1","delivery_attempts":2}`},
		{provider.Paddle(), `{"event_id":"evt_1","notification_id":"ntf_1"}`,
			`{"event_id":"evt_1","notification_id":"ntf_2"}`},
		{provider.Box(), `{"id":"1","x":1}`, `{"id":"1","x":2}`},
		{provider.Heroku(), `{"id":"e1","webhook_metadata":{"attempt":{"id":"a"}}}`,
			`{"id":"e1","webhook_metadata":{"attempt":{"id":"b"}}}`},
		{provider.Smartcar(), `{"eventId":"e1","meta":{"deliveryId":"d1","deliveredAt":1772366400}}`,
			`{"eventId":"e1","meta":{"deliveryId":"d2","deliveredAt":1772366425}}`},
		{provider.BTCPayServer(), `{"originalDeliveryId":"d1","deliveryId":"d1","isRedelivery":false}`,
			`{"originalDeliveryId":"d1","deliveryId":"d2","isRedelivery":true}`},
		{provider.Plane(), `{"event_id":"e1","delivery_id":"d1"}`, `{"event_id":"e1","delivery_id":"d2"}`},
		{
			provider.DocuSign(),
			`{"event":"recipient-sent","uri":"/e/1","retryCount":0,"generatedDateTime":"2026-03-01T12:00:00.0000000Z","data":{"recipientId":"1"}}`,
			`{"event":"recipient-sent","uri":"/e/1","retryCount":1,"generatedDateTime":"2026-03-01T12:00:00.0000000Z","data":{"recipientId":"1"}}`,
		},
	}
	for _, row := range same {
		require.Equal(t, identity(row.provider, ownTime, row.first), identity(row.provider, ownTime+60, row.second),
			row.provider.Name())
		require.NotEqual(t, identity(row.provider, ownTime, row.first),
			identity(row.provider, ownTime, strings.Replace(row.first, "1\"", "9\"", 1)), row.provider.Name())
	}
	// Several events of a message share its token at Viber.
	require.NotEqual(t, identity(provider.Viber(), ownTime, `{"event":"delivered","message_token":1}`),
		identity(provider.Viber(), ownTime, `{"event":"seen","message_token":1}`))
	for _, p := range []core.Provider{provider.Revolut(), provider.Zendesk()} {
		require.Equal(t, identity(p, ownTime, `{}`), identity(p, ownTime, `{}`), p.Name())
		require.NotEqual(t, identity(p, ownTime, `{}`), identity(p, ownTime+1, `{}`), p.Name())
	}
	require.NotEqual(t, identity(provider.QuickNode(), ownTime, `{}`), identity(provider.QuickNode(), ownTime, `{}`),
		"two nonces")
	for _, p := range []core.Provider{provider.Dropbox(), provider.MSTeams()} {
		require.True(t, identity(p, ownTime, `{}`).IsZero(), p.Name())
	}
}
