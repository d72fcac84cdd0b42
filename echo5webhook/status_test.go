package echo5webhook_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/echo5webhook"
)

// A response that middleware makes has no status until it is written. A body without one implies 200.
func TestABodyImpliesItsStatusOnAResponseThatMiddlewareMade(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: memstore.New(),
		DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			was := c.Response()
			defer c.SetResponse(was)
			c.SetResponse(echo.NewResponse(was, slog.New(slog.DiscardHandler)))
			return next(c)
		}
	})
	e.POST("/hooks", func(c *echo.Context) error {
		_, err := c.Response().Write([]byte("done"))
		return err
	}, echo5webhook.Verify(guard))
	w := httptest.NewRecorder()
	e.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "/hooks", `{"id":"evt_1"}`, time.Now()))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "done", w.Body.String())
	require.NoError(t, guard.Shutdown(t.Context()))
}

// TestATextHasTheStatusThatWasPutIntoTheResponse: written by io.WriteString, it is settled by that status too.
func TestATextHasTheStatusThatWasPutIntoTheResponse(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: memstore.New(),
		DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	runs := 0
	e := echo.New()
	e.POST("/hooks", func(c *echo.Context) error {
		runs++
		res, err := echo.UnwrapResponse(c.Response())
		require.NoError(t, err)
		res.Status = http.StatusInternalServerError
		_, err = io.WriteString(c.Response(), "failed")
		return err
	}, echo5webhook.Verify(guard))
	for range 2 {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "/hooks", `{"id":"evt_1"}`, time.Now()))
		require.Equal(t, http.StatusInternalServerError, w.Code)
	}
	require.Equal(t, 2, runs, "a retry of what failed runs again")
	require.NoError(t, guard.Shutdown(t.Context()))
}
