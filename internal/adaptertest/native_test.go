package adaptertest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	echo4 "github.com/labstack/echo/v4"
	middleware4 "github.com/labstack/echo/v4/middleware"
	echo5 "github.com/labstack/echo/v5"
	middleware5 "github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// What only one router has.

func TestMistakesAreNamedByTheCallersLine(t *testing.T) {
	t.Parallel()
	line := func(fn func()) (text string) {
		defer func() { text, _ = recover().(string) }()
		fn()
		return ""
	}
	for _, rt := range routers() {
		require.Len(t, rt.empty, 2, rt.name)
		for _, fn := range rt.empty {
			require.Contains(t, line(fn), "routers_test.go:", rt.name)
		}
	}
	signals := core.NewSignals()
	ginwebhook.Dispatch(signals)
	require.Panics(t, func() { signals.On("late", func(context.Context, core.Event) error { return nil }) })
}

func TestGin(t *testing.T) {
	endings := []struct {
		name   string
		h      gin.HandlerFunc
		want   core.ReplayState
		status int
	}{
		{"c.Error alone is a 500 and released", func(c *gin.Context) { _ = c.Error(errApp) }, core.ReplayReleased, 500},
		{"c.Status without a body counts", func(c *gin.Context) { c.Status(http.StatusInternalServerError) },
			core.ReplayReleased, 500},
		{"c.AbortWithStatus counts", func(c *gin.Context) { c.AbortWithStatus(http.StatusConflict) },
			core.ReplayReleased, 409},
		{"c.AbortWithStatusJSON counts", func(c *gin.Context) { c.AbortWithStatusJSON(http.StatusConflict, "no") },
			core.ReplayReleased, 409},
		{"c.Status(204) is committed", func(c *gin.Context) { c.Status(http.StatusNoContent) }, core.ReplayCommitted,
			204},
		{"c.Abort alone is committed", func(c *gin.Context) { c.Abort() }, core.ReplayCommitted, 200},
		{"every ability of Gin's writer is there", func(c *gin.Context) {
			if c.Writer.CloseNotify() == nil || c.Writer.Pusher() != nil || c.Writer.Size() != -1 {
				_ = c.AbortWithError(http.StatusInternalServerError, errApp)
			}
			_, _ = c.Writer.WriteString("x")
		}, core.ReplayCommitted, 200},
	}
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			g, rec := newGuard(t)
			var n counter
			r := gin.New()
			var before, after gin.ResponseWriter
			r.Use(func(c *gin.Context) { before = c.Writer; c.Next(); after = c.Writer })
			r.POST(path, ginwebhook.Verify(g), func(c *gin.Context) { n.Add(1); e.h(c) })
			s := serve(t, &app{Handler: r})
			require.Equal(t, e.status, s.deliver(t).status)
			require.Same(t, before, after, "the writer was not restored")
			requireSettled(t, s, g, rec, e.want, n.Load)
		})
	}
	t.Run("a rejection is a private error, after which nothing runs", func(t *testing.T) {
		g, _ := newGuard(t)
		var n counter
		seen := make(chan *gin.Error, 1)
		r := gin.New()
		r.Use(func(c *gin.Context) { c.Next(); seen <- c.Errors.Last() })
		r.POST(path, ginwebhook.Verify(g), func(*gin.Context) { n.Add(1) })
		s := serve(t, &app{Handler: r})
		forged := s.request(t, path, body)
		forged.Header.Del("X-Hub-Signature-256")
		require.Equal(t, "Bad Request\n", s.send(t, forged).body)
		err := take(t, seen)
		require.True(t, err.IsType(gin.ErrorTypePrivate))
		var rejection *core.Rejection
		require.ErrorAs(t, err, &rejection)
		require.Equal(t, reason.MissingSignature, rejection.Reason)
		require.Zero(t, n.Load())
	})
	t.Run("a failed signal ends the chain, and one that succeeded does not", func(t *testing.T) {
		for _, fail := range []error{nil, errApp} {
			g, _ := newGuard(t)
			var n counter
			r := gin.New()
			r.POST(path, ginwebhook.Verify(g), ginwebhook.Signal(func(*gin.Context, core.Event) error { return fail }),
				func(*gin.Context) { n.Add(1) })
			s := serve(t, &app{Handler: r})
			s.deliver(t)
			require.Equal(t, fail == nil, n.Load() == 1)
		}
	})
	t.Run("a middleware outside cannot change the answer to a signal that was committed", func(t *testing.T) {
		g, rec := newGuard(t)
		var n counter
		r := gin.New()
		r.Use(func(c *gin.Context) { c.Next(); c.Status(http.StatusInternalServerError) })
		r.POST(path, ginwebhook.Verify(g),
			ginwebhook.Signal(func(*gin.Context, core.Event) error { n.Add(1); return nil }))
		s := serve(t, &app{Handler: r})
		require.Equal(t, http.StatusOK, s.deliver(t).status)
		requireSettled(t, s, g, rec, core.ReplayCommitted, n.Load)
	})
	t.Run("a recovery that says nothing does not answer 200 to what is released", func(t *testing.T) {
		g, rec := newGuard(t)
		var n counter
		r := gin.New()
		r.Use(func(c *gin.Context) {
			defer func() { _ = recover() }()
			c.Next()
		})
		r.POST(path, ginwebhook.Verify(g), func(*gin.Context) { n.Add(1); panic(http.ErrAbortHandler) })
		s := serve(t, &app{Handler: r})
		require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
		requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
	})
	t.Run("a status that a signal only sets is what settles it", func(t *testing.T) {
		g, rec := newGuard(t)
		var n counter
		r := gin.New()
		r.POST(path, ginwebhook.Verify(g), ginwebhook.Signal(func(c *gin.Context, _ core.Event) error {
			n.Add(1)
			c.AbortWithStatus(http.StatusConflict)
			return nil
		}))
		s := serve(t, &app{Handler: r})
		require.Equal(t, http.StatusConflict, s.deliver(t).status)
		requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
	})
}

// appError is an error of the app that a router would choose a status by, if it could reach it.
type appError struct{}

func (*appError) Error() string   { return "hunter2" }
func (*appError) StatusCode() int { return http.StatusTeapot }

func TestEcho4(t *testing.T) {
	t.Run("an error handler finds the rejection, and the app's error in it", func(t *testing.T) {
		g, _ := newGuard(t)
		seen := make(chan error, 1)
		e := echo4.New()
		e.HTTPErrorHandler = func(err error, c echo4.Context) { seen <- err; e.DefaultHTTPErrorHandler(err, c) }
		e.POST(path, echowebhook.Signal(func(echo4.Context, core.Event) error { return &appError{} }),
			echowebhook.Verify(g))
		s := serve(t, &app{Handler: e})
		require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
		requireRejection(t, take(t, seen), reason.SignalFailed)
		forged := s.request(t, path, body)
		forged.Header.Del("X-Hub-Signature-256")
		require.Equal(t, http.StatusBadRequest, s.send(t, forged).status)
		requireRejection(t, take(t, seen), reason.MissingSignature)
	})
	t.Run("a plain handler's error is returned as it is", func(t *testing.T) {
		g, _ := newGuard(t)
		seen := make(chan error, 1)
		e := echo4.New()
		e.HTTPErrorHandler = func(err error, _ echo4.Context) { seen <- err }
		want := &appError{}
		e.POST(path, func(echo4.Context) error { return want }, echowebhook.Verify(g))
		s := serve(t, &app{Handler: e})
		s.deliver(t)
		require.Same(t, want, take(t, seen))
	})
	t.Run("an answer that an outer middleware still buffers is known", func(t *testing.T) {
		g, rec := newGuard(t)
		var n counter
		e := echo4.New()
		e.Use(middleware4.GzipWithConfig(middleware4.GzipConfig{MinLength: 1 << 10}))
		e.POST(path, func(c echo4.Context) error { n.Add(1); return c.JSON(http.StatusInternalServerError, "no") },
			echowebhook.Verify(g))
		s := serve(t, &app{Handler: e})
		require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
		requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
	})
	t.Run("the writer is put back", func(t *testing.T) {
		g, _ := newGuard(t)
		e := echo4.New()
		same := make(chan bool, 1)
		e.Use(func(next echo4.HandlerFunc) echo4.HandlerFunc {
			return func(c echo4.Context) error {
				before := c.Response().Writer
				err := next(c)
				same <- before == c.Response().Writer
				return err
			}
		})
		e.POST(path, func(echo4.Context) error { return nil }, echowebhook.Verify(g))
		serve(t, &app{Handler: e}).deliver(t)
		require.True(t, take(t, same))
	})
}

func TestEcho5(t *testing.T) {
	t.Run("an error handler finds the rejection, and the app's error in it", func(t *testing.T) {
		g, _ := newGuard(t)
		seen := make(chan error, 1)
		e := echo5.New()
		e.HTTPErrorHandler = func(c *echo5.Context, err error) {
			seen <- err
			echo5.DefaultHTTPErrorHandler(false)(c, err)
		}
		e.POST(path, echo5webhook.Signal(func(*echo5.Context, core.Event) error { return &appError{} }),
			echo5webhook.Verify(g))
		s := serve(t, &app{Handler: e})
		require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
		requireRejection(t, take(t, seen), reason.SignalFailed)
		forged := s.request(t, path, body)
		forged.Header.Del("X-Hub-Signature-256")
		require.Equal(t, http.StatusBadRequest, s.send(t, forged).status)
		requireRejection(t, take(t, seen), reason.MissingSignature)
	})
	t.Run("a plain handler's error is returned as it is", func(t *testing.T) {
		g, _ := newGuard(t)
		seen := make(chan error, 1)
		e := echo5.New()
		e.HTTPErrorHandler = func(_ *echo5.Context, err error) { seen <- err }
		want := &appError{}
		e.POST(path, func(*echo5.Context) error { return want }, echo5webhook.Verify(g))
		s := serve(t, &app{Handler: e})
		s.deliver(t)
		require.Same(t, want, take(t, seen))
	})
	t.Run("an answer that an outer middleware still buffers is known", func(t *testing.T) {
		g, rec := newGuard(t)
		var n counter
		e := echo5.New()
		e.Use(middleware5.GzipWithConfig(middleware5.GzipConfig{MinLength: 1 << 10}))
		e.POST(path, func(c *echo5.Context) error { n.Add(1); return c.JSON(http.StatusInternalServerError, "no") },
			echo5webhook.Verify(g))
		s := serve(t, &app{Handler: e})
		require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
		requireSettled(t, s, g, rec, core.ReplayReleased, n.Load)
	})
	t.Run("the response is put back", func(t *testing.T) {
		g, _ := newGuard(t)
		e := echo5.New()
		same := make(chan bool, 1)
		e.Use(func(next echo5.HandlerFunc) echo5.HandlerFunc {
			return func(c *echo5.Context) error {
				before := c.Response()
				err := next(c)
				same <- before == c.Response()
				return err
			}
		})
		e.POST(path, func(*echo5.Context) error { return nil }, echo5webhook.Verify(g))
		serve(t, &app{Handler: e}).deliver(t)
		require.True(t, take(t, same))
	})
	t.Run("ToMiddleware gives an error for a nil guard", func(t *testing.T) {
		var config echo5.MiddlewareConfigurator = echo5webhook.Config{}
		mw, err := config.ToMiddleware()
		require.Error(t, err)
		require.Nil(t, mw)
	})
}

func requireRejection(t *testing.T, err error, want reason.Reason) {
	t.Helper()
	var rejection *core.Rejection
	require.ErrorAs(t, err, &rejection)
	require.Equal(t, want, rejection.Reason)
	var app *appError
	require.Equal(t, want.Class() == reason.ClassApp, errors.As(err, &app))
	require.NotContains(t, err.Error(), "hunter2")
}

func TestChi(t *testing.T) {
	t.Run("Verify works without Chi's router", func(t *testing.T) {
		g, rec := newGuard(t)
		var n counter
		h := chiwebhook.Verify(g)(chiwebhook.Signal(httpReceiver(n.signal)))
		s := serve(t, &app{Handler: h})
		require.Equal(t, http.StatusOK, s.deliver(t).status)
		require.EqualValues(t, 1, n.Load())
		require.Empty(t, rec.last(t, g).Route)
	})
	t.Run("in a Use nothing is routed yet, so a token in the path is refused", func(t *testing.T) {
		const token = "a-token-of-enough-bytes"
		g, rec := newGuard(t, func(c *core.Config) {
			c.Credentials = []core.Credential{core.PathToken("token", secrets.Static(token))}
		})
		r := chi.NewRouter()
		r.Use(chiwebhook.Verify(g))
		r.Post("/hooks/{token}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ran") })
		s := serve(t, &app{Handler: r})
		got := s.send(t, s.request(t, "/hooks/"+token, body))
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Equal(t, reason.MissingCredential, rec.last(t, g).Reason)
		require.Empty(t, rec.last(t, g).Route)
	})
	t.Run("a writer without abilities gets none", func(t *testing.T) {
		g, _ := newGuard(t)
		flusher := make(chan bool, 1)
		h := chiwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, is := w.(http.Flusher)
			flusher <- is
		}))
		s := serve(t, &app{Handler: h})
		r := s.request(t, path, body)
		in := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		in.Header = r.Header
		h.ServeHTTP(struct{ http.ResponseWriter }{httptest.NewRecorder()}, in)
		require.False(t, take(t, flusher))
	})
}
