package receiver

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// Routers returns the names that a configuration may use.
func Routers() []string { return []string{"gin", "echo", "echo5", "chi"} }

// mount builds the app. Whatever the routers print of themselves goes to stderr: standard output is for our lines.
func mount(router string, endpoints []*endpoint, stderr io.Writer, logger *slog.Logger) (http.Handler, error) {
	switch router {
	case "gin":
		return ginApp(endpoints), nil
	case "echo":
		return echo4App(endpoints, stderr), nil
	case "echo5":
		return echo5App(endpoints, logger), nil
	case "chi":
		return chiApp(endpoints), nil
	}
	return nil, fmt.Errorf("no router is called %q", router)
}

func ginApp(endpoints []*endpoint) http.Handler {
	gin.SetMode(gin.ReleaseMode) // the debug mode prints the routes
	r := gin.New()
	r.RedirectTrailingSlash = false // no provider follows a redirect, and the other routers send none
	for _, e := range endpoints {
		signals := core.NewSignals()
		signals.On("*", func(_ context.Context, ev core.Event) error { return e.signal(ev) })
		ginwebhook.Handle(r, e.pattern(":", ""), e.guard, signals)
	}
	return r
}

func echo4App(endpoints []*endpoint, stderr io.Writer) http.Handler {
	app := echo4.New()
	app.HideBanner, app.HidePort = true, true
	app.Logger.SetOutput(stderr)
	for _, e := range endpoints {
		signals := core.NewSignals()
		signals.On("*", func(_ context.Context, ev core.Event) error { return e.signal(ev) })
		echowebhook.Handle(app, e.pattern(":", ""), e.guard, signals)
	}
	return app
}

func echo5App(endpoints []*endpoint, logger *slog.Logger) http.Handler {
	app := echo5.New()
	app.Logger = logger
	for _, e := range endpoints {
		signals := core.NewSignals()
		signals.On("*", func(_ context.Context, ev core.Event) error { return e.signal(ev) })
		echo5webhook.Handle(app, e.pattern(":", ""), e.guard, signals)
	}
	return app
}

func chiApp(endpoints []*endpoint) http.Handler {
	r := chi.NewRouter()
	for _, e := range endpoints {
		signals := core.NewSignals()
		signals.On("*", func(_ context.Context, ev core.Event) error { return e.signal(ev) })
		chiwebhook.Handle(r, e.pattern("{", "}"), e.guard, signals)
	}
	return r
}
