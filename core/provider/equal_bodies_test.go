package provider_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// twice sends one body under two sets of headers, and returns how often the app's code ran.
func twice(t *testing.T, c core.Config, body string, first, second http.Header) (runs int) {
	t.Helper()
	now := time.Unix(ownTime, 0)
	c.Endpoint, c.Secrets, c.Replay = "equal", secrets.Static(secretFor(c.Provider)), memstore.New()
	c.StoreFailure, c.Now = core.RefuseDelivery, func() time.Time { return now }
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	g, err := core.New(c)
	require.NoError(t, err)
	h := httpwebhook.Verify(g)(httpwebhook.Signal(func(*http.Request, core.Event) error { runs++; return nil }))
	for _, headers := range []http.Header{first, second} {
		r := webhooktest.NewRequest(c.Provider, signerFor(c.Provider), "/hooks", body, now)
		for name, values := range headers {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
	}
	return runs
}

func TestNoGenuineEventIsLostBecauseItsBodyIsEqual(t *testing.T) {
	t.Parallel()
	id := func(name, value string) http.Header { return http.Header{name: {value}} }
	for _, row := range []struct {
		name     string
		provider core.Provider
		body     string
		header   string
		runs     int
	}{
		{"repository_dispatch with the same client payload", provider.GitHub(),
			`{"action":"deploy","client_payload":{"env":"prod"},"sender":{"id":1}}`, "X-Github-Delivery", 2},
		{"workflow_dispatch with the same inputs", provider.GitHub(),
			`{"inputs":null,"ref":"refs/heads/main","workflow":".github/workflows/ci.yml"}`, "X-Github-Delivery", 2},
		{"a push, which holds ids of its own", provider.GitHub(), `{"ref":"refs/heads/main","after":"1"}`,
			"X-Github-Delivery", 1},
		{"a push that names a client payload deeper", provider.GitHub(),
			`{"ref":"refs/heads/main","head_commit":{"client_payload":1}}`, "X-Github-Delivery", 1},
		{"a product of Shopify without a time", provider.Shopify(), `{"id":1}`, "X-Shopify-Webhook-Id", 2},
		{"a product of Shopify with its time", provider.Shopify(), `{"id":1,"updated_at":"2026-01-01T00:00:00Z"}`,
			"X-Shopify-Webhook-Id", 1},
		{"the same error of a payment provider again", provider.Lago(),
			`{"webhook_type":"customer.payment_provider_error","payment_provider_customer_error":{"lago_customer_id":"1"}}`,
			"X-Lago-Unique-Key", 2},
		{"a customer of Lago with its time", provider.Lago(),
			`{"webhook_type":"customer.updated","customer":{"updated_at":"2026-01-01T00:00:00Z"}}`, "X-Lago-Unique-Key", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := core.Config{Provider: row.provider}
			require.Equal(t, row.runs, twice(t, c, row.body, id(row.header, "a"), id(row.header, "b")))
			require.Equal(t, 1, twice(t, c, row.body, id(row.header, "a"), id(row.header, "a")),
				"a retry is a duplicate")
			c.DangerouslyDropEqualBodies = true
			require.Equal(t, 1, twice(t, c, row.body, id(row.header, "a"), id(row.header, "b")),
				"the body alone counts")
		})
	}
}

func TestEqualItemsOfTwoSignedBatchesAreTwoEvents(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		body          string
		first, second string
		runs          int
	}{
		{"two deliveries", `[{"type":"ping"}]`, "1", "2", 2},
		{"one delivery and its retry", `[{"type":"ping"},{"type":"pong"}]`, "1", "1", 2},
		{"no list", `{"type":"ping"}`, "1", "2", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := provider.HMAC(provider.HMACConfig{
				Name: "own", Header: "X-Sig", Signed: "{id}.{body}", IDHeader: "X-Id", Batch: true, EventType: "/type",
			})
			now, runs := time.Unix(ownTime, 0), 0
			g, err := core.New(core.Config{
				Endpoint: "own", Provider: p, Secrets: secrets.Static(secretFor(p)), Replay: memstore.New(),
				StoreFailure: core.RefuseDelivery, Now: func() time.Time { return now },
				Logger: slog.New(slog.DiscardHandler),
			})
			require.NoError(t, err)
			h := httpwebhook.Verify(g)(httpwebhook.Signal(func(*http.Request, core.Event) error { runs++; return nil }))
			for _, id := range []string{row.first, row.second} {
				r := httptest.NewRequest("POST", "https://example.com/hooks", strings.NewReader(row.body))
				m := hmac.New(sha256.New, []byte(signerFor(p)))
				_, _ = m.Write([]byte(id + "." + row.body))
				r.Header.Set("X-Id", id)
				r.Header.Set("X-Sig", hex.EncodeToString(m.Sum(nil)))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				require.Equal(t, http.StatusOK, w.Code, w.Body)
			}
			require.Equal(t, row.runs, runs)
		})
	}
}

func TestWhatEqualBodiesCostIsSaidAtStart(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c := core.Config{Provider: provider.GitHub(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	twice(t, c, `{"n":1}`, nil, nil)
	require.Contains(t, log.String(), "can run it again until the secret changes")
	log.Reset()
	c.DangerouslyDropEqualBodies = true
	twice(t, c, `{"n":1}`, nil, nil)
	require.NotContains(t, log.String(), "can run it again until the secret changes")
	require.Contains(t, log.String(), "DangerouslyDropEqualBodies")
}

func TestAnInventedTypeOrTenantMakesNoSecondEvent(t *testing.T) {
	t.Parallel()
	for header, p := range map[string]core.Provider{
		"X-Github-Event": provider.GitHub(), "X-Gitea-Event": provider.Gitea(), "X-Event-Key": provider.Bitbucket(),
		"Sentry-Hook-Resource": provider.Sentry(), "X-Gitlab-Event": provider.GitLabToken(),
		"X-Topic": provider.ModernTreasury(),
	} {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			a, b := http.Header{header: {"push"}}, http.Header{header: {"pus"}}
			require.Equal(t, 1, twice(t, core.Config{Provider: p}, `{"n":1}`, a, b))
		})
	}
}

func TestTheAppsIdentityIsMadeOfWhatIsProved(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c := core.Config{
		Provider: provider.GitHub(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Identity: func(e core.Event) string { return e.ID + e.Type + e.Tenant },
	}
	a, b := http.Header{"X-Github-Delivery": {"a"}}, http.Header{"X-Github-Delivery": {"b"}}
	require.Equal(t, 1, twice(t, c, `{"n":1}`, a, b), "an invented id makes no second event")
	require.Equal(t, 1, strings.Count(log.String(), "Config.Identity gave an empty text"), "once a minute")
}

// TestTheAppsIdentityLosesNoEvent has functions that put fixed text around what they do not get to see.
func TestTheAppsIdentityLosesNoEvent(t *testing.T) {
	t.Parallel()
	typed := func(e core.Event) string { return e.Type + ":" + e.ID }
	for _, row := range []struct {
		name     string
		provider core.Provider
		identity func(core.Event) string
		header   string // of the id
		runs     int    // of two events and a capture of the first under an invented id, or under none
	}{
		{"type and id from headers that nothing signs", provider.GitHub(), typed, "X-Github-Delivery", 2},
		{"a signed type, and an id from a header that nothing signs", provider.CoinbaseCDP(), typed, "X-Event-Id", 2},
		{"the same text for every event", provider.GitHub(), func(core.Event) string { return "event" },
			"X-Github-Delivery", 2},
		{"the payload where there is no id", provider.GitHub(), func(e core.Event) string {
			return cmp.Or(e.ID, string(e.Payload))
		}, "X-Github-Delivery", 2},
		{"a function that reads the payload and demands it", provider.GitHub(), func(e core.Event) string {
			return "payload:" + string(e.Payload[:8])
		}, "X-Github-Delivery", 2},
		{"an id that the event does not have", provider.Stripe(), typed, "X-Unused", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var log testlog.Log
			now, runs := time.Unix(ownTime, 0), 0
			g, err := core.New(core.Config{
				Endpoint: "own", Provider: row.provider, Secrets: secrets.Static(secretFor(row.provider)),
				Replay:       memstore.New(),
				StoreFailure: core.RefuseDelivery, Now: func() time.Time { return now }, Identity: row.identity,
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			require.NoError(t, err)
			h := httpwebhook.Verify(g)(httpwebhook.Signal(func(*http.Request, core.Event) error { runs++; return nil }))
			for _, sent := range [][2]string{{"1", "a"}, {"2", "b"}, {"1", "c"}, {"1", ""}} {
				body := `{"n":` + sent[0] + `,"eventType":"x","type":"x"}`
				r := webhooktest.NewRequest(row.provider, signerFor(row.provider), "/hooks", body, now)
				if r.Header.Del(row.header); sent[1] != "" {
					r.Header.Set(row.header, sent[1])
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				require.Equal(t, http.StatusOK, w.Code, w.Body)
			}
			require.Equal(t, row.runs, runs)
			own := row.name == "a function that reads the payload and demands it"
			require.Equal(t, !own, strings.Contains(log.String(), "the provider's own identity is used"), log.String())
		})
	}
}

func TestARetryOfTheSameBytesIsFreshForAsLongAsItComes(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, row := range []struct {
		provider core.Provider
		age      time.Duration
		want     reason.Reason
	}{
		{provider.Linear(), 6 * time.Hour, ""},
		{provider.Linear(), 24 * time.Hour, reason.Stale},
		{provider.Stripe(), 6 * time.Minute, reason.Stale}, // each attempt is signed again, as Stripe documents
	} {
		t.Run(row.provider.Name()+" after "+row.age.String(), func(t *testing.T) {
			t.Parallel()
			r := webhooktest.NewRequest(row.provider, signerFor(row.provider), "/hooks", `{"id":"evt_1"}`,
				now.Add(-row.age))
			require.Equal(t, row.want, reasonOf(guardOf(t, row.provider, secretFor(row.provider), now), r))
		})
	}
}

func TestUnwrappedMessagesOfPubSubAreDistinguishedByTheirID(t *testing.T) {
	t.Parallel()
	e, err := entry.Of(jwt.GooglePubSub(jwt.GoogleConfig{Audience: "https://example.com/hooks",
		ServiceAccounts: []string{"a@b.iam.gserviceaccount.com"}}))
	require.NoError(t, err)
	require.NotEmpty(t, e.Identity.Apart)
	require.Contains(t, e.Identity.Apart[0].Headers, "X-Goog-Pubsub-Message-Id")
}
