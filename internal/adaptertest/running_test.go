package adaptertest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

// told is a guard's records, in order, for tests that wait for them.
func told(t *testing.T) (*core.Guard, chan core.Record) {
	t.Helper()
	all := make(chan core.Record, 64)
	g, _ := newGuard(t, func(c *core.Config) {
		c.Observers = []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { all <- r })}
	})
	return g, all
}

// app of one route with a signal behind verify and mws.
func (rt router) route(t *testing.T, g *core.Guard, handler any, mws ...any) *server {
	t.Helper()
	a := rt.new()
	a.post(path, handler, append([]any{rt.verify(g, nil)}, mws...)...)
	return serve(t, a)
}

// TestATimeoutBetweenGuardAndSignals: the event runs once, whatever the sender does meanwhile, and is done at the end.
func TestATimeoutBetweenGuardAndSignals(t *testing.T) {
	run := func(failure error) func(*testing.T, router) {
		return func(t *testing.T, rt router) {
			mw, racy := rt.timeout(50 * time.Millisecond)
			if racy && raceDetector {
				t.Skip("the router's own timeout is a data race of the router")
			}
			g, all := told(t)
			var n counter
			finish := make(chan struct{})
			s := rt.route(t, g, rt.signal(func(*call, core.Event) error {
				if n.Add(1) > 1 {
					return nil
				}
				<-finish
				return failure
			}), mw)
			require.Equal(t, http.StatusServiceUnavailable, s.deliver(t).status)
			for range 3 {
				again := s.deliver(t)
				require.Equal(t, http.StatusServiceUnavailable, again.status)
				require.NotEmpty(t, again.header.Get("Retry-After"))
				require.Equal(t, reason.InFlight, take(t, all).Reason)
			}
			require.EqualValues(t, 1, n.Load())
			close(finish)
			last := take(t, all)
			require.True(t, last.AnsweredEarly)
			require.Equal(t, http.StatusServiceUnavailable, last.Status)
			again := s.deliver(t)
			require.Equal(t, http.StatusOK, again.status)
			if failure == nil {
				require.Equal(t, reason.Accepted, last.Reason)
				require.Equal(t, core.ReplayCommitted, last.Replay)
				require.Contains(t, again.body, "already processed")
				require.EqualValues(t, 1, n.Load())
				return
			}
			require.ErrorIs(t, last.Err, failure)
			require.Len(t, last.Failed, 1)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.EqualValues(t, 2, n.Load(), "the retry runs")
		}
	}
	table(t, []row{
		{"signals that succeed are done", run(nil)},
		{"signals that fail leave the event to the retry", run(errors.New("boom"))},
	})
}

// TestOneDeliveryIsDispatchedOnce: a second dispatch is a 500 with a record of its own, in each router's idiom.
func TestOneDeliveryIsDispatchedOnce(t *testing.T) {
	loud := func(t *testing.T, s *server, g *core.Guard, all chan core.Record, a, b *counter) {
		t.Helper()
		got := s.deliver(t)
		require.Equal(t, http.StatusInternalServerError, got.status)
		requireNoLeak(t, got)
		require.NoError(t, g.Flush(t.Context()))
		var first, second core.Record
		for range 2 {
			if r := take(t, all); errors.Is(r.Err, core.ErrSignalsTwice) {
				second = r
			} else {
				first = r
			}
		}
		require.Equal(t, reason.Accepted, first.Reason)
		require.Equal(t, reason.SignalFailed, second.Reason)
		require.Len(t, second.Failed, 1)
		require.False(t, second.Failed[0].Identity.IsZero())
		require.EqualValues(t, 1, a.Load())
		require.Zero(t, b.Load())
	}
	table(t, []row{
		{"Signal(a), Signal(b)", func(t *testing.T, rt router) {
			g, all := told(t)
			var a, b counter
			handler, before := rt.twice(rt.signal(a.signal), rt.signal(b.signal))
			s := rt.route(t, g, handler, before...)
			loud(t, s, g, all, &a, &b)
		}},
		{"Signal(b), Signal(a), the other order", func(t *testing.T, rt router) {
			g, all := told(t)
			var a, b counter
			handler, before := rt.twice(rt.signal(b.signal), rt.signal(a.signal))
			s := rt.route(t, g, handler, before...)
			loud(t, s, g, all, &b, &a)
		}},
		{"a first one that fails is a 500 of its own, and the retry runs", func(t *testing.T, rt router) {
			g, all := told(t)
			var b counter
			handler, before := rt.twice(rt.signal(func(*call, core.Event) error { return errApp }), rt.signal(b.signal))
			s := rt.route(t, g, handler, before...)
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.ErrorIs(t, take(t, all).Err, errApp)
			require.Zero(t, b.Load())
		}},
		{"middleware that runs its handler again when it likes", func(t *testing.T, rt router) {
			if rt.name == "gin" {
				t.Skip("c.Next runs the rest of a chain once")
			}
			g, all := told(t)
			var n, never counter
			again := rt.between(func(_ http.ResponseWriter, _ *http.Request, next func() error) error {
				return errors.Join(next(), next())
			})
			s := rt.route(t, g, rt.signal(n.signal), again)
			loud(t, s, g, all, &n, &never)
		}},
		{"an inner guard does not make a second dispatch a first one", func(t *testing.T, rt router) {
			if rt.name != "gin" {
				t.Skip("handlers are chained in Gin only")
			}
			outer, outerTold := newBasic(t, "gate")
			g, all := told(t)
			var a, b counter
			app := rt.new()
			app.post(path, rt.signal(b.signal), rt.verify(outer, nil), rt.signal(a.signal), rt.verify(g, nil))
			s := serve(t, app)
			r := s.request(t, path, body)
			r.Header.Set("Authorization", basicHeader())
			require.Equal(t, http.StatusInternalServerError, s.send(t, r).status)
			require.EqualValues(t, 1, a.Load())
			require.Zero(t, b.Load())
			require.ErrorIs(t, take(t, all).Err, core.ErrSignalsTwice)
			require.NoError(t, outer.Flush(t.Context()))
			require.Equal(t, core.ReplayCommitted, outerTold.last(t, outer).Replay)
		}},
	})
}

// TestWhatMiddlewareDoesBetweenGuardAndSignals: no event is lost by it without a word.
func TestWhatMiddlewareDoesBetweenGuardAndSignals(t *testing.T) {
	type step = func(w http.ResponseWriter, r *http.Request, next func() error) error
	behind := func(t *testing.T, rt router, fn receiver, do step) (*server, *core.Guard, chan core.Record) {
		t.Helper()
		g, all := told(t)
		return rt.route(t, g, rt.signal(fn), rt.between(do)), g, all
	}
	table(t, []row{
		{"a dispatch after the answer runs nothing and is reported", func(t *testing.T, rt router) {
			var n counter
			later := make(chan func() error, 1)
			s, _, all := behind(t, rt, n.signal, func(w http.ResponseWriter, _ *http.Request, next func() error) error {
				answer200(w)
				later <- next
				return nil
			})
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.Equal(t, reason.Accepted, take(t, all).Reason)
			s.running.wait()
			if rt.ownContext {
				return // the router's context serves the next request by now
			}
			_ = take(t, later)()
			last := take(t, all)
			require.ErrorIs(t, last.Err, core.ErrSignalsLate)
			require.Len(t, last.Failed, 1)
			require.Zero(t, n.Load())
		}},
		{"an answer before the signals leaves the event to what they return", func(t *testing.T, rt router) {
			if !rt.ownContext {
				t.Skip("signals do not see the writer here")
			}
			var n counter
			s, _, all := behind(t, rt, func(*call, core.Event) error { n.Add(1); return errApp },
				func(w http.ResponseWriter, _ *http.Request, next func() error) error { answer200(w); return next() })
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			last := take(t, all)
			require.ErrorIs(t, last.Err, errApp)
			require.Len(t, last.Failed, 1, "the provider read a 200: what remains is the report")
			require.Equal(t, core.ReplayReleased, last.Replay)
		}},
		{"a connection that is taken over before the signals is theirs to settle", func(t *testing.T, rt router) {
			var n counter
			s, _, all := behind(t, rt, n.signal, func(w http.ResponseWriter, _ *http.Request, next func() error) error {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return err
				}
				_ = conn.Close()
				return next()
			})
			_, err := s.try(s.request(t, path, body))
			require.Error(t, err)
			last := take(t, all)
			require.EqualValues(t, 1, n.Load())
			require.Equal(t, reason.Accepted, last.Reason)
			require.Equal(t, core.ReplayCommitted, last.Replay)
			require.Contains(t, s.deliver(t).body, "already processed")
		}},
		{"a panic behind a connection that was taken over, recovered in between, leaves the event to the retry",
			func(t *testing.T, rt router) {
				var n counter
				s, _, all := behind(t, rt, func(*call, core.Event) error {
					if n.Add(1) == 1 {
						panic(http.ErrAbortHandler)
					}
					return nil
				}, func(w http.ResponseWriter, _ *http.Request, next func() error) error {
					if n.Load() > 0 {
						return next()
					}
					defer func() { _ = recover() }()
					conn, _, err := http.NewResponseController(w).Hijack()
					if err != nil {
						return err
					}
					_ = conn.Close()
					return next()
				})
				_, err := s.try(s.request(t, path, body))
				require.Error(t, err)
				last := take(t, all)
				require.Equal(t, reason.SignalPanicked, last.Reason)
				require.Equal(t, core.ReplayReleased, last.Replay)
				require.Equal(t, http.StatusOK, s.deliver(t).status)
				require.EqualValues(t, 2, n.Load())
			}},
		{"http.ErrAbortHandler that middleware recovers without an answer is a 500", func(t *testing.T, rt router) {
			var n counter
			s, _, all := behind(t, rt, func(*call, core.Event) error {
				if n.Add(1) == 1 {
					panic(http.ErrAbortHandler)
				}
				return nil
			}, func(_ http.ResponseWriter, _ *http.Request, next func() error) error {
				defer func() { _ = recover() }()
				return next()
			})
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.Equal(t, reason.SignalPanicked, take(t, all).Reason)
			require.Equal(t, http.StatusOK, s.deliver(t).status, "the retry runs")
			require.EqualValues(t, 2, n.Load())
		}},
		{"http.ErrAbortHandler that middleware recovers and answers with 200 is a 500", func(t *testing.T, rt router) {
			s, _, all := behind(t, rt, func(*call, core.Event) error { panic(http.ErrAbortHandler) },
				func(w http.ResponseWriter, _ *http.Request, next func() error) error {
					defer func() { _ = recover(); answer200(w) }()
					return next()
				})
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.Equal(t, core.ReplayReleased, take(t, all).Replay)
		}},
		{"a failure whose answer middleware drops is a 500 all the same", func(t *testing.T, rt router) {
			var n counter
			s, _, all := behind(t, rt, func(*call, core.Event) error { n.Add(1); return errApp },
				func(_ http.ResponseWriter, _ *http.Request, next func() error) error { _ = next(); return nil })
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.ErrorIs(t, take(t, all).Err, errApp)
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status, "the retry runs")
			require.EqualValues(t, 2, n.Load())
		}},
		{"a context that carries no delivery any more is a 500, and released", func(t *testing.T, rt router) {
			g, all := told(t)
			var n counter
			drop := func(r *http.Request) *http.Request { return r.WithContext(context.Background()) }
			s := rt.route(t, g, rt.signal(n.signal), rt.change(drop))
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.Zero(t, n.Load())
			require.Equal(t, core.ReplayReleased, take(t, all).Replay)
		}},
		{"a context with values and a deadline of its own carries it on", func(t *testing.T, rt router) {
			g, all := told(t)
			var n counter
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			wrap := func(r *http.Request) *http.Request {
				own, _ := ctx.Deadline()
				c, stop := context.WithDeadline(context.WithValue(r.Context(), keyOfTest{}, "v"), own)
				t.Cleanup(stop)
				return r.WithContext(c)
			}
			s := rt.route(t, g, rt.signal(func(_ *call, e core.Event) error {
				require.Equal(t, "v", e.Context().Value(keyOfTest{}))
				return n.signal(nil, e)
			}), rt.change(wrap))
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.EqualValues(t, 1, n.Load())
			require.Equal(t, core.ReplayCommitted, take(t, all).Replay)
		}},
	})
}

type keyOfTest struct{}
