package inbound_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/emailtest"
	"github.com/sallyport-go/sallyport/core/email/inbound"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestOneURLCanBeForBothKinds: with SharedURL each receiver leaves the other's deliveries alone; without it a delivery
// at the wrong endpoint is reported although another receiver took it.
func TestOneURLCanBeForBothKinds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		shared bool
		want   reason.Reason
	}{
		{"one URL on purpose", true, reason.Accepted}, {"one URL by mistake", false, reason.Permanent},
	} {
		for _, p := range []core.Provider{provider.Postmark(), provider.SendGrid(), provider.AhaSend(),
			provider.SparkPost()} {
			var reasons []reason.Reason
			var events, messages int
			sender, signals := webhooktest.NewSender(p), core.NewSignals()
			signals.On("*", email.ReceiverWith(email.Options{SharedURL: row.shared},
				func(context.Context, core.Event, email.Event) error {
					events++
					return nil
				}))
			inbound.On(signals, func(context.Context, core.Event, *inbound.Message) error {
				messages++
				return nil
			}, inbound.Config{SharedURL: row.shared})
			guard, err := core.New(core.Config{
				Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: memstore.New(),
				Logger: slog.New(slog.DiscardHandler),
				Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
					reasons = append(reasons, r.Reason)
				})},
			})
			require.NoError(t, err)
			mux := http.NewServeMux()
			httpwebhook.Handle(mux, "/mail", guard, signals)
			for _, kind := range []email.Type{email.Bounced, email.Inbound} {
				sample, ok := emailtest.Sample(p, kind)
				require.True(t, ok)
				require.Equal(t, http.StatusOK, sender.Send(mux, "/mail", sample).Code)
				require.NoError(t, guard.Flush(t.Context()))
			}
			require.Equal(t, []int{1, 1}, []int{events, messages}, "%s at %s", row.name, p.Name())
			require.Equal(t, []reason.Reason{row.want, row.want}, reasons, "%s at %s", row.name, p.Name())
			require.NoError(t, guard.Shutdown(t.Context()))
		}
	}
}
