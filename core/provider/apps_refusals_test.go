package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestWhatApplicationsMustNotAccept(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1","type":"a"}`
	rows := []struct {
		name     string
		provider core.Provider
		headers  map[string]string
		want     reason.Reason
	}{
		{"Cal.com without a secret", provider.CalCom(), map[string]string{"X-Cal-Signature-256": "no-secret-provided"},
			reason.MalformedSignature},
		{"a classic Mollie webhook", provider.Mollie(), nil, reason.MissingSignature},
		{"Paystack's header with a timestamp", provider.Paystack(),
			map[string]string{"X-Paystack-Signature": "t=1772366400,v1=k1:" + strings.Repeat("00", 64)},
			reason.MalformedSignature},
		{"Coinbase's v1 alone", provider.CoinbaseCDP(),
			map[string]string{"X-Hook0-Signature": "t=1772366400,h=x-event-id,v1=" +
				ownHex("1772366400.x-event-id.1."+body)}, reason.MissingSignature},
		{"Elevenlabs' signature under another version", provider.ElevenLabs(),
			map[string]string{"ElevenLabs-Signature": "t=1772366400,v1=" + ownHex("1772366400."+body)},
			reason.MissingSignature},
		{"a bearer token at Teams", provider.MSTeams(), map[string]string{"Authorization": "Bearer " + ownWhsec},
			reason.MalformedSignature},
		{"SHA-256 under Intercom's header", provider.Intercom(),
			map[string]string{"X-Hub-Signature": "sha256=" + ownHex(body)}, reason.MalformedSignature},
		{"SHA-1 alone at Meta", provider.Meta(),
			map[string]string{"X-Hub-Signature": "sha1=" + strings.Repeat("00", 20)}, reason.MissingSignature},
		{"Increase's older header", provider.Increase(),
			map[string]string{"Increase-Webhook-Signature": "t=2026-03-01T12:00:00Z,v1=" +
				ownHex("2026-03-01T12:00:00Z."+body)}, reason.MissingSignature},
		{"seconds at Revolut", provider.Revolut(),
			map[string]string{"Revolut-Request-Timestamp": "1772366400", "Revolut-Signature": "v1=" +
				ownHex("v1.1772366400."+body)}, reason.Stale},
		{"a channel without a token", provider.GooglePushChannels(), map[string]string{"X-Goog-Channel-Id": "1"},
			reason.MissingCredential},
		{"an empty token", provider.Xendit(), map[string]string{"X-Callback-Token": ""}, reason.MissingCredential},
		{"no token in the query", provider.AzureEventGrid(), nil, reason.MissingCredential},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
			for name, value := range row.headers {
				r.Header.Set(name, value)
			}
			require.Equal(t, row.want,
				reasonOf(guardOf(t, row.provider, secretFor(row.provider), time.Unix(ownTime, 0)), r))
		})
	}
}

// TestNothingMovesOverABoundaryThatHasNoSeparator: where parts are signed with nothing between them, every other
// division of the same signed text has to be refused.
func TestNothingMovesOverABoundaryThatHasNoSeparator(t *testing.T) {
	t.Parallel()
	const (
		at   = "2026-03-01T12:00:00Z"
		body = `{"a":"2026-03-01T12:00:00Z.x.1772366400"}`
	)
	// divide calls try with every way to cut the text in two.
	divide := func(text string, try func(first, second string) bool) (ways int) {
		for cut := range len(text) + 1 {
			if try(text[:cut], text[cut:]) {
				ways++
			}
		}
		return ways
	}
	post := func(p core.Provider, body string, headers map[string]string) bool {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		return accepts(guardOf(t, p, ownSecret, time.Unix(ownTime, 0)), r)
	}
	b64 := func(text string) string { return base64Of(ownMAC([]byte(ownSecret), text)) }

	require.Equal(t, 1, divide(at+body, func(ts, body string) bool {
		return post(provider.Zendesk(), body,
			map[string]string{"X-Zendesk-Webhook-Signature-Timestamp": ts,
				"X-Zendesk-Webhook-Signature": b64(ts + body)})
	}))
	require.Equal(t, 1, divide(body+at, func(body, ts string) bool {
		return post(provider.Box(), body,
			map[string]string{"Box-Delivery-Timestamp": ts, "Box-Signature-Primary": b64(body + ts)})
	}))
	require.Equal(t, 1, divide("msg-1"+at, func(id, ts string) bool {
		return post(provider.Twitch(), body, map[string]string{
			"Twitch-Eventsub-Message-Id": id, "Twitch-Eventsub-Message-Timestamp": ts,
			"Twitch-Eventsub-Message-Signature": "sha256=" + ownHex(id+ts+body),
		})
	}))
	require.Equal(t, 1, divide("9f1772366400", func(nonce, ts string) bool {
		return post(provider.QuickNode(), body,
			map[string]string{"X-Qn-Nonce": nonce, "X-Qn-Timestamp": ts, "X-Qn-Signature": ownHex(nonce + ts + body)})
	}))
	// The nonce has no dot, so that the end of a body cannot move into it.
	require.Equal(t, 1, divide(body+".nonce", func(body, rest string) bool {
		nonce, dotted := strings.CutPrefix(rest, ".")
		return dotted && post(provider.Sinch(), body, map[string]string{
			"X-Sinch-Webhook-Signature-Nonce": nonce, "X-Sinch-Webhook-Signature-Timestamp": "1772366400",
			"X-Sinch-Webhook-Signature": b64(body + "." + nonce + ".1772366400"),
		})
	}))
}
