package echowebhook_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/echowebhook"
)

func TestALimitBeforeTheGuardIsABodyTooLarge(t *testing.T) {
	t.Parallel()
	const secret = "an-accepted-secret-of-32-bytes!!"
	guard, err := core.New(core.Config{
		Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: core.DangerouslyNoReplay,
		DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	e := echo.New()
	e.Use(middleware.BodyLimit("10B"))
	signals := core.NewSignals()
	signals.On("*", func(context.Context, core.Event) error { t.Error("it ran"); return nil })
	echowebhook.Handle(e, "/hooks", guard, signals)
	r := webhooktest.NewRequest(provider.Stripe(), secret, "/hooks", `{"id":"longer than ten bytes"}`, time.Now())
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(body))), -1 // chunked
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, "close", w.Header().Get("Connection"))
}
