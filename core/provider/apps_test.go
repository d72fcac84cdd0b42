package provider_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
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

// TestTheAnswerToAFailedProof: 401 where the provider tests for it, 503 where a 4xx loses the event.
func TestTheAnswerToAFailedProof(t *testing.T) {
	t.Parallel()
	for _, v := range appVectors() {
		want := map[string]int{"xero": http.StatusUnauthorized, "zoom": http.StatusServiceUnavailable, "elevenlabs": http.StatusServiceUnavailable}[v.Provider]
		if want == 0 {
			want = http.StatusBadRequest
		}
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("{}"))
		_, reply := guardOf(t, v.provider(t), v.Secret, v.now()).Receive(httptest.NewRecorder(), r, core.Inbound{})
		require.Equal(t, want, reply.Status, v.Provider)
	}
}

// TestWhereTheListOfABatchIs finds each list in a delivery as it is documented.
func TestWhereTheListOfABatchIs(t *testing.T) {
	t.Parallel()
	samples := map[string]string{
		"gocardless":       `{"events":[{"id":"EV1","resource_type":"payments"}],"meta":{"webhook_id":"WB1"}}`,
		"line":             `{"destination":"U1","events":[{"type":"message","webhookEventId":"01FZ"}]}`,
		"meta":             `{"object":"page","entry":[{"id":"1","time":1772366400,"changes":[{"field":"feed"}]}]}`,
		"xero":             `{"events":[{"eventCategory":"INVOICE","eventType":"UPDATE"}],"firstEventSequence":1,"lastEventSequence":1,"entropy":"S0m3r4Nd0mt3xt"}`,
		"quickbooks":       `[{"specversion":"1.0","id":"1","type":"qbo.invoice.created.v1"}]`,
		"azure-event-grid": `[{"id":"1","eventType":"Microsoft.Storage.BlobCreated"}]`,
	}
	for _, v := range appVectors() {
		e, err := core.EntryOf(v.provider(t))
		require.NoError(t, err)
		body, batch := samples[v.Provider]
		require.Equal(t, batch, e.Batch != nil, v.Provider)
		if !batch {
			continue
		}
		var node any
		require.NoError(t, json.Unmarshal([]byte(body), &node))
		if e.Batch.Pointer != "" {
			node = node.(map[string]any)[strings.TrimPrefix(e.Batch.Pointer, "/")]
		}
		require.Len(t, node, 1, v.Provider)
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
