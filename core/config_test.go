package core_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

func TestNewRefusesWhatWouldNotProtect(t *testing.T) {
	whsec := timestamped()
	whsec.Scheme.Key = entry.Key{Encoding: entry.Base64, Prefix: "whsec_"}
	noRetry := timestamped()
	noRetry.NeverRetries = true
	horizon := timestamped()
	horizon.RetryHorizon = 24 * time.Hour
	badAlgorithm := timestamped()
	badAlgorithm.Scheme.Algorithm = 99
	signsNothing := timestamped()
	signsNothing.Scheme.Signed = []entry.Part{entry.TimestampText()}
	t.Setenv("SALLYPORT_TEST_EMPTY", "")
	accepted := func(texts ...string) func(*core.Config) {
		return func(c *core.Config) { c.Secrets = secrets.Static(texts...) }
	}
	rows := []struct {
		name   string
		entry  entry.Entry
		change func(*core.Config)
		field  string
		reason string
	}{
		{"no provider", timestamped(), func(c *core.Config) { c.Provider = core.Provider{} }, "Provider",
			"no provider"},
		{"no source of secrets", timestamped(), func(c *core.Config) { c.Secrets = nil }, "Secrets",
			"no secret is configured"},
		{"an empty list", timestamped(), accepted(), "Secrets", "no secret is configured"},
		{"an empty secret", timestamped(), accepted(""), "Secrets[0] (#1)", "empty"},
		{"an empty secret next to a good one", timestamped(), accepted(testSecret, ""), "Secrets[1] (#2)", "empty"},
		{"a blank secret", timestamped(), accepted("                    "), "Secrets[0] (#1)", "blank"},
		{"a secret with a line break", timestamped(), accepted(testSecret + "\n"), "Secrets[0] (#1)", "white space"},
		{"a short secret", timestamped(), accepted("fifteen-bytes-x"), "Secrets[0] (#1)", "15 bytes"},
		{"a placeholder", timestamped(), accepted("changeme"), "Secrets[0] (#1)", "placeholder"},
		{"a long placeholder", timestamped(), accepted("your_webhook_secret"), "Secrets[0] (#1)", "placeholder"},
		{"one character over and over", timestamped(), accepted(strings.Repeat("x", 32)), "Secrets[0] (#1)",
			"placeholder"},
		{"None, as Python prints it", timestamped(), accepted("None"), "Secrets[0] (#1)", "placeholder"},
		{"a prefix and nothing else", whsec, accepted("whsec_"), "Secrets[0] (#1)", "empty after its prefix"},
		{"a malformed key", whsec, accepted("whsec_!!not base64!!"), "Secrets[0] (#1)", "not base64"},
		{"a key that is short once decoded", whsec, accepted("whsec_c2hvcnQ="), "Secrets[0] (#1)",
			"5 bytes after decoding"},
		{"33 secrets", timestamped(), accepted(make([]string, 33)...), "Secrets", "at most 32"},
		{"a variable that is not set", timestamped(),
			func(c *core.Config) { c.Secrets = secrets.FromEnv("SALLYPORT_TEST_UNSET") }, "Secrets",
			"SALLYPORT_TEST_UNSET is not set"},
		{"a variable that is set and empty", timestamped(),
			func(c *core.Config) { c.Secrets = secrets.FromEnv("SALLYPORT_TEST_EMPTY") },
			"Secrets[0] (SALLYPORT_TEST_EMPTY)", "empty"},
		{"a validity that ends before it begins", timestamped(), func(c *core.Config) {
			c.Secrets = secrets.Labeled(secrets.New("a", testSecret).ValidFrom(testTime).ValidUntil(testTime.Add(-1)))
		}, "Secrets[0] (a)", "ends before"},
		{"an algorithm nobody knows", badAlgorithm, nil, "Provider", "unknown algorithm"},
		{"a scheme that signs neither body nor id", signsNothing, nil, "Provider", "same proof"},

		{"nothing that proves a delivery", entry.Entry{Name: "bare", Title: "Bare"},
			func(c *core.Config) { c.Secrets = nil }, "Credentials", "nothing authenticates"},
		{"a credential-only provider without any", basicOnly(), func(c *core.Config) { c.Secrets = nil }, "Secrets",
			"no secret is configured"},
		{"a pair without a colon", basicOnly(), accepted("justonelongpassword"), "Secrets[0] (#1)", "pair"},
		{"a pair with a short password", basicOnly(), accepted("user:short"), "Secrets[0] (#1)", "5 bytes"},
		{"a pair with an empty password", basicOnly(), accepted("user:"), "Secrets[0] (#1)", "placeholder"},
		{"a pair without a user", basicOnly(), accepted(":a-long-enough-password"), "Secrets[0] (#1)", "pair"},
		{"a header credential without a name", timestamped(), func(c *core.Config) {
			c.Credentials = []core.Credential{core.HeaderToken("", secrets.Static(testSecret))}
		}, "Credentials[0].Name", "not the name"},
		{"a credential without a list", timestamped(),
			func(c *core.Config) { c.Credentials = []core.Credential{core.BearerToken(nil)} }, "Credentials[0]",
			"no list"},
		{"the zero credential", timestamped(), func(c *core.Config) { c.Credentials = []core.Credential{{}} },
			"Credentials[0]", "no list"},
		{"one place twice", timestamped(), func(c *core.Config) {
			c.Credentials = []core.Credential{core.BearerToken(secrets.Static(testSecret)),
				core.BearerToken(secrets.Static(testSecret))}
		}, "Credentials[1]", "configured twice"},

		{"no replay choice", timestamped(), func(c *core.Config) { c.Replay = nil }, "Replay", "DangerouslyNoReplay"},
		{"a store without an endpoint's name", timestamped(), func(c *core.Config) { c.Endpoint = "" }, "Endpoint",
			"needs a name"},
		{"a name with control characters", timestamped(), func(c *core.Config) { c.Endpoint = "a\nb" }, "Endpoint",
			"control"},
		{"a retention shorter than a timestamp stays fresh", timestamped(),
			func(c *core.Config) { c.Limits.Retention = 10 * time.Minute }, "Limits.Retention", "at least 12m0s"},
		{"a retention shorter than the provider retries", horizon,
			func(c *core.Config) { c.Limits.Retention = time.Hour }, "Limits.Retention", "24h0m0s"},
		{"a lease that outlives the last retry", horizon, func(c *core.Config) { c.Limits.Lease = 48 * time.Hour },
			"Limits.Lease", "stops retrying"},
		{"a lease too short to work in", timestamped(), func(c *core.Config) { c.Limits.Lease = time.Millisecond },
			"Limits.Lease", "at least 1s"},
		{"no choice for a provider that never retries", noRetry, nil, "StoreFailure", "RefuseDelivery"},

		{"a negative tolerance", timestamped(), func(c *core.Config) { c.Limits.Tolerance = -1 }, "Limits.Tolerance",
			"between"},
		{"a tolerance of a year", timestamped(), func(c *core.Config) { c.Limits.Tolerance = 365 * 24 * time.Hour },
			"Limits.Tolerance", "between"},
		{"a tolerance where nothing is timed", plain(), func(c *core.Config) { c.Limits.Tolerance = time.Minute },
			"Limits.Tolerance", "signs no timestamp"},
		{"a negative body limit", timestamped(), func(c *core.Config) { c.Limits.MaxBody = -1 }, "Limits.MaxBody",
			"between"},
		{"proxies nobody can parse", timestamped(), func(c *core.Config) { c.TrustedProxies = "proxy.internal" },
			"TrustedProxies", "neither"},
		{"a prefix with host bits", timestamped(), func(c *core.Config) { c.TrustedProxies = "10.1.2.3/8" },
			"TrustedProxies", "10.0.0.0/8"},
		{"the whole internet", timestamped(), func(c *core.Config) { c.TrustedProxies = "0.0.0.0/0" }, "TrustedProxies",
			"whole internet"},
		{"a relative public URL", timestamped(), func(c *core.Config) { c.PublicURL = "/hooks" }, "PublicURL",
			"absolute"},
		{"a status that disables endpoints", timestamped(),
			func(c *core.Config) { c.Answers.AuthenticationStatus = 410 }, "Answers.AuthenticationStatus",
			"400, 401, 403, 409, 429, 500 or 503"},
		{"a success for failures", timestamped(), func(c *core.Config) { c.Answers.AuthenticationStatus = 200 },
			"Answers.AuthenticationStatus", "400, 401, 403, 409, 429, 500 or 503"},
		{"awaiting a secret that is there", timestamped(), func(c *core.Config) { c.Setup.AwaitingSecret = true },
			"Setup.AwaitingSecret", "nothing is awaited"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, _ := config(row.entry)
			if row.change != nil {
				row.change(&c)
			}
			g, err := core.New(c)
			require.Nil(t, g)
			require.Error(t, err)
			mistakes := core.ConfigErrors(err)
			require.NotEmpty(t, mistakes)
			require.Equal(t, row.field, mistakes[0].Field, err)
			require.Contains(t, mistakes[0].Reason, row.reason)
			require.NotContains(t, err.Error(), testSecret)
		})
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := core.New(core.Config{
		Provider: entry.NewProvider(timestamped(), nil), TrustedProxies: "x", Limits: core.Limits{MaxBody: -1},
	})
	fields := map[string]bool{}
	for _, m := range core.ConfigErrors(err) {
		fields[m.Field] = true
	}
	require.Equal(t, map[string]bool{"Secrets": true, "Replay": true, "TrustedProxies": true, "Limits.MaxBody": true},
		fields)
	require.Nil(t, core.ConfigErrors(nil))
}

func TestAMissingSecretIsAnsweredWithAFreshOne(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		c, _ := config(timestamped())
		c.Secrets = nil
		_, err := core.New(c)
		_, fresh, ok := strings.Cut(core.ConfigErrors(err)[0].Reason, "for example ")
		require.True(t, ok)
		require.Len(t, fresh, 43)
		require.False(t, seen[fresh])
		seen[fresh] = true
	}
	issued := timestamped()
	issued.SecretFrom = "Developers > Webhooks"
	c, _ := config(issued)
	c.Secrets = nil
	_, err := core.New(c)
	require.ErrorContains(t, err, "copy it from Acme: Developers > Webhooks")
	user, password, _ := strings.Cut(secrets.GeneratePair(), ":")
	require.NotEmpty(t, user)
	require.Len(t, password, 43)
}

func TestWeakSecretsNeedALoudName(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c, rec := config(timestamped())
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.Secrets = secrets.Static("weak")
	c.DangerouslyAllowWeakSecrets = true
	g := mustNew(t, c)
	run(g, post(event, "Acme-Signature", pairs("weak", testTime, event)), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	require.Contains(t, log.String(), "DangerouslyAllowWeakSecrets")
	require.Contains(t, log.String(), "DangerouslyAllowHTTP")
	c.Secrets = secrets.Static("")
	_, err := core.New(c)
	require.ErrorContains(t, err, "empty")
}

func TestADuplicateSecretIsFoldedAndNoted(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c, _ := config(timestamped())
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.Secrets = secrets.Static(testSecret, testSecret)
	mustNew(t, c)
	require.Contains(t, log.String(), "repeats the secret labelled #1")
	require.NotContains(t, log.String(), testSecret)
}

func TestLaterEditsOfTheConfigChangeNothing(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	credentials := []core.Credential{core.BearerToken(secrets.Static(testSecret))}
	c.Credentials = credentials
	g := mustNew(t, c)
	credentials[0] = core.Credential{}
	c.Limits.MaxBody = 1
	r := signed(event)
	r.Header.Set("Authorization", "Bearer "+testSecret)
	run(g, r, ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	const canary = "canary-secret-0123456789"
	secret := secrets.New("label", canary).ValidUntil(testTime)
	source := secrets.Labeled(secret)
	c, _ := config(timestamped())
	c.Secrets = source
	c.Credentials = []core.Credential{core.HeaderToken("X-T", secrets.Static(canary))}
	g := mustNew(t, c)
	list := secrets.NewList(secret)
	holders := []any{secret, &secret, []secrets.Secret{secret}, map[string]secrets.Secret{"a": secret},
		struct{ s secrets.Secret }{secret}, list, *list, source, c, &c, g, c.Credentials, c.Credentials[0]}
	for _, v := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			out := fmt.Sprintf(verb, v)
			require.NotContains(t, out, canary, "%s of %T", verb, v)
			require.NotContains(t, out, fmt.Sprintf("%x", canary), "%s of %T", verb, v)
		}
	}
	data, err := json.Marshal(map[string]any{"a": secret, "b": []secrets.Secret{secret}, "c": list})
	require.NoError(t, err)
	require.NotContains(t, string(data), canary)
	data, err = xml.Marshal(secret)
	require.NoError(t, err)
	require.NotContains(t, string(data), canary)
	var log testlog.Log
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "secret", secret, "list", list, "config", c, "guard", g, "credential", c.Credentials[0])
	}
	require.NotContains(t, log.String(), canary)
}

func TestTwoEndpointsDoNotShareIdentities(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	for _, name := range []string{"a", "b"} {
		c, rec := config(timestamped())
		c.Endpoint, c.Replay = name, store
		g := mustNew(t, c)
		require.Equal(t, 200, run(g, signed(event), ok).Code)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
		require.Contains(t, run(mustNew(t, c), signed(event), never(t)).Body.String(), "already processed")
	}
}
