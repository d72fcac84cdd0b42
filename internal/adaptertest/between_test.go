package adaptertest_test

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	echo4 "github.com/labstack/echo/v4"
	middleware4 "github.com/labstack/echo/v4/middleware"
	echo5 "github.com/labstack/echo/v5"
)

// between makes middleware of the router's own type. next returns the handler's error where the router has one.
func (rt router) between(fn func(w http.ResponseWriter, r *http.Request, next func() error) error) any {
	switch rt.name {
	case "gin":
		return gin.HandlerFunc(func(c *gin.Context) {
			_ = fn(c.Writer, c.Request, func() error { c.Next(); return nil })
		})
	case "echo v4":
		return echo4.MiddlewareFunc(func(next echo4.HandlerFunc) echo4.HandlerFunc {
			return func(c echo4.Context) error {
				return fn(c.Response(), c.Request(), func() error { return next(c) })
			}
		})
	case "echo v5":
		return echo5.MiddlewareFunc(func(next echo5.HandlerFunc) echo5.HandlerFunc {
			return func(c *echo5.Context) error {
				return fn(c.Response(), c.Request(), func() error { return next(c) })
			}
		})
	}
	return httpMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = fn(w, r, func() error { next.ServeHTTP(w, r); return nil })
		})
	})
}

// twice makes one handler that dispatches to both, in the router's own idiom: Gin's chain does that by itself.
func (rt router) twice(a, b any) (handler any, before []any) {
	switch rt.name {
	case "gin":
		return b, []any{a}
	case "echo v4":
		return echo4.HandlerFunc(func(c echo4.Context) error {
			if err := a.(echo4.HandlerFunc)(c); err != nil {
				return err
			}
			return b.(echo4.HandlerFunc)(c)
		}), nil
	case "echo v5":
		return echo5.HandlerFunc(func(c *echo5.Context) error {
			if err := a.(echo5.HandlerFunc)(c); err != nil {
				return err
			}
			return b.(echo5.HandlerFunc)(c)
		}), nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.(http.Handler).ServeHTTP(w, r)
		b.(http.Handler).ServeHTTP(w, r)
	}), nil
}

// timeout makes the router's usual timeout, which answers 503 while the handler goes on in a goroutine of its own. Those of
// Gin and Echo share the router's context with that goroutine, which is a data race in the router: racy reports it.
func (rt router) timeout(after time.Duration) (mw any, racy bool) {
	switch rt.name {
	case "gin": // as gin-contrib/timeout
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
	case "echo v4":
		return middleware4.TimeoutWithConfig(middleware4.TimeoutConfig{Timeout: after}), true
	case "echo v5":
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
	}
	return httpMiddleware(func(h http.Handler) http.Handler { return http.TimeoutHandler(h, after, "too slow") }), false
}

// lostWriter and lostResponse take what is written after a timeout.
type lostWriter struct {
	gin.ResponseWriter
	header http.Header
}

func (w *lostWriter) Header() http.Header         { return w.header }
func (w *lostWriter) WriteHeader(int)             {}
func (w *lostWriter) WriteHeaderNow()             {}
func (w *lostWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *lostWriter) Status() int                 { return http.StatusOK }
func (w *lostWriter) Written() bool               { return false }
func (w *lostWriter) Size() int                   { return -1 }

type lostResponse struct{ header http.Header }

func (w *lostResponse) Header() http.Header         { return w.header }
func (w *lostResponse) WriteHeader(int)             {}
func (w *lostResponse) Write(b []byte) (int, error) { return len(b), nil }

// answer200 writes an answer of the middleware's own.
func answer200(w http.ResponseWriter) {
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, "middleware")
}
