package browser_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
	"github.com/sallyport-go/sallyport/inspector"
)

const route = "/webhooks/stripe"

// app is an app on a router, with the page in it, that listens on a port of the loopback interface.
type app struct {
	t      *testing.T
	sender *webhooktest.Sender
	guard  *core.Guard
	kept   *journal.Journal
	server *httptest.Server

	redriver *core.Redriver
	fail     atomic.Bool
	runs     atomic.Int32
}

// routers mount an endpoint and the page, each in its router's own way.
func routers() map[string]func(*core.Guard, *core.Signals, func(http.Handler) http.Handler) http.Handler {
	return map[string]func(*core.Guard, *core.Signals, func(http.Handler) http.Handler) http.Handler{
		"Gin": func(g *core.Guard, s *core.Signals, page func(http.Handler) http.Handler) http.Handler {
			gin.SetMode(gin.ReleaseMode)
			r := gin.New()
			ginwebhook.Handle(r, route, g, s)
			r.Any("/inspector/*path", gin.WrapH(page(r)))
			return r
		},
		"Echo": func(g *core.Guard, s *core.Signals, page func(http.Handler) http.Handler) http.Handler {
			e := echo.New()
			echowebhook.Handle(e, route, g, s)
			e.Any("/inspector/*", echo.WrapHandler(page(e)))
			return e
		},
		"Chi": func(g *core.Guard, s *core.Signals, page func(http.Handler) http.Handler) http.Handler {
			r := chi.NewRouter()
			chiwebhook.Handle(r, route, g, s)
			r.Mount("/inspector", page(r))
			return r
		},
	}
}

func start(t *testing.T, router string) *app {
	t.Helper()
	a := &app{t: t, sender: webhooktest.NewSender(provider.Stripe())}
	activity := inspector.NewActivity()
	var err error
	a.kept, err = journal.InMemory(journal.Config{AlsoDone: true})
	require.NoError(t, err)
	a.guard, err = core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(a.sender.Secret()),
		Replay:  memstore.New(),
		Journal: a.kept, Observers: []core.Observer{activity}, Logger: slog.New(slog.DiscardHandler),
		TrustedProxies: core.PrivateNetworks,
	})
	require.NoError(t, err)
	signals := core.NewSignals()
	signals.On("*", func(context.Context, core.Event) error {
		a.runs.Add(1)
		if a.fail.Load() {
			return errors.New(`column "currency" does not exist`)
		}
		return nil
	})
	a.server = httptest.NewUnstartedServer(nil)
	var page *inspector.Inspector
	a.server.Config.Handler = routers()[router](a.guard, signals, func(whole http.Handler) http.Handler {
		a.redriver = &core.Redriver{App: whole, Guards: []*core.Guard{a.guard}}
		page, err = inspector.New(inspector.Config{
			Journal: a.kept, Activity: activity, Prefix: "/inspector",
			Hosts:    []string{a.server.Listener.Addr().String()},
			Redriver: a.redriver,
			Authorize: func(*http.Request) (inspector.Access, error) {
				return inspector.Access{Payloads: true, Redrive: true, Dismiss: true, Pause: true}, nil
			},
			Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		return page
	})
	a.server.Start()
	t.Cleanup(func() {
		page.Close()
		a.server.Close()
		require.NoError(t, a.guard.Shutdown(context.WithoutCancel(t.Context())))
	})
	return a
}

func (a *app) url(path string) string { return a.server.URL + "/inspector" + path }

// send sends an event over the network, as a proxy hands it on.
func (a *app) send(s *webhooktest.Sender, body string) int {
	a.t.Helper()
	r := s.Request(route, webhooktest.Sample{Body: []byte(body)})
	out, err := http.NewRequestWithContext(a.t.Context(), r.Method, a.server.URL+route, strings.NewReader(body))
	require.NoError(a.t, err)
	out.Header = r.Header
	out.Header.Set("X-Forwarded-Proto", "https")
	w, err := a.server.Client().Do(out)
	require.NoError(a.t, err)
	require.NoError(a.t, w.Body.Close())
	require.NoError(a.t, a.guard.Flush(a.t.Context()))
	return w.StatusCode
}

func event(id, text string) string {
	return `{"id":` + strconv.Quote(id) +
		`,"object":"event","type":"invoice.paid","data":{"object":{"id":"in_1","note":"` + text + `"}}}`
}

// newest returns the ID of the entry that changed last.
func (a *app) newest() string {
	a.t.Helper()
	rows, err := a.kept.List(a.t.Context(), journal.Page{Limit: 1})
	require.NoError(a.t, err)
	require.Len(a.t, rows, 1)
	return string(rows[0].ID)
}

// entry returns the entry that changed last.
func (a *app) entry() *journal.Entry {
	a.t.Helper()
	e, err := a.kept.Load(a.t.Context(), journal.ID(a.newest()))
	require.NoError(a.t, err)
	return e
}

func quoted(text string) string { return strconv.Quote(text) }
