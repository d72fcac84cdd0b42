package provider_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestOneKeyForEverybodyNeedsARecipient: where a sender signs for every account with one key, what is signed for
// another account is refused, and an entry without accounts makes no guard.
func TestOneKeyForEverybodyNeedsARecipient(t *testing.T) {
	t.Parallel()
	at := time.Unix(ownTime, 0)
	for _, row := range []struct {
		p              core.Provider
		none           []core.Provider
		mine           string
		foreign        []string
		configuredName string
	}{
		{
			provider.Kick("12", "13"), []core.Provider{provider.Kick(), provider.Kick("12", "")},
			`{"broadcaster":{"user_id":12}}`,
			[]string{`{"broadcaster":{"user_id":1}}`, `{"broadcaster":{"user_id":12.0}}`, `{"broadcaster":{}}`, `{}`,
				`{"broadcaster":{"user_id":12,"user_id":1}}`, `{"broadcaster":{"user_id":12},"broadcaster":{"user_id":1}}`,
				`[]`, ``, `x`},
			"broadcasters",
		},
		{
			provider.FireblocksLegacy("w1"),
			[]core.Provider{provider.FireblocksLegacy(""), provider.FireblocksLegacy("w1", "")}, `{"id":"1","workspaceId":"w1"}`,
			[]string{`{"id":"1","workspaceId":"w2"}`, `{"id":"1"}`, `{"workspaceId":"w1","workspaceId":"w2"}`,
				`{"workspaceId":["w1"]}`},
			"workspaces",
		},
	} {
		g := guardOf(t, row.p, secretFor(row.p), at)
		post := func(body string) reason.Reason {
			return reasonOf(g, webhooktest.NewRequest(row.p, signerFor(row.p), "https://example.com/hooks", body, at))
		}
		require.Empty(t, post(row.mine))
		for _, body := range row.foreign {
			require.Equal(t, reason.WrongRecipient, post(body), "%s: %s", row.p.Name(), body)
		}
		for _, none := range row.none {
			_, err := core.New(core.Config{Endpoint: "x", Provider: none, Secrets: secrets.Static(secretFor(row.p)),
				Replay: core.DangerouslyNoReplay})
			require.ErrorContains(t, err, row.configuredName)
		}
	}
}

// TestKicksKeyIsFetched from the place where Kick publishes it. A document without a key is an outage and no forgery.
func TestKicksKeyIsFetched(t *testing.T) {
	t.Parallel()
	p := provider.Kick("1")
	_, public := rsaKey(t, 1)
	document, err := json.Marshal(map[string]any{"data": map[string]any{"public_key": public}, "message": "OK"})
	require.NoError(t, err)
	h := &host{text: string(document)}
	source, err := keys.Kick(options(h, nil))
	require.NoError(t, err)
	genuine := func(n int) *core.Delivery {
		g := fetching(t, p, source)
		d, _ := g.Receive(httptest.NewRecorder(), webhooktest.NewRequest(p, signing(p, n), "https://example.com/hooks",
			`{"broadcaster":{"user_id":1}}`, time.Unix(ownTime, 0)), adapter.Inbound{})
		return d
	}
	require.NotNil(t, genuine(1))
	require.Nil(t, genuine(2))
	require.Equal(t, []string{"https://api.kick.com/public/v1/public-key"}, h.requests())
	for _, text := range []string{"", "{}", `{"data":{"public_key":"x"}}`, `{"data":{},"data":{}}`} {
		source, err := keys.Kick(options(&host{text: text}, nil))
		require.NoError(t, err)
		r := webhooktest.NewRequest(p, signing(p, 1), "https://example.com/hooks", `{"broadcaster":{"user_id":1}}`,
			time.Unix(ownTime, 0))
		require.Equal(t, reason.KeysUnavailable, reasonOf(fetching(t, p, source), r), text)
	}
}

// TestKicksTypeMakesNoSecondEvent: the type is not signed, and the id is.
func TestKicksTypeMakesNoSecondEvent(t *testing.T) {
	t.Parallel()
	p := provider.Kick("1")
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	post := func(kind, id string) core.Event {
		r := httptest.NewRequest("POST", "https://example.com/hooks", strings.NewReader(`{"broadcaster":{"user_id":1}}`))
		r.Header.Set("Kick-Event-Type", kind)
		r.Header.Set("Kick-Event-Message-Id", id)
		require.NoError(t, webhooktest.Sign(r, p, signerFor(p), time.Unix(ownTime, 0)))
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0]
	}
	first, second, third := post("chat.message.sent", "m1"), post("channel.followed", "m1"), post("channel.followed", "m2")
	require.Equal(t, first.Identity, second.Identity)
	require.NotEqual(t, first.Identity, third.Identity)
	require.False(t, first.Authenticated.Type)
	require.True(t, first.Authenticated.ID)
}

// TestOurasSubscriptionIsTried with its verification token, and with no other.
func TestOurasSubscriptionIsTried(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsIn(t, "testdata/recipients/oura-handshake.json") {
		ask := func(token string) *core.Reply {
			g, err := core.New(core.Config{
				Endpoint: "x", Provider: unproved.Oura(), Secrets: secrets.Static(ownSecret),
				Replay: core.DangerouslyNoReplay, DangerouslyAllowWeakSecrets: true,
				Setup: core.Setup{VerifyTokens: secrets.Static(token)},
			})
			require.NoError(t, err)
			d, reply := g.Receive(httptest.NewRecorder(), v.request(), adapter.Inbound{})
			require.Nil(t, d)
			return reply
		}
		reply := ask(v.Token)
		require.Nil(t, reply.Rejection)
		require.Equal(t, v.Response.Status, reply.Status)
		require.Equal(t, v.Response.Body, string(reply.Body))
		require.Equal(t, "application/json", reply.Header().Get("Content-Type"))
		require.Equal(t, 401, ask("another-verify-token").Status)
	}
}
