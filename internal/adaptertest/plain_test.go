package adaptertest_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// logged is a guard whose log and records can be asked.
func logged(t *testing.T) (*core.Guard, *records, *testlog.Log) {
	t.Helper()
	log := &testlog.Log{}
	g, rec := newGuard(t, func(c *core.Config) { c.Logger = slog.New(slog.NewJSONHandler(log, nil)) })
	return g, rec, log
}

// linesWith returns the levels of the lines whose message contains text.
func linesWith(t *testing.T, log *testlog.Log, text string) (levels []string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(log.String()))
	for dec.More() {
		var line struct{ Level, Msg string }
		require.NoError(t, dec.Decode(&line))
		if strings.Contains(line.Msg, text) {
			levels = append(levels, line.Level)
		}
	}
	return levels
}

// mountEmpty is each adapter's Handle with a set without receivers, or with one for another type of event.
func mountEmpty(t *testing.T, rt router, g *core.Guard, on string) *server {
	t.Helper()
	s := core.NewSignals()
	if on != "" {
		s.On(on, func(context.Context, core.Event) error { return nil })
	}
	a := rt.new()
	a.handle(path, g, s)
	return serve(t, a)
}

// TestA200ThatRanNothingIsReported: once a minute for an endpoint and a type. See core for the counts.
func TestA200ThatRanNothingIsReported(t *testing.T) {
	const warned = "WARN"
	plain := func(fn func(*call) error, status int, ranNothing bool) func(*testing.T, router) {
		return func(t *testing.T, rt router) {
			g, rec, log := logged(t)
			a := rt.new()
			a.post(path, rt.plain(fn), rt.verify(g, nil))
			s := serve(t, a)
			for _, text := range []string{body, `{"name":"y"}`, `{"name":"z"}`} {
				require.Equal(t, status, s.send(t, s.request(t, path, text)).status)
				s.running.wait()
				last := rec.last(t, g)
				require.Equal(t, ranNothing, last.RanNothing)
				require.Equal(t, core.ReplayCommitted, last.Replay)
			}
			want := []string(nil)
			if ranNothing {
				want = []string{warned}
			}
			require.Equal(t, want, linesWith(t, log, "delivery answered 200 and nothing ran"))
			require.NoError(t, g.Shutdown(t.Context()))
		}
	}
	table(t, []row{
		{"a handler that reads nothing and writes nothing", plain(func(*call) error { return nil }, 200, true)},
		{"a handler that reads the body has run", plain(func(c *call) error {
			_, err := io.Copy(io.Discard, c.r.Body)
			return err
		}, 200, false)},
		{"a handler that takes the delivery has run", plain(func(c *call) error {
			_, _ = core.FromContext(c.r.Context())
			return nil
		}, 200, false)},
		{"a handler that answers itself has run",
			plain(func(c *call) error { return c.json(http.StatusOK, "fine") }, 200, false)},
		{"a handler that answers 204 has run",
			plain(func(c *call) error { c.w.WriteHeader(http.StatusNoContent); return nil }, 204, false)},
		{"a handler that panics is reported as such, and the retry runs", func(t *testing.T, rt router) {
			g, rec, log := logged(t)
			var n counter
			a := rt.new()
			a.use(rt.recovery)
			a.post(path, rt.plain(func(*call) error {
				if n.Add(1) == 1 {
					panic("boom")
				}
				return nil
			}), rt.verify(g, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			s.running.wait()
			last := rec.last(t, g)
			require.Equal(t, reason.SignalPanicked, last.Reason)
			require.False(t, last.RanNothing)
			require.Len(t, last.Failed, 1)
			require.Len(t, linesWith(t, log, "event failed"), 1)
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.EqualValues(t, 2, n.Load())
		}},
		{"Handle with a set without receivers warns at the first delivery, and commits nothing",
			func(t *testing.T, rt router) {
				g, rec, log := logged(t)
				s := mountEmpty(t, rt, g, "")
				for range 3 {
					require.Equal(t, http.StatusOK, s.deliver(t).status)
				}
				last := rec.last(t, g)
				require.Equal(t, reason.Unhandled, last.Reason)
				require.True(t, last.RanNothing)
				require.Equal(t, core.ReplayReleased, last.Replay, "a resend runs once there are receivers")
				require.Equal(t, []string{warned}, linesWith(t, log, "the set of signals has no receiver"))
				require.NoError(t, g.Shutdown(t.Context()))
				require.Equal(t, []string{warned}, linesWith(t, log, "of this type had no receiver since"))
			}},
		{"an event that no receiver takes is counted, and is no mistake", func(t *testing.T, rt router) {
			g, rec, log := logged(t)
			s := mountEmpty(t, rt, g, "other")
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.Equal(t, reason.Unhandled, rec.last(t, g).Reason)
			require.Empty(t, linesWith(t, log, "the set of signals has no receiver"))
			require.Equal(t, []string{"INFO"}, linesWith(t, log, "event without a receiver"))
		}},
		{"Verify with no handler behind it commits nothing", func(t *testing.T, rt router) {
			if rt.name != "gin" {
				t.Skip("a route without a handler exists in Gin only")
			}
			g, rec, log := logged(t)
			e := gin.New()
			e.POST(path, rt.verify(g, nil).(gin.HandlerFunc))
			s := serve(t, &app{Handler: e})
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			last := rec.last(t, g)
			require.True(t, last.RanNothing)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.NotEmpty(t, linesWith(t, log, "without a receiver"))
		}},
	})
}
