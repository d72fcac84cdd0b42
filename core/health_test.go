package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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
	"github.com/sallyport-go/sallyport/internal/testlog"
)

func TestHealthReportsProofsAndRejections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		g := mustNew(t, c)
		made := time.Now()
		time.Sleep(time.Minute)
		require.Equal(t, core.Health{Endpoint: "test", Provider: "acme", Since: made, Silence: time.Minute}, g.Health())

		forged := func() { run(g, post(event, "Acme-Signature", pairs(oldSecret, testTime, event)), never(t)) }
		forged()
		run(g, post(event), never(t))
		h := g.Health()
		require.EqualValues(t, 2, h.RejectedInARow)
		require.Equal(t, reason.MissingSignature, h.LastReason)
		require.True(t, h.LastProved.IsZero())
		require.WithinDuration(t, time.Now(), h.LastRejected, time.Minute)

		for _, row := range []struct {
			name string
			send func()
		}{
			{"an accepted delivery", func() { run(g, signed(event), ok) }},
			{"one whose signal fails", func() {
				run(g, signed(`{"id":"2"}`), func(context.Context, core.Event) error { return http.ErrBodyNotAllowed })
			}},
		} {
			forged()
			time.Sleep(time.Second)
			row.send()
			h := g.Health()
			require.Zero(t, h.RejectedInARow, row.name)
			require.Zero(t, h.Silence, row.name)
			require.Equal(t, time.Now().UnixNano(), h.LastProved.UnixNano(), row.name)
		}
		require.NoError(t, g.Flush(t.Context()))
	})
}

// Whoever has captured a delivery can send it for ever. That must not hide that the provider has stopped.
func TestACopyOfADeliveryIsNoSignOfLife(t *testing.T) {
	t.Parallel()
	noColumn := func(context.Context, core.Event) error { return http.ErrBodyNotAllowed }
	for _, row := range []struct {
		name   string
		entry  entry.Entry
		change func(*core.Config)
		send   func(*core.Guard)
		alive  bool
	}{
		{"a delivery that was accepted", timestamped(), nil, func(g *core.Guard) { run(g, signed(event), ok) }, false},
		{"one whose signal fails each time", timestamped(), nil,
			func(g *core.Guard) { run(g, signed(event), noColumn) }, false},
		{"one that no receiver takes", timestamped(), nil, func(g *core.Guard) {
			s := core.NewSignals()
			s.On("known", ok)
			httpwebhook.Verify(g)(httpwebhook.Dispatch(s)).ServeHTTP(httptest.NewRecorder(), signed(event))
		}, false},
		{"one while the store is down", timestamped(), func(c *core.Config) { c.Replay = downStore{memstore.New()} },
			func(g *core.Guard) { run(g, signed(event), ok) }, false},
		{"one that would be a duplicate, where replays are only reported", timestamped(),
			func(c *core.Config) { c.DangerouslyReportOnly = []core.Check{core.CheckReplay} },
			func(g *core.Guard) { run(g, signed(event), ok) }, false},
		{"a handshake that is proved", challenged(), nil, func(g *core.Guard) {
			run(g, signed(`{"type":"url_verification"}`), ok)
		}, false},
		{"one where nothing tells copies apart", timestamped(),
			func(c *core.Config) { c.Replay = core.DangerouslyNoReplay },
			func(g *core.Guard) { run(g, signed(event), ok) }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log testlog.Log
				c, _ := config(row.entry)
				c.SilenceAfter = time.Hour
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
				if row.change != nil {
					row.change(&c)
				}
				g := mustNew(t, c)
				for range 10 {
					row.send(g)
					time.Sleep(20 * time.Minute)
				}
				require.Equal(t, !row.alive, strings.Contains(log.String(), "no new delivery has been proved"))
				require.Equal(t, row.alive, g.Health().Silence <= time.Hour)
				require.NoError(t, g.Shutdown(t.Context()))
			})
		})
	}
}

// downStore is one that cannot answer.
type downStore struct{ replay.Store }

func (downStore) Claim(context.Context, []replay.Item, time.Duration) ([]replay.Result, error) {
	return nil, errors.New("connection refused")
}

func TestSilenceIsAlarmedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Log
		c, _ := config(timestamped())
		c.SilenceAfter = time.Hour
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		g := mustNew(t, c)
		alarms := func() int {
			synctest.Wait()
			return strings.Count(log.String(), "no new delivery has been proved")
		}
		time.Sleep(50 * time.Minute)
		run(g, signed(event), ok)
		time.Sleep(50 * time.Minute)
		require.Zero(t, alarms(), "the silence begins again with each proof")
		time.Sleep(20 * time.Minute)
		require.Equal(t, 1, alarms())
		time.Sleep(24 * time.Hour)
		require.Equal(t, 1, alarms(), "once for each silence")
		run(g, signed(`{"id":"2"}`), ok)
		time.Sleep(3 * time.Hour)
		require.Equal(t, 2, alarms())
		run(g, signed(`{"id":"3"}`), ok)
		require.NoError(t, g.Shutdown(t.Context()))
		require.NoError(t, g.Shutdown(t.Context()))
		time.Sleep(24 * time.Hour)
		require.Equal(t, 2, alarms(), "a guard that was closed is silent itself")
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestHealthHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		good := mustNew(t, c)
		c.Endpoint = "other"
		bad := mustNew(t, c)
		h := core.HealthHandler(core.HealthLimits{MaxSilence: time.Hour, MaxRejectedInARow: 2}, good, bad)
		ask := func() (int, map[string]bool) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			var answer struct {
				Endpoints []struct {
					Endpoint string
					Healthy  bool
				}
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			well := map[string]bool{}
			for _, e := range answer.Endpoints {
				well[e.Endpoint] = e.Healthy
			}
			return w.Code, well
		}
		status, well := ask()
		require.Equal(t, 200, status)
		require.Equal(t, map[string]bool{"test": true, "other": true}, well)
		for range 3 {
			run(bad, post(event), never(t))
		}
		status, well = ask()
		require.Equal(t, 503, status)
		require.Equal(t, map[string]bool{"test": true, "other": false}, well)
		run(bad, signed(event), ok)
		time.Sleep(61 * time.Minute)
		run(good, signed(event), ok)
		status, well = ask()
		require.Equal(t, 503, status)
		require.Equal(t, map[string]bool{"test": true, "other": false}, well)
		require.NoError(t, good.Flush(t.Context()))
		require.NoError(t, bad.Flush(t.Context()))
	})
}

func TestAServerWithoutLimitsIsNamed(t *testing.T) {
	t.Parallel()
	good := func() *http.Server {
		return &http.Server{
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
			IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		}
	}
	require.Empty(t, core.CheckServer(good()))
	for _, row := range []struct {
		name   string
		change func(*http.Server)
		want   []string
	}{
		{"a server without any", func(s *http.Server) { *s = http.Server{} }, []string{
			"Server.ReadHeaderTimeout", "Server.ReadTimeout", "Server.IdleTimeout", "Server.WriteTimeout",
			"Server.MaxHeaderBytes",
		}},
		{"the read timeout stands in for the headers'", func(s *http.Server) { s.ReadHeaderTimeout = 0 }, nil},
		{"a header timeout alone", func(s *http.Server) { s.ReadTimeout = 0 }, []string{"Server.ReadTimeout"}},
		{"a read timeout of an hour", func(s *http.Server) { s.ReadTimeout = time.Hour },
			[]string{"Server.ReadTimeout"}},
		{"no write timeout", func(s *http.Server) { s.WriteTimeout = 0 }, []string{"Server.WriteTimeout"}},
		{"no idle timeout", func(s *http.Server) { s.IdleTimeout = 0 }, []string{"Server.IdleTimeout"}},
		{"net/http's own limit of headers", func(s *http.Server) { s.MaxHeaderBytes = 0 },
			[]string{"Server.MaxHeaderBytes"}},
		{"headers of 8 MiB", func(s *http.Server) { s.MaxHeaderBytes = 8 << 20 }, []string{"Server.MaxHeaderBytes"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := good()
			row.change(s)
			var fields []string
			for _, e := range core.CheckServer(s) {
				fields = append(fields, e.Field)
			}
			require.Equal(t, row.want, fields)
		})
	}
	require.NotEmpty(t, core.CheckServer(nil))
}

func TestTheAlarmReportsARotationGoneWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Log
		c, _ := config(timestamped())
		c.SilenceAfter = time.Hour
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		g := mustNew(t, c)
		run(g, signed(event), ok)
		const alarm = "no new delivery has been proved"
		// The provider signs with its new secret, which this endpoint was never given, and tries each event again.
		for n := range 130 {
			time.Sleep(time.Minute)
			body := fmt.Sprintf(`{"id":"%d"}`, n/10)
			run(g, post(body, "Acme-Signature", pairs(oldSecret, testTime, body)), never(t))
			synctest.Wait()
			require.Equal(t, n >= 59, strings.Contains(log.String(), alarm), "after %d minutes", n+1)
		}
		require.Equal(t, 1, strings.Count(log.String(), alarm))
		require.Contains(t, log.String(), "silence=1h0m0s")
		require.Contains(t, log.String(), "last_reason=bad_signature")
		h := g.Health()
		require.EqualValues(t, 130, h.RejectedInARow)
		require.Equal(t, reason.BadSignature, h.LastReason)
		require.Equal(t, 130*time.Minute, h.Silence.Round(time.Minute))
		require.NoError(t, g.Shutdown(t.Context()))
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestASlowObserverIsHealthsBusinessToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		c, _ := config(timestamped())
		var last core.Record
		c.Observers = []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { <-stuck; last = r })}
		g := mustNew(t, c)
		run(g, post(event), never(t))
		time.Sleep(time.Second)
		synctest.Wait() // the observer has it
		for range 1500 {
			run(g, signed(event), ok)
		}
		require.EqualValues(t, 1500-1024, g.Health().DroppedRecords)
		for range 10 {
			run(g, post(event), never(t)) // they would be explained, and are dropped
		}
		close(stuck)
		require.NoError(t, g.Flush(t.Context()))
		run(g, post(event), never(t))
		require.NoError(t, g.Flush(t.Context()))
		require.NotEmpty(t, last.Findings, "what was dropped holds no place among those that wait to be explained")
	})
}

// callsOf counts the calls of a store.
type callsOf struct {
	replay.Store
	n *atomic.Int32
}

func (s callsOf) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.n.Add(1)
	return s.Store.Claim(ctx, items, lease)
}

func (s callsOf) Settle(ctx context.Context, all []replay.Settlement) error {
	s.n.Add(1)
	return s.Store.Settle(ctx, all)
}

func TestAHandshakeIsNoSignOfLifeForAnything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := challenged()
		e.Handshakes = append(e.Handshakes, entry.Handshake{Method: http.MethodHead})
		c, rec := config(e)
		var calls atomic.Int32
		c.Replay = callsOf{memstore.New(), &calls}
		g := mustNew(t, c)
		run(g, post(event), never(t))
		time.Sleep(time.Hour)
		head := httptest.NewRequest(http.MethodHead, "/hooks", nil)
		for _, r := range []*http.Request{signed(`{"type":"url_verification"}`), head} {
			require.Equal(t, 200, run(g, r, never(t)).Code)
			require.Equal(t, reason.Handshake, rec.last(t, g).Reason)
		}
		h := g.Health()
		require.Zero(t, calls.Load(), "the store")
		require.True(t, h.LastProved.IsZero())
		require.Equal(t, time.Hour, h.Silence)
		require.EqualValues(t, 1, h.RejectedInARow, "a handshake ends no row of refusals")
		require.True(t, g.Rotation().Secrets[0].LastMatched.IsZero())
		require.NoError(t, g.Shutdown(t.Context()))
	})
}
