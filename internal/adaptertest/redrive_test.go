package adaptertest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	echo4 "github.com/labstack/echo/v4"
	middleware4 "github.com/labstack/echo/v4/middleware"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// journaled is a guard of GitHub with a journal.
func journaled(t *testing.T, change ...func(*core.Config)) (*core.Guard, *records, *journal.Journal) {
	t.Helper()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	g, rec := newGuard(t, append([]func(*core.Config){func(c *core.Config) { c.Journal = kept }}, change...)...)
	return g, rec, kept
}

func onlyEntry(t *testing.T, kept *journal.Journal) *journal.Entry {
	t.Helper()
	var all []*journal.Entry
	for e, err := range kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		all = append(all, e)
	}
	require.Len(t, all, 1)
	return all[0]
}

func genuine(at string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://hooks.example.com"+at, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "push")
	r.Header.Set("X-Hub-Signature-256", "sha256="+signature(secret, body))
	return r
}

// TestAnEntryRunsThroughEveryRouter: what failed runs again through the app's own routes and middleware, and the
// receiver sees what it saw before.
func TestAnEntryRunsThroughEveryRouter(t *testing.T) {
	for _, rt := range routers() {
		for name, build := range map[string]func(*app, *core.Guard, receiver) string{
			"Handle": func(a *app, g *core.Guard, fn receiver) string { a.mount(path, g, fn); return path },
			"a group, with middleware of the app": func(a *app, g *core.Guard, fn receiver) string {
				a.use(rt.recovery)
				hooks := a.group("/hooks")
				hooks.use(rt.verify(g, nil))
				hooks.post("/github", rt.signal(fn))
				return path
			},
			"a reader of the body behind the guard": func(a *app, g *core.Guard, fn receiver) string {
				hooks := a.group("/hooks")
				hooks.use(rt.verify(g, nil))
				hooks.use(rt.change(func(r *http.Request) *http.Request {
					_, _ = io.ReadAll(r.Body)
					r.Body, _ = r.GetBody()
					return r
				}))
				hooks.post("/github", rt.signal(fn))
				return path
			},
		} {
			t.Run(rt.name+"/"+name, func(t *testing.T) {
				g, _, kept := journaled(t)
				var seen []core.Event
				broken := errors.New("the database is down")
				a := rt.new()
				at := build(a, g, func(_ *call, e core.Event) error {
					seen = append(seen, e)
					return broken
				})
				w := httptest.NewRecorder()
				a.ServeHTTP(w, genuine(at))
				require.Equal(t, 500, w.Code)
				redriver := &core.Redriver{App: a, Guards: []*core.Guard{g}}
				result, err := redriver.Redrive(t.Context(), onlyEntry(t, kept).ID, core.RedriveOptions{})
				require.ErrorIs(t, err, broken)
				require.Equal(t, 500, result.Status)
				broken = nil
				result, err = redriver.Redrive(t.Context(), onlyEntry(t, kept).ID, core.RedriveOptions{})
				require.NoError(t, err)
				require.Equal(t, core.RedriveResult{ID: result.ID, Reason: reason.Accepted, Status: 200,
					Body: result.Body}, result)
				require.Len(t, seen, 3)
				for n := range seen {
					require.Equal(t, n, seen[n].Redrive)
					require.Equal(t, seen[0].Identity, seen[n].Identity)
					require.Equal(t, seen[0].Type, seen[n].Type)
					require.Equal(t, string(seen[0].Payload), string(seen[n].Payload))
					require.Equal(t, seen[0].Authenticated, seen[n].Authenticated)
				}
				w = httptest.NewRecorder()
				a.ServeHTTP(w, genuine(at))
				require.Equal(t, 200, w.Code)
				require.Len(t, seen, 3, "the provider's retry is a duplicate")
			})
		}
	}
}

// TestAPlainHandlerRunsAgainInEveryRouter: it reads the body and what the router found in the path.
func TestAPlainHandlerRunsAgainInEveryRouter(t *testing.T) {
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			g, _, kept := journaled(t)
			fails, bodies := true, []string{}
			a := rt.new()
			hooks := a.group("/hooks")
			hooks.use(rt.verify(g, nil))
			hooks.post("/github", rt.plain(func(c *call) error {
				b, err := io.ReadAll(c.r.Body)
				require.NoError(t, err)
				bodies = append(bodies, string(b))
				if fails {
					return c.json(http.StatusServiceUnavailable, "no")
				}
				return c.json(http.StatusOK, "yes")
			}))
			a.ServeHTTP(httptest.NewRecorder(), genuine(path))
			fails = false
			result, err := (&core.Redriver{App: a, Guards: []*core.Guard{g}}).Redrive(t.Context(),
				onlyEntry(t, kept).ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, "\"yes\"", strings.TrimSpace(string(result.Body)))
			require.Equal(t, []string{body, body}, bodies)
		})
	}
}

// TestWhatKeepsARunFromItsGuard: middleware that answers first, or loses the context, and an outer gate.
func TestWhatKeepsARunFromItsGuard(t *testing.T) {
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			g, _, kept := journaled(t)
			outer, _ := newBasic(t, "outer")
			fails := errors.New("the database is down")
			within := func(mw any) *app {
				a := rt.new()
				hooks := a.group("/hooks")
				if mw != nil {
					hooks.use(mw)
				}
				hooks.use(rt.verify(g, nil))
				hooks.post("/github", rt.signal(func(*call, core.Event) error { return fails }))
				return a
			}
			a := within(nil)
			a.ServeHTTP(httptest.NewRecorder(), genuine(path))
			id := onlyEntry(t, kept).ID
			run := func(app http.Handler) (core.RedriveResult, error) {
				return (&core.Redriver{App: app, Guards: []*core.Guard{g}}).Redrive(t.Context(), id,
					core.RedriveOptions{})
			}
			_, err := run(within(rt.change(func(r *http.Request) *http.Request { return r.WithContext(context.Background()) })))
			require.ErrorIs(t, err, journal.ErrNotReached)
			_, err = run(within(rt.verify(outer, nil)))
			require.ErrorIs(t, err, journal.ErrNotReached, "an outer guard that did not prove the delivery")
			_, err = run(rt.new())
			require.ErrorIs(t, err, journal.ErrNotReached)
			require.Zero(t, onlyEntry(t, kept).RunCount)
			_, err = run(a)
			require.ErrorIs(t, err, fails)

			// The outer guards of the delivery itself let its run pass.
			both := within(rt.verify(outer, nil))
			second := genuine(path)
			second.Body = io.NopCloser(strings.NewReader(body + " "))
			second.ContentLength++
			second.Header.Set("X-Hub-Signature-256", "sha256="+signature(secret, body+" "))
			second.Header.Set("Authorization", basicHeader())
			both.ServeHTTP(httptest.NewRecorder(), second)
			for e, err := range kept.Entries(t.Context(), journal.Query{Limit: 1}) {
				require.NoError(t, err)
				require.Equal(t, []string{"outer"}, e.Outer)
				require.NotContains(t, e.Request.Header, "Authorization")
				id = e.ID
			}
			fails = nil
			_, err = run(both)
			require.NoError(t, err)
		})
	}
}

// TestAPageInTheSameRouterRunsEntries: the caller's context, with the router's own values, never reaches the app.
func TestAPageInTheSameRouterRunsEntries(t *testing.T) {
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			g, _, kept := journaled(t)
			fails := errors.New("the database is down")
			a := rt.new()
			a.mount(path, g, func(*call, core.Event) error { return fails })
			redriver := &core.Redriver{App: a, Guards: []*core.Guard{g}}
			var id journal.ID
			a.get("/page", rt.plain(func(c *call) error {
				_, err := redriver.Redrive(c.r.Context(), id, core.RedriveOptions{})
				if err != nil {
					return c.json(http.StatusConflict, err.Error())
				}
				return c.json(http.StatusOK, "it ran")
			}))
			a.ServeHTTP(httptest.NewRecorder(), genuine(path))
			id, fails = onlyEntry(t, kept).ID, nil
			w := httptest.NewRecorder()
			a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/page", nil))
			require.Equal(t, 200, w.Code, w.Body)
			require.Equal(t, journal.Done, onlyEntry(t, kept).State)
		})
	}
}

// TestMiddlewareOfRoutersAroundARun: parameters of the path, compression, a timeout between guard and receivers.
func TestMiddlewareOfRoutersAroundARun(t *testing.T) {
	var fails error
	var params []string
	for name, build := range map[string]func(*core.Guard) http.Handler{
		"gin, a tenant in the path": func(g *core.Guard) http.Handler {
			r := gin.New()
			r.POST("/hooks/:repo", ginwebhook.Verify(g), ginwebhook.Signal(func(c *gin.Context, _ core.Event) error {
				params = append(params, c.Param("repo"))
				return fails
			}))
			return r
		},
		"echo, Gzip, BodyDump and ContextTimeout": func(g *core.Guard) http.Handler {
			r := echo4.New()
			r.Use(middleware4.Gzip(), middleware4.ContextTimeout(time.Minute),
				middleware4.BodyDump(func(echo4.Context, []byte, []byte) {}))
			r.POST("/hooks/:repo", echowebhook.Signal(func(c echo4.Context, _ core.Event) error {
				params = append(params, c.Param("repo"))
				return fails
			}), echowebhook.Verify(g))
			return r
		},
		"chi, a mounted router with compression": func(g *core.Guard) http.Handler {
			sub := chi.NewRouter()
			sub.With(chiwebhook.Verify(g)).Post("/{repo}", chiwebhook.Signal(func(r *http.Request, _ core.Event) error {
				params = append(params, chi.URLParam(r, "repo"))
				return fails
			}))
			r := chi.NewRouter()
			r.Use(chimiddleware.Compress(5), chimiddleware.StripSlashes)
			r.Mount("/hooks", sub)
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, _, kept := journaled(t)
			fails, params = errors.New("the database is down"), nil
			app := build(g)
			app.ServeHTTP(httptest.NewRecorder(), genuine(path))
			fails = nil
			_, err := (&core.Redriver{App: app, Guards: []*core.Guard{g}}).Redrive(t.Context(), onlyEntry(t, kept).ID,
				core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, []string{"github", "github"}, params)
		})
	}
	t.Run("a timeout answers 503 while the signal goes on", func(t *testing.T) {
		g, _, kept := journaled(t)
		fails = errors.New("the database is down")
		answered := make(chan struct{})
		receiver := chiwebhook.Signal(func(*http.Request, core.Event) error {
			if fails == nil {
				<-answered
			}
			return fails
		})
		chiwebhook.Verify(g)(receiver).ServeHTTP(httptest.NewRecorder(), genuine(path))
		fails = nil
		late := chiwebhook.Verify(g)(http.TimeoutHandler(receiver, 10*time.Millisecond, "too late"))
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			late.ServeHTTP(w, r)
			close(answered)
		})
		redriver := &core.Redriver{App: app, Guards: []*core.Guard{g}}
		result, err := redriver.Redrive(t.Context(), onlyEntry(t, kept).ID, core.RedriveOptions{})
		require.NoError(t, err, "what was settled decides, not the status")
		require.Equal(t, http.StatusServiceUnavailable, result.Status)
	})
}

// TestARouteThatHasLostItsGuardGetsNoEvent: its outer guard lets the run pass, and the handler that stands there now
// has nothing to work on.
func TestARouteThatHasLostItsGuardGetsNoEvent(t *testing.T) {
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			g, _, kept := journaled(t)
			outer, _ := newBasic(t, "outer")
			fails := true
			var got []string
			build := func(mws ...any) *app {
				a := rt.new()
				a.use(rt.change(func(r *http.Request) *http.Request {
					if r.Header.Get("Authorization") == "" { // in the run: as if middleware had read a form before any guard
						r.PostForm = url.Values{"event": {"x"}}
					}
					return r
				}))
				a.post(path, rt.plain(func(c *call) error {
					read, err := io.ReadAll(c.r.Body)
					again, _ := c.r.GetBody()
					more, _ := io.ReadAll(again)
					d, proved := core.FromContext(c.r.Context())
					if proved {
						read = d.Body()
					}
					got = append(got, string(read)+string(more)+c.r.PostForm.Get("event"))
					if fails || err != nil {
						return c.json(http.StatusInternalServerError, "no")
					}
					return c.json(http.StatusOK, "yes")
				}), mws...)
				return a
			}
			both := build(rt.verify(outer, nil), rt.verify(g, nil))
			first := genuine(path)
			first.Header.Set("Authorization", basicHeader())
			both.ServeHTTP(httptest.NewRecorder(), first)
			fails, got = false, nil
			id := onlyEntry(t, kept).ID
			run := func(app http.Handler) error {
				_, err := (&core.Redriver{App: app, Guards: []*core.Guard{g}}).Redrive(t.Context(), id, core.RedriveOptions{})
				return err
			}
			err := run(build(rt.verify(outer, nil)))
			require.ErrorIs(t, err, journal.ErrNotReached)
			require.ErrorContains(t, err, `before that of "github"`)
			require.Equal(t, []string{""}, got, "what the handler could read")
			require.Equal(t, journal.Open, onlyEntry(t, kept).State)
			require.NoError(t, run(both))
			require.Equal(t, []string{"", body + body}, got)
		})
	}
}
