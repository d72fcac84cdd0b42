package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
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
			require.Equal(t, map[bool]int{true: 400, false: 429}[n < 3], run(g, from(forgery(), provider4), never(t)).Code)
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

func TestSourcesThatCannotBeToldAreOne(t *testing.T) {
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
		require.Equal(t, 405, run(g, from(httptest.NewRequest(http.MethodPut, "/", nil), provider4), never(t)).Code, "no authentication, and no failure of one")
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

// deadlined is a writer that knows deadlines, as a connection's does.
type deadlined struct{ *httptest.ResponseRecorder }

func (deadlined) SetReadDeadline(time.Time) error { return nil }

// slowly is a body that arrives when it is told to.
type slowly struct {
	gone chan struct{}
	rest *strings.Reader
	err  error
}

func (s *slowly) Read(b []byte) (int, error) {
	<-s.gone
	if s.err != nil {
		return 0, s.err
	}
	return s.rest.Read(b)
}
func (*slowly) Close() error { return nil }

func TestBodiesOfStrangersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		c.Budget = core.Room(3)
		c.RateLimit = core.RateLimit{FailuresPerSecond: 0.001, FailureBurst: 1}
		g := mustNew(t, c)
		gone := make(chan struct{})
		answers := make(chan int, 10)
		begin := func(n int, wrap func(*httptest.ResponseRecorder) http.ResponseWriter) {
			r := from(signed(event1(n)), provider4)
			r.Body = &slowly{gone: gone, rest: strings.NewReader(event1(n))}
			w := httptest.NewRecorder()
			go func() {
				httpwebhook.Verify(g)(signal(ok)).ServeHTTP(wrap(w), r)
				answers <- w.Code
			}()
			synctest.Wait()
		}
		known := func(w *httptest.ResponseRecorder) http.ResponseWriter { return deadlined{w} }
		begin(0, known)
		begin(1, func(w *httptest.ResponseRecorder) http.ResponseWriter { return w })
		begin(2, known)
		require.EqualValues(t, 3, g.OpenBodies())
		w := run(g, from(signed(event1(9)), provider4), never(t))
		require.Equal(t, 503, w.Code, "our own state, and the provider's retry gets through")
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
		require.Equal(t, 400, run(g, from(post(event), "203.0.113.1"), never(t)).Code, "headers are judged all the same")
		time.Sleep(2 * time.Second)
		require.Equal(t, 200, run(g, from(signed(event1(9)), provider4), ok).Code, "who was slow makes way")
		begin(8, known)
		require.Equal(t, 503, run(g, from(signed(event1(7)), provider4), ok).Code, "who cannot be woken up keeps its place")
		close(gone)
		got := map[int]int{<-answers: 1}
		for range 3 {
			got[<-answers]++
		}
		require.Equal(t, map[int]int{200: 3, 503: 1}, got)
		require.Zero(t, g.OpenBodies())
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestBodiesThatAreMadeToEndAreBoundedWhileTheirReadersSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget = core.Room(16)
		g := mustNew(t, c)
		gone, answers := make(chan struct{}), make(chan int, 20)
		stuck := func(n int) {
			r := from(signed(event1(n)), provider4)
			r.Body = &slowly{gone: gone, rest: strings.NewReader(event1(n))}
			w := httptest.NewRecorder()
			go func() {
				httpwebhook.Verify(g)(signal(ok)).ServeHTTP(deadlined{w}, r)
				answers <- w.Code
			}()
			synctest.Wait()
		}
		for n := range 16 {
			stuck(n)
		}
		time.Sleep(2 * time.Second)
		stuck(16)
		stuck(17)
		require.Empty(t, answers, "two of the first make way")
		require.Equal(t, 503, run(g, from(signed(event1(18)), provider4), never(t)).Code, "and what the two hold is not gone yet")
		close(gone)
		got := map[int]int{}
		for range 18 {
			got[<-answers]++
		}
		require.Equal(t, map[int]int{200: 16, 503: 2}, got)
		stuck(19)
		require.Equal(t, 200, <-answers, "there is room again")
		require.Zero(t, g.OpenBodies())
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestBodiesCountByWhatTheyHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget = core.Room(8) // 256 KiB
		g := mustNew(t, c)
		big := `{"id":"evt_big","pad":"` + strings.Repeat("x", 150<<10) + `"}`
		first, gone := signed(big), make(chan struct{})
		first.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader(big[:140<<10]), &slowly{gone: gone, rest: strings.NewReader(big[140<<10:])}), first.Body}
		answer := make(chan int)
		go func() { answer <- run(g, first, ok).Code }()
		synctest.Wait()
		require.Equal(t, 503, run(g, signed(big), never(t)).Code, "there is room for one of the two")
		require.Equal(t, 200, run(g, signed(event), ok).Code, "and for a small one beside it")
		close(gone)
		require.Equal(t, 200, <-answer, "alone, it has the room it needs")
		require.NoError(t, g.Flush(t.Context()))
	})
}

// noted is a writer that notes the deadlines it is given.
type noted struct {
	*httptest.ResponseRecorder
	all []time.Time
}

func (n *noted) SetReadDeadline(at time.Time) error { n.all = append(n.all, at); return nil }

func TestTheDeadlineIsLiftedWhenTheBodyIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		g := mustNew(t, c)
		w := &noted{ResponseRecorder: httptest.NewRecorder()}
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, signed(event))
		require.Equal(t, []time.Time{time.Now().Add(10 * time.Second), {}}, w.all)
		w.all = nil
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, post(event))
		require.Equal(t, []time.Time{time.Now().Add(2 * time.Second)}, w.all, "refused unread: what is left is bounded")
		w.all = nil
		r := signed(event)
		r.Body = &slowly{gone: closed(), err: io.ErrUnexpectedEOF}
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, r)
		require.Equal(t, []time.Time{time.Now().Add(10 * time.Second)}, w.all, "a body that broke off keeps its deadline")
		require.NoError(t, g.Flush(t.Context()))
	})
}

// TestABodyThatFindsNoPlaceIsNotBegun: it gets two seconds for what net/http still reads of it, and none of the time
// that a body has which is read.
func TestABodyThatFindsNoPlaceIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget = core.Room(1)
		g := mustNew(t, c)
		gone, answer := make(chan struct{}), make(chan int)
		r := signed(event)
		r.Body = &slowly{gone: gone, rest: strings.NewReader(event)}
		go func() { answer <- run(g, r, ok).Code }()
		synctest.Wait()
		w, refused := &noted{ResponseRecorder: httptest.NewRecorder()}, signed(event1(2))
		refused.Body = unread{t}
		httpwebhook.Verify(g)(signal(never(t))).ServeHTTP(w, refused)
		require.Equal(t, 503, w.Code)
		require.Equal(t, []time.Time{time.Now().Add(2 * time.Second)}, w.all)
		close(gone)
		require.Equal(t, 200, <-answer)
		require.NoError(t, g.Flush(t.Context()))
	})
}

// waiting is a source of secrets that waits to be told.
type waiting struct {
	secrets.Source
	gate chan struct{}
}

func (s *waiting) Lookup(ctx context.Context, tenant string) (*secrets.List, error) {
	if s.gate != nil {
		<-s.gate
	}
	return s.Source.Lookup(ctx, tenant)
}

func TestACompleteBodyIsNotMadeToEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		secrets := &waiting{Source: secrets.Static(testSecret)}
		c.Secrets, c.Budget = secrets, core.Room(1)
		g := mustNew(t, c)
		secrets.gate = make(chan struct{})
		w, done := &noted{ResponseRecorder: httptest.NewRecorder()}, make(chan struct{})
		go func() {
			defer close(done)
			httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, signed(event))
		}()
		synctest.Wait()
		time.Sleep(5 * time.Second) // slow, and none of the sender's doing
		require.Equal(t, 503, run(g, signed(event1(2)), never(t)).Code)
		close(secrets.gate)
		<-done
		require.Equal(t, 200, w.Code)
		require.Len(t, w.all, 2)
		require.Zero(t, w.all[1], "the deadline stays lifted")
		require.NoError(t, g.Flush(t.Context()))
	})
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestASourceThatFailsIsKeptShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		c.RateLimit = core.RateLimit{FailuresPerSecond: 0.001, FailureBurst: 1}
		g := mustNew(t, c)
		require.Equal(t, 400, run(g, from(forgery(), provider4), never(t)).Code)
		gone := make(chan struct{})
		answers := make(chan int, 10)
		for range 8 {
			r := from(forgery(), provider4)
			r.Body = &slowly{gone: gone, rest: strings.NewReader(event)}
			go func() { answers <- run(g, r, never(t)).Code }()
		}
		synctest.Wait()
		r := from(forgery(), provider4)
		r.Body = unread{t}
		require.Equal(t, 429, run(g, r, never(t)).Code)
		require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
		require.Equal(t, 200, run(g, from(signed(event1(1)), "203.0.113.1"), ok).Code, "others are not kept short with it")
		close(gone)
		for range 8 {
			require.Equal(t, 429, <-answers)
		}
		require.Equal(t, 200, run(g, from(signed(event1(2)), provider4), ok).Code)
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestABodyLargerThanTheRoomIsReadWhenItIsAlone(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Budget = core.Room(1)
	g := mustNew(t, c)
	body := `{"id":"evt_1","pad":"` + strings.Repeat("x", 900<<10) + `"}`
	require.Equal(t, 200, run(g, signed(body), ok).Code)
	require.Equal(t, 200, run(g, chunked(signed(body), body), ok).Code)
	require.Zero(t, g.OpenBodies())
}

// bodyThatPanics is a body that a middleware put in place of the connection's.
type bodyThatPanics struct{ after io.Reader }

func (b bodyThatPanics) Read(p []byte) (int, error) {
	if n, err := b.after.Read(p); err == nil {
		return n, nil
	}
	panic(http.ErrAbortHandler)
}

func (bodyThatPanics) Close() error { return nil }

func TestABodyWhoseReadingPanicsGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	handover := plain()
	handover.Handshakes = []entry.Handshake{{Method: "POST", SecretJSON: "/secret"}}
	unsigned := plain()
	unsigned.Handshakes = []entry.Handshake{{Method: "POST", Unsigned: true, EchoJSON: "/challenge"}}
	for _, row := range []struct {
		name  string
		entry entry.Entry
		r     *http.Request
	}{
		{"a delivery", timestamped(), signed(event)},
		{"a secret that is handed over", handover, post(event)},
		{"a challenge that nothing signs", unsigned, post(event)},
	} {
		c, _ := config(row.entry)
		if row.entry.Handshakes != nil && !row.entry.Handshakes[0].Unsigned {
			c.Secrets, c.Setup.AwaitingSecret = nil, true
			c.Setup.SecretSink = func(context.Context, secrets.Secret) error { return nil }
		}
		g := mustNew(t, c)
		row.r.Body = bodyThatPanics{strings.NewReader(event[:10])}
		require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { run(g, row.r, never(t)) }, row.name)
		require.Zero(t, g.OpenBodies(), row.name)
	}
}

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
