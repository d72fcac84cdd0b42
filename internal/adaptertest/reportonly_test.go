package adaptertest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// flaw is what is wrong with a delivery in the eyes of one check.
type flaw struct {
	check    core.Check
	reason   reason.Reason
	spoil    func(*http.Request)
	unproved bool
}

func flaws() []flaw {
	return []flaw{
		{core.CheckHTTPS, reason.PlainHTTP, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "http") }, false},
		{core.CheckSources, reason.SourceNotAllowed,
			func(r *http.Request) { r.Header.Set("X-Forwarded-For", unknown) }, false},
		{core.CheckRateLimit, reason.RateLimited, nil, false},
		{core.CheckCredentials, reason.BadCredential, func(r *http.Request) { r.Header.Set("X-Token", "wrong") },
			false},
		{core.CheckSignature, reason.BadSignature, func(r *http.Request) { slackSign(r, "another", time.Now()) }, true},
		{core.CheckFreshness, reason.Stale, func(r *http.Request) { slackSign(r, secret, time.Now().Add(-time.Hour)) },
			false},
		{core.CheckReplay, reason.Duplicate, nil, false},
	}
}

func slackSign(r *http.Request, key string, when time.Time) {
	at := fmt.Sprint(when.Unix())
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", "v0="+signature(key, "v0:"+at+":"+body))
}

func TestEveryCheckCanOnlyReport(t *testing.T) {
	require.Len(t, flaws(), len(core.Checks()))
	var rows []row
	for _, f := range flaws() {
		rows = append(rows, row{string(f.check), func(t *testing.T, rt router) {
			const at, accessToken = "/hooks/slack", "a-token-of-enough-bytes"
			for _, checks := range [][]core.Check{nil, {f.check}} {
				g, rec := newGuard(t, func(c *core.Config) {
					c.Endpoint, c.Provider = "slack", provider.Slack()
					c.Credentials = []core.Credential{core.HeaderToken("X-Token", secrets.Static(accessToken))}
					c.TrustedProxies, c.Sources = core.PrivateNetworks, core.Networks(allowed)
					c.DangerouslyAllowHTTP = false
					c.DangerouslyReportOnly = checks
					c.RateLimit = core.RateLimit{PerSecond: 1000}
					if f.check == core.CheckRateLimit {
						c.RateLimit, c.Replay = core.RateLimit{PerSecond: 0.0001, Burst: 1}, core.DangerouslyNoReplay
					}
				})
				ran := make(chan core.Event, 4)
				a := rt.new()
				a.mount(at, g, func(_ *call, e core.Event) error { ran <- e; return nil })
				s := serve(t, a)
				deliver := func(spoil func(*http.Request)) answer {
					r := s.request(t, at, body)
					r.Header.Set("X-Token", accessToken)
					r.Header.Set("X-Forwarded-Proto", "https")
					r.Header.Set("X-Forwarded-For", allowed)
					slackSign(r, secret, time.Now())
					if spoil != nil {
						spoil(r)
					}
					return s.send(t, r)
				}
				if f.spoil == nil { // the second one is the flawed one
					require.Equal(t, http.StatusOK, deliver(nil).status)
					take(t, ran)
				}
				got := deliver(f.spoil)
				last := rec.last(t, g)
				if checks == nil {
					require.Equal(t, f.reason, last.Reason)
					require.Empty(t, last.WouldRefuse)
					require.Empty(t, ran)
					continue
				}
				require.Equal(t, http.StatusOK, got.status)
				requireNoLeak(t, got)
				require.Equal(t, reason.Accepted, last.Reason)
				require.Len(t, last.WouldRefuse, 1)
				require.Equal(t, f.check, last.WouldRefuse[0].Check)
				require.Equal(t, f.reason, last.WouldRefuse[0].Reason)
				require.Equal(t, f.unproved, last.Unproved)
				require.Equal(t, f.unproved, take(t, ran).Unproved)
				if f.unproved {
					require.Equal(t, core.ReplayNone, last.Replay)
					require.True(t, last.Identity.IsZero())
					require.Equal(t, http.StatusOK, deliver(nil).status)
					require.False(t, take(t, ran).Unproved, "the genuine delivery is no duplicate of it")
				}
			}
		}})
	}
	table(t, rows)
}
