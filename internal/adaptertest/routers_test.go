package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	echo4 "github.com/labstack/echo/v4"
	middleware4 "github.com/labstack/echo/v4/middleware"
	echo5 "github.com/labstack/echo/v5"
	middleware5 "github.com/labstack/echo/v5/middleware"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// call is what a handler has to do with, in any router.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	json   func(status int, v any) error
	native any // the router's own context
}

type (
	receiver = func(*call, core.Event) error
	onReject = func(*http.Request, *core.Rejection, http.Header)
	bind     = func(*call) error
)

// app is one router's app under test. Handlers and middleware are the router's own types, made by its router.
type app struct {
	http.Handler
	use   func(mw any)
	group func(prefix string) *app
	post  func(path string, h any, mw ...any)
	get   func(path string, h any)
	// handle is the adapter's Handle.
	handle func(path string, g *core.Guard, signals *core.Signals)
	on     func(to core.Registrar, pattern string, fn receiver) // the adapter's On
}

// mount handles with one receiver for every event.
func (a *app) mount(path string, g *core.Guard, fn receiver) {
	signals := core.NewSignals()
	a.on(signals, "*", fn)
	a.handle(path, g, signals)
}

// router is a router with its adapter. Where the router has nothing of the kind, leaky, skipping, watch and trusting
// stay nil; the other functions and maps are always set.
type router struct {
	name   string // the adapter's package is called so, with "webhook" behind it
	new    func() *app
	leaky  []func() *app // apps set up to print as much of an error as they can
	verify func(*core.Guard, onReject) any
	signal func(receiver) any
	empty  []func() // Signal and Dispatch with nil, which panic
	plain  func(func(*call) error) any
	change func(func(*http.Request) *http.Request) any // middleware

	// between makes middleware. next returns the handler's error where the router has one.
	between func(func(w http.ResponseWriter, r *http.Request, next func() error) error) any
	// twice makes one handler that dispatches to both, in the router's own idiom: Gin's chain does that by itself.
	twice func(a, b any) (handler any, before []any)
	// timeout makes the router's usual timeout, which answers 503 while the handler goes on in a goroutine of its own.
	// Those of Gin and Echo share the router's context with that goroutine, which is a data race in the router: racy
	// reports it.
	timeout func(after time.Duration) (mw any, racy bool)

	braces     bool             // a parameter is {name} in a pattern, and not :name
	ownContext bool             // signals get the router's own context, with its writer, and not the request alone
	allocates  float64          // what the router makes the guard allocate, see TestWhatEachRouterAllocates
	methods    map[string]kinds // by mount, what is answered to usual methods, OPTIONS, WebDAV's, and unknown ones

	keepsRequest bool // the router's context holds the request, so that the guard sees what it was replaced by

	// recovery is middleware of the whole app that answers a panic with 500: the router's own. Where it has none, it is
	// netHTTP().recovery.
	recovery any
	recovers bool // recovery takes http.ErrAbortHandler for any other panic
	errors   bool // handlers have a way to say that they failed
	// watch lets see have every error that reaches the router, as error reporters do that are mounted in it.
	watch func(a *app, see func(error))
	// trusting takes the sender's word for the sender's address, in each way that the framework has.
	trusting   map[string]func(http.Handler)
	skipping   func(*core.Guard) any
	late       string          // what becomes of a Use that comes after the route: unguarded, panics or none
	slashed    int             // the answer to the path with a slash too much
	wrongVerb  int             // the router's own answer to a method that is not registered
	json, form map[string]bind // what reads {"name":"x"} and name=x
	fromNative func(any) (*core.Delivery, bool)
}

type person struct {
	Name string `json:"name" form:"name"`
}

const (
	unguarded = "leaves the route unguarded"
	panics    = "panics"
	none      = "cannot come after the route, or guards it as well"
)

func routers() []router {
	return []router{ginRouter(), echo4Router(), echo5Router(), chiRouter(), netHTTP()}
}

func mwsOf[M any](in []any) (out []M) {
	for _, m := range in {
		out = append(out, m.(M))
	}
	return out
}

func ginRouter() router {
	gin.SetMode(gin.TestMode)
	var wrap func(gin.IRouter, http.Handler) *app
	wrap = func(r gin.IRouter, h http.Handler) *app {
		return &app{
			Handler: h,
			use:     func(mw any) { r.Use(mw.(gin.HandlerFunc)) },
			group:   func(prefix string) *app { return wrap(r.Group(prefix), h) },
			post: func(path string, h any, mw ...any) {
				r.POST(path, append(mwsOf[gin.HandlerFunc](mw), h.(gin.HandlerFunc))...)
			},
			get:    func(path string, h any) { r.GET(path, h.(gin.HandlerFunc)) },
			handle: func(path string, g *core.Guard, signals *core.Signals) { ginwebhook.Handle(r, path, g, signals) },
			on:     func(to core.Registrar, of string, fn receiver) { ginwebhook.On(to, of, ginReceiver(fn)) },
		}
	}
	return router{
		name: "gin",
		new:  func() *app { e := gin.New(); return wrap(e, e) },
		leaky: []func() *app{func() *app {
			e := gin.New()
			e.Use(gin.ErrorLogger())
			return wrap(e, e)
		}, func() *app {
			e := gin.New()
			e.Use(func(c *gin.Context) {
				c.Next()
				for _, err := range c.Errors {
					c.Writer.Header().Add("X-Error", err.Error())
					_, _ = c.Writer.WriteString(err.Error() + errors.Unwrap(err).Error())
				}
			})
			return wrap(e, e)
		}},
		verify: func(g *core.Guard, fn onReject) any {
			return ginwebhook.VerifyWithConfig(ginwebhook.Config{Guard: g, OnReject: fn})
		},
		signal: func(fn receiver) any { return ginwebhook.Signal(ginReceiver(fn)) },
		empty:  []func(){func() { ginwebhook.Signal(nil) }, func() { ginwebhook.Dispatch(nil) }},
		plain: func(fn func(*call) error) any {
			return gin.HandlerFunc(func(c *gin.Context) {
				if err := fn(ginCall(c)); err != nil {
					_ = c.AbortWithError(http.StatusInternalServerError, err)
				}
			})
		},
		change: func(fn func(*http.Request) *http.Request) any {
			return gin.HandlerFunc(func(c *gin.Context) { c.Request = fn(c.Request) })
		},
		between: func(fn func(w http.ResponseWriter, r *http.Request, next func() error) error) any {
			return gin.HandlerFunc(func(c *gin.Context) {
				_ = fn(c.Writer, c.Request, func() error { c.Next(); return nil })
			})
		},
		twice: func(a, b any) (handler any, before []any) {
			return b, []any{a}
		},
		timeout: func(after time.Duration) (mw any, racy bool) {
			return gin.HandlerFunc(func(c *gin.Context) {
				w := c.Writer
				c.Writer = &lostWriter{ResponseWriter: w, header: http.Header{}}
				done := make(chan struct{})
				go func() { defer close(done); c.Next() }()
				select {
				case <-done:
					c.Writer = w
				case <-time.After(after):
					c.Writer = w
					c.AbortWithStatus(http.StatusServiceUnavailable)
				}
			}), true
		},
		ownContext: true,
		allocates:  4, // the writer, and what the context's keys are kept in
		methods: map[string]kinds{
			"Handle": {guards(), guards(), own(404, ""), own(404, "")}, "group Use": same(own(404, "")),
			"route": same(own(404, "")), "app Use": same(guards()),
		},
		recovery: gin.CustomRecoveryWithWriter(io.Discard,
			func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) }),
		recovers: true, errors: true, keepsRequest: true,
		late: unguarded, slashed: http.StatusTemporaryRedirect, wrongVerb: http.StatusNotFound,
		json: map[string]bind{
			"ShouldBindJSON": func(c *call) error {
				var p person
				return errors.Join(c.native.(*gin.Context).ShouldBindJSON(&p), named(&p))
			},
			"ShouldBindBodyWith, twice": func(c *call) error {
				var p, q person
				err := c.native.(*gin.Context).ShouldBindBodyWith(&p, binding.JSON)
				return errors.Join(err, c.native.(*gin.Context).ShouldBindBodyWith(&q, binding.JSON), named(&q))
			},
			"ShouldBindBodyWith after the body was read": func(c *call) error {
				var p person
				_, _ = io.Copy(io.Discard, c.r.Body)
				return errors.Join(c.native.(*gin.Context).ShouldBindBodyWith(&p, binding.JSON), named(&p))
			},
			"GetRawData": func(c *call) error {
				b, err := c.native.(*gin.Context).GetRawData()
				return errors.Join(err, decoded(b))
			},
		},
		form: map[string]bind{
			"PostForm": func(c *call) error {
				return named(&person{Name: c.native.(*gin.Context).PostForm("name")})
			},
			"ShouldBind": func(c *call) error {
				var p person
				return errors.Join(c.native.(*gin.Context).ShouldBind(&p), named(&p))
			},
		},
		watch: func(a *app, see func(error)) {
			a.use(gin.HandlerFunc(func(c *gin.Context) {
				c.Next()
				for _, err := range c.Errors {
					see(err)
				}
			}))
		},
		trusting: map[string]func(http.Handler){
			"SetTrustedProxies": func(h http.Handler) {
				if err := h.(*gin.Engine).SetTrustedProxies([]string{"0.0.0.0/0", "::/0"}); err != nil {
					panic(err)
				}
			},
			"TrustedPlatform": func(h http.Handler) { h.(*gin.Engine).TrustedPlatform = "X-Real-Ip" },
		},
		fromNative: func(c any) (*core.Delivery, bool) { return ginwebhook.FromContext(c.(*gin.Context)) },
	}
}

func ginCall(c *gin.Context) *call {
	return &call{w: c.Writer, r: c.Request, native: c,
		json: func(status int, v any) error { c.JSON(status, v); return nil }}
}

func ginReceiver(fn receiver) func(*gin.Context, core.Event) error {
	return func(c *gin.Context, e core.Event) error { return fn(ginCall(c), e) }
}

func named(p *person) error {
	if p.Name != "x" {
		return errors.New("the binder found no name")
	}
	return nil
}

func decoded(b []byte) error {
	var p person
	return errors.Join(json.Unmarshal(b, &p), named(&p))
}

// echoRoute is what Echo answers to the methods that a route lacks.
func echoRoute() kinds {
	k := same(own(405, "OPTIONS, POST"))
	k.options.status = http.StatusNoContent
	return k
}

func echo4Call(c echo4.Context) *call {
	return &call{w: c.Response(), r: c.Request(), native: c,
		json: func(status int, v any) error { return c.JSON(status, v) }}
}

func echo4Receiver(fn receiver) func(echo4.Context, core.Event) error {
	return func(c echo4.Context, e core.Event) error { return fn(echo4Call(c), e) }
}

// echo4Host is what an Echo and its groups have in common.
type echo4Host interface {
	echowebhook.Router
	Use(mw ...echo4.MiddlewareFunc)
	Group(prefix string, mw ...echo4.MiddlewareFunc) *echo4.Group
	POST(path string, h echo4.HandlerFunc, mw ...echo4.MiddlewareFunc) *echo4.Route
	GET(path string, h echo4.HandlerFunc, mw ...echo4.MiddlewareFunc) *echo4.Route
}

func echo4Router() router {
	everybody := &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
	var wrap func(r echo4Host, h http.Handler) *app
	wrap = func(r echo4Host, h http.Handler) *app {
		return &app{
			Handler: h,
			use:     func(mw any) { r.Use(mw.(echo4.MiddlewareFunc)) },
			group:   func(prefix string) *app { return wrap(r.Group(prefix), h) },
			post: func(path string, h any, mw ...any) {
				r.POST(path, h.(echo4.HandlerFunc), mwsOf[echo4.MiddlewareFunc](mw)...)
			},
			get:    func(path string, h any) { r.GET(path, h.(echo4.HandlerFunc)) },
			handle: func(path string, g *core.Guard, signals *core.Signals) { echowebhook.Handle(r, path, g, signals) },
			on:     func(to core.Registrar, of string, fn receiver) { echowebhook.On(to, of, echo4Receiver(fn)) },
		}
	}
	fresh := func() *echo4.Echo {
		e := echo4.New()
		e.Logger.SetOutput(io.Discard)
		return e
	}
	return router{
		name: "echo",
		new:  func() *app { e := fresh(); return wrap(e, e) },
		leaky: []func() *app{func() *app {
			e := fresh()
			e.Debug = true
			return wrap(e, e)
		}, func() *app {
			e := fresh()
			e.HTTPErrorHandler = func(err error, c echo4.Context) {
				status := http.StatusInternalServerError
				var he *echo4.HTTPError
				text := ""
				if errors.As(err, &he) {
					status = he.Code
					if he.Internal != nil {
						text = he.Internal.Error()
					}
				}
				_ = c.JSON(status, map[string]any{"error": err.Error(), "internal": text})
			}
			return wrap(e, e)
		}},
		verify: func(g *core.Guard, fn onReject) any {
			return echowebhook.VerifyWithConfig(echowebhook.Config{Guard: g, OnReject: fn})
		},
		skipping: func(g *core.Guard) any {
			return echowebhook.VerifyWithConfig(echowebhook.Config{Guard: g,
				Skipper: func(c echo4.Context) bool { return c.QueryParam("skip") != "" }})
		},
		signal: func(fn receiver) any { return echowebhook.Signal(echo4Receiver(fn)) },
		empty:  []func(){func() { echowebhook.Signal(nil) }, func() { echowebhook.Dispatch(nil) }},
		plain: func(fn func(*call) error) any {
			return echo4.HandlerFunc(func(c echo4.Context) error { return fn(echo4Call(c)) })
		},
		change: func(fn func(*http.Request) *http.Request) any {
			return echo4.MiddlewareFunc(func(next echo4.HandlerFunc) echo4.HandlerFunc {
				return func(c echo4.Context) error { c.SetRequest(fn(c.Request())); return next(c) }
			})
		},
		recovery: middleware4.RecoverWithConfig(middleware4.RecoverConfig{DisablePrintStack: true}),
		errors:   true,
		between: func(fn func(w http.ResponseWriter, r *http.Request, next func() error) error) any {
			return echo4.MiddlewareFunc(func(next echo4.HandlerFunc) echo4.HandlerFunc {
				return func(c echo4.Context) error {
					return fn(c.Response(), c.Request(), func() error { return next(c) })
				}
			})
		},
		twice: func(a, b any) (handler any, before []any) {
			return echo4.HandlerFunc(func(c echo4.Context) error {
				if err := a.(echo4.HandlerFunc)(c); err != nil {
					return err
				}
				return b.(echo4.HandlerFunc)(c)
			}), nil
		},
		timeout: func(after time.Duration) (mw any, racy bool) {
			return middleware4.TimeoutWithConfig(middleware4.TimeoutConfig{Timeout: after}), true
		},
		ownContext: true,
		allocates:  2, // the body that reports Echo's own limit, and the chain that Echo makes each time
		methods: map[string]kinds{
			"Handle": {guards(), guards(), guards(),
				own(405, "OPTIONS, CONNECT, DELETE, GET, HEAD, PATCH, POST, PROPFIND, PUT, TRACE, REPORT")},
			"group Use": same(guards()),
			"route":     echoRoute(),
			"app Use":   same(guards()),
		},
		keepsRequest: true,
		late:         unguarded, slashed: http.StatusNotFound, wrongVerb: http.StatusMethodNotAllowed,
		json: map[string]bind{
			"Bind": func(c *call) error {
				var p person
				return errors.Join(c.native.(echo4.Context).Bind(&p), named(&p))
			},
		},
		form: map[string]bind{
			"FormValue": func(c *call) error {
				return named(&person{Name: c.native.(echo4.Context).FormValue("name")})
			},
			"Bind": func(c *call) error {
				var p person
				return errors.Join(c.native.(echo4.Context).Bind(&p), named(&p))
			},
		},
		watch: func(a *app, see func(error)) {
			e := a.Handler.(*echo4.Echo)
			next := e.HTTPErrorHandler
			e.HTTPErrorHandler = func(err error, c echo4.Context) { see(err); next(err, c) }
		},
		trusting: map[string]func(http.Handler){
			"ExtractIPFromXFFHeader": func(h http.Handler) {
				h.(*echo4.Echo).IPExtractor = echo4.ExtractIPFromXFFHeader(echo4.TrustIPRange(everybody))
			},
			"ExtractIPFromRealIPHeader": func(h http.Handler) {
				h.(*echo4.Echo).IPExtractor = echo4.ExtractIPFromRealIPHeader(echo4.TrustIPRange(everybody))
			},
		},
		fromNative: func(c any) (*core.Delivery, bool) { return echowebhook.FromContext(c.(echo4.Context)) },
	}
}

func echo5Call(c *echo5.Context) *call {
	return &call{w: c.Response(), r: c.Request(), native: c,
		json: func(status int, v any) error { return c.JSON(status, v) }}
}

func echo5Receiver(fn receiver) func(*echo5.Context, core.Event) error {
	return func(c *echo5.Context, e core.Event) error { return fn(echo5Call(c), e) }
}

// echo5Host is what an Echo and its groups have in common.
type echo5Host interface {
	echo5webhook.Router
	Use(mw ...echo5.MiddlewareFunc)
	Group(prefix string, mw ...echo5.MiddlewareFunc) *echo5.Group
	POST(path string, h echo5.HandlerFunc, mw ...echo5.MiddlewareFunc) echo5.RouteInfo
	GET(path string, h echo5.HandlerFunc, mw ...echo5.MiddlewareFunc) echo5.RouteInfo
}

func echo5Router() router {
	var wrap func(r echo5Host, h http.Handler) *app
	wrap = func(r echo5Host, h http.Handler) *app {
		return &app{
			Handler: h,
			use:     func(mw any) { r.Use(mw.(echo5.MiddlewareFunc)) },
			group:   func(prefix string) *app { return wrap(r.Group(prefix), h) },
			post: func(path string, h any, mw ...any) {
				r.POST(path, h.(echo5.HandlerFunc), mwsOf[echo5.MiddlewareFunc](mw)...)
			},
			get:    func(path string, h any) { r.GET(path, h.(echo5.HandlerFunc)) },
			handle: func(path string, g *core.Guard, signals *core.Signals) { echo5webhook.Handle(r, path, g, signals) },
			on:     func(to core.Registrar, of string, fn receiver) { echo5webhook.On(to, of, echo5Receiver(fn)) },
		}
	}
	fresh := func() *echo5.Echo {
		e := echo5.New()
		e.Logger = quiet
		return e
	}
	return router{
		name: "echo5",
		new:  func() *app { e := fresh(); return wrap(e, e) },
		leaky: []func() *app{func() *app {
			e := fresh()
			e.HTTPErrorHandler = echo5.DefaultHTTPErrorHandler(true)
			return wrap(e, e)
		}, func() *app {
			e := fresh()
			e.HTTPErrorHandler = func(c *echo5.Context, err error) {
				var he *echo5.HTTPError
				text := ""
				if errors.As(err, &he) && he.Unwrap() != nil {
					text = he.Unwrap().Error()
				}
				_ = c.JSON(echo5.StatusCode(err), map[string]any{"error": err.Error(), "internal": text})
			}
			return wrap(e, e)
		}},
		verify: func(g *core.Guard, fn onReject) any {
			return echo5webhook.VerifyWithConfig(echo5webhook.Config{Guard: g, OnReject: fn})
		},
		skipping: func(g *core.Guard) any {
			return echo5webhook.VerifyWithConfig(echo5webhook.Config{Guard: g,
				Skipper: func(c *echo5.Context) bool { return c.QueryParam("skip") != "" }})
		},
		signal: func(fn receiver) any { return echo5webhook.Signal(echo5Receiver(fn)) },
		empty:  []func(){func() { echo5webhook.Signal(nil) }, func() { echo5webhook.Dispatch(nil) }},
		plain: func(fn func(*call) error) any {
			return echo5.HandlerFunc(func(c *echo5.Context) error { return fn(echo5Call(c)) })
		},
		change: func(fn func(*http.Request) *http.Request) any {
			return echo5.MiddlewareFunc(func(next echo5.HandlerFunc) echo5.HandlerFunc {
				return func(c *echo5.Context) error { c.SetRequest(fn(c.Request())); return next(c) }
			})
		},
		recovery: middleware5.RecoverWithConfig(middleware5.RecoverConfig{DisablePrintStack: true}),
		errors:   true,
		between: func(fn func(w http.ResponseWriter, r *http.Request, next func() error) error) any {
			return echo5.MiddlewareFunc(func(next echo5.HandlerFunc) echo5.HandlerFunc {
				return func(c *echo5.Context) error {
					return fn(c.Response(), c.Request(), func() error { return next(c) })
				}
			})
		},
		twice: func(a, b any) (handler any, before []any) {
			return echo5.HandlerFunc(func(c *echo5.Context) error {
				if err := a.(echo5.HandlerFunc)(c); err != nil {
					return err
				}
				return b.(echo5.HandlerFunc)(c)
			}), nil
		},
		timeout: func(after time.Duration) (mw any, racy bool) {
			return echo5.MiddlewareFunc(func(next echo5.HandlerFunc) echo5.HandlerFunc {
				return func(c *echo5.Context) error {
					w := c.Response()
					c.SetResponse(&lostResponse{header: http.Header{}})
					done := make(chan error, 1)
					go func() { done <- next(c) }()
					select {
					case err := <-done:
						c.SetResponse(w)
						return err
					case <-time.After(after):
						c.SetResponse(w)
						return echo5.NewHTTPError(http.StatusServiceUnavailable, "too slow")
					}
				}
			}), true
		},
		ownContext: true,
		allocates:  1, // the tracker
		methods: map[string]kinds{
			"Handle":    same(guards()),
			"group Use": echoRoute(),
			"route":     echoRoute(),
			"app Use":   same(guards()),
		},
		keepsRequest: true,
		late:         unguarded, slashed: http.StatusNotFound, wrongVerb: http.StatusMethodNotAllowed,
		json: map[string]bind{
			"Bind": func(c *call) error {
				var p person
				return errors.Join(c.native.(*echo5.Context).Bind(&p), named(&p))
			},
		},
		form: map[string]bind{
			"FormValue": func(c *call) error {
				return named(&person{Name: c.native.(*echo5.Context).FormValue("name")})
			},
			"Bind": func(c *call) error {
				var p person
				return errors.Join(c.native.(*echo5.Context).Bind(&p), named(&p))
			},
		},
		watch: func(a *app, see func(error)) {
			e := a.Handler.(*echo5.Echo)
			next := e.HTTPErrorHandler
			e.HTTPErrorHandler = func(c *echo5.Context, err error) { see(err); next(c, err) }
		},
		trusting: map[string]func(http.Handler){
			"LegacyIPExtractor": func(h http.Handler) { h.(*echo5.Echo).IPExtractor = echo5.LegacyIPExtractor() },
		},
		fromNative: func(c any) (*core.Delivery, bool) { return echo5webhook.FromContext(c.(*echo5.Context)) },
	}
}

type httpMiddleware = func(http.Handler) http.Handler

func httpCall(w http.ResponseWriter, r *http.Request) *call {
	return &call{w: w, r: r, native: r.Context(), json: func(status int, v any) error {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		return json.NewEncoder(w).Encode(v)
	}}
}

func httpReceiver(fn receiver) func(*http.Request, core.Event) error {
	return func(r *http.Request, e core.Event) error { return fn(&call{r: r, native: r.Context()}, e) }
}

// httpRouter is what routers with net/http's own handlers have in common.
func httpRouter(name string) router {
	return router{
		name: name,
		plain: func(fn func(*call) error) any {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if fn(httpCall(w, r)) != nil {
					http.Error(w, "failed", http.StatusInternalServerError)
				}
			})
		},
		change: func(fn func(*http.Request) *http.Request) any {
			return httpMiddleware(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, fn(r)) })
			})
		},
		between: func(fn func(w http.ResponseWriter, r *http.Request, next func() error) error) any {
			return httpMiddleware(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_ = fn(w, r, func() error { next.ServeHTTP(w, r); return nil })
				})
			})
		},
		twice: func(a, b any) (handler any, before []any) {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a.(http.Handler).ServeHTTP(w, r)
				b.(http.Handler).ServeHTTP(w, r)
			}), nil
		},
		timeout: func(after time.Duration) (mw any, racy bool) {
			return httpMiddleware(func(h http.Handler) http.Handler {
				return http.TimeoutHandler(h, after, "too slow")
			}), false
		},
		braces:  true,
		slashed: http.StatusNotFound, wrongVerb: http.StatusMethodNotAllowed,
		json: map[string]bind{
			"json.Decoder": func(c *call) error {
				var p person
				return errors.Join(json.NewDecoder(c.r.Body).Decode(&p), named(&p))
			},
		},
		form: map[string]bind{
			"ParseForm": func(c *call) error {
				err := c.r.ParseForm()
				return errors.Join(err, named(&person{Name: c.r.PostForm.Get("name")}))
			},
			"FormValue": func(c *call) error {
				return named(&person{Name: c.r.FormValue("name")})
			},
		},
	}
}

func chiRouter() router {
	var wrap func(chi.Router, http.Handler) *app
	wrap = func(r chi.Router, h http.Handler) *app {
		return &app{
			Handler: h,
			use:     func(mw any) { r.Use(mw.(httpMiddleware)) },
			group: func(prefix string) *app {
				sub := chi.NewRouter()
				r.Mount(prefix, sub)
				return wrap(sub, h)
			},
			post: func(path string, h any, mw ...any) {
				r.With(mwsOf[httpMiddleware](mw)...).Post(path, h.(http.HandlerFunc))
			},
			get:    func(path string, h any) { r.Get(path, h.(http.HandlerFunc)) },
			handle: func(path string, g *core.Guard, signals *core.Signals) { chiwebhook.Handle(r, path, g, signals) },
			on:     func(to core.Registrar, of string, fn receiver) { chiwebhook.On(to, of, httpReceiver(fn)) },
		}
	}
	rt := httpRouter("chi")
	rt.new = func() *app { r := chi.NewRouter(); return wrap(r, r) }
	rt.verify = func(g *core.Guard, fn onReject) any {
		return chiwebhook.VerifyWithConfig(chiwebhook.Config{Guard: g, OnReject: fn})
	}
	rt.signal = func(fn receiver) any { return chiwebhook.Signal(httpReceiver(fn)) }
	rt.empty = []func(){func() { chiwebhook.Signal(nil) }, func() { chiwebhook.Dispatch(nil) }}
	rt.recovery = httpMiddleware(chimiddleware.Recoverer)
	rt.late = panics
	rt.methods = map[string]kinds{
		"Handle":    {guards(), guards(), own(405, ""), own(405, "")},
		"group Use": {guards(), guards(), own(405, ""), own(405, "")},
		"route":     {own(405, "POST"), own(405, "POST"), own(405, ""), own(405, "")},
		"app Use":   same(guards()),
	}
	rt.fromNative = func(c any) (*core.Delivery, bool) { return chiwebhook.FromContext(c.(context.Context)) }
	return rt
}

// netHTTP is the model.
func netHTTP() router {
	rt := httpRouter("http")
	rt.new = func() *app {
		mux := http.NewServeMux()
		var outer []httpMiddleware
		chain := func(h http.Handler, mws []httpMiddleware) http.Handler {
			for i := len(mws) - 1; i >= 0; i-- {
				h = mws[i](h)
			}
			return h
		}
		var wrap func(prefix string, mws *[]httpMiddleware) *app
		wrap = func(prefix string, mws *[]httpMiddleware) *app {
			within := func() []httpMiddleware {
				if mws == &outer {
					return nil // around the whole mux
				}
				return *mws
			}
			return &app{
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					chain(mux, outer).ServeHTTP(w,
						r)
				}),
				use: func(mw any) { *mws = append(*mws, mw.(httpMiddleware)) },
				group: func(p string) *app {
					own := append([]httpMiddleware(nil), within()...)
					return wrap(prefix+p, &own)
				},
				post: func(path string, h any, mw ...any) {
					mux.Handle("POST "+prefix+path, chain(chain(h.(http.Handler), mwsOf[httpMiddleware](mw)), within()))
				},
				get: func(path string, h any) { mux.Handle("GET "+prefix+path, chain(h.(http.Handler), within())) },
				handle: func(path string, g *core.Guard, signals *core.Signals) {
					httpwebhook.Handle(mux, prefix+path, g, signals)
				},
				on: func(to core.Registrar, of string, fn receiver) { httpwebhook.On(to, of, httpReceiver(fn)) },
			}
		}
		return wrap("", &outer)
	}
	rt.verify = func(g *core.Guard, fn onReject) any {
		return httpwebhook.VerifyWithConfig(httpwebhook.Config{Guard: g, OnReject: fn})
	}
	rt.signal = func(fn receiver) any { return httpwebhook.Signal(httpReceiver(fn)) }
	rt.empty = []func(){func() { httpwebhook.Signal(nil) }, func() { httpwebhook.Dispatch(nil) }}
	rt.recovery = httpMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if v := recover(); v == http.ErrAbortHandler { // as net/http compares it
					panic(v)
				} else if v != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	})
	rt.late = none
	rt.methods = map[string]kinds{
		"Handle": same(guards()), "group Use": same(own(405, "POST")),
		"route": same(own(405, "POST")), "app Use": same(guards()),
	}
	rt.fromNative = func(c any) (*core.Delivery, bool) { return httpwebhook.FromContext(c.(context.Context)) }
	return rt
}
