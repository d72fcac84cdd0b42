package core_test

import (
	"context"
	"errors"
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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// TestNoMiddlewareMakesASuccessOfARunThatFailed: it stands between guard and signals, and the provider would never send
// the event again.
func TestNoMiddlewareMakesASuccessOfARunThatFailed(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	failing := func() error { return boom }
	own := func(h http.Handler, w http.ResponseWriter, r *http.Request) { // in a goroutine that it waits for
		var wg sync.WaitGroup
		wg.Go(func() { h.ServeHTTP(w, r) })
		wg.Wait()
	}
	for _, row := range []struct {
		name   string
		signal func() error
		middle func(h http.Handler, w http.ResponseWriter, r *http.Request)
		reason reason.Reason
	}{
		{"it recovers http.ErrAbortHandler and returns", func() error { panic(http.ErrAbortHandler) },
			func(h http.Handler, w http.ResponseWriter, r *http.Request) {
				defer func() { _ = recover() }()
				h.ServeHTTP(w, r)
			}, reason.SignalPanicked},
		{"it recovers http.ErrAbortHandler and answers 200", func() error { panic(http.ErrAbortHandler) },
			func(h http.Handler, w http.ResponseWriter, r *http.Request) {
				defer func() { _ = recover(); w.WriteHeader(200) }()
				h.ServeHTTP(w, r)
			}, reason.SignalPanicked},
		{"it waits for a goroutine that the receiver ends", func() error { runtime.Goexit(); return nil }, own,
			reason.SignalFailed},
		{"it drops the answer and writes 200", failing, func(h http.Handler, w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(200)
			_, _ = w.Write([]byte("fine"))
		}, reason.SignalFailed},
		{"it drops the answer and writes 204", failing, func(h http.Handler, w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(204)
		}, reason.SignalFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			w := httptest.NewRecorder()
			signal := signal(func(context.Context, core.Event) error { return row.signal() })
			httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				row.middle(signal, w, r)
			})).ServeHTTP(w, signed(event))
			require.Equal(t, 500, w.Code)
			require.Equal(t, "Internal Server Error\n", w.Body.String())
			last := rec.last(t, g)
			require.Equal(t, row.reason, last.Reason)
			require.Equal(t, 500, last.Status)
			require.Len(t, last.Failed, 1)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.Equal(t, 200, run(g, signed(event), ok).Code, "the retry runs")
		})
	}
}

// TestAReportSaysWhatWasAnsweredBeforeTheRun: what stands on the wire cannot be replaced.
func TestAReportSaysWhatWasAnsweredBeforeTheRun(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	w := httptest.NewRecorder()
	signal := signal(func(context.Context, core.Event) error { return errors.New("boom") })
	httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		signal.ServeHTTP(w, r)
	})).ServeHTTP(w, signed(event))
	require.Equal(t, 200, w.Code)
	last := rec.last(t, g)
	require.Equal(t, reason.SignalFailed, last.Reason)
	require.Equal(t, 200, last.Status)
}

// TestAReleaseByHandWaitsForTheRun: otherwise the retry would run at the same time.
func TestAReleaseByHandWaitsForTheRun(t *testing.T) {
	t.Parallel()
	for name, within := range map[string]bool{"by middleware that answers early": false, "by the signal itself": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, rec := config(timestamped())
				g := mustNew(t, c)
				var running, runs atomic.Int64
				send := func() int {
					w := httptest.NewRecorder()
					httpwebhook.Verify(g)(leaving(func(w http.ResponseWriter, r *http.Request) {
						if !within {
							require.NoError(t, core.Release(r.Context()))
						}
						w.WriteHeader(503)
					})(signal(func(_ context.Context, e core.Event) error {
						runs.Add(1)
						if running.Add(1) > 1 {
							t.Error("the event runs twice at once")
						}
						defer running.Add(-1)
						if within {
							assert.NoError(t, core.Release(e.Context()))
							assert.ErrorIs(t, core.Commit(e.Context()), core.ErrSettled)
						}
						time.Sleep(150 * time.Second)
						return nil
					}))).ServeHTTP(w, signed(event))
					return w.Code
				}
				require.Equal(t, 503, send())
				time.Sleep(70 * time.Second)
				require.Equal(t, 503, send())
				require.Equal(t, reason.InFlight, rec.last(t, g).Reason)
				require.EqualValues(t, 1, runs.Load())
				time.Sleep(100 * time.Second)
				require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
				require.Equal(t, 503, send())
				time.Sleep(time.Second)
				require.EqualValues(t, 2, runs.Load(), "the retry runs")
				time.Sleep(200 * time.Second)
			})
		})
	}
}

// TestAReleaseByHandOfABatchWaitsForEachEvent: the events that are still to come are not released before they have run.
func TestAReleaseByHandOfABatchWaitsForEachEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(batched())
		g := mustNew(t, c)
		var mu sync.Mutex
		running := map[string]int{}
		send := func(release bool) int {
			w := httptest.NewRecorder()
			httpwebhook.Verify(g)(leaving(func(w http.ResponseWriter, r *http.Request) {
				if release {
					_ = core.Release(r.Context())
				}
				w.WriteHeader(503)
			})(signal(func(_ context.Context, e core.Event) error {
				mu.Lock()
				running[e.ID]++
				if running[e.ID] > 1 {
					t.Errorf("event %s runs twice at once", e.ID)
				}
				mu.Unlock()
				time.Sleep(10 * time.Second)
				mu.Lock()
				running[e.ID]--
				mu.Unlock()
				return nil
			}))).ServeHTTP(w, signedBody(list(1, 2, 3)))
			return w.Code
		}
		require.Equal(t, 503, send(true))
		for range 14 {
			time.Sleep(4 * time.Second)
			send(false)
		}
		time.Sleep(2 * time.Minute)
		w := run(g, signedBody(list(1, 2, 3)), never(t))
		require.Equal(t, 200, w.Code)
	})
}

// stuckRenewals does not answer a renewal and looks at no context.
type stuckRenewals struct {
	replay.Store
	stuck chan struct{}
}

func (s stuckRenewals) Extend(context.Context, []replay.Held, time.Duration) error {
	<-s.stuck
	return nil
}

// TestARunEndsWithItsClaimAlsoWhereTheStoreHangs: from then on another delivery may run.
func TestARunEndsWithItsClaimAlsoWhereTheStoreHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		store := stuckRenewals{memstore.New(), make(chan struct{})}
		c.Replay = store
		g := mustNew(t, c)
		begun := time.Now()
		run(g, signed(event), func(_ context.Context, e core.Event) error {
			select {
			case <-e.Context().Done():
				require.ErrorIs(t, context.Cause(e.Context()), core.ErrLeaseLost)
			case <-time.After(time.Hour):
			}
			return nil
		})
		require.LessOrEqual(t, time.Since(begun), 61*time.Second)
		close(store.stuck)
	})
}

// TestWhatIsReleasedByHandIsNoSuccess: a 2xx would keep the provider from sending it again.
func TestWhatIsReleasedByHandIsNoSuccess(t *testing.T) {
	t.Parallel()
	release := func(r *http.Request) { _ = core.Release(r.Context()) }
	for _, row := range []struct {
		name   string
		h      http.Handler
		status int
	}{
		{"by a signal", signal(func(_ context.Context, e core.Event) error { return core.Release(e.Context()) }), 500},
		{"by a handler that writes nothing",
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { release(r) }), 500},
		{"by a handler that answers 200", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			release(r)
			w.WriteHeader(200)
		}), 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			var log testlog.Log
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			g := mustNew(t, c)
			w := httptest.NewRecorder()
			httpwebhook.Verify(g)(row.h).ServeHTTP(w, signed(event))
			require.Equal(t, row.status, w.Code)
			last := rec.last(t, g)
			require.Equal(t, reason.SignalFailed, last.Reason)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.Equal(t, row.status, last.Status)
			require.Len(t, last.Failed, 1)
			require.Contains(t, log.String(), "id=evt_1")
			require.Equal(t, row.status == 200, strings.Contains(log.String(), "answered 2xx"), log.String())
			require.Equal(t, 200, run(g, signed(event), ok).Code, "the retry runs")
		})
	}
}

// TestWhatAnInnerGuardLeavesToTheRetryIsNoSuccessOfTheOuter: middleware between the two makes one of it.
func TestWhatAnInnerGuardLeavesToTheRetryIsNoSuccessOfTheOuter(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		inside http.Handler
	}{
		{"a handler panics", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })},
		{"a handler answers 500",
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })},
		{"signals end in http.ErrAbortHandler",
			signal(func(context.Context, core.Event) error { panic(http.ErrAbortHandler) })},
		{"signals come after a release by hand", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = core.Release(r.Context())
			signal(never(t)).ServeHTTP(httptest.NewRecorder(), r)
		})},
	} {
		for name, after := range map[string]func(http.ResponseWriter){
			"nothing": func(http.ResponseWriter) {}, "200": func(w http.ResponseWriter) { w.WriteHeader(200) },
		} {
			t.Run(row.name+", and the middleware answers "+name, func(t *testing.T) {
				t.Parallel()
				oc, outside := config(basicOnly())
				oc.Endpoint, oc.Secrets = "outer", secrets.Static("user:a-long-enough-password")
				ic, rec := config(timestamped())
				outer, inner := mustNew(t, oc), mustNew(t, ic)
				send := func(inside http.Handler) int {
					r := signed(event)
					r.SetBasicAuth("user", "a-long-enough-password")
					w := httptest.NewRecorder()
					h := httpwebhook.Verify(inner)(inside)
					httpwebhook.Verify(outer)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						func() {
							defer func() { _ = recover() }()
							h.ServeHTTP(httptest.NewRecorder(), r)
						}()
						after(w)
					})).ServeHTTP(w, r)
					return w.Code
				}
				require.Equal(t, 500, send(row.inside))
				require.Equal(t, reason.ClassApp, rec.last(t, inner).Reason.Class())
				require.Equal(t, reason.SignalFailed.Class(), outside.last(t, outer).Reason.Class())
				require.Equal(t, 500, outside.last(t, outer).Status)
				require.Equal(t, 200, send(signal(ok)), "the retry runs")
				require.Equal(t, reason.Accepted, rec.last(t, inner).Reason)
			})
		}
	}
}

// partlyDown answers the first claim of each delivery only.
type partlyDown struct {
	replay.Store
	claims atomic.Int64
}

func (s *partlyDown) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if s.claims.Add(1) > 1 {
		return nil, errors.New("down")
	}
	return s.Store.Claim(ctx, items, lease)
}

// TestWhatRunsUnclaimedIsNotTakenForReleasedByHand: the store fails between the claims of an event and of its
// receivers.
func TestWhatRunsUnclaimedIsNotTakenForReleasedByHand(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Replay, c.StoreFailure = &partlyDown{Store: memstore.New()}, core.DangerouslyAcceptUnclaimed
	g := mustNew(t, c)
	s := core.NewSignals()
	s.Named("a").On("*", ok)
	s.Named("b").On("*", ok)
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(httpwebhook.Dispatch(s)).ServeHTTP(w, signed(event))
	require.Equal(t, 200, w.Code)
	last := rec.last(t, g)
	require.Equal(t, core.ReplayUnclaimed, last.Replay)
	require.Equal(t, reason.Accepted, last.Reason)
}
