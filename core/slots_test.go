package core_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// bounded is a guard of one slot, with the store and the change.
func bounded(t *testing.T, e entry.Entry, change func(*core.Config)) *journaled {
	t.Helper()
	return newJournaled(t, e, func(c *core.Config) {
		c.Limits.MaxRunning = 1
		if change != nil {
			change(c)
		}
	})
}

// occupied is bounded while a delivery of evt_0 runs, until release is called, which returns its answer.
func occupied(t *testing.T, e entry.Entry, change func(*core.Config)) (j *journaled, release func() int) {
	t.Helper()
	j = bounded(t, e, change)
	began, end, answer := make(chan struct{}), make(chan struct{}), make(chan int, 1)
	go func() {
		answer <- run(j.Guard, signed(event1(0)), func(context.Context, core.Event) error {
			close(began)
			<-end
			return nil
		}).Code
	}()
	<-began
	release = sync.OnceValue(func() int { close(end); return <-answer })
	t.Cleanup(func() { release() })
	return j, release
}

// claims counts what a store is asked to claim.
type claims struct {
	replay.Store
	n atomic.Int64
}

func (s *claims) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.n.Add(int64(len(items)))
	return s.Store.Claim(ctx, items, lease)
}

// lookingClaims is a claims that can look.
type lookingClaims struct{ claims }

func (s *lookingClaims) Look(ctx context.Context, keys []replay.Key) ([]replay.Result, error) {
	return s.Store.(replay.Looker).Look(ctx, keys)
}

// TestBeyondTheBoundTheProviderIsAskedToComeBack: nothing of the delivery is claimed, remembered or kept, and its retry
// runs once there is room.
func TestBeyondTheBoundTheProviderIsAskedToComeBack(t *testing.T) {
	t.Parallel()
	delivery := func() *http.Request { return signed(event) }
	for name, row := range map[string]struct {
		looks bool
		make  func() *http.Request
	}{
		"a store that looks":             {true, delivery},
		"a store that can only claim":    {false, delivery},
		"an event without an identity":   {true, func() *http.Request { return signed(`{"type":"invoice.paid"}`) }},
		"a delivery that nothing proves": {true, func() *http.Request { return post(event) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claiming := &claims{Store: memstore.New()}
			looking := &lookingClaims{claims{Store: memstore.New()}}
			j, release := occupied(t, timestamped(), func(c *core.Config) {
				if c.Replay = claiming; row.looks {
					c.Replay = looking
				}
				c.DangerouslyReportOnly = []core.Check{core.CheckSignature}
			})
			before := looking.n.Load()
			w := run(j.Guard, row.make(), never(t))
			require.Equal(t, 503, w.Code)
			require.Equal(t, "10", w.Header().Get("Retry-After"))
			rec := j.records.last(t, j.Guard)
			require.Equal(t, reason.Busy, rec.Reason)
			require.Contains(t, rec.Detail, "Limits.MaxRunning")
			require.Empty(t, j.entries(t), "the provider sends it again")
			require.Equal(t, before, looking.n.Load(), "a store that looks is not asked to claim")
			require.Equal(t, 200, release())
			ran := 0
			require.Equal(t, 200,
				run(j.Guard, row.make(), func(context.Context, core.Event) error { ran++; return nil }).Code)
			require.Equal(t, 1, ran, "the retry")
		})
	}
}

// TestWhatRunsNothingNeedsNoSlot: while every slot is taken, such requests are answered as ever, and a person's run
// begins.
func TestWhatRunsNothingNeedsNoSlot(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]func() replay.Store{
		"a store that looks":          func() replay.Store { return memstore.New() },
		"a store that can only claim": func() replay.Store { return &claims{Store: memstore.New()} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := timestamped()
			e.Handshakes = []entry.Handshake{{Method: "GET", WhenQuery: "c", EchoQuery: "c"}}
			j := bounded(t, e, func(c *core.Config) { c.Replay = store() })
			fails := true
			app := httpwebhook.Handler(j.Guard, forAll(func(_ context.Context, e core.Event) error {
				if e.ID == "evt_2" && fails {
					return errColumn
				}
				return nil
			}))
			deliver := func(r *http.Request) *httptest.ResponseRecorder {
				w := httptest.NewRecorder()
				app.ServeHTTP(w, r)
				return w
			}
			require.Equal(t, 200, deliver(signed(event1(1))).Code)
			require.Equal(t, 500, deliver(signed(event1(2))).Code)
			fails = false

			began, end, answer := make(chan struct{}), make(chan struct{}), make(chan int, 1)
			go func() {
				answer <- run(j.Guard, signed(event1(0)), func(context.Context, core.Event) error {
					close(began)
					<-end
					return nil
				}).Code
			}()
			<-began
			require.Contains(t, deliver(signed(event1(1))).Body.String(), "already processed")
			require.Equal(t, 503, deliver(signed(event1(0))).Code)
			require.Equal(t, reason.InFlight, j.records.last(t, j.Guard).Reason)
			require.Equal(t, 400, deliver(post(event)).Code, "a forgery is refused as ever")
			require.Equal(t, "abc",
				deliver(httptest.NewRequest(http.MethodGet, "/hooks?c=abc", http.NoBody)).Body.String())
			require.Equal(t, 503, deliver(signed(event1(3))).Code)
			require.Equal(t, reason.Busy, j.records.last(t, j.Guard).Reason)
			redriver := &core.Redriver{App: app, Guards: []*core.Guard{j.Guard}}
			_, err := redriver.Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.NoError(t, err)
			s := forAll(ok)
			why, err := j.Backfill(t.Context(), s, []byte(event1(4)))
			require.NoError(t, err)
			require.Equal(t, reason.Accepted, why)
			close(end)
			require.Equal(t, 200, <-answer)
			require.Equal(t, 200, deliver(signed(event1(3))).Code)
		})
	}
}

func forAll(fn core.Receiver) *core.Signals {
	s := core.NewSignals()
	s.On("*", fn)
	return s
}

// breaking panics when it is asked to claim, once.
type breaking struct {
	replay.Store
	broken atomic.Bool
}

func (s *breaking) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if s.broken.CompareAndSwap(true, false) {
		panic("the driver has a bug")
	}
	return s.Store.Claim(ctx, items, lease)
}

// TestASlotIsFreedWhateverHappens: after each way for a delivery to end, the next one runs.
func TestASlotIsFreedWhateverHappens(t *testing.T) {
	t.Parallel()
	handler := func(fn func(w http.ResponseWriter, r *http.Request)) http.Handler { return http.HandlerFunc(fn) }
	for name, next := range map[string]http.Handler{
		"a success":           signal(ok),
		"an error":            signal(func(context.Context, core.Event) error { return errColumn }),
		"a panic":             signal(func(context.Context, core.Event) error { panic("kaboom") }),
		"an abort":            signal(func(context.Context, core.Event) error { panic(http.ErrAbortHandler) }),
		"a goroutine's end":   signal(func(context.Context, core.Event) error { runtime.Goexit(); return nil }),
		"no signals at all":   handler(func(http.ResponseWriter, *http.Request) {}),
		"a handler's error":   handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }),
		"a handler's panic":   handler(func(http.ResponseWriter, *http.Request) { panic("kaboom") }),
		"a handler's Goexit":  handler(func(http.ResponseWriter, *http.Request) { runtime.Goexit() }),
		"a commit by hand":    handler(func(_ http.ResponseWriter, r *http.Request) { _ = core.Commit(r.Context()) }),
		"a store that panics": nil,
		"two dispatches": handler(func(w http.ResponseWriter, r *http.Request) {
			signal(ok).ServeHTTP(w,
				r)
			signal(ok).ServeHTTP(w, r)
		}),
		"the same guard once more": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &breaking{Store: memstore.New()}
			j := bounded(t, timestamped(), func(c *core.Config) { c.Replay = own })
			app := next
			switch name {
			case "a store that panics":
				own.broken.Store(true)
				app = signal(ok)
			case "the same guard once more":
				app = httpwebhook.Verify(j.Guard)(signal(ok))
			}
			over := make(chan struct{})
			go func() { // a goroutine of its own, as in net/http
				defer close(over)
				defer func() { _ = recover() }()
				httpwebhook.Verify(j.Guard)(app).ServeHTTP(httptest.NewRecorder(), signed(event))
			}()
			<-over
			require.Equal(t, 200, run(j.Guard, signed(event1(9)), ok).Code)
			require.Equal(t, 200, run(j.Guard, signed(event1(10)), ok).Code)
		})
	}
}

// TestAReceiverCountsUntilItReturns: neither the answer of middleware nor the end of its own time frees its slot.
func TestAReceiverCountsUntilItReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := bounded(t, timestamped(), func(c *core.Config) {
			c.Limits.Lease, c.Limits.SignalTimeout = 2*time.Second, 2*time.Second
			c.Now = nil
		})
		at := func(n int) *http.Request {
			return post(event1(n), "Acme-Signature", pairs(testSecret, time.Now(), event1(n)))
		}
		end := make(chan struct{})
		slow := http.TimeoutHandler(signal(func(ctx context.Context, _ core.Event) error {
			<-end
			return ctx.Err()
		}), time.Second, "too slow")
		w := httptest.NewRecorder()
		httpwebhook.Verify(j.Guard)(slow).ServeHTTP(w, at(1))
		require.Equal(t, 503, w.Code)
		require.Equal(t, 503, run(j.Guard, at(2), never(t)).Code)
		require.Equal(t, reason.Busy, j.records.last(t, j.Guard).Reason)
		time.Sleep(time.Minute) // its context and its lease are over
		require.Equal(t, 503, run(j.Guard, at(2), never(t)).Code)
		require.Equal(t, reason.Busy, j.records.last(t, j.Guard).Reason)
		close(end)
		synctest.Wait()
		require.Equal(t, 200, run(j.Guard, at(2), ok).Code)
		require.NoError(t, j.Shutdown(t.Context()))
	})
}

// TestNoMoreRunThanTheBound: under load there are never more, and afterwards all slots are free.
func TestNoMoreRunThanTheBound(t *testing.T) {
	t.Parallel()
	const most = 3
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Limits.MaxRunning = most })
	var running, peak, ran, busy atomic.Int64
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			for i := range 50 {
				w := run(j.Guard, signed(event1(n*1000+i)), func(context.Context, core.Event) error {
					now := running.Add(1)
					for was := peak.Load(); now > was && !peak.CompareAndSwap(was, now); was = peak.Load() {
					}
					runtime.Gosched()
					running.Add(-1)
					ran.Add(1)
					return nil
				})
				if w.Code == 503 {
					busy.Add(1)
				}
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, peak.Load(), int64(most))
	require.EqualValues(t, 16*50, ran.Load()+busy.Load())
	var within http.HandlerFunc
	depth := 0
	within = func(http.ResponseWriter, *http.Request) { // each of the slots can be had at once, and no more
		depth++
		n, w := depth, httptest.NewRecorder()
		httpwebhook.Verify(j.Guard)(within).ServeHTTP(w, signed(event1(-n)))
		require.Equal(t, n <= most, w.Code == 200)
	}
	within(nil, nil)
	require.Equal(t, most+1, depth)
}

// TestTheAnswerBeyondTheBoundIsTheProviders: some senders come back only after another status.
func TestTheAnswerBeyondTheBoundIsTheProviders(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Answers.Transient = entry.Answer{Status: 409, RetryAfter: 3 * time.Second, Empty: true}
	j, _ := occupied(t, e, nil)
	w := run(j.Guard, signed(event), never(t))
	require.Equal(t, 409, w.Code)
	require.Equal(t, "3", w.Header().Get("Retry-After"))
	require.Empty(t, w.Body.String())
}

// TestABoundIsConfigured: a mistake is refused, and where a refusal loses events, the log says so.
func TestABoundIsConfigured(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Limits.MaxRunning = -1
	_, err := core.New(c)
	require.ErrorContains(t, err, "Limits.MaxRunning")
	for name, row := range map[string]struct {
		most    int
		horizon time.Duration
		warns   bool
	}{
		"a sender of whom nobody knows whether it retries": {1, 0, true},
		"a sender that retries":                            {1, time.Hour, false},
		"no bound":                                         {0, 0, false},
	} {
		var log bytes.Buffer
		e := timestamped()
		e.RetryHorizon = row.horizon
		c, _ := config(e)
		c.Limits.MaxRunning, c.Logger = row.most, slog.New(slog.NewTextHandler(&log, nil))
		mustNew(t, c)
		require.Equal(t, row.warns, strings.Contains(log.String(), "MaxRunning"), name)
	}
}
