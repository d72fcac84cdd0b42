package provider_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// TestRingCentralsValidationIsNoDelivery: the header that asks for an answer turns no delivery into a handshake, or whoever
// sends one beside a genuine body would have the event acknowledged and lost.
func TestRingCentralsValidationIsNoDelivery(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.RingCentral(), ownSecret, time.Unix(ownTime, 0))
	post := func(body, token string) (*core.Delivery, *core.Reply) {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		if body == "" {
			r.Body, r.ContentLength = http.NoBody, 0
		}
		r.Header.Set("Validation-Token", "b9c4d6e8-0000-4000-8000-000000000001")
		if token != "" {
			r.Header.Set("Verification-Token", token)
		}
		return g.Receive(httptest.NewRecorder(), r, core.Inbound{})
	}
	d, reply := post("", "")
	require.Nil(t, d)
	require.Nil(t, reply.Rejection)
	require.Equal(t, http.StatusOK, reply.Status)
	require.Equal(t, "b9c4d6e8-0000-4000-8000-000000000001", reply.Header().Get("Validation-Token"))
	require.Empty(t, reply.Body)
	d, _ = post(`{"uuid":"1","event":"x"}`, ownSecret)
	require.NotNil(t, d, "a delivery that carries the header as well")
	d, reply = post(`{"uuid":"1","event":"x"}`, "")
	require.Nil(t, d)
	require.NotNil(t, reply.Rejection, "a delivery without the token")
}

// TestLinkedInSignsNoDelivery: the answer to LinkedIn's question is made with the key that signs deliveries, so that
// nothing is answered that a delivery could be.
func TestLinkedInSignsNoDelivery(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.LinkedIn(), ownSecret, time.Unix(ownTime, 0))
	ask := func(code string) *core.Reply {
		r := httptest.NewRequest(http.MethodGet, "/hooks?challengeCode="+url.QueryEscape(code), nil)
		d, reply := g.Receive(httptest.NewRecorder(), r, core.Inbound{})
		require.Nil(t, d)
		return reply
	}
	const code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
	reply := ask(code)
	require.Nil(t, reply.Rejection)
	require.JSONEq(t, `{"challengeCode":"`+code+`","challengeResponse":"`+ownHex(code)+`"}`, string(reply.Body))
	require.Equal(t, "application/json", reply.Header().Get("Content-Type"))
	for _, code := range []string{`hmacsha256={"type":"x"}`, "hmacsha256=", `{"type":"x"}`, "a b", ""} {
		require.NotNil(t, ask(code).Rejection, code)
	}
}
