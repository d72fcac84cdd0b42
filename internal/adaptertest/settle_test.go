package adaptertest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

var errApp = errors.New("the app's own words: db password is hunter2")

// requireSettled sends the delivery again and sees whether it runs.
func requireSettled(t *testing.T, s *server, g *core.Guard, rec *records, want core.ReplayState, runs func() int32) {
	t.Helper()
	s.running.wait() // a handler may go on after the client has read its answer, or has left
	require.Equal(t, want, rec.last(t, g).Replay)
	before := runs()
	again, err := s.try(s.request(t, path, body))
	s.running.wait()
	if want == core.ReplayCommitted {
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, again.status)
		require.Contains(t, again.body, "already processed")
		require.Equal(t, before, runs(), "a duplicate ran")
		return
	}
	require.Equal(t, before+1, runs(), "the retry did not run")
}

func TestPlainHandlersAreSettled(t *testing.T) {
	type ending struct {
		name   string
		fn     func(*call) error
		want   core.ReplayState
		status int  // what the client sees; 0: the connection is dropped
		errors bool // for routers whose handlers can say that they failed
	}
	endings := []ending{
		{"a silent return is committed", func(*call) error { return nil }, core.ReplayCommitted, 200, false},
		{"a 200 is committed", func(c *call) error { return c.json(http.StatusOK, "fine") }, core.ReplayCommitted, 200,
			false},
		{"a 204 is committed", func(c *call) error { c.w.WriteHeader(http.StatusNoContent); return nil },
			core.ReplayCommitted, 204, false},
		{"a 103 and then a body is committed", func(c *call) error {
			c.w.WriteHeader(http.StatusEarlyHints)
			_, err := io.WriteString(c.w, "fine")
			return err
		}, core.ReplayCommitted, 200, false},
		{"a 500 is released", func(c *call) error { return c.json(http.StatusInternalServerError, "no") },
			core.ReplayReleased, 500, false},
		{"a 500 without a body is released",
			func(c *call) error { c.w.WriteHeader(http.StatusInternalServerError); return nil }, core.ReplayReleased,
			500, false},
		{"a 302 is released", func(c *call) error { c.w.WriteHeader(http.StatusFound); return nil },
			core.ReplayReleased, 302, false},
		{"a 500 with a 200 written over it is released", func(c *call) error {
			c.w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(c.w, "no")
			return c.json(http.StatusOK, "fine")
		}, core.ReplayReleased, 500, false},
		{"a flush and then nothing is committed",
			func(c *call) error { return http.NewResponseController(c.w).Flush() }, core.ReplayCommitted, 200, false},
		{"a handler's error is released", func(*call) error { return errApp }, core.ReplayReleased, 500, false},
		{"an error after an answer was written is released", func(c *call) error {
			return errors.Join(c.json(http.StatusOK, "fine"), errApp)
		}, core.ReplayReleased, 200, true},
		{"an error after a flush is released", func(c *call) error {
			_, _ = io.WriteString(c.w, "fine")
			return errors.Join(http.NewResponseController(c.w).Flush(), errApp)
		}, core.ReplayReleased, 200, true},
		{"a hijacked connection is released", func(c *call) error {
			conn, _, err := http.NewResponseController(c.w).Hijack()
			if err != nil {
				return err
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return conn.Close()
		}, core.ReplayReleased, 200, false},
		{"a connection that was hijacked by a type assertion is released", func(c *call) error {
			conn, _, err := c.w.(http.Hijacker).Hijack()
			if err != nil {
				return err
			}
			return conn.Close()
		}, core.ReplayReleased, 0, false},
		{"a panic is released and goes on", func(*call) error { panic("boom") }, core.ReplayReleased, 0, false},
		{"a panic after an answer is released and goes on", func(c *call) error {
			_ = c.json(http.StatusOK, "fine")
			panic("boom")
		}, core.ReplayReleased, 0, false},
		{"http.ErrAbortHandler is released and goes on", func(*call) error { panic(http.ErrAbortHandler) },
			core.ReplayReleased, 0, false},
	}
	var rows []row
	for _, e := range endings {
		rows = append(rows, row{e.name, func(t *testing.T, rt router) {
			if e.errors && !rt.errors {
				t.Skip("a handler has no way to say so here")
			}
			var n counter
			s, g, rec := guarded(t, rt, func(c *call) error { n.Add(1); return e.fn(c) })
			got, err := s.try(s.request(t, path, body))
			wantPanic := strings.Contains(e.name, "goes on")
			if e.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, e.status, got.status)
			}
			requireSettled(t, s, g, rec, e.want, n.Load)
			require.Equal(t, wantPanic, s.panics.Load() > 0)
		}})
	}
	rows = append(rows,
		row{"a panic that the router recovers is a 500, and released", func(t *testing.T, rt router) {
			var n counter
			s, g, rec := guarded(t, rt, func(*call) error { n.Add(1); panic("boom") }, rt.recovery)
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.Equal(t, reason.SignalPanicked, rec.last(t, g).Reason)
			requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
			require.Zero(t, s.panics.Load())
		}},
		row{"http.ErrAbortHandler drops the connection past the router's recovery", func(t *testing.T, rt router) {
			var n counter
			s, g, rec := guarded(t, rt, func(*call) error { n.Add(1); panic(http.ErrAbortHandler) }, rt.recovery)
			got, err := s.try(s.request(t, path, body))
			if rt.recovers {
				require.NoError(t, err)
				require.Equal(t, http.StatusInternalServerError, got.status)
			} else {
				require.Error(t, err)
			}
			requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
		}},
		row{"a silent return after the client hung up is released", func(t *testing.T, rt router) {
			var n counter
			started, ended := make(chan struct{}), make(chan struct{})
			s, g, rec := guarded(t, rt, func(c *call) error {
				if n.Add(1) == 1 {
					close(started)
					<-c.r.Context().Done()
					close(ended)
				}
				return nil
			})
			hangUp(t, s, started)
			take(t, ended)
			requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
		}},
		row{"an answer that was flushed before the client hung up is committed", func(t *testing.T, rt router) {
			var n counter
			started := make(chan struct{})
			s, g, rec := guarded(t, rt, func(c *call) error {
				n.Add(1)
				err := http.NewResponseController(c.w).Flush()
				close(started)
				<-c.r.Context().Done()
				return err
			})
			hangUp(t, s, started)
			requireSettled(t, s, g, rec, core.ReplayCommitted, n.Load)
		}},
		row{"a delivery settled by hand is left as it is", func(t *testing.T, rt router) {
			var n counter
			s, g, rec := guarded(t, rt, func(c *call) error {
				n.Add(1)
				if err := core.Commit(c.r.Context()); err != nil {
					return err
				}
				return c.json(http.StatusInternalServerError, "no")
			})
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			requireSettled(t, s, g, rec, core.ReplayCommitted, n.Load)
		}},
	)
	table(t, rows)
}

// hangUp delivers, and closes the connection once the handler has started.
func hangUp(t *testing.T, s *server, started <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.try(s.request(t, path, body).WithContext(ctx))
		done <- err
	}()
	<-started
	cancel()
	require.Error(t, <-done)
}

func TestSignalsAreSettled(t *testing.T) {
	type ending struct {
		name   string
		fn     func(*call, core.Event) error
		want   core.ReplayState
		reason reason.Reason
		status int
	}
	endings := []ending{
		{"nil is a 200 and committed", func(*call, core.Event) error { return nil }, core.ReplayCommitted,
			reason.Accepted, 200},
		{"core.Ignore is a 200 and committed", func(*call, core.Event) error { return core.Ignore },
			core.ReplayCommitted, reason.Accepted, 200},
		{"core.Permanent is a 200 and committed", func(*call, core.Event) error { return core.Permanent(errApp) },
			core.ReplayCommitted, reason.Permanent, 200},
		{"an error is a 500 and the retry runs", func(*call, core.Event) error { return errApp }, core.ReplayReleased,
			reason.SignalFailed, 500},
		{"a panic is a 500 and the retry runs", func(*call, core.Event) error { panic("boom") }, core.ReplayReleased,
			reason.SignalPanicked, 500},
	}
	var rows []row
	for _, e := range endings {
		rows = append(rows, row{e.name, func(t *testing.T, rt router) {
			var n counter
			s, g, rec := signalling(t, rt, func(c *call, ev core.Event) error { n.Add(1); return e.fn(c, ev) })
			got := s.deliver(t)
			require.Equal(t, e.status, got.status)
			require.Equal(t, e.reason, rec.last(t, g).Reason)
			requireSettled(t, s, g, rec, e.want, n.Load)
			require.Zero(t, s.panics.Load())
		}})
	}
	rows = append(rows,
		row{"http.ErrAbortHandler drops the connection and the retry runs", func(t *testing.T, rt router) {
			var n counter
			s, g, rec := signalling(t, rt, func(*call, core.Event) error { n.Add(1); panic(http.ErrAbortHandler) })
			_, err := s.try(s.request(t, path, body))
			require.Error(t, err)
			requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
			require.Positive(t, s.panics.Load())
		}},
		row{"a hang-up does not cancel the signal's context", func(t *testing.T, rt router) {
			var n counter
			started, ended := make(chan struct{}), make(chan error, 1)
			s, g, rec := signalling(t, rt, func(c *call, e core.Event) error {
				n.Add(1)
				close(started)
				<-c.r.Context().Done()
				ended <- e.Context().Err()
				return nil
			})
			hangUp(t, s, started)
			require.NoError(t, take(t, ended))
			requireSettled(t, s, g, rec, core.ReplayCommitted, n.Load)
		}},
		row{"what Respond was given is written", func(t *testing.T, rt router) {
			s, g, rec := signalling(t, rt, func(_ *call, e core.Event) error {
				return e.Respond(http.StatusAccepted, "text/xml", []byte("<Response/>"))
			})
			got := s.deliver(t)
			require.Equal(t, http.StatusAccepted, got.status)
			require.Equal(t, "text/xml", got.header.Get("Content-Type"))
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
			require.Equal(t, "<Response/>", got.body)
			require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
		}},
		row{"a signal that answered itself is settled by what it wrote", func(t *testing.T, rt router) {
			if !rt.ownContext {
				t.Skip("a signal has no writer here")
			}
			for status, want := range map[int]core.ReplayState{201: core.ReplayCommitted, 409: core.ReplayReleased} {
				var n counter
				s, g, rec := signalling(t, rt,
					func(c *call, _ core.Event) error { n.Add(1); return c.json(status, "mine") })
				got := s.deliver(t)
				require.Equal(t, status, got.status)
				require.Equal(t, "\"mine\"", strings.TrimSpace(got.body))
				requireSettled(t, s, g, rec, want, n.Load)
			}
		}},
		row{"a signal that took the connection over is released", func(t *testing.T, rt router) {
			if !rt.ownContext {
				t.Skip("a signal has no writer here")
			}
			var n counter
			s, g, rec := signalling(t, rt, func(c *call, _ core.Event) error {
				n.Add(1)
				conn, _, err := http.NewResponseController(c.w).Hijack()
				if err != nil {
					return err
				}
				return conn.Close()
			})
			_, err := s.try(s.request(t, path, body))
			require.Error(t, err)
			requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
		}},
		row{"a delivery while another of the same event runs is a 503 with Retry-After", func(t *testing.T, rt router) {
			started, finish := make(chan struct{}), make(chan struct{})
			s, _, _ := signalling(t, rt, func(*call, core.Event) error {
				close(started)
				<-finish
				return nil
			})
			first := make(chan answer, 1)
			go func() {
				a, _ := s.try(s.request(t, path, body))
				first <- a
			}()
			<-started
			second := s.deliver(t)
			close(finish)
			require.Equal(t, http.StatusServiceUnavailable, second.status)
			require.NotEmpty(t, second.header.Get("Retry-After"))
			require.Equal(t, http.StatusOK, (<-first).status)
		}},
	)
	table(t, rows)
}
