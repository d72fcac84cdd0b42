package adaptertest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

// slotted is a guard of one slot, with its records as they come.
func slotted(t *testing.T) (*core.Guard, chan core.Record) {
	t.Helper()
	all := make(chan core.Record, 64)
	g, _, _ := journaled(t, func(c *core.Config) {
		c.Limits.MaxRunning = 1
		c.Observers = []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { all <- r })}
	})
	return g, all
}

// TestABoundOnWhatRunsInEveryRouter: one delivery more is asked to come back, whatever the router makes of the first.
func TestABoundOnWhatRunsInEveryRouter(t *testing.T) {
	const other = `{"name":"y"}`
	busy := func(t *testing.T, s *server, all chan core.Record) {
		t.Helper()
		got := s.send(t, s.request(t, path, other))
		require.Equal(t, http.StatusServiceUnavailable, got.status)
		require.Equal(t, "10", got.header.Get("Retry-After"))
		requireNoLeak(t, got)
		require.Equal(t, reason.Busy, take(t, all).Reason)
	}
	untilItReturns := func(t *testing.T, rt router, handler func(run func() error) any) {
		t.Helper()
		g, all := slotted(t)
		began, end := make(chan struct{}), make(chan struct{})
		var n counter
		s := rt.route(t, g, handler(func() error {
			if n.Add(1) == 1 {
				close(began)
				<-end
			}
			return nil
		}))
		first := make(chan answer, 1)
		go func() { first <- s.deliver(t) }()
		<-began
		busy(t, s, all)
		close(end)
		require.Equal(t, http.StatusOK, (<-first).status)
		require.Equal(t, reason.Accepted, take(t, all).Reason)
		require.Equal(t, http.StatusOK, s.send(t, s.request(t, path, other)).status)
		require.EqualValues(t, 2, n.Load())
	}
	table(t, []row{
		{"a receiver has the slot until it returns", func(t *testing.T, rt router) {
			untilItReturns(t, rt, func(run func() error) any {
				return rt.signal(func(*call, core.Event) error { return run() })
			})
		}},
		{"also behind a timeout that has answered", func(t *testing.T, rt router) {
			mw, racy := rt.timeout(50 * time.Millisecond)
			if racy && raceDetector {
				t.Skip("the router's own timeout is a data race of the router")
			}
			g, all := slotted(t)
			end := make(chan struct{})
			s := rt.route(t, g, rt.signal(func(*call, core.Event) error { <-end; return nil }), mw)
			require.Equal(t, http.StatusServiceUnavailable, s.deliver(t).status)
			busy(t, s, all)
			close(end)
			require.True(t, take(t, all).AnsweredEarly)
			require.Equal(t, http.StatusOK, s.send(t, s.request(t, path, other)).status)
		}},
		{"a plain handler has it until it returns", func(t *testing.T, rt router) {
			untilItReturns(t, rt, func(run func() error) any {
				return rt.plain(func(*call) error { return run() })
			})
		}},
		{"a panic, an error and a duplicate leave it free", func(t *testing.T, rt router) {
			g, _ := slotted(t)
			var n counter
			a := rt.new()
			a.use(rt.recovery)
			a.post(path, rt.signal(func(*call, core.Event) error {
				switch n.Add(1) {
				case 1:
					panic("kaboom")
				case 2:
					return errApp
				}
				return nil
			}), rt.verify(g, nil))
			for _, want := range []int{500, 500, 200, 200} {
				w := httptest.NewRecorder()
				a.ServeHTTP(w, genuine(path))
				require.Equal(t, want, w.Code)
			}
			require.EqualValues(t, 3, n.Load())
		}},
		{"a handler's panic leaves it free", func(t *testing.T, rt router) {
			g, _ := slotted(t)
			var n counter
			a := rt.new()
			a.use(rt.recovery)
			a.post(path, rt.plain(func(*call) error {
				if n.Add(1) == 1 {
					panic("kaboom")
				}
				return nil
			}), rt.verify(g, nil))
			for _, want := range []int{500, 200} {
				w := httptest.NewRecorder()
				a.ServeHTTP(w, genuine(path))
				require.Equal(t, want, w.Code)
			}
		}},
	})
}
