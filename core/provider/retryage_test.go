package provider_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestNoRetryIsTooOld: where a sender does not say that each attempt is signed again, its last retry may repeat the
// signed bytes of the first attempt. The entry accepts it at that age.
func TestNoRetryIsTooOld(t *testing.T) {
	t.Parallel()
	const usual = 5 * time.Minute
	// Their tokens say who sends, and nothing of the delivery: the sender makes new ones before they expire.
	renewed := []string{"google-eventarc", "google-play", "google-pubsub", "jira-oauth"}
	checked := 0
	for _, c := range catalogue.All() {
		e, err := entry.Of(c.Sample())
		require.NoError(t, err)
		if e.Scheme == nil || e.Scheme.Timestamp.Resigned || slices.Contains(renewed, e.Name) {
			continue
		}
		if own := e.Scheme.Custom; own == nil && !signsTime(e.Scheme) || own != nil && !own.Traits().Time {
			continue
		}
		checked++
		at := e.Scheme.Timestamp
		require.GreaterOrEqual(t, max(at.Past, at.Tolerance, usual), e.RetryHorizon,
			"%s: set Timestamp.Past to the retry horizon, or Resigned with the source that says so", e.Name)
	}
	require.Greater(t, checked, 30)
}

// TestAMistypedSecretLosesNoEvent: these senders never repeat, or hardly ever, what was answered 400. What a wrong
// secret has refused comes again once it is fixed.
func TestAMistypedSecretLosesNoEvent(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{
		"alertmanager": 503, "azure-event-grid": 503, "bitbucket": 503, "brevo": 503, "btcpay-server": 503,
		"elevenlabs": 503, "front": 500,
		"jira": 503, "logto": 503, "okta": 503, "pagerduty": 503, "plane": 503, "sanity": 503,
		"segment": 503, "sendgrid-inbound": 503,
		"sinch": 503, "wise": 503, "zendesk": 409, "zoom": 503,
	} {
		p, ok := provider.ByName(name)
		require.True(t, ok, name)
		now := time.Unix(ownTime, 0)
		r := webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", `{"id":"evt_1"}`, now)
		e, err := entry.Of(p)
		require.NoError(t, err)
		for _, header := range append(signedHeaders(e), "Authorization") {
			r.Header.Del(header)
		}
		r.URL.RawQuery = ""
		_, reply := guardOf(t, p, secretFor(p), now).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Equal(t, status, reply.Status, name)
	}
}
