package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// TestAdobeSignsClientIDIsRepeatedToWhoeverHasIt, and to nobody else; and that it is no secret is said at the start.
func TestAdobeSignsClientIDIsRepeatedToWhoeverHasIt(t *testing.T) {
	t.Parallel()
	const name, id, token = "X-AdobeSign-ClientId", "BGBQIIE7H253K6", "a-token-of-more-than-16-bytes"
	var log testlog.Log // the guard writes behind the test
	make := func(credentials ...core.Credential) *core.Guard {
		g, err := core.New(core.Config{
			Endpoint: "adobe", Provider: provider.AdobeSign(), Secrets: secrets.Static(id), Replay: memstore.New(),
			Credentials: credentials, Logger: log.Logger(), DangerouslyAllowHTTP: true,
		})
		require.NoError(t, err)
		return g
	}
	send := func(g *core.Guard, method, target, body, value string) (*httptest.ResponseRecorder, *core.Delivery, *core.Reply) {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		if value != "" {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		d, reply := g.Receive(w, r, adapter.Inbound{})
		return w, d, reply
	}
	const body = `{"webhookNotificationId":"n1","event":"AGREEMENT_CREATED"}`
	g := make()
	require.Contains(t, log.String(), "credential is no secret")
	w, d, _ := send(g, http.MethodPost, "/hooks", body, id)
	require.NotNil(t, d)
	require.Equal(t, id, w.Header().Get(name))
	w, d, reply := send(g, http.MethodGet, "/hooks", "", id)
	require.Nil(t, d)
	require.Nil(t, reply.Rejection)
	require.Equal(t, http.StatusOK, reply.Status)
	require.Equal(t, id, w.Header().Get(name))
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, value := range []string{"", "another", id + "x", strings.ToLower(id)} {
			w, d, reply := send(g, method, "/hooks", body, value)
			require.Nil(t, d)
			require.NotNil(t, reply.Rejection, value)
			require.Empty(t, w.Header().Get(name))
		}
	}
	log.Reset()
	both := make(core.QueryToken("token", secrets.Static(token)))
	require.NotContains(t, log.String(), "credential is no secret")
	_, d, _ = send(both, http.MethodPost, "/hooks?token="+token, body, id)
	require.NotNil(t, d)
	w, d, _ = send(both, http.MethodPost, "/hooks", body, id)
	require.Nil(t, d, "the client id alone")
	require.Empty(t, w.Header().Get(name))
	_, d, _ = send(both, http.MethodPost, "/hooks?token="+token, body, "")
	require.Nil(t, d, "the token alone")
}
