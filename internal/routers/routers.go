// Package routers makes an app on each router that has an adapter: for sallyport serve, the demo, and tests of what is
// the same in every app. Other lists of adapters are found in the folders at the top of the module.
package routers

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// Router is a router that has an adapter.
type Router struct {
	Name  string // of the adapter's package, without "webhook" at its end
	Title string // in sentences
	New   func(*slog.Logger) App
	// Module is the router's. It is empty for the standard library.
	Module string
	// Methods says who answers which method, in Markdown: behind Handle, behind Verify used on a group with a POST
	// route, on a POST route alone, and used on the whole app. docs/signals.md has it as a row.
	Methods [4]string
}

// App is an app without routes. What its router prints by itself goes to the logger.
type App struct {
	http.Handler
	// Handle is the adapter's. A parameter of the path is {name}.
	Handle func(path string, guard *core.Guard, signals *core.Signals)
	// Mount serves a prefix and what is below it, in the router's usual way.
	Mount func(prefix string, h http.Handler)
}

// All returns every router.
func All() []Router {
	return []Router{
		{"gin", "Gin", ginApp, "github.com/gin-gonic/gin", [4]string{
			"guard: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, CONNECT, TRACE; others 404", "404", "404", "guard",
		}},
		{"echo", "Echo v4", echo4App, "github.com/labstack/echo/v4", [4]string{
			"guard, PROPFIND and REPORT too; others 405 with a list of its own in `Allow`", "guard",
			"405 with `Allow`; OPTIONS 204", "guard",
		}},
		{"echo5", "Echo v5", echo5App, "github.com/labstack/echo/v5", [4]string{
			"guard", "405 with `Allow`; OPTIONS 204", "405 with `Allow`; OPTIONS 204", "guard",
		}},
		{"chi", "Chi", chiApp, "github.com/go-chi/chi/v5", [4]string{
			"guard: the nine of Gin; others 405 without `Allow`", "as with `Handle`", "405; `Allow` for the nine only",
			"guard",
		}},
		{"http", "net/http", httpApp, "", [4]string{"guard", "405 with `Allow`", "405 with `Allow`", "guard"}},
	}
}

// colons writes a path as routers with :name want it.
func colons(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

func ginApp(*slog.Logger) App {
	gin.SetMode(gin.ReleaseMode) // the debug mode prints the routes
	r := gin.New()
	r.RedirectTrailingSlash = false // no sender follows a redirect, and the other routers send none
	return App{
		Handler: r,
		Handle:  func(path string, g *core.Guard, s *core.Signals) { ginwebhook.Handle(r, colons(path), g, s) },
		Mount: func(prefix string, h http.Handler) {
			r.RedirectTrailingSlash = true // Gin's default, which adds the slash to the prefix
			r.Any(prefix+"/*path", gin.WrapH(h))
		},
	}
}

func echo4App(logger *slog.Logger) App {
	e := echo4.New()
	e.Logger.SetOutput(slog.NewLogLogger(logger.Handler(), slog.LevelError).Writer())
	return App{
		Handler: e,
		Handle:  func(path string, g *core.Guard, s *core.Signals) { echowebhook.Handle(e, colons(path), g, s) },
		Mount: func(prefix string, h http.Handler) {
			e.Any(prefix, echo4.WrapHandler(h))
			e.Any(prefix+"/*", echo4.WrapHandler(h))
		},
	}
}

func echo5App(logger *slog.Logger) App {
	e := echo5.New()
	e.Logger = logger
	return App{
		Handler: e,
		Handle:  func(path string, g *core.Guard, s *core.Signals) { echo5webhook.Handle(e, colons(path), g, s) },
		Mount: func(prefix string, h http.Handler) {
			e.Any(prefix, echo5.WrapHandler(h))
			e.Any(prefix+"/*", echo5.WrapHandler(h))
		},
	}
}

func chiApp(*slog.Logger) App {
	r := chi.NewRouter()
	return App{
		Handler: r,
		Handle:  func(path string, g *core.Guard, s *core.Signals) { chiwebhook.Handle(r, path, g, s) },
		Mount:   func(prefix string, h http.Handler) { r.Mount(prefix, h) },
	}
}

func httpApp(*slog.Logger) App {
	mux := http.NewServeMux()
	return App{
		Handler: mux,
		Handle: func(path string, g *core.Guard, s *core.Signals) {
			if strings.HasSuffix(path, "/") {
				path += "{$}" // and not everything below it, as in the other routers
			}
			httpwebhook.Handle(mux, path, g, s)
		},
		Mount: func(prefix string, h http.Handler) { mux.Handle(prefix+"/", h) },
	}
}
