package adaptertest_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/emailtest"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestABounceIsABounceInEveryRouter: one receiver for every sender and router. The context is the event's.
func TestABounceIsABounceInEveryRouter(t *testing.T) {
	t.Parallel()
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range emailtest.Senders() {
				if p.Name() == "sparkpost-relay" { // for messages that come in alone
					continue
				}
				sender, calls := webhooktest.NewSender(p), 0
				guard, err := core.New(core.Config{
					Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: memstore.New(),
					Logger: slog.New(slog.DiscardHandler),
				})
				require.NoError(t, err)
				app, signals := rt.new(), core.NewSignals()
				email.On(signals, func(ctx context.Context, e core.Event, m email.Event) error {
					calls++
					require.NotNil(t, ctx.Done(), "it ends with the claim")
					require.Equal(t, email.Bounced, m.Type)
					require.Equal(t, p.Name(), e.Provider)
					return nil
				}, email.Bounced)
				app.handle("/mail", guard, signals)
				sample, ok := emailtest.Sample(p, email.Bounced)
				require.True(t, ok, p.Name())
				for range 2 { // the second is a duplicate, but for ids that are signed again
					require.Equal(t, http.StatusOK, sender.Send(app, "/mail", sample).Code, p.Name())
				}
				require.NotZero(t, calls, p.Name())
				require.NoError(t, guard.Shutdown(t.Context()))
			}
		})
	}
}
