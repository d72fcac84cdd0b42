package provider_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestWhatIsReadLaterIsTheSameForEverySender: an event that is read once the app asks, after it has changed its
// request, is the one that is read before. Config.Identity may look at every field, so that nothing waits for it: it
// leaves each event the identity of the sender.
func TestWhatIsReadLaterIsTheSameForEverySender(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, s := range everySender(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			headers := map[string]string{"X-Unsigned": "1"}
			genuine := s.request(t, s.body(), 1, now, headers)
			of := func(store replay.Store, identity func(core.Event) string) []core.Event {
				g, err := core.New(core.Config{
					Endpoint: "golden", Provider: s.provider, Secrets: secrets.Static(s.secret(1)), Replay: store,
					Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true, Identity: identity, StoreFailure: core.RefuseDelivery,
					Now: func() time.Time { return now }, PublicURL: publicOf(s.provider),
				})
				require.NoError(t, err)
				r, _ := copied(t, genuine)
				d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
				require.NotNil(t, d)
				clear(d.Request().Header)
				clear(r.Header)
				r.URL.RawQuery, d.Request().URL.RawQuery = "", ""
				defer d.Finish(adapter.Outcome{})
				return d.Events()
			}
			want := of(memstore.New(), func(core.Event) string { return "" })
			require.Equal(t, want, of(memstore.New(), nil), "with a store")
			require.Equal(t, want, of(core.DangerouslyNoReplay, nil), "without a store")
		})
	}
}
