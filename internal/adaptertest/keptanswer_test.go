package adaptertest_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
)

// buffering keeps an answer until middleware is through, as compression does with a short one.
type buffering struct {
	http.ResponseWriter
	status int
	body   []byte
}

func (w *buffering) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *buffering) WriteHeader(status int) { w.status = status }

func (w *buffering) Write(b []byte) (int, error) {
	w.body = append(w.body, b...)
	return len(b), nil
}

func (w *buffering) send() {
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
	_, _ = w.ResponseWriter.Write(w.body)
}

func bufferedByEcho4(guard *core.Guard) http.Handler {
	e := echo4.New()
	e.POST("/hooks", echowebhook.Signal(func(c echo4.Context, _ core.Event) error {
		return c.String(http.StatusAccepted, "taken")
	}), echowebhook.Verify(guard), func(next echo4.HandlerFunc) echo4.HandlerFunc {
		return func(c echo4.Context) error {
			res := c.Response()
			was := res.Writer
			w := &buffering{ResponseWriter: was}
			res.Writer = w
			defer func() { res.Writer = was; w.send() }()
			return next(c)
		}
	})
	return e
}

func bufferedByEcho5(guard *core.Guard) http.Handler {
	e := echo5.New()
	e.POST("/hooks", echo5webhook.Signal(func(c *echo5.Context, _ core.Event) error {
		return c.String(http.StatusAccepted, "taken")
	}), echo5webhook.Verify(guard), func(next echo5.HandlerFunc) echo5.HandlerFunc {
		return func(c *echo5.Context) error {
			was := c.Response()
			w := &buffering{ResponseWriter: was}
			c.SetResponse(w)
			defer func() { c.SetResponse(was); w.send() }()
			return next(c)
		}
	})
	return e
}

// A receiver's own answer is seen where it is written, also where middleware behind the guard keeps it for a while.
func TestAnAnswerThatMiddlewareKeepsIsSeen(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	for name, app := range map[string]func(*core.Guard) http.Handler{
		"echo": bufferedByEcho4, "echo5": bufferedByEcho5,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records := make(chan core.Record, 1)
			guard, err := core.New(core.Config{
				Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: memstore.New(),
				DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
				Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { records <- r })},
			})
			require.NoError(t, err)
			w := httptest.NewRecorder()
			app(guard).ServeHTTP(w,
				webhooktest.NewRequest(provider.Stripe(), secret, "/hooks", `{"id":"evt_1"}`, time.Now()))
			require.Equal(t, http.StatusAccepted, w.Code)
			require.Equal(t, "taken", w.Body.String())
			require.NoError(t, guard.Shutdown(t.Context()))
			require.Equal(t, http.StatusAccepted, (<-records).Status)
		})
	}
}
