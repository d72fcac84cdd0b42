package core_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	signing "github.com/sallyport-go/sallyport/internal/sign"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

const (
	openingKey      = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	otherOpeningKey = "bbcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	openingToken    = "a-token-of-this-test"
	openedEvent     = `{"EventType":"user_add_org","eventId":"e1","CorpId":"c1"}`
)

func encrypting(keys ...string) core.Provider {
	return provider.DingTalk(provider.DingTalkConfig{
		OwnerKeys: []string{"ding1"}, EncodingAESKeys: secrets.Static(keys...),
	})
}

// encryptingProviders are those that need a parameter.
func encryptingProviders() []core.Provider {
	return []core.Provider{
		encrypting(openingKey),
		provider.WeCom(provider.WeComConfig{ReceiveIDs: []string{"ww1"}, EncodingAESKeys: secrets.Static(openingKey)}),
		provider.WeChatPay(provider.WeChatPayConfig{APIv3Keys: secrets.Static("an-APIv3-key-of-a-test-32-bytes!")}),
	}
}

func openingConfig(p core.Provider) core.Config {
	return core.Config{
		Endpoint: "opening", Provider: p, Secrets: secrets.Static(openingToken), Replay: memstore.New(),
		Logger: slog.New(slog.DiscardHandler),
	}
}

// TestARetryIsTheSameEventHoweverItIsEncrypted: each attempt has another ciphertext. It is a duplicate, and is
// acknowledged with an answer of its own.
func TestARetryIsTheSameEventHoweverItIsEncrypted(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{"with an id": openedEvent, "without": `{"EventType":"user_add_org"}`} {
		p := encrypting(openingKey)
		g, err := core.New(openingConfig(p))
		require.NoError(t, err)
		s, ran := core.NewSignals(), 0
		s.On("*", func(_ context.Context, e core.Event) error {
			ran++
			require.Equal(t, event, string(e.Payload))
			require.True(t, e.Authenticated.Type)
			return nil
		})
		app := httpwebhook.Handler(g, s)
		bodies := map[string]bool{}
		for range 3 {
			r := webhooktest.NewRequest(p, openingToken, "/hooks", event, time.Now())
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code, name)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.NoError(t, signing.CheckAcknowledgement(p, openingToken, w.Body.Bytes()))
			bodies[w.Body.String()] = true
		}
		require.Equal(t, 1, ran, name)
		require.Len(t, bodies, 3)
	}
}

// TestAnEncryptedEventRunsAgainWithItsKeyAlone: the journal keeps what came. Without the key nothing runs, and the
// entry stays.
func TestAnEncryptedEventRunsAgainWithItsKeyAlone(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{Keys: secrets.Static(strings.Repeat("key ", 12))})
	require.NoError(t, err)
	var ran []string
	failing := true
	serve := func(keys ...string) (*core.Guard, http.Handler) {
		c := openingConfig(encrypting(keys...))
		c.Journal = kept
		g, err := core.New(c)
		require.NoError(t, err)
		s := core.NewSignals()
		s.On("*", func(_ context.Context, e core.Event) error {
			if failing {
				return core.Permanent(errColumn)
			}
			ran = append(ran, string(e.Payload))
			return nil
		})
		return g, httpwebhook.Handler(g, s)
	}
	_, app := serve(openingKey)
	app.ServeHTTP(httptest.NewRecorder(),
		webhooktest.NewRequest(encrypting(openingKey), openingToken, "/hooks?of=ours", openedEvent, time.Now()))
	failing = false
	redrive := func(keys ...string) (err error) {
		g, app := serve(keys...)
		redriver := &core.Redriver{App: app, Guards: []*core.Guard{g}}
		for _, e := range redriver.RedriveAll(t.Context(), journal.Query{State: journal.Parked},
			core.RedriveOptions{}) {
			err = e
		}
		return err
	}
	for e, err := range kept.Entries(t.Context(), journal.Query{State: journal.Parked}) {
		require.NoError(t, err)
		require.Equal(t, "/hooks?of=ours", e.Request.URL, "the signature in the URL is not kept")
	}
	require.ErrorContains(t, redrive(otherOpeningKey), "decryption key")
	require.Empty(t, ran)
	require.NoError(t, redrive(otherOpeningKey, openingKey))
	require.Equal(t, []string{openedEvent}, ran)
}

// TestNoDecryptionKeyShows: neither in logs nor in what is printed.
func TestNoDecryptionKeyShows(t *testing.T) {
	t.Parallel()
	log := &testlog.Log{}
	c := openingConfig(encrypting(openingKey, otherOpeningKey))
	c.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g, err := core.New(c)
	require.NoError(t, err)
	for _, event := range []string{openedEvent, `{"EventType":"check_url"}`} {
		httpwebhook.Handler(g, core.NewSignals()).ServeHTTP(httptest.NewRecorder(),
			webhooktest.NewRequest(encrypting(openingKey), openingToken, "/hooks", event, time.Now()))
	}
	r := webhooktest.NewRequest(encrypting(openingKey), openingToken, "/hooks", "no event", time.Now())
	d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.Nil(t, d)
	require.NoError(t, g.Flush(t.Context()))
	text := log.String() + fmt.Sprintf("%v %+v %#v %v %+v", c.Provider, c.Provider, g, g, reply.Rejection) +
		fmt.Sprint(g.Health())
	require.Contains(t, text, "encrypted for somebody else")
	for _, secret := range []string{openingKey, otherOpeningKey, openingToken} {
		require.NotContains(t, text, secret)
		require.NotContains(t, text, secret[:20])
	}
}

// TestATenantHasDecryptionKeysOfItsOwn.
func TestATenantHasDecryptionKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	key := map[string]string{"a": openingKey, "b": otherOpeningKey}
	c := openingConfig(provider.DingTalk(provider.DingTalkConfig{
		OwnerKeys: []string{"ding1"}, EncodingAESKeys: secrets.ByTenant(map[string]secrets.Source{
			"a": secrets.Static(openingKey), "b": secrets.Static(otherOpeningKey),
		}),
	}))
	c.Secrets = secrets.ByTenant(map[string]secrets.Source{ // a token that both chose proves nothing of the tenant
		"a": secrets.Static(openingToken), "b": secrets.Static(openingToken),
	})
	c.Tenant = core.TenantFromHeader("X-Tenant")
	g, err := core.New(c)
	require.NoError(t, err)
	for _, tenant := range []string{"a", "b"} {
		for _, sealedFor := range []string{"a", "b"} {
			r := webhooktest.NewRequest(encrypting(key[sealedFor]), openingToken, "/hooks", openedEvent, time.Now())
			r.Header.Set("X-Tenant", tenant)
			d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Equal(t, tenant == sealedFor, d != nil, "%s as %s", sealedFor, tenant)
			if d != nil {
				d.Abandon()
			}
		}
	}
}
