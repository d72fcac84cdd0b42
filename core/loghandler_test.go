package core_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// brokenHandler is a log handler that panics once it is on, at each line.
type brokenHandler struct {
	on    *atomic.Bool
	lines *atomic.Int32
}

func (h brokenHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h brokenHandler) Handle(context.Context, slog.Record) error {
	if h.on.Load() {
		h.lines.Add(1)
		panic("the disk is full")
	}
	return nil
}

func (h brokenHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h brokenHandler) WithGroup(string) slog.Handler      { return h }

// TestALogHandlerThatPanicsHurtsNoDelivery: the line is lost, and nothing else. In a timer's goroutine a panic would
// end the process.
func TestALogHandlerThatPanicsHurtsNoDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := brokenHandler{on: &atomic.Bool{}, lines: &atomic.Int32{}}
		c, _ := config(timestamped())
		c.Now, c.Logger, c.SilenceAfter = time.Now, slog.New(h), time.Hour
		c.Replay = memstore.NewWithConfig(memstore.Config{Capacity: 1, Logger: slog.New(h)}) // full at once: a warning
		c.Secrets = secrets.Labeled(secrets.New("", testSecret).ValidUntil(time.Now().Add(30 * time.Hour)))
		g := mustNew(t, c)
		h.on.Store(true)
		time.Sleep(c.SilenceAfter + time.Second)
		synctest.Wait()
		require.Equal(t, int32(1), h.lines.Load(), "the alarm was raised")
		time.Sleep(24 * time.Hour) // the expiry is reported once a day
		before := h.lines.Load()
		ran := 0
		app := func(context.Context, core.Event) error { ran++; return nil }
		const body = `{"id":"evt_1","type":"a"}`
		w := run(g, post(body, "Acme-Signature", pairs(testSecret, time.Now(), body)), app)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, 1, ran)
		require.Greater(t, h.lines.Load(), before, "the expiry and the full store are reported")
		require.NoError(t, g.Shutdown(t.Context()))
	})
}
