package echowebhook_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/echowebhook"
)

// TestABodyIsWrappedForTheFirstGuardOnly: what a guard has restored is not wrapped again, so that an inner guard knows
// it as proved, and takes no place of the bodies that nobody has proved.
func TestABodyIsWrappedForTheFirstGuardOnly(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	made := func(endpoint string) *core.Guard {
		guard, err := core.New(core.Config{
			Endpoint: endpoint, Provider: provider.Stripe(), Secrets: secrets.Static(secret),
			Replay:               core.DangerouslyNoReplay,
			DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		return guard
	}
	outer, inner := made("outer"), made("inner")
	restored := func(c echo.Context) {
		_, ok := c.Request().Body.(io.WriterTo)
		require.True(t, ok, "%T", c.Request().Body)
	}
	look := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			restored(c) // as the guard behind has left it
			return err
		}
	}
	e := echo.New()
	e.POST("/hooks", func(c echo.Context) error { restored(c); return nil },
		echowebhook.Verify(outer), look, echowebhook.Verify(outer), look, echowebhook.Verify(inner))
	w := httptest.NewRecorder()
	e.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "/hooks", `{"id":"evt_1"}`, time.Now()))
	require.Equal(t, http.StatusOK, w.Code)

	// The inner guard refuses: the body that it saw is still the restored one.
	e = echo.New()
	refusing, err := core.New(core.Config{
		Endpoint: "refusing", Provider: provider.GitHub(), Secrets: secrets.Static(secret),
		Replay:               core.DangerouslyNoReplay,
		DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	e.POST("/hooks", func(echo.Context) error { t.Error("it ran"); return nil },
		echowebhook.Verify(outer), look, echowebhook.Verify(refusing))
	w = httptest.NewRecorder()
	e.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "/hooks", `{"id":"evt_1"}`, time.Now()))
	require.Equal(t, http.StatusBadRequest, w.Code)
}
