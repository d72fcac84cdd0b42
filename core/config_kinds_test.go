package core_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// keyTail makes a prefix a key of a likely length.
const keyTail = "4eC39HqLyjWDarjtT1zdp7dc"

func TestASecretOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	published := timestamped()
	published.PublishedSecrets = []string{"test_" + keyTail}
	signsWith := timestamped()
	signsWith.SignsWith = []string{"sk_live_"}
	own := timestamped()
	own.OfOnesOwn = true
	for _, row := range []struct {
		name   string
		entry  entry.Entry
		secret string
		reason string // empty: it is accepted
	}{
		{"an API key of Stripe", timestamped(), "sk_live_" + keyTail, "sk_live_"},
		{"a restricted key", timestamped(), "rk_test_" + keyTail, "rk_test_"},
		{"a bot token of Slack", timestamped(), "xoxb-" + keyTail, "xoxb-"},
		{"a personal access token of GitHub", timestamped(), "ghp_" + keyTail, "ghp_"},
		{"a refresh token of GitHub", timestamped(), "ghr_" + keyTail, "ghr_"},
		{"an access token of Shopify", timestamped(), "shpat_" + keyTail, "shpat_"},
		{"a public key, which everybody has, for a scheme with a secret", timestamped(),
			"-----BEGIN PUBLIC KEY-----\n" + keyTail + "\n-----END PUBLIC KEY-----", "-----BEGIN"},
		{"a certificate", timestamped(), "-----BEGIN CERTIFICATE-----\n" + keyTail, "-----BEGIN"},
		{"a secret in double quotation marks", timestamped(), `"` + testSecret + `"`, "quotation marks"},
		{"a secret in single quotation marks", timestamped(), `'` + testSecret + `'`, "quotation marks"},
		{"a secret that the provider publishes", published, "test_" + keyTail, "publishes this secret"},
		{"a kind that the provider signs with", signsWith, "sk_live_" + keyTail, ""},
		{"a kind that the provider does not sign with", signsWith, "xoxp-" + keyTail, "xoxp-"},
		{"any kind, for a sender that the user described", own, "ghp_" + keyTail, ""},
		{"quotation marks, for a sender that the user described", own, `"` + testSecret + `"`, ""},
		{"a secret that only holds such a prefix", timestamped(), "x-sk_live_" + keyTail, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var log testlog.Log
			c, _ := config(row.entry)
			c.Secrets, c.Logger = secrets.Static(row.secret), slog.New(slog.NewTextHandler(&log, nil))
			_, err := core.New(c)
			require.NotContains(t, log.String(), row.secret)
			if row.reason == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.reason)
			require.NotContains(t, err.Error(), row.secret)
			c.DangerouslyAllowWeakSecrets = true // for recorded deliveries
			_, err = core.New(c)
			require.NoError(t, err)
		})
	}
}

func TestACredentialThatLooksLikeAnotherKeyIsReported(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c, _ := config(timestamped())
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", secrets.Static("xoxb-"+keyTail))}
	mustNew(t, c)
	require.Contains(t, log.String(), "looks like another kind of key")
	require.NotContains(t, log.String(), keyTail)
}

func TestWhatCanOnlyBeAMistakeIsRefused(t *testing.T) {
	t.Parallel()
	var store *memstore.Store
	var source *oddSource
	var observe core.ObserverFunc
	for _, row := range []struct {
		name   string
		field  string
		change func(*core.Config)
	}{
		{"a tolerance without its unit", "Limits.Tolerance", func(c *core.Config) { c.Limits.Tolerance = 300 }},
		{"a retention without its unit", "Limits.Retention", func(c *core.Config) { c.Limits.Retention = 86400 }},
		{"a signal's time without its unit", "Limits.SignalTimeout",
			func(c *core.Config) { c.Limits.SignalTimeout = 30 }},
		{"a negative signal's time", "Limits.SignalTimeout",
			func(c *core.Config) { c.Limits.SignalTimeout = -time.Minute }},
		{"silence without its unit", "SilenceAfter", func(c *core.Config) { c.SilenceAfter = 3600 }},
		{"a body's time without its unit", "Limits.BodyTimeout", func(c *core.Config) { c.Limits.BodyTimeout = 10 }},
		{"a store that is a nil pointer", "Replay", func(c *core.Config) { c.Replay = store }},
		{"a source of secrets that is a nil pointer", "Secrets", func(c *core.Config) { c.Secrets = source }},
		{"an observer that is a nil function", "Observers[0]", func(c *core.Config) {
			c.Observers = []core.Observer{observe}
		}},
		{"a blank name", "Endpoint", func(c *core.Config) { c.Endpoint = " " }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(timestamped())
			row.change(&c)
			_, err := core.New(c)
			fields := map[string]bool{}
			for _, m := range core.ConfigErrors(err) {
				fields[m.Field] = true
			}
			require.True(t, fields[row.field], "%v", err)
		})
	}
}

type oddSource struct{ secrets.Source }

func TestEveryMistakeIsReportedWhateverTheFirstIs(t *testing.T) {
	t.Parallel()
	_, err := core.New(core.Config{
		Secrets: secrets.Static(testSecret), TrustedProxies: "x", Limits: core.Limits{MaxBody: -1, BodyTimeout: 10},
		Credentials: []core.Credential{core.BearerToken(secrets.Static("short"))},
	})
	fields := map[string]bool{}
	for _, m := range core.ConfigErrors(err) {
		fields[m.Field] = true
	}
	require.Equal(t, map[string]bool{
		"Provider": true, "Replay": true, "TrustedProxies": true, "Limits.MaxBody": true, "Limits.BodyTimeout": true,
		"Credentials[0][0] (#1)": true,
	}, fields)
}

func TestTheOptOutOfWeakSecretsHoldsForEveryMechanism(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Provider{
		provider.GitHub(), jwt.Monday("https://example.com/hooks"), jwt.Netlify(),
		jwt.JiraConnect(jwt.JiraConnectConfig{ClientKeys: []string{"client-key"}}),
	} {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			c := core.Config{
				Endpoint: "e", Provider: p, Secrets: secrets.Static("weak"), Replay: core.DangerouslyNoReplay,
				StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
			}
			_, err := core.New(c)
			require.ErrorContains(t, err, "at least 16")
			c.DangerouslyAllowWeakSecrets = true
			_, err = core.New(c)
			require.NoError(t, err)
		})
	}
}

func TestASendersSecretHasTheFormOfTheDashboard(t *testing.T) {
	t.Parallel()
	for _, p := range provider.All() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			e, err := entry.Of(p)
			require.NoError(t, err)
			if e.Scheme == nil || e.Scheme.Key.Whole == "" {
				return
			}
			require.Contains(t, webhooktest.NewSender(p).Secret(), e.Scheme.Key.Whole)
		})
	}
	require.Regexp(t, "^whsec_", webhooktest.NewSender(provider.Stripe()).Secret())
	require.Regexp(t, "^wsk_", webhooktest.NewSender(provider.Revolut()).Secret())
}

func TestARequestToAPathIsEncrypted(t *testing.T) {
	t.Parallel()
	g := mustNew(t, core.Config{
		Endpoint: "github", Provider: provider.GitHub(), Secrets: secrets.Static(testSecret), Replay: memstore.New(),
		StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
	})
	r := webhooktest.NewRequest(provider.GitHub(), testSecret, "/hooks", `{}`, time.Now())
	require.Equal(t, http.StatusOK, run(g, r, ok).Code)
}

func TestAnEntryMayWantOtherAnswers(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.AuthStatus = 401
	e.Answers = entry.Answers{
		Authentication: entry.Answer{Empty: true},
		TooLarge:       entry.Answer{Status: 503, RetryAfter: time.Minute},
		App:            entry.Answer{Status: 429, RetryAfter: 2 * time.Second, Empty: true},
	}
	c, _ := config(e)
	c.Limits.MaxBody = 64
	g := mustNew(t, c)
	w := run(g, post(event, "Acme-Signature", "t=1,v1=00"), never(t))
	require.Equal(t, 401, w.Code)
	require.Empty(t, w.Body.String())
	require.Empty(t, w.Header().Get("Content-Type"))
	long := string(bytes.Repeat([]byte("x"), 100))
	w = run(g, post(long, "Acme-Signature", pairs(testSecret, testTime, long)), never(t))
	require.Equal(t, 503, w.Code)
	require.Equal(t, "60", w.Header().Get("Retry-After"))
}

// The same field bounds what the guard works out itself.
func TestNoRetryAfterIsLongerThanTheEntryAllows(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		most time.Duration
		want string
	}{
		{"where the sender does not say", 0, "7200"},
		{"where the sender waits less", 59 * time.Second, "59"},
		{"where the sender waits longer", 3 * time.Hour, "7200"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := timestamped()
			e.Answers.TooMuch = entry.Answer{RetryAfter: row.most}
			c, _ := config(e)
			c.RateLimit = core.RateLimit{Limiter: fullFor(2 * time.Hour)}
			w := run(mustNew(t, c), signed(event), never(t))
			require.Equal(t, 429, w.Code)
			require.Equal(t, row.want, w.Header().Get("Retry-After"))
		})
	}
}

// fullFor is a limiter that lets nothing in for so long.
type fullFor time.Duration

func (w fullFor) Allow(context.Context, string, int) (bool, time.Duration, error) {
	return false, time.Duration(w), nil
}

func TestWhatIsRecommendedIsWhatTheServersCheckSays(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Server.ReadHeaderTimeout": "set it to 5s", "Server.ReadTimeout": "set it to 30s",
		"Server.IdleTimeout":  "set it to 1m",
		"Server.WriteTimeout": "set it to 30s", "Server.MaxHeaderBytes": "set it to 65536",
	}
	for _, m := range core.CheckServer(&http.Server{}) { // without limits on purpose
		require.Contains(t, m.Reason, want[m.Field])
		delete(want, m.Field)
	}
	require.Empty(t, want)
}
