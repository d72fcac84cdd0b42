package adaptertest_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/emailtest"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// TestABounceIsABounceInEveryRouter: one receiver for every sender and router. The context is the event's.
func TestABounceIsABounceInEveryRouter(t *testing.T) {
	t.Parallel()
	for name, mount := range map[string]func(*core.Guard, email.Func) http.Handler{
		"gin": func(g *core.Guard, fn email.Func) http.Handler {
			r, s := gin.New(), core.NewSignals()
			email.On(s, fn, email.Bounced)
			ginwebhook.Handle(r, "/mail", g, s)
			return r
		},
		"echo": func(g *core.Guard, fn email.Func) http.Handler {
			e, s := echo.New(), core.NewSignals()
			email.On(s, fn, email.Bounced)
			echowebhook.Handle(e, "/mail", g, s)
			return e
		},
		"chi": func(g *core.Guard, fn email.Func) http.Handler {
			r, s := chi.NewRouter(), core.NewSignals()
			email.On(s, fn, email.Bounced)
			chiwebhook.Handle(r, "/mail", g, s)
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range emailtest.Senders() {
				if p.Name() == "sparkpost-relay" { // for messages that come in alone
					continue
				}
				sender, calls := webhooktest.NewSender(p), 0
				guard, err := core.New(core.Config{
					Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: memstore.New(), Logger: slog.New(slog.DiscardHandler),
				})
				require.NoError(t, err)
				app := mount(guard, func(ctx context.Context, e core.Event, m email.Event) error {
					calls++
					require.NotNil(t, ctx.Done(), "it ends with the claim")
					require.Equal(t, email.Bounced, m.Type)
					require.Equal(t, p.Name(), e.Provider)
					return nil
				})
				sample, ok := emailtest.Sample(p, email.Bounced)
				require.True(t, ok, p.Name())
				for range 2 { // the second is a duplicate, but for ids that are signed anew
					require.Equal(t, http.StatusOK, sender.Send(app, "/mail", sample).Code, p.Name())
				}
				require.NotZero(t, calls, p.Name())
				require.NoError(t, guard.Shutdown(t.Context()))
			}
		})
	}
}
