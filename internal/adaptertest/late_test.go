package adaptertest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// kept is an app with a journal, whose recovery stands before everything.
func kept(
	t *testing.T, rt router, handler any,
) (*server, *core.Guard, *records, func() []journal.State, *atomic.Int32) {
	t.Helper()
	var parked atomic.Int32
	j, err := journal.InMemory(journal.Config{OnParked: func(context.Context, *journal.Entry) { parked.Add(1) }})
	require.NoError(t, err)
	g, rec := newGuard(t, func(c *core.Config) { c.Journal = j })
	a := rt.new()
	a.use(rt.recovery)
	a.post(path, handler, rt.verify(g, nil))
	states := func() (list []journal.State) {
		require.NoError(t, j.Wait(t.Context()))
		for e, err := range j.Entries(t.Context(), journal.Query{}) {
			require.NoError(t, err)
			list = append(list, e.State)
		}
		return list
	}
	return serve(t, a), g, rec, states, &parked
}

// TestWhatFailsBehindASuccessIsParked: the sender has read 2xx, and never sends the event again. Whatever failed after
// that is a person's to run again, and the record shows what was sent.
func TestWhatFailsBehindASuccessIsParked(t *testing.T) {
	plain := map[string]func(c *call) error{
		"a handler fails after its answer":  func(c *call) error { return errors.Join(c.json(200, "fine"), errApp) },
		"a handler panics after its answer": func(c *call) error { _ = c.json(200, "fine"); panic("boom") },
	}
	var rows []row
	for name, fn := range plain {
		rows = append(rows, row{name, func(t *testing.T, rt router) {
			if name == "a handler fails after its answer" && !rt.errors {
				t.Skip("a handler has no way to say so here")
			}
			s, g, rec, states, parked := kept(t, rt, rt.plain(fn))
			require.Equal(t, 200, s.deliver(t).status)
			s.running.wait()
			last := rec.last(t, g)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.Equal(t, 200, last.Status)
			require.Equal(t, []journal.State{journal.Parked}, states())
			require.EqualValues(t, 1, parked.Load())
		}})
	}
	for name, fail := range map[string]func() error{
		"a receiver fails after its answer":  func() error { return errApp },
		"a receiver panics after its answer": func() error { panic("boom") },
	} {
		rows = append(rows, row{name, func(t *testing.T, rt router) {
			if !rt.ownContext {
				t.Skip("a receiver has no writer here")
			}
			s, g, rec, states, parked := kept(t, rt, rt.signal(func(c *call, _ core.Event) error {
				_ = c.json(200, "fine")
				return fail()
			}))
			require.Equal(t, 200, s.deliver(t).status)
			s.running.wait()
			last := rec.last(t, g)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.Equal(t, 200, last.Status)
			require.Equal(t, []journal.State{journal.Parked}, states())
			require.EqualValues(t, 1, parked.Load())
		}})
	}
	rows = append(rows,
		row{"a handler releases the delivery and answers 200", func(t *testing.T, rt router) {
			s, g, rec, states, parked := kept(t, rt, rt.plain(func(c *call) error {
				return errors.Join(core.Release(c.r.Context()), c.json(200, "fine"))
			}))
			require.Equal(t, 200, s.deliver(t).status)
			s.running.wait()
			require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
			require.Equal(t, []journal.State{journal.Parked}, states())
			require.EqualValues(t, 1, parked.Load())
		}},
		row{"a status that is none is no success", func(t *testing.T, rt router) {
			s, g, rec, states, _ := kept(t, rt, rt.plain(func(c *call) error { c.w.WriteHeader(99); return nil }))
			_, _ = s.try(s.request(t, path, body)) // a 500, or none
			s.running.wait()
			require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
			require.Equal(t, []journal.State{journal.Open}, states())
		}},
		row{"an informational answer hides no failure", func(t *testing.T, rt router) {
			if rt.name == "echo" {
				t.Skip("Echo v4 itself takes the first status for the answer, and sends 200")
			}
			s, g, rec, states, _ := kept(t, rt, rt.plain(func(c *call) error {
				c.w.WriteHeader(http.StatusEarlyHints)
				c.w.WriteHeader(http.StatusBadGateway)
				return nil
			}))
			require.Equal(t, 502, s.deliver(t).status)
			s.running.wait()
			require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
			require.Equal(t, []journal.State{journal.Open}, states())
		}},
		row{"a failure that is answered is the sender's to repeat", func(t *testing.T, rt router) {
			s, g, rec, states, parked := kept(t, rt, rt.plain(func(c *call) error { return errApp }))
			require.Equal(t, 500, s.deliver(t).status)
			s.running.wait()
			require.Equal(t, 500, rec.last(t, g).Status)
			require.Equal(t, []journal.State{journal.Open}, states())
			require.Zero(t, parked.Load())
		}})
	table(t, rows)
}

// TestAnErrorWithoutAnAnswerIsNoSuccessInGin: Gin answers 200 where nothing was written, whatever c.Errors holds.
// Middleware before the guard, which answers errors, does so as ever.
func TestAnErrorWithoutAnAnswerIsNoSuccessInGin(t *testing.T) {
	for name, row := range map[string]struct {
		handler gin.HandlerFunc
		outer   gin.HandlerFunc
		status  int
	}{
		"an error":                     {func(c *gin.Context) { _ = c.Error(errApp) }, nil, 500},
		"an error and an end":          {func(c *gin.Context) { _ = c.Error(errApp); c.Abort() }, nil, 500},
		"an error and a success to be": {func(c *gin.Context) { c.Status(202); _ = c.Error(errApp) }, nil, 500},
		"an error and a failure to be": {func(c *gin.Context) { c.Status(409); _ = c.Error(errApp) }, nil, 409},
		"an error that is answered":    {func(c *gin.Context) { _ = c.AbortWithError(503, errApp) }, nil, 503},
		"middleware that answers errors": {func(c *gin.Context) { _ = c.Error(errApp) }, func(c *gin.Context) {
			if c.Next(); len(c.Errors) > 0 && !c.Writer.Written() {
				c.JSON(http.StatusBadGateway, gin.H{"error": "ours"})
			}
		}, 502},
		"middleware that keeps the status": {func(c *gin.Context) { _ = c.Error(errApp) }, func(c *gin.Context) {
			if c.Next(); len(c.Errors) > 0 {
				c.JSON(-1, gin.H{"error": "ours"})
			}
		}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			g, rec := newGuard(t)
			e := gin.New()
			if row.outer != nil {
				e.Use(row.outer)
			}
			e.POST(path, ginRouter().verify(g, nil).(gin.HandlerFunc), row.handler)
			s := serve(t, &app{Handler: e})
			require.Equal(t, row.status, s.deliver(t).status)
			s.running.wait()
			require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
		})
	}
}

// TestAnInformationalAnswerThatGinHasSentHidesNoFailure: Gin takes it for the answer, and would drop the status that
// follows. The sender would read 200, and never send the event again.
func TestAnInformationalAnswerThatGinHasSentHidesNoFailure(t *testing.T) {
	hints := func(c *gin.Context) {
		c.Status(http.StatusEarlyHints)
		c.Writer.WriteHeaderNow()
	}
	for name, row := range map[string]struct {
		handler gin.HandlerFunc
		status  int
	}{
		"signals that fail":         {ginwebhook.Signal(func(*gin.Context, core.Event) error { return errApp }), 500},
		"signals that succeed":      {ginwebhook.Signal(func(*gin.Context, core.Event) error { return nil }), 200},
		"an event that is released": {func(c *gin.Context) { _ = core.Release(c.Request.Context()) }, 500},
		"a failure":                 {func(c *gin.Context) { c.JSON(http.StatusBadGateway, "no") }, 502},
		"a success":                 {func(c *gin.Context) { c.JSON(http.StatusAccepted, "yes") }, 202},
		"a text without a status":   {func(c *gin.Context) { _, _ = c.Writer.WriteString("fine") }, 200},
		"nothing":                   {func(*gin.Context) {}, 200},
		"further hints":             {hints, 200},
		"an error":                  {func(c *gin.Context) { _ = c.Error(errApp) }, 500},
		"a panic":                   {func(*gin.Context) { panic("boom") }, 500},
	} {
		for _, nested := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, an outer guard: %t", name, nested), func(t *testing.T) {
				g, rec := newGuard(t)
				e := gin.New()
				e.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
					c.AbortWithStatus(http.StatusInternalServerError)
				}))
				if nested {
					outer, _ := newGuard(t, func(c *core.Config) { c.Endpoint = "outer" })
					e.Use(ginwebhook.Verify(outer))
				}
				e.POST(path, ginwebhook.Verify(g), hints, row.handler)
				s := serve(t, &app{Handler: e})
				require.Equal(t, row.status, s.deliver(t).status)
				s.running.wait()
				last := rec.last(t, g)
				require.Equal(t, row.status, last.Status)
				require.Equal(t, row.status < 300, last.Replay == core.ReplayCommitted)
			})
		}
	}
}
