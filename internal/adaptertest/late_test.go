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

// keptApp is an app with a journal, whose recovery stands before everything.
type keptApp struct {
	*server
	guard   *core.Guard
	records *records
	journal *journal.Journal
	parked  atomic.Int32 // calls of OnParked
}

func kept(t *testing.T, rt router, handler any) *keptApp {
	t.Helper()
	k := &keptApp{}
	j, err := journal.InMemory(journal.Config{OnParked: func(context.Context, *journal.Entry) { k.parked.Add(1) }})
	require.NoError(t, err)
	k.journal = j
	k.guard, k.records = newGuard(t, func(c *core.Config) { c.Journal = j })
	a := rt.new()
	a.use(rt.recovery)
	a.post(path, handler, rt.verify(k.guard, nil))
	k.server = serve(t, a)
	return k
}

// last waits for what runs, and returns the newest record.
func (k *keptApp) last(t *testing.T) core.Record {
	t.Helper()
	k.running.wait()
	return k.records.last(t, k.guard)
}

// states returns the states of the entries, when all is kept.
func (k *keptApp) states(t *testing.T) (list []journal.State) {
	t.Helper()
	require.NoError(t, k.journal.Wait(t.Context()))
	for e, err := range k.journal.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		list = append(list, e.State)
	}
	return list
}

// parks checks that a delivery is answered 200, released and parked.
func parks(t *testing.T, rt router, handler any) {
	t.Helper()
	k := kept(t, rt, handler)
	require.Equal(t, 200, k.deliver(t).status)
	last := k.last(t)
	require.Equal(t, core.ReplayReleased, last.Replay)
	require.Equal(t, 200, last.Status)
	require.Equal(t, []journal.State{journal.Parked}, k.states(t))
	require.EqualValues(t, 1, k.parked.Load())
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
			parks(t, rt, rt.plain(fn))
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
			parks(t, rt, rt.signal(func(c *call, _ core.Event) error { _ = c.json(200, "fine"); return fail() }))
		}})
	}
	rows = append(rows,
		row{"a handler releases the delivery and answers 200", func(t *testing.T, rt router) {
			parks(t, rt, rt.plain(func(c *call) error {
				return errors.Join(core.Release(c.r.Context()), c.json(200, "fine"))
			}))
		}},
		row{"a status that is none is no success", func(t *testing.T, rt router) {
			k := kept(t, rt, rt.plain(func(c *call) error { c.w.WriteHeader(99); return nil }))
			_, _ = k.try(k.request(t, path, body)) // a 500, or none
			require.Equal(t, core.ReplayReleased, k.last(t).Replay)
			require.Equal(t, []journal.State{journal.Open}, k.states(t))
		}},
		row{"an informational answer hides no failure", func(t *testing.T, rt router) {
			if rt.name == "echo" {
				t.Skip("Echo v4 itself takes the first status for the answer, and sends 200")
			}
			k := kept(t, rt, rt.plain(func(c *call) error {
				c.w.WriteHeader(http.StatusEarlyHints)
				c.w.WriteHeader(http.StatusBadGateway)
				return nil
			}))
			require.Equal(t, 502, k.deliver(t).status)
			require.Equal(t, core.ReplayReleased, k.last(t).Replay)
			require.Equal(t, []journal.State{journal.Open}, k.states(t))
		}},
		row{"a failure that is answered is the sender's to repeat", func(t *testing.T, rt router) {
			k := kept(t, rt, rt.plain(func(c *call) error { return errApp }))
			require.Equal(t, 500, k.deliver(t).status)
			require.Equal(t, 500, k.last(t).Status)
			require.Equal(t, []journal.State{journal.Open}, k.states(t))
			require.Zero(t, k.parked.Load())
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
