package provider_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// appsThatSignATime counts the entries of payments, chat, apps and cloud whose scheme signs a timestamp.
const appsThatSignATime = 17

func unknownHorizonOfApps() map[string]string {
	const (
		silent  = "not documented"
		noEnd   = "the documentation counts the attempts and does not say when the last one is"
		unread  = "the schedule was not read in an official document"
		optedIn = "redelivery is the receiver's choice, and its length is not documented"
	)
	return map[string]string{
		"adyen-platform": unread, "anthropic": unread, "cal-com": silent, "checkout-com": unread, "coinbase-cdp": unread,
		"docusign": unread, "front": unread, "gocardless": noEnd, "google-push-channels": silent, "increase": noEnd,
		"intercom": unread, "line": optedIn, "modern-treasury": noEnd, "mollie": unread, "ms-teams": silent,
		"paystack": unread, "polar": noEnd, "quickbooks": unread, "quicknode": silent, "replicate": unread,
		"revolut": unread, "sinch": silent, "sinch-numbers": silent, "twitch": silent, "typeform": unread,
		"webflow": unread, "x-twitter": silent, "xendit": noEnd, "zendesk": unread, "zoom": unread,
	}
}

func unknownAckLimitOfApps() map[string]string {
	unknown := map[string]string{}
	for _, name := range []string{
		"adyen-platform", "anthropic", "cal-com", "chargebee", "checkout-com", "coinbase-cdp", "coinbase-commerce", "docusign",
		"dropbox", "elevenlabs", "front", "google-push-channels", "increase", "intercom", "lemon-squeezy", "line", "meta",
		"mollie", "openai", "paystack", "quickbooks", "quicknode", "replicate", "revolut", "sinch", "sinch-numbers",
		"twitch", "typeform", "viber", "webflow", "x-twitter", "zoom",
	} {
		unknown[name] = "not documented, or not read in an official document"
	}
	return unknown
}

func appSecretChosenByTheUser(name string) bool {
	return slices.Contains([]string{
		"aws-eventbridge", "azure-event-grid", "cal-com", "chargebee", "checkout-com", "google-push-channels", "lemon-squeezy",
		"razorpay", "sinch", "sinch-numbers", "twitch", "typeform", "woocommerce",
	}, name)
}

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
		"lemon-squeezy": body, "razorpay": body, "paystack": body, "mollie": body, "checkout-com": body, "adyen-platform": body,
		"coinbase-commerce": body, // without its id
		"gocardless":        byID("evt_1"), "chargebee": byID("evt_1"), "paddle": byID("Ev1"),
		"modern-treasury": with("payment_order"), "coinbase-cdp": with("a"), "revolut": with("1772366400000"), "xendit": with("msg_1"),
		"polar": byID("msg_1"), "increase": byID("msg_1"), "openai": byID("msg_1"), "anthropic": byID("msg_1"), "replicate": byID("msg_1"),

		"meta": body, "viber": body, "sinch-numbers": body, "x-twitter": body, "typeform": body, "cal-com": body, "docusign": body,
		"line": body, // without its id
		"xero": body, "quickbooks": body, "zoom": body, "front": body, "sinch": body, "webflow": body, "elevenlabs": body,
		"intercom": byID("evt_1"), "box": byID("evt_1"), "twitch": byID("msg_1"), "zendesk": with("2026-03-01T12:00:00Z"),
		"ms-teams": none, "dropbox": none,

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

func TestASecretOfFifteenCharactersIsDropboxs(t *testing.T) {
	t.Parallel()
	c := core.Config{Provider: provider.Dropbox(), Replay: core.DangerouslyNoReplay}
	c.Secrets = core.StaticSecrets("abcdefghij12345")
	_, err := core.New(c)
	require.NoError(t, err)
	c.Secrets = core.StaticSecrets("abcdefghij1234")
	_, err = core.New(c)
	require.ErrorContains(t, err, "at least 15")
}

func TestTheQuestionsOfMetaAndDropboxAreAnswered(t *testing.T) {
	t.Parallel()
	meta, err := core.New(core.Config{
		Provider: provider.Meta(), Secrets: core.StaticSecrets(ownSecret), VerifyTokens: core.StaticSecrets("a-verify-token"),
		Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true,
	})
	require.NoError(t, err)
	dropbox := guardOf(t, provider.Dropbox(), ownSecret, time.Unix(ownTime, 0))
	rows := []struct {
		name, target string
		guard        *core.Guard
		answer       string // empty: refused
	}{
		{"meta", "/hooks?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a-verify-token", meta, "1158201444"},
		{"meta with another token", "/hooks?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=b-verify-token", meta, ""},
		{"meta without a token", "/hooks?hub.mode=subscribe&hub.challenge=1158201444", meta, ""},
		{"meta with markup", "/hooks?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=a-verify-token", meta, ""},
		{"dropbox", "/hooks?challenge=abc123", dropbox, "abc123"},
		{"dropbox with markup", "/hooks?challenge=%3Cscript%3E", dropbox, ""},
		{"dropbox without a challenge", "/hooks", dropbox, ""},
		{"dropbox with two challenges", "/hooks?challenge=a&challenge=b", dropbox, ""},
	}
	for _, row := range rows {
		d, reply := row.guard.Receive(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, row.target, nil), core.Inbound{})
		require.Nil(t, d, row.name)
		if row.answer == "" {
			require.NotNil(t, reply.Rejection, row.name)
			continue
		}
		require.Nil(t, reply.Rejection, row.name)
		require.Equal(t, http.StatusOK, reply.Status, row.name)
		require.Equal(t, row.answer, string(reply.Body), row.name)
		require.Equal(t, "nosniff", reply.Header.Get("X-Content-Type-Options"), row.name)
	}
}

func TestTwitchsChallengeIsAnsweredAfterTheProofOnly(t *testing.T) {
	t.Parallel()
	p := provider.Twitch()
	g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
	const body = `{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"status":"webhook_callback_verification_pending","type":"channel.follow"}}`
	d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, nil), core.Inbound{})
	require.Nil(t, d)
	require.Equal(t, "pogchamp-kappa-360noscope-vohiyo", string(reply.Body))
	require.Equal(t, core.ReasonMissingSignature, reasonOf(g, httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))))
}

func TestWhatApplicationsMustNotAccept(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1","type":"a"}`
	rows := []struct {
		name     string
		provider core.Provider
		headers  map[string]string
		want     core.Reason
	}{
		{"Cal.com without a secret", provider.CalCom(), map[string]string{"X-Cal-Signature-256": "no-secret-provided"}, core.ReasonMalformedSignature},
		{"a classic Mollie webhook", provider.Mollie(), nil, core.ReasonMissingSignature},
		{"Paystack's header with a timestamp", provider.Paystack(), map[string]string{"X-Paystack-Signature": "t=1772366400,v1=k1:" + strings.Repeat("00", 64)}, core.ReasonMalformedSignature},
		{"Coinbase's v1 alone", provider.CoinbaseCDP(), map[string]string{"X-Hook0-Signature": "t=1772366400,h=x-event-id,v1=" + ownHex("1772366400.x-event-id.1."+body)}, core.ReasonMissingSignature},
		{"Elevenlabs' signature under another version", provider.ElevenLabs(), map[string]string{"ElevenLabs-Signature": "t=1772366400,v1=" + ownHex("1772366400."+body)}, core.ReasonMissingSignature},
		{"a bearer token at Teams", provider.MSTeams(), map[string]string{"Authorization": "Bearer " + ownWhsec}, core.ReasonMalformedSignature},
		{"SHA-256 under Intercom's header", provider.Intercom(), map[string]string{"X-Hub-Signature": "sha256=" + ownHex(body)}, core.ReasonMalformedSignature},
		{"SHA-1 alone at Meta", provider.Meta(), map[string]string{"X-Hub-Signature": "sha1=" + strings.Repeat("00", 20)}, core.ReasonMissingSignature},
		{"Increase's older header", provider.Increase(), map[string]string{"Increase-Webhook-Signature": "t=2026-03-01T12:00:00Z,v1=" + ownHex("2026-03-01T12:00:00Z."+body)}, core.ReasonMissingSignature},
		{"seconds at Revolut", provider.Revolut(), map[string]string{"Revolut-Request-Timestamp": "1772366400", "Revolut-Signature": "v1=" + ownHex("v1.1772366400."+body)}, core.ReasonStale},
		{"a channel without a token", provider.GooglePushChannels(), map[string]string{"X-Goog-Channel-Id": "1"}, core.ReasonMissingCredential},
		{"an empty token", provider.Xendit(), map[string]string{"X-Callback-Token": ""}, core.ReasonMissingCredential},
		{"no token in the query", provider.AzureEventGrid(), nil, core.ReasonMissingCredential},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
			for name, value := range row.headers {
				r.Header.Set(name, value)
			}
			require.Equal(t, row.want, reasonOf(guardOf(t, row.provider, secretFor(row.provider), time.Unix(ownTime, 0)), r))
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
		return post(provider.Zendesk(), body, map[string]string{"X-Zendesk-Webhook-Signature-Timestamp": ts, "X-Zendesk-Webhook-Signature": b64(ts + body)})
	}))
	require.Equal(t, 1, divide(body+at, func(body, ts string) bool {
		return post(provider.Box(), body, map[string]string{"Box-Delivery-Timestamp": ts, "Box-Signature-Primary": b64(body + ts)})
	}))
	require.Equal(t, 1, divide("msg-1"+at, func(id, ts string) bool {
		return post(provider.Twitch(), body, map[string]string{
			"Twitch-Eventsub-Message-Id": id, "Twitch-Eventsub-Message-Timestamp": ts, "Twitch-Eventsub-Message-Signature": "sha256=" + ownHex(id+ts+body),
		})
	}))
	require.Equal(t, 1, divide("9f1772366400", func(nonce, ts string) bool {
		return post(provider.QuickNode(), body, map[string]string{"X-Qn-Nonce": nonce, "X-Qn-Timestamp": ts, "X-Qn-Signature": ownHex(nonce + ts + body)})
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

// TestNoChangedBitOfAQueryTokenIsAccepted is the flipped-byte law for the one credential that is no header.
func TestNoChangedBitOfAQueryTokenIsAccepted(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.AzureEventGrid(), ownSecret, time.Unix(ownTime, 0))
	for i := range len(ownSecret) {
		for bit := range 8 {
			token := []byte(ownSecret)
			token[i] ^= 1 << bit
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("[]"))
			r.URL.RawQuery = "token=" + escaped(token)
			require.False(t, accepts(g, r), "bit %d of byte %d", bit, i)
		}
	}
}

// TestEveryAppHasAVectorOfItsOwn: none of the entries goes without a second derivation of its signature.
func TestEveryAppHasAVectorOfItsOwn(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	for _, v := range ownVectors() {
		have[v.Provider] = true
	}
	for _, v := range loadVectors(t) {
		have[v.Provider] = true
	}
	signed := 0
	for _, p := range provider.All() {
		require.True(t, have[p.Name()], p.Name())
		if e, _ := core.EntryOf(p); slices.ContainsFunc(appVectors(), func(v vector) bool { return v.Provider == e.Name }) && e.Scheme != nil {
			if signsTime(e.Scheme) {
				signed++
			}
		}
	}
	require.Equal(t, appsThatSignATime, signed)
}

// TestWhatChangesBetweenAttemptsIsNoOtherEvent: where the body counts attempts or names the state of the webhook, the
// event's id is what is remembered; where it is the body with a signed time, another time is another event.
func TestWhatChangesBetweenAttemptsIsNoOtherEvent(t *testing.T) {
	t.Parallel()
	identity := func(p core.Provider, at int64, body string) core.Identity {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		require.NoError(t, webhooktest.Sign(r, p, secretFor(p), time.Unix(at, 0)))
		d, reply := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0)).Receive(httptest.NewRecorder(), r, core.Inbound{})
		require.Nil(t, reply, p.Name())
		return d.Events()[0].Identity
	}
	same := []struct {
		provider      core.Provider
		first, second string
	}{
		{provider.CoinbaseCommerce(), `{"attempt_number":1,"event":{"id":"e1"}}`, `{"attempt_number":2,"event":{"id":"e1"}}`},
		{provider.Chargebee(), `{"id":"ev_1","webhook_status":"scheduled"}`, `{"id":"ev_1","webhook_status":"re_scheduled"}`},
		{provider.Intercom(), `{"id":"notif_1","delivery_attempts":1}`, `{"id":"notif_1","delivery_attempts":2}`},
		{provider.Paddle(), `{"event_id":"evt_1","notification_id":"ntf_1"}`, `{"event_id":"evt_1","notification_id":"ntf_2"}`},
		{provider.Box(), `{"id":"1","x":1}`, `{"id":"1","x":2}`},
	}
	for _, row := range same {
		require.Equal(t, identity(row.provider, ownTime, row.first), identity(row.provider, ownTime+60, row.second), row.provider.Name())
		require.NotEqual(t, identity(row.provider, ownTime, row.first), identity(row.provider, ownTime, strings.Replace(row.first, "1\"", "9\"", 1)), row.provider.Name())
	}
	// Several events of a message share its token at Viber.
	require.NotEqual(t, identity(provider.Viber(), ownTime, `{"event":"delivered","message_token":1}`), identity(provider.Viber(), ownTime, `{"event":"seen","message_token":1}`))
	for _, p := range []core.Provider{provider.Revolut(), provider.Zendesk()} {
		require.Equal(t, identity(p, ownTime, `{}`), identity(p, ownTime, `{}`), p.Name())
		require.NotEqual(t, identity(p, ownTime, `{}`), identity(p, ownTime+1, `{}`), p.Name())
	}
	require.NotEqual(t, identity(provider.QuickNode(), ownTime, `{}`), identity(provider.QuickNode(), ownTime, `{}`), "two nonces")
	for _, p := range []core.Provider{provider.Dropbox(), provider.MSTeams()} {
		require.True(t, identity(p, ownTime, `{}`).IsZero(), p.Name())
	}
}
