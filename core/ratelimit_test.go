package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/limit"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

func from(r *http.Request, addr string) *http.Request {
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(addr), 1).String()
	return r
}

func event1(n int) string { return fmt.Sprintf(`{"id":"evt_%d","type":"a"}`, n) }

func forgery() *http.Request {
	return post(event, "Acme-Signature", pairs("a-secret-that-nobody-ever-accepts", testTime, event))
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("read")
}
func (unread) Close() error { return nil }

// whileRead runs something while a body is read.
type whileRead struct {
	*strings.Reader
	run func()
}

func (w *whileRead) Read(p []byte) (int, error) {
	if w.run != nil {
		run := w.run
		w.run = nil
		run()
	}
	return w.Reader.Read(p)
}

func (*whileRead) Close() error { return nil }

// TestDeliveriesAtOnceShareARate: each may pass the look before its body is read, and all are counted after the proof.
func TestDeliveriesAtOnceShareARate(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.RateLimit = core.RateLimit{PerSecond: 1e-6, Burst: 1}
	g := mustNew(t, c)
	slow := from(signed(event1(1)), provider4)
	slow.Body = &whileRead{strings.NewReader(event1(1)), func() {
		require.Equal(t, 200, run(g, from(signed(event1(2)), provider4), ok).Code)
	}}
	require.Equal(t, 429, run(g, slow, never(t)).Code)
	require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		c.RateLimit = core.RateLimit{PerSecond: 0.5, Burst: 3}
		g := mustNew(t, c)
		n := 0
		deliver := func(addr string) *httptest.ResponseRecorder {
			n++
			return run(g, from(signed(event1(n)), addr), ok)
		}
		for n := range 500 {
			require.Equal(t, map[bool]int{true: 400, false: 429}[n < 3],
				run(g, from(forgery(), provider4), never(t)).Code)
		}
		for range 3 {
			require.Equal(t, 200, deliver(provider4).Code, "forgeries use up nothing of what deliveries may use")
		}
		w := deliver(provider4)
		require.Equal(t, 429, w.Code)
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
		require.Contains(t, rec.last(t, g).Detail, provider4)

		r := from(signed(event), provider4)
		r.Body = unread{t}
		require.Equal(t, 429, run(g, r, never(t)).Code)

		require.Equal(t, 200, deliver("203.0.113.1").Code, "another source")
		time.Sleep(2 * time.Second)
		require.Equal(t, 200, deliver(provider4).Code)
		require.Equal(t, 429, deliver(provider4).Code)
		time.Sleep(time.Hour)
		for range 3 {
			require.Equal(t, 200, deliver(provider4).Code)
		}
		require.Equal(t, 429, deliver(provider4).Code, "no more than a whole bucket")

		for i := range 3 {
			require.Equal(t, 200, deliver(fmt.Sprintf("2001:db8:0:1::%d", i+1)).Code)
		}
		require.Equal(t, 429, deliver("2001:db8:0:1:ffff::1").Code, "one /64 is one source")
		require.Equal(t, 200, deliver("2001:db8:0:2::1").Code)
		require.Equal(t, 429, deliver("::ffff:"+provider4).Code, "IPv4 in IPv6 is the same source")
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestOneSourceThatInventsAddressesIsOneSource(t *testing.T) {
	t.Parallel()
	for _, proxies := range []core.Networks{"", "10.0.0.2"} {
		c, _ := config(timestamped())
		c.TrustedProxies = proxies
		c.RateLimit = core.RateLimit{PerSecond: 0.001, Burst: 2}
		g := mustNew(t, c)
		codes := map[int]int{}
		for n := range 300 {
			invented := fmt.Sprintf("192.0.2.%d", n%250)
			r := signed(event1(n))
			r.Header.Set("X-Forwarded-For", invented)
			r.Header.Set("X-Real-Ip", invented)
			r.RemoteAddr = "203.0.113.66:1"
			if proxies != "" {
				r.RemoteAddr = "10.0.0.2:1"
				r.Header.Set("X-Forwarded-For", invented+", 203.0.113.66")
			}
			codes[run(g, r, ok).Code]++
		}
		require.Equal(t, map[int]int{200: 2, 429: 298}, codes)
	}
}

func TestUnknownSourcesAreOne(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.RateLimit = core.RateLimit{PerSecond: 0.001, Burst: 2}
	g := mustNew(t, c)
	for n := range 4 {
		r := signed(event1(n))
		r.RemoteAddr = fmt.Sprintf("192.0.2.%d", n) // without a port, as RealIP writes it
		require.Equal(t, map[bool]int{true: 200, false: 429}[n < 2], run(g, r, ok).Code)
	}
}

// slowToFail is a shared limiter that is down, and takes a while to say so the first time.
type slowToFail struct{ asked atomic.Int64 }

func (l *slowToFail) Allow(_ context.Context, _ string, n int) (bool, time.Duration, error) {
	if n > 0 && l.asked.Add(1) == 1 {
		time.Sleep(900 * time.Millisecond)
	}
	return n == 0, 0, errors.New("the limiter is down")
}

func TestALimiterThatTakesAWhileToFailRefusesNoDeliveryForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(plain())
		c.RateLimit = core.RateLimit{PerSecond: 10, Burst: 1, Limiter: &slowToFail{}}
		g := mustNew(t, c)
		var slow sync.WaitGroup
		slow.Go(func() {
			require.Equal(t, 200, run(g, signedBody("{}"), ok).Code, "the token that was taken while it waited is back")
		})
		time.Sleep(700 * time.Millisecond)
		require.Equal(t, 200, run(g, signedBody(`{"n":2}`), ok).Code)
		slow.Wait()
	})
}

func TestFailuresAreCountedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		c.RateLimit = core.RateLimit{FailuresPerSecond: 1, FailureBurst: 5}
		g := mustNew(t, c)
		headerless := func() *http.Request { return from(post(event), provider4) }
		for range 5 {
			require.Equal(t, 400, run(g, from(forgery(), provider4), never(t)).Code)
		}
		for _, bad := range []*http.Request{from(forgery(), provider4), headerless()} {
			w := run(g, bad, never(t))
			require.Equal(t, 429, w.Code)
			require.Equal(t, "1", w.Header().Get("Retry-After"))
			require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
		}
		require.Contains(t, rec.last(t, g).Detail, "missing_signature")
		require.Equal(t, 200, run(g, from(signed(event), provider4), ok).Code, "a genuine delivery of the same source")
		require.Equal(t, 400, run(g, from(forgery(), "203.0.113.1"), never(t)).Code, "another source")
		time.Sleep(time.Second)
		require.Equal(t, 400, run(g, headerless(), never(t)).Code)
		require.Equal(t, 429, run(g, headerless(), never(t)).Code)
		require.Equal(t, 405, run(g, from(httptest.NewRequest(http.MethodPut, "/", nil), provider4), never(t)).Code,
			"no authentication, and no failure of one")
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestTheDefaultsRefuseNoBurst(t *testing.T) {
	t.Parallel()
	c, _ := config(basicOnly())
	c.Secrets = secrets.Static("user:a-long-enough-password")
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	for range 9_999 { // a day's retries of a provider that still has the old password
		r := from(post("x"), provider4)
		if w := run(g, r, never(t)); w.Code != 400 {
			t.Fatal(w.Code)
		}
	}
	for range 11_000 { // more than failures have
		r := from(post("x"), provider4)
		r.SetBasicAuth("user", "a-long-enough-password")
		if w := run(g, r, ok); w.Code != 200 {
			t.Fatal(w.Code)
		}
	}
}

func TestWhereA4xxLosesTheEventTooMuchIs503(t *testing.T) {
	t.Parallel()
	drops := timestamped()
	drops.Drops4xx = true
	disables := timestamped()
	disables.AuthStatus = 503
	c1, _ := config(drops)
	c2, _ := config(disables)
	c3, _ := config(timestamped())
	c3.Answers.AuthenticationStatus = 503
	for _, c := range []core.Config{c1, c2, c3} {
		c.RateLimit = core.RateLimit{PerSecond: 0.1, Burst: 1}
		g := mustNew(t, c)
		require.Equal(t, 200, run(g, signed(event1(1)), ok).Code)
		w := run(g, signed(event1(2)), never(t))
		require.Equal(t, 503, w.Code)
		require.Equal(t, "10", w.Header().Get("Retry-After"))
	}
}

// fakeLimiter is a shared limiter.
type fakeLimiter struct {
	ok    atomic.Bool
	err   atomic.Bool
	asked atomic.Int32
	taken atomic.Int32
	key   atomic.Value
}

func (f *fakeLimiter) Allow(_ context.Context, key string, n int) (bool, time.Duration, error) {
	f.key.Store(key)
	f.asked.Add(1)
	f.taken.Add(int32(n)) // 0 or 1
	if f.err.Load() {
		return false, 0, errors.New("down")
	}
	return f.ok.Load(), 7 * time.Second, nil
}

func TestASharedLimiter(t *testing.T) {
	t.Parallel()
	deliveries, failures := &fakeLimiter{}, &fakeLimiter{}
	deliveries.ok.Store(true)
	failures.ok.Store(true)
	c, _ := config(timestamped())
	c.RateLimit = core.RateLimit{Limiter: deliveries, PerSecond: 0.001, Burst: 2, FailureLimiter: failures}
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, from(signed(event1(1)), "2001:db8::7"), ok).Code)
	require.EqualValues(t, 1, deliveries.taken.Load())
	require.Equal(t, "deliveries|test|2001:db8::", deliveries.key.Load())
	require.Zero(t, failures.taken.Load())
	require.Equal(t, 400, run(g, from(forgery(), provider4), never(t)).Code)
	require.EqualValues(t, 1, deliveries.taken.Load(), "a forgery takes nothing from the deliveries")
	require.EqualValues(t, 1, failures.taken.Load())
	require.Equal(t, "failures|test|"+provider4, failures.key.Load())
	failures.ok.Store(false)
	require.Equal(t, 429, run(g, from(forgery(), provider4), never(t)).Code)
	require.Equal(t, 200, run(g, from(signed(event1(2)), provider4), ok).Code)
	deliveries.ok.Store(false)
	w := run(g, signed(event1(3)), never(t))
	require.Equal(t, 429, w.Code)
	require.Equal(t, "7", w.Header().Get("Retry-After"))

	deliveries.err.Store(true)
	codes := ""
	for n := range 4 {
		codes += fmt.Sprint(run(g, from(signed(event1(10+n)), provider4), ok).Code, " ")
	}
	require.Equal(t, "200 200 429 429 ", codes, "while the shared one fails, this process counts")
}

func TestRateLimitMistakes(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*core.Config){
		"RateLimit.PerSecond":         func(c *core.Config) { c.RateLimit.PerSecond = -1 },
		"RateLimit.Burst":             func(c *core.Config) { c.RateLimit.Burst = 5 },
		"RateLimit.FailuresPerSecond": func(c *core.Config) { c.RateLimit.FailuresPerSecond = 1e9 },
		"RateLimit.FailureBurst":      func(c *core.Config) { c.RateLimit.FailureBurst = -1 },
		"Limits.BodyTimeout":          func(c *core.Config) { c.Limits.BodyTimeout = -time.Second },
		"Budget":                      func(c *core.Config) { c.Budget = core.NewBudget().WithBodies(-1) },
	} {
		c, _ := config(timestamped())
		change(&c)
		_, err := core.New(c)
		require.Len(t, core.ConfigErrors(err), 1, field)
		require.Equal(t, field, core.ConfigErrors(err)[0].Field)
	}
	c, _ := config(timestamped())
	zero := 0.0
	c.RateLimit.PerSecond = zero / zero
	_, err := core.New(c)
	require.Error(t, err)
}

func (deadlined) SetReadDeadline(time.Time) error { return nil }

func (bodyThatPanics) Close() error { return nil }

// brokenLimiter always fails.
type brokenLimiter struct{ panics bool }

func (l brokenLimiter) Allow(context.Context, string, int) (bool, time.Duration, error) {
	if l.panics {
		panic("a nil map")
	}
	return false, 0, errors.New("the limiter's server is down")
}

// TestALimiterThatFailsIsReportedOnceAMinute: the guard counts by itself meanwhile, and nobody would know.
func TestALimiterThatFailsIsReportedOnceAMinute(t *testing.T) {
	t.Parallel()
	for want, limiter := range map[string]limit.Limiter{
		"server is down": brokenLimiter{}, "panicked with a string": brokenLimiter{panics: true},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := config(timestamped())
				var log testlog.Log
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
				c.RateLimit = core.RateLimit{Limiter: limiter, FailureLimiter: limiter}
				g := mustNew(t, c)
				const message = "the limiter of RateLimit failed"
				for minute := range 3 {
					for n := range 10 {
						require.Equal(t, 200, run(g, signed(event1(100*minute+n)), ok).Code)
						require.Equal(t, 400, run(g, forgery(), never(t)).Code)
					}
					require.Equal(t, minute+1, strings.Count(log.String(), message), log.String())
					time.Sleep(time.Minute)
				}
				require.Contains(t, log.String(), want)
				require.NoError(t, g.Shutdown(t.Context()))
			})
		})
	}
}
