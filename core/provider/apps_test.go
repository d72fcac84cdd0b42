package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestTheAnswerToAFailedProof: 401 where the provider tests for it, and what the provider repeats where a 400 loses the
// event.
func TestTheAnswerToAFailedProof(t *testing.T) {
	t.Parallel()
	for _, v := range appVectors() {
		want := map[string]int{
			"xero": http.StatusUnauthorized, "zoom": http.StatusServiceUnavailable,
			"sinch":            http.StatusServiceUnavailable,
			"azure-event-grid": http.StatusServiceUnavailable, "zendesk": http.StatusConflict,
			"front": http.StatusInternalServerError,
		}[v.Provider]
		if want == 0 {
			want = http.StatusBadRequest
		}
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("{}"))
		_, reply := guardOf(t, v.provider(t), v.Secret, v.now()).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Equal(t, want, reply.Status, v.Provider)
	}
}

func TestASecretOfFifteenCharactersIsDropboxs(t *testing.T) {
	t.Parallel()
	c := core.Config{Provider: provider.Dropbox(), Replay: core.DangerouslyNoReplay}
	c.Secrets = secrets.Static("abcdefghij12345")
	_, err := core.New(c)
	require.NoError(t, err)
	c.Secrets = secrets.Static("abcdefghij1234")
	_, err = core.New(c)
	require.ErrorContains(t, err, "at least 15")
}

func TestTheQuestionsOfMetaAndDropboxAreAnswered(t *testing.T) {
	t.Parallel()
	meta, err := core.New(core.Config{
		Provider: provider.Meta(), Secrets: secrets.Static(ownSecret),
		Setup:  core.Setup{VerifyTokens: secrets.Static("a-verify-token")},
		Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true,
	})
	require.NoError(t, err)
	dropbox := guardOf(t, provider.Dropbox(), ownSecret, time.Unix(ownTime, 0))
	rows := []struct {
		name, target string
		guard        *core.Guard
		answer       string // empty: refused
	}{
		{"meta", "/hooks?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a-verify-token", meta,
			"1158201444"},
		{"meta with another token",
			"/hooks?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=b-verify-token", meta, ""},
		{"meta without a token", "/hooks?hub.mode=subscribe&hub.challenge=1158201444", meta, ""},
		{"meta with markup", "/hooks?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=a-verify-token",
			meta, ""},
		{"dropbox", "/hooks?challenge=abc123", dropbox, "abc123"},
		{"dropbox with markup", "/hooks?challenge=%3Cscript%3E", dropbox, ""},
		{"dropbox without a challenge", "/hooks", dropbox, ""},
		{"dropbox with two challenges", "/hooks?challenge=a&challenge=b", dropbox, ""},
	}
	for _, row := range rows {
		d, reply := row.guard.Receive(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, row.target, nil),
			adapter.Inbound{})
		require.Nil(t, d, row.name)
		if row.answer == "" {
			require.NotNil(t, reply.Rejection, row.name)
			continue
		}
		require.Nil(t, reply.Rejection, row.name)
		require.Equal(t, http.StatusOK, reply.Status, row.name)
		require.Equal(t, row.answer, string(reply.Body), row.name)
		require.Equal(t, "nosniff", reply.Header().Get("X-Content-Type-Options"), row.name)
	}
}

func TestTwitchsChallengeIsAnsweredAfterTheProofOnly(t *testing.T) {
	t.Parallel()
	p := provider.Twitch()
	g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
	const body = `{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"status":"webhook_callback_verification_pending","type":"channel.follow"}}`
	d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, nil), adapter.Inbound{})
	require.Nil(t, d)
	require.Equal(t, "pogchamp-kappa-360noscope-vohiyo", string(reply.Body))
	require.Equal(t, reason.MissingSignature,
		reasonOf(g, httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))))
}
