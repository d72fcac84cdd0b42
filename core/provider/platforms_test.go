package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestRingCentralsValidationIsNoDelivery: the header that asks for an answer turns no delivery into a handshake, or
// whoever sends one next to a genuine body would have the event acknowledged and lost.
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
		return g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
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

// TestGroupsOfPairsAreNeverMixed: a signature is tried with the timestamp of its own group alone, a group outside the
// window spoils none that is inside, and their number is bounded.
func TestGroupsOfPairsAreNeverMixed(t *testing.T) {
	t.Parallel()
	const body = `{"data":{"id":"evt_1"}}`
	at := func(offset int64) string { return fmt.Sprint(int64(ownTime) + offset) }
	group := func(offset int64) string { return "t=" + at(offset) + ",v1=" + ownHex(at(offset)+"."+body) }
	wrong := func(offset int64) string { return "t=" + at(offset) + ",v1=" + strings.Repeat("0", 64) }
	mixed := "t=" + at(0) + ",v1=" + ownHex(at(1)+"."+body)
	rows := []struct {
		name, value string
		want        reason.Reason
	}{
		{"one group", group(0), ""},
		{"the first is another secret's", wrong(0) + " " + group(0), ""},
		{"the last is another secret's", group(0) + " " + wrong(0), ""},
		{"each has a time of its own", wrong(3) + " " + group(-2), ""},
		{"a stale one before", group(-3600) + " " + group(0), ""},
		{"a stale one behind", group(0) + " " + group(-3600), ""},
		{"a right signature of a stale time", wrong(0) + " " + group(-3600), reason.BadSignature},
		{"all are stale", group(-3600) + " " + group(-3601), reason.Stale},
		{"a signature next to another's time", mixed + " " + wrong(1), reason.BadSignature},
		{"the same the other way round", wrong(1) + " " + mixed, reason.BadSignature},
		{"two times in one group", "t=" + at(0) + "," + group(0), reason.MalformedTimestamp},
		{"a group without a time", "v1=" + ownHex(at(0)+"."+body), reason.MissingTimestamp},
		{"four groups", strings.Repeat(wrong(0)+" ", 3) + group(0), ""},
		{"five groups", strings.Repeat(wrong(0)+" ", 4) + group(0), reason.MalformedSignature},
		{"nothing", " ", reason.MalformedSignature},
	}
	g := guardOf(t, provider.Persona(), ownSecret, time.Unix(ownTime, 0))
	for _, row := range rows {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("Persona-Signature", row.value)
		require.Equal(t, row.want, reasonOf(g, r), row.name)
	}
}

// TestAKeyServesTheDeliveriesThatNameIt: where the key's id is configured, a delivery under another one is for another
// app.
func TestAKeyServesTheDeliveriesThatNameIt(t *testing.T) {
	t.Parallel()
	const body = `{"time_ms":1,"events":[{"name":"channel_occupied","channel":"a"}]}`
	post := func(configured, named string) reason.Reason {
		g := guardOf(t, provider.PusherChannels(), configured, time.Unix(ownTime, 0))
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("X-Pusher-Signature", ownHex(body))
		if named != "" {
			r.Header.Set("X-Pusher-Key", named)
		}
		return reasonOf(g, r)
	}
	require.Empty(t, post("key-1:"+ownSecret, "key-1"))
	require.Equal(t, reason.BadSignature, post("key-1:"+ownSecret, "key-2"))
	require.Equal(t, reason.BadSignature, post("key-1:"+ownSecret, ""))
	require.Empty(t, post(ownSecret, "key-2"), "no id is configured")
}

// TestRecordedFalDeliveriesGetTheirVerdict: they are for a user, whom no other entry's vectors have to name.
func TestRecordedFalDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	vectors := vectorsIn(t, "testdata/recipients/fal.json")
	require.Len(t, vectors, 3)
	for _, v := range vectors {
		g := guardOf(t, provider.Fal("user-1"), v.key(), v.now())
		require.Equal(t, v.Expect == "valid", reasonOf(g, v.request()) == "", v.ID)
		other := guardOf(t, provider.Fal("user-3"), v.key(), v.now())
		require.NotEmpty(t, reasonOf(other, v.request()), "%s for another user", v.ID)
	}
	_, err := core.New(core.Config{Endpoint: "x", Provider: provider.Fal(), Replay: core.DangerouslyNoReplay})
	require.ErrorContains(t, err, "ids of the users")
}

// TestSmartcarsChallengeIsNoDelivery: the challenge is answered signed or not, and nothing that a delivery could be is
// signed.
func TestSmartcarsChallengeIsNoDelivery(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.Smartcar(), ownSecret, time.Unix(ownTime, 0))
	const code = "3a5c8f72-e6d9-4b1a-9f2e-8c7d6a5b4e3f"
	for _, body := range []string{
		`{"eventId":"1","eventType":"VERIFY","data":{"challenge":"` + code + `"}}`,
		`{"version":"2.0","eventName":"verify","payload":{"challenge":"` + code + `"}}`,
	} {
		for _, signed := range []bool{true, false} {
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
			if signed {
				r.Header.Set("SC-Signature", ownHex(body))
			}
			d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, d)
			require.Nil(t, reply.Rejection)
			require.JSONEq(t, `{"challenge":"`+ownHex(code)+`"}`, string(reply.Body))
		}
	}
	for _, challenge := range []string{`{\"eventType\":\"VEHICLE_STATE\"}`, "a b", "[1]", ""} {
		body := `{"eventType":"VERIFY","data":{"challenge":"` + challenge + `"}}`
		_, reply := g.Receive(httptest.NewRecorder(),
			httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body)), adapter.Inbound{})
		require.NotNil(t, reply.Rejection, challenge)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(code)) // what an answer would have signed
	r.Header.Set("SC-Signature", ownHex(code))
	require.NotEmpty(t, reasonOf(g, r))
}

// TestLinkedInSignsNoDelivery: the answer to LinkedIn's question is made with the key that signs deliveries, so that
// nothing is answered that a delivery could be.
func TestLinkedInSignsNoDelivery(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.LinkedIn(), ownSecret, time.Unix(ownTime, 0))
	ask := func(code string) *core.Reply {
		r := httptest.NewRequest(http.MethodGet, "/hooks?challengeCode="+url.QueryEscape(code), nil)
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
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
