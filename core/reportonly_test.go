package core_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

const token = "a-token-of-enough-bytes"

func overTLS(r *http.Request) *http.Request { r.TLS = &tls.ConnectionState{}; return r }

// reporting is a config with every check, of which some only report.
func reporting(e entry.Entry, checks ...core.Check) (core.Config, *records, *brokenStore) {
	c, rec := config(e)
	store := &brokenStore{Store: memstore.New()}
	c.Replay = store
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", secrets.Static(token))}
	c.Sources = core.Networks("192.0.2.0/24") // httptest's own address is in it
	c.RateLimit = core.RateLimit{PerSecond: 1000}
	c.DangerouslyAllowHTTP = false
	c.DangerouslyReportOnly = checks
	return c, rec, store
}

// whole passes every check.
func whole(body string) *http.Request {
	r := overTLS(signed(body))
	r.Header.Set("X-Token", token)
	return r
}

func TestACheckThatOnlyReportsLetsThroughWhatItWouldRefuse(t *testing.T) {
	t.Parallel()
	late := func() *http.Request {
		return with(whole(event), "Acme-Signature", pairs(testSecret, testTime.Add(-time.Hour), event))
	}
	for _, row := range []struct {
		name     string
		check    core.Check
		request  func() *http.Request
		want     reason.Reason
		status   int
		unproved bool
	}{
		{"plain HTTP", core.CheckHTTPS, func() *http.Request { r := whole(event); r.TLS = nil; return r },
			reason.PlainHTTP, 400, false},
		{"an unknown sender's address", core.CheckSources,
			func() *http.Request { r := whole(event); r.RemoteAddr = "203.0.113.9:1"; return r },
			reason.SourceNotAllowed, 400, false},
		{"a wrong credential in addition to a right signature", core.CheckCredentials,
			func() *http.Request { return with(whole(event), "X-Token", "wrong") }, reason.BadCredential, 400, false},
		{"no credential", core.CheckCredentials,
			func() *http.Request { r := whole(event); r.Header.Del("X-Token"); return r }, reason.MissingCredential,
			400, false},
		{"a wrong signature", core.CheckSignature, func() *http.Request {
			return with(whole(event), "Acme-Signature", pairs(oldSecret, testTime, event))
		}, reason.BadSignature, 400, true},
		{"no signature", core.CheckSignature,
			func() *http.Request { r := whole(event); r.Header.Del("Acme-Signature"); return r },
			reason.MissingSignature, 400, true},
		{"a malformed signature", core.CheckSignature,
			func() *http.Request { return with(whole(event), "Acme-Signature", "t=1,v1=zz") },
			reason.MalformedSignature, 400, true},
		{"a malformed timestamp", core.CheckSignature, func() *http.Request {
			return with(whole(event), "Acme-Signature", "t=0x1,v1="+mac(testSecret, "0x1", ".", event))
		}, reason.MalformedTimestamp, 400, true},
		{"a stale timestamp that is signed", core.CheckFreshness, late, reason.Stale, 400, false},
		{"the same where the whole signature only reports", core.CheckSignature, late, reason.Stale, 400, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec, _ := reporting(timestamped())
			g := mustNew(t, c)
			require.Equal(t, row.status, run(g, row.request(), never(t)).Code, "without the mode it is refused")
			require.Equal(t, row.want, rec.last(t, g).Reason)
			require.Empty(t, rec.last(t, g).WouldRefuse)

			c, rec, store := reporting(timestamped(), row.check)
			g = mustNew(t, c)
			var got core.Event
			var delivery *core.Delivery
			w := run(g, row.request(), func(r *http.Request, e core.Event) error {
				got = e
				delivery, _ = core.FromContext(r.Context())
				return nil
			})
			require.Equal(t, 200, w.Code)
			last := rec.last(t, g)
			require.Equal(t, reason.Accepted, last.Reason)
			require.Len(t, last.WouldRefuse, 1)
			would := last.WouldRefuse[0]
			require.Equal(t, row.want, would.Reason)
			require.Equal(t, row.status, would.Status)
			require.NotEmpty(t, would.Detail)
			require.Equal(t, last.WouldRefuse, delivery.WouldRefuse())
			if row.check != core.CheckSignature || row.want != reason.Stale {
				require.Equal(t, row.check, would.Check)
			}
			require.Equal(t, row.unproved, got.Unproved)
			require.Equal(t, row.unproved, last.Unproved)
			require.Equal(t, row.unproved, delivery.Unproved())
			require.Equal(t, row.unproved, got.Identity.IsZero())
			require.Equal(t, !row.unproved, got.Authenticated.ID)
			require.Equal(t, event, string(got.Payload), "what it says reaches the app all the same")
			require.Equal(t, "evt_1", got.ID)
			claims := 1
			if row.unproved {
				claims = 0
				require.Equal(t, core.Authenticated{}, got.Authenticated)
				require.Empty(t, got.Secret)
				require.Zero(t, last.BodySHA256)
				require.EqualValues(t, 1, g.Health().RejectedInARow)
				require.True(t, g.Health().LastProved.IsZero(), "the alarm hears no proof")
			}
			require.EqualValues(t, claims, store.claims.Load())
			require.EqualValues(t, claims, store.settles.Load())
		})
	}
}

// TestTheOperatingPageNamesEveryCheck holds the table of docs/operating.md to Checks.
func TestTheOperatingPageNamesEveryCheck(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/operating.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "| check | what it lets through |")
	require.True(t, found)
	var named []core.Check
	for line := range strings.Lines(table) {
		if strings.TrimSpace(line) == "" {
			break
		}
		if cell, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(cell, "`")
			named = append(named, core.Check(name))
		}
	}
	require.Equal(t, core.Checks(), named, "give each check a row in docs/operating.md, in the order of Checks")
}

func TestAForgeryThatIsLetThroughDoesNotBurnTheRealEvent(t *testing.T) {
	t.Parallel()
	c, rec, _ := reporting(timestamped(), core.CheckSignature)
	g := mustNew(t, c)
	for range 2 {
		run(g, with(whole(event), "Acme-Signature", pairs(oldSecret, testTime, event)), ok)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason, "nothing is remembered of it, so that it runs again")
	}
	ran := 0
	count := func(context.Context, core.Event) error { ran++; return nil }
	run(g, whole(event), count)
	run(g, whole(event), count)
	require.Equal(t, 1, ran, "the real one runs, once")
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
}

func TestTheOtherChecksStillRefuse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		checks  []core.Check
		request func() *http.Request
		want    reason.Reason
	}{
		{"the signature, where freshness reports", []core.Check{core.CheckFreshness}, func() *http.Request {
			return with(whole(event), "Acme-Signature", pairs(oldSecret, testTime.Add(-time.Hour), event))
		}, reason.BadSignature},
		{"the form of the time, where freshness reports", []core.Check{core.CheckFreshness}, func() *http.Request {
			return with(whole(event), "Acme-Signature", "t=+1,v1="+mac(testSecret, "+1", ".", event))
		}, reason.MalformedTimestamp},
		{"a missing time, where freshness reports", []core.Check{core.CheckFreshness}, func() *http.Request {
			return with(whole(event), "Acme-Signature", "v1="+mac(testSecret, ".", event))
		}, reason.MissingTimestamp},
		{"the credential, where the signature reports", []core.Check{core.CheckSignature}, func() *http.Request {
			r := whole(event)
			r.Header.Del("X-Token")
			r.Header.Del("Acme-Signature")
			return r
		}, reason.MissingCredential},
		{"the signature, where the rest reports",
			[]core.Check{core.CheckHTTPS, core.CheckSources, core.CheckCredentials, core.CheckReplay,
				core.CheckRateLimit}, func() *http.Request {
				r := post(event)
				r.RemoteAddr = "203.0.113.9:1"
				return r
			}, reason.MissingSignature},
		{"the body's limit", core.Checks()[:5], func() *http.Request {
			return overTLS(post(strings.Repeat("x", 2<<20)))
		}, reason.BodyTooLarge},
		{"the method", core.Checks()[:5], func() *http.Request {
			r := whole(event)
			r.Method = http.MethodPut
			return r
		}, reason.Method},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec, store := reporting(timestamped(), row.checks...)
			g := mustNew(t, c)
			run(g, row.request(), never(t))
			require.Equal(t, row.want, rec.last(t, g).Reason)
			require.Zero(t, store.claims.Load())
		})
	}
}

func TestACredentialOfAProviderThatSignsNothingIsItsProof(t *testing.T) {
	t.Parallel()
	c, rec, store := reporting(basicOnly(), core.CheckCredentials)
	c.Credentials = nil
	c.Secrets = secrets.Static("hooks:a-password-of-enough-bytes")
	g := mustNew(t, c)
	var unproved bool
	note := func(_ context.Context, e core.Event) error { unproved = e.Unproved; return nil }
	run(g, overTLS(post(event)), note)
	require.True(t, unproved)
	require.True(t, rec.last(t, g).Unproved)
	require.Zero(t, store.claims.Load())
	r := overTLS(post(event))
	r.SetBasicAuth("hooks", "a-password-of-enough-bytes")
	run(g, r, note)
	require.False(t, unproved)
	require.EqualValues(t, 1, store.claims.Load())
	require.Equal(t, []string{"#1"}, rec.last(t, g).Credentials)
}

func TestAHandshakeThatNeedsProofIsNeverAnsweredWithoutIt(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Handshakes = []entry.Handshake{
		{Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification", EchoJSON: "/challenge"},
		{Proved: true, Method: "GET", WhenHeader: "X-Challenge"},
	}
	c, rec, _ := reporting(e, core.CheckSignature)
	g := mustNew(t, c)
	r := whole(`{"type":"url_verification","challenge":"abc"}`)
	r.Header.Del("Acme-Signature")
	w := run(g, r, never(t))
	require.Equal(t, 400, w.Code)
	require.NotContains(t, w.Body.String(), "abc")
	require.Equal(t, reason.MissingSignature, rec.last(t, g).Reason)

	r = whole("")
	r.Method = http.MethodGet
	r.Header.Del("Acme-Signature")
	r.Header.Set("X-Challenge", "abc")
	w = run(g, r, never(t))
	require.Equal(t, 400, w.Code)
	require.NotContains(t, w.Body.String(), "abc")

	w = run(g, whole(`{"type":"url_verification","challenge":"abc"}`), never(t))
	require.Equal(t, "abc", w.Body.String(), "with proof it is")
}

func TestAReplayStoreThatOnlyReports(t *testing.T) {
	t.Parallel()
	c, rec, store := reporting(timestamped(), core.CheckReplay)
	g := mustNew(t, c)
	ran := 0
	count := func(context.Context, core.Event) error { ran++; return nil }
	would := func(why reason.Reason, status int) {
		t.Helper()
		last := rec.last(t, g)
		require.Equal(t, reason.Accepted, last.Reason)
		require.Len(t, last.WouldRefuse, 1)
		require.Equal(t, core.CheckReplay, last.WouldRefuse[0].Check)
		require.Equal(t, why, last.WouldRefuse[0].Reason)
		require.Equal(t, status, last.WouldRefuse[0].Status)
		require.False(t, last.Unproved)
	}
	run(g, whole(event), count)
	require.Empty(t, rec.last(t, g).WouldRefuse)
	require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
	require.Equal(t, 200, run(g, whole(event), count).Code)
	would(reason.Duplicate, 200)
	require.Equal(t, 1, rec.last(t, g).Duplicates)
	run(g, whole(`{"id":"evt_1","changed":true}`), count)
	would(reason.Conflict, 200)
	run(g, whole(`{"id":"2"}`), func(context.Context, core.Event) error {
		run(g, whole(`{"id":"2"}`), count)
		would(reason.InFlight, 503)
		return nil
	})
	store.claimErr = errors.New("connection refused")
	require.Equal(t, 200, run(g, whole(`{"id":"3"}`), count).Code)
	would(reason.StoreUnavailable, 503)
	require.Equal(t, core.ReplayUnclaimed, rec.last(t, g).Replay)
	store.claimErr = replay.ErrFull
	run(g, whole(`{"id":"4"}`), count)
	would(reason.StoreFull, 503)
	require.Equal(t, 6, ran)
}

func TestABatchRunsWholeWhereTheReplayStoreOnlyReports(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Batch = &entry.Batch{}
	c, rec, _ := reporting(e, core.CheckReplay)
	g := mustNew(t, c)
	ran := map[string]int{}
	count := func(_ context.Context, e core.Event) error { ran[e.ID]++; return nil }
	run(g, whole(`[{"id":"1"},{"id":"2"}]`), count)
	run(g, whole(`[{"id":"2"},{"id":"3"},{"id":"3"}]`), count)
	require.Equal(t, map[string]int{"1": 1, "2": 2, "3": 2}, ran)
	last := rec.last(t, g)
	require.Equal(t, 2, last.Duplicates)
	require.Len(t, last.WouldRefuse, 1)
	require.Contains(t, last.WouldRefuse[0].Detail, "2 of 3 events")
	require.Equal(t, core.ReplayCommitted, last.Replay)

	// A plain handler gets it as well: it was given every batch before the check was on.
	served := false
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		_, err := b.ReadFrom(r.Body)
		served = err == nil && b.Len() > 0
	})).ServeHTTP(w, whole(`[{"id":"3"},{"id":"4"}]`))
	require.Equal(t, 200, w.Code)
	require.True(t, served)
}

func TestARateLimitThatOnlyReports(t *testing.T) {
	t.Parallel()
	c, rec, _ := reporting(timestamped(), core.CheckRateLimit)
	c.RateLimit = core.RateLimit{PerSecond: 0.001, Burst: 1, FailuresPerSecond: 0.001, FailureBurst: 1}
	g := mustNew(t, c)
	run(g, whole(event), ok)
	require.Empty(t, rec.last(t, g).WouldRefuse)
	run(g, whole(`{"id":"2"}`), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	require.Len(t, rec.last(t, g).WouldRefuse, 1, "once, although it is asked twice")
	require.Equal(t, reason.RateLimited, rec.last(t, g).WouldRefuse[0].Reason)
	require.Equal(t, 429, rec.last(t, g).WouldRefuse[0].Status)
	forged := func() *http.Request { return with(whole(event), "Acme-Signature", pairs(oldSecret, testTime, event)) }
	require.Equal(t, 400, run(g, forged(), never(t)).Code)
	require.Equal(t, 429, run(g, forged(), never(t)).Code, "failures stay limited")
}

func TestReportOnlyNeverStandsForNothingConfigured(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		entry  entry.Entry
		change func(*core.Config)
		field  string
		want   string
	}{
		{"no secret", timestamped(), func(c *core.Config) { c.Secrets = nil }, "Secrets", "no secret is configured"},
		{"no credential", basicOnly(), func(c *core.Config) { c.Secrets, c.Credentials = nil, nil }, "Secrets",
			"no secret is configured"},
		{"no replay choice", timestamped(), func(c *core.Config) { c.Replay = nil }, "Replay", "nothing remembers"},
		{"no such check", timestamped(), func(c *core.Config) { c.DangerouslyReportOnly = []core.Check{"all"} },
			"DangerouslyReportOnly[0]", "no such check"},
		{"a check twice", timestamped(), func(c *core.Config) {
			c.DangerouslyReportOnly = []core.Check{core.CheckHTTPS, core.CheckHTTPS}
		}, "DangerouslyReportOnly[1]", "twice"},
		{"https that is off", timestamped(), func(c *core.Config) {
			c.DangerouslyAllowHTTP, c.DangerouslyReportOnly = true, []core.Check{core.CheckHTTPS}
		}, "DangerouslyReportOnly[0]", "DangerouslyAllowHTTP"},
		{"no sources", timestamped(),
			func(c *core.Config) { c.Sources, c.DangerouslyReportOnly = nil, []core.Check{core.CheckSources} },
			"DangerouslyReportOnly[0]", "Sources"},
		{"no rate limit", timestamped(), func(c *core.Config) {
			c.RateLimit, c.DangerouslyReportOnly = core.RateLimit{}, []core.Check{core.CheckRateLimit}
		}, "DangerouslyReportOnly[0]", "RateLimit"},
		{"no credential in addition to the signature", timestamped(), func(c *core.Config) {
			c.Credentials, c.DangerouslyReportOnly = nil, []core.Check{core.CheckCredentials}
		}, "DangerouslyReportOnly[0]", "no credential"},
		{"a provider that signs nothing", basicOnly(), func(c *core.Config) {
			c.Secrets, c.DangerouslyReportOnly = nil, []core.Check{core.CheckSignature}
		}, "DangerouslyReportOnly[0]", "signs nothing"},
		{"a scheme without a time", plain(),
			func(c *core.Config) { c.DangerouslyReportOnly = []core.Check{core.CheckFreshness} },
			"DangerouslyReportOnly[0]", "no timestamp"},
		{"freshness in addition to the signature", timestamped(), func(c *core.Config) {
			c.DangerouslyReportOnly = []core.Check{core.CheckSignature, core.CheckFreshness}
		}, "DangerouslyReportOnly[1]", "part of signature"},
		{"a signature whose secret is awaited", timestamped(), func(c *core.Config) {
			c.Secrets, c.Setup.AwaitingSecret, c.DangerouslyReportOnly = nil, true, []core.Check{core.CheckSignature}
		}, "DangerouslyReportOnly[0]", "no secret yet"},
		{"no store", timestamped(), func(c *core.Config) {
			c.Replay, c.DangerouslyReportOnly = core.DangerouslyNoReplay, []core.Check{core.CheckReplay}
		}, "DangerouslyReportOnly[0]", "no replay store"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := reporting(row.entry, core.CheckHTTPS)
			row.change(&c)
			_, err := core.New(c)
			all := core.ConfigErrors(err)
			require.Len(t, all, 1, "%v", err)
			require.Equal(t, row.field, all[0].Field)
			require.Contains(t, all[0].Reason, row.want)
		})
	}
}

// fading is a source whose secret ends.
type fading struct{ list *secrets.List }

func (f *fading) Lookup(context.Context, string) (*secrets.List, error) { return f.list, nil }

func TestWithoutASecretNothingIsLetThrough(t *testing.T) {
	t.Parallel()
	c, rec, _ := reporting(timestamped(), core.CheckSignature, core.CheckCredentials)
	c.Secrets = secrets.Labeled(secrets.New("old", testSecret).ValidUntil(testTime.Add(-time.Minute)))
	g := mustNew(t, c)
	require.Equal(t, 503, run(g, whole(event), never(t)).Code)
	require.Equal(t, reason.NoActiveSecret, rec.last(t, g).Reason)

	c, rec, _ = reporting(timestamped(), core.CheckSignature, core.CheckCredentials)
	c.Credentials = []core.Credential{core.HeaderToken("X-Token",
		&fading{secrets.NewList(secrets.New("old", token).ValidUntil(testTime.Add(-time.Minute)))})}
	g = mustNew(t, c)
	require.Equal(t, 503, run(g, whole(event), never(t)).Code)
	require.Equal(t, reason.NoActiveSecret, rec.last(t, g).Reason)
}

func TestReportOnlyIsLoud(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		checks []core.Check
		errors int
	}{
		{[]core.Check{core.CheckHTTPS, core.CheckSources}, 0},
		{[]core.Check{core.CheckSignature}, 0}, // the credential refuses still
		{[]core.Check{core.CheckCredentials}, 0},
		{[]core.Check{core.CheckSignature, core.CheckCredentials}, 1},
	} {
		t.Run(fmt.Sprint(row.checks), func(t *testing.T) {
			t.Parallel()
			var log testlog.Log
			c, _, _ := reporting(timestamped(), row.checks...)
			c.Observers = nil
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			g := mustNew(t, c)
			require.Equal(t, len(row.checks), strings.Count(log.String(), "a check only reports"))
			require.Equal(t, row.errors, strings.Count(log.String(), "anybody can run"))
			r := whole(event)
			switch row.checks[0] {
			case core.CheckHTTPS:
				r.TLS = nil
			case core.CheckSignature:
				r.Header.Del("Acme-Signature")
			default:
				r.Header.Del("X-Token")
			}
			run(g, r, ok)
			require.NoError(t, g.Flush(t.Context()))
			require.Contains(t, log.String(),
				"level=WARN msg=\"sallyport: webhook delivery let through that would be refused: ")
			require.Contains(t, log.String(), "would_refuse=")
		})
	}
}

func TestALostLeaseEndsNothingWhereTheReplayStoreOnlyReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec, _ := reporting(timestamped(), core.CheckReplay)
		store := &frailStore{Store: memstore.New()}
		store.frail.Store(true)
		c.Replay = store
		g := mustNew(t, c)
		w := run(g, whole(event), func(r *http.Request, e core.Event) error {
			time.Sleep(2 * time.Minute) // the lease is one
			require.NoError(t, r.Context().Err())
			return e.Context().Err()
		})
		require.Equal(t, 200, w.Code)
		require.Equal(t, core.ReplayCommitFailed, rec.last(t, g).Replay)
	})
}

func TestASignedURLIsThePlainOneWherePlainHTTPIsLetThrough(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Scheme.Signed = []entry.Part{entry.URL(), entry.Body()}
	c, rec := config(e)
	c.DangerouslyAllowHTTP, c.DangerouslyReportOnly = false, []core.Check{core.CheckHTTPS}
	g := mustNew(t, c)
	for scheme, prepare := range map[string]func(*http.Request) *http.Request{"http": func(r *http.Request) *http.Request { return r }, "https": overTLS} {
		r := prepare(post(`["`+scheme+`"]`, "X-Hub-Signature-256",
			"sha256="+mac(testSecret, scheme+`://example.com/hooks["`+scheme+`"]`)))
		run(g, r, ok)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason, scheme)
		require.False(t, rec.last(t, g).Unproved)
	}
	c.PublicURL = "http://hooks.example.com/hooks"
	mustNew(t, c)
}

func TestAnUnknownTenantIsNothingConfigured(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	c.DangerouslyReportOnly = []core.Check{core.CheckSignature}
	g := mustNew(t, c)
	require.Equal(t, 400, run(g, of("initech", acmeSecret, event), never(t)).Code)
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
	require.Empty(t, rec.last(t, g).Findings, "no secret of somebody else's is tried")

	var got core.Event
	require.Equal(t, 200,
		run(g, of("acme", globexSecret, event),
			func(_ context.Context, e core.Event) error { got = e; return nil }).Code)
	require.True(t, got.Unproved)
	require.Equal(t, "acme", got.Tenant)
	require.Equal(t, core.Authenticated{}, got.Authenticated)
}
