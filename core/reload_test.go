package core_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// changing is a source whose list a test changes.
type changing struct {
	list atomic.Pointer[secrets.List]
}

func (c *changing) Lookup(context.Context, string) (*secrets.List, error) {
	return c.list.Load(), nil
}

func (c *changing) set(accepted ...secrets.Secret) { c.list.Store(secrets.NewList(accepted...)) }

func newChanging(texts ...string) *changing {
	c := &changing{}
	var accepted []secrets.Secret
	for _, text := range texts {
		accepted = append(accepted, secrets.New("", text))
	}
	c.set(accepted...)
	return c
}

// signedBy is a genuine delivery for timestamped under another secret.
func signedBy(secret, body string) *http.Request {
	return post(body, "Acme-Signature", pairs(secret, testTime, body), "Content-Type", "application/json")
}

func basicHeader(pair string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func TestANewListTakesEffectWhole(t *testing.T) {
	t.Parallel()
	src, log := newChanging(oldSecret), &testlog.Log{}
	c, rec := config(timestamped())
	c.Secrets, c.Logger = src, log.Logger()
	g := mustNew(t, c)
	send := func(secret, id string) core.Record {
		run(g, signedBy(secret, `{"id":"`+id+`"}`), ok)
		return rec.last(t, g)
	}
	require.Equal(t, reason.Accepted, send(oldSecret, "1").Reason)
	require.Equal(t, reason.BadSignature, send(testSecret, "2").Reason)
	src.set(secrets.New("new", testSecret), secrets.New("old", oldSecret))
	require.Equal(t, "new", send(testSecret, "2").Secret)
	require.Equal(t, "old", send(oldSecret, "3").Secret)
	src.set(secrets.New("new", testSecret))
	require.Equal(t, reason.BadSignature, send(oldSecret, "4").Reason)
	require.Equal(t, 2, strings.Count(log.String(), "a new list of secrets is in force"))
	require.NotContains(t, log.String(), testSecret)
}

func TestAListThatDoesNotHoldUpLeavesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	const canary = "canary-short"
	bad := []struct {
		name string
		list []secrets.Secret
		says string
	}{
		{"an empty list", nil, "no secret is configured"},
		{"an empty secret", []secrets.Secret{secrets.New("a", "")}, "the secret is empty"},
		{"a blank secret", []secrets.Secret{secrets.New("a", "   ")}, "the secret is blank"},
		{"a short secret", []secrets.Secret{secrets.New("a", canary)}, "needs at least 16"},
		{"a placeholder", []secrets.Secret{secrets.New("a", "changeme")}, "placeholder"},
		{"one bad secret in addition to a good one",
			[]secrets.Secret{secrets.New("good", testSecret), secrets.New("bad", canary)}, "Secrets[1] (bad)"},
		{"a line break at the end", []secrets.Secret{secrets.New("a", canary+"-of-many-bytes\n")}, "white space"},
		{"too many", make([]secrets.Secret, 33), "at most 32"},
	}
	for _, row := range bad {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			src, log := newChanging(oldSecret), &testlog.Log{}
			c, rec := config(timestamped())
			c.Secrets, c.Logger = src, log.Logger()
			g := mustNew(t, c)
			good := src.list.Load()
			src.set(row.list...)
			for _, id := range []string{"1", "2", "3"} {
				run(g, signedBy(oldSecret, `{"id":"`+id+`"}`), ok)
				require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
				require.True(t, rec.last(t, g).SecretsStale)
			}
			run(g, signedBy(testSecret, `{"id":"4"}`), never(t))
			require.Equal(t, reason.BadSignature, rec.last(t, g).Reason, "nothing of a bad list takes effect")
			require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), log.String())
			require.Contains(t, log.String(), row.says)
			require.NotContains(t, log.String(), canary)
			h := g.Health()
			require.False(t, h.SecretsStaleSince.IsZero())
			require.Contains(t, h.SecretsProblem, row.says)
			require.NotContains(t, h.SecretsProblem, canary)

			src.list.Store(good) // fixed, by going back
			run(g, signedBy(oldSecret, `{"id":"5"}`), ok)
			require.False(t, rec.last(t, g).SecretsStale)
			require.Zero(t, g.Health().SecretsProblem)
			src.set(secrets.New("new", testSecret))
			run(g, signedBy(testSecret, `{"id":"6"}`), ok)
			require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
		})
	}
}

func TestABadListOfCredentialsLeavesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	const pair = "hooks:a-password-of-enough-bytes"
	src, log := newChanging(pair), &testlog.Log{}
	c, rec := config(basicOnly())
	c.Secrets, c.Logger = src, log.Logger()
	g := mustNew(t, c)
	src.set(secrets.New("", "no-pair-at-all-and-long-enough"))
	for range 3 {
		run(g, post("x", "Authorization", basicHeader(pair)), ok)
		require.True(t, rec.last(t, g).Reason == reason.Accepted || rec.last(t, g).Reason == reason.Duplicate)
		require.True(t, rec.last(t, g).SecretsStale)
	}
	require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"))
	require.NotContains(t, log.String(), "no-pair-at-all")
}

func TestTheLastGoodListStillEndsInTime(t *testing.T) {
	t.Parallel()
	now := testTime
	src := &changing{}
	src.set(secrets.New("old", oldSecret).ValidUntil(testTime.Add(time.Minute)))
	c, rec := config(timestamped())
	c.Secrets, c.Now = src, func() time.Time { return now }
	g := mustNew(t, c)
	src.set(secrets.New("bad", "short"))
	run(g, signedBy(oldSecret, event), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	now = now.Add(2 * time.Minute)
	run(g, signedBy(oldSecret, event), never(t))
	require.Equal(t, reason.NoActiveSecret, rec.last(t, g).Reason)
}

func TestASourceThatFailsIsOurStateAndNotTheSendersFault(t *testing.T) {
	t.Parallel()
	src := &failing{}
	src.list = secrets.NewList(secrets.New("", testSecret))
	c, rec := config(timestamped())
	c.Secrets = src
	g := mustNew(t, c)
	src.err = errors.New("the vault is sealed")
	require.Equal(t, 503, run(g, signed(event), never(t)).Code)
	require.Equal(t, reason.NoActiveSecret, rec.last(t, g).Reason)
	require.Contains(t, rec.last(t, g).Detail, "the vault is sealed")
	src.list, src.err = nil, nil
	require.Equal(t, 503, run(g, signed(event), never(t)).Code)
}

type failing struct {
	list *secrets.List
	err  error
}

func (f *failing) Lookup(context.Context, string) (*secrets.List, error) { return f.list, f.err }

func TestListsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	src := newChanging(testSecret)
	c, _ := config(timestamped())
	c.Secrets, c.Replay = src, core.DangerouslyNoReplay
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", src)}
	g := mustNew(t, c)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			switch i % 3 {
			case 0:
				src.set(secrets.New("new", testSecret), secrets.New("old", oldSecret))
			case 1:
				src.set(secrets.New("bad", "short"))
			default:
				src.set(secrets.New("old", oldSecret), secrets.New("new", testSecret))
			}
		}
	})
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for range 200 {
				r := signed(event)
				r.Header.Set("X-Token", testSecret)
				if w := run(g, r, ok); w.Code != 200 {
					t.Error(w.Code)
					return
				}
				_ = g.Health()
			}
		})
	}
	senders.Wait()
	close(stop)
	wg.Wait()
}

func TestEndsThatAreNearStandInTheLogAndInTheRecord(t *testing.T) {
	t.Parallel()
	now := testTime
	week := 7 * 24 * time.Hour
	end := testTime.Add(30 * 24 * time.Hour)
	log := &testlog.Log{}
	c, rec := config(timestamped())
	c.Secrets = secrets.Labeled(secrets.New("new", testSecret), secrets.New("old", oldSecret).ValidUntil(end))
	c.Logger, c.Now = log.Logger(), func() time.Time { return now }
	g := mustNew(t, c)
	n := 0
	send := func(secret string) core.Record {
		n++
		body := strings.Repeat("x", n)
		run(g, post(body, "Acme-Signature", pairs(secret, now, body)), ok)
		return rec.last(t, g)
	}
	require.Zero(t, send(oldSecret).SecretExpires)
	require.NotContains(t, log.String(), "ends soon")

	now = end.Add(-week)
	require.Equal(t, end, send(oldSecret).SecretExpires)
	require.Zero(t, rec.last(t, g).NoneValidAfter, "the new one stays")
	require.Zero(t, send(testSecret).SecretExpires, "this one does not end")
	require.Equal(t, 1, strings.Count(log.String(), "a secret expires soon"))
	require.Contains(t, log.String(), "secret=old")

	now = now.Add(24*time.Hour - time.Second)
	send(testSecret)
	require.Equal(t, 1, strings.Count(log.String(), "a secret expires soon"), "once a day")
	now = now.Add(time.Second)
	send(testSecret)
	require.Equal(t, 2, strings.Count(log.String(), "a secret expires soon"))
	require.NotContains(t, log.String(), "soon no secret is valid")
	now = end.Add(time.Hour)
	send(testSecret)
	require.Equal(t, 2, strings.Count(log.String(), "a secret expires soon"), "it has expired")
	require.NotContains(t, log.String(), testSecret)
	require.NotContains(t, log.String(), oldSecret)
}

func TestThatNothingStaysValidIsAnErrorAtStart(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	at := func(days int) time.Time { return testTime.Add(time.Duration(days) * day) }
	for _, row := range []struct {
		name    string
		secrets []secrets.Secret
		until   time.Time // zero: no warning
	}{
		{"one that stays", []secrets.Secret{secrets.New("a", testSecret)}, time.Time{}},
		{"one that ends, and one that stays",
			[]secrets.Secret{secrets.New("a", testSecret).ValidUntil(at(1)), secrets.New("b", oldSecret)}, time.Time{}},
		{"the only one ends", []secrets.Secret{secrets.New("a", testSecret).ValidUntil(at(3))}, at(3)},
		{"the only one ends in the year 9999",
			[]secrets.Secret{secrets.New("a", testSecret).ValidUntil(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))},
			time.Time{}},
		{"both end, one of them far off",
			[]secrets.Secret{secrets.New("a", testSecret).ValidUntil(at(3)),
				secrets.New("b", oldSecret).ValidUntil(at(30))}, time.Time{}},
		{"the next begins as one ends",
			[]secrets.Secret{secrets.New("a", testSecret).ValidUntil(at(3)),
				secrets.New("b", oldSecret).ValidFrom(at(3))}, time.Time{}},
		{"the next begins a day after one ends",
			[]secrets.Secret{secrets.New("a", testSecret).ValidUntil(at(3)),
				secrets.New("b", oldSecret).ValidFrom(at(4))}, at(3)},
		{"a chain of three in any order",
			[]secrets.Secret{secrets.New("c", testSecret+"c").ValidFrom(at(5)).ValidUntil(at(6)),
				secrets.New("a", testSecret+"a").ValidUntil(at(3)),
				secrets.New("b", testSecret+"b").ValidFrom(at(2)).ValidUntil(at(5))}, at(6)},
	} {
		log := &testlog.Log{}
		c, rec := config(timestamped())
		c.Secrets, c.Logger = secrets.Labeled(row.secrets...), log.Logger()
		g := mustNew(t, c)
		require.Equal(t, !row.until.IsZero(), strings.Contains(log.String(), "soon no secret is valid"), row.name)
		run(g, signedBy(row.secrets[0].DangerouslyReveal(), event),
			func(context.Context, core.Event) error { return nil })
		if rec.last(t, g).Reason == reason.Accepted {
			require.Equal(t, row.until, rec.last(t, g).NoneValidAfter, row.name)
		}
	}
}

func TestHealthHandlerReportsStaleSecrets(t *testing.T) {
	t.Parallel()
	src := newChanging(testSecret)
	c, _ := config(timestamped())
	c.Secrets = src
	g := mustNew(t, c)
	get := func() (int, map[string]any) {
		w := httptest.NewRecorder()
		core.HealthHandler(core.HealthLimits{MaxStaleSecrets: time.Nanosecond}, g).ServeHTTP(w,
			httptest.NewRequest("GET", "/", nil))
		var body struct{ Endpoints []map[string]any }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		return w.Code, body.Endpoints[0]
	}
	status, _ := get()
	require.Equal(t, 200, status)
	src.set(secrets.New("bad", "short"))
	run(g, signed(event), ok)
	status, line := get()
	require.Equal(t, 503, status)
	require.Contains(t, line["secrets_problem"], "needs at least 16")
}

func TestAListWhoseSecretIsEmptyAfterItsPrefixLeavesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	src := newChanging(testSecret)
	e := timestamped()
	e.Scheme.Key = entry.Key{Encoding: entry.Text, Prefix: "whsec_"}
	c, rec := config(e)
	c.Secrets = src
	g := mustNew(t, c)
	src.set(secrets.New("", "whsec_"))
	run(g, signed(event), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	require.True(t, rec.last(t, g).SecretsStale)
}
