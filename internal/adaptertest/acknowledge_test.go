package adaptertest_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/sign"
)

// TestAnEncryptedAcknowledgementComesThroughEveryRouter: to an event, to its retry and to the request that tries the
// URL.
func TestAnEncryptedAcknowledgementComesThroughEveryRouter(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-this-test"
	p := provider.DingTalk(provider.DingTalkConfig{
		OwnerKeys: []string{"ding1"}, EncodingAESKeys: secrets.Static("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
	})
	for name, mount := range everyMount() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := core.New(core.Config{
				Endpoint: "ack", Provider: p, Secrets: secrets.Static(token), Replay: memstore.New(),
				Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
			})
			require.NoError(t, err)
			var ran atomic.Int32
			server := serve(t, mount(g, func() { ran.Add(1) }))
			for _, row := range []struct {
				body string
				ran  int32
			}{
				{`{"EventType":"check_url"}`, 0}, {`{"EventType":"a","eventId":"1"}`, 1}, {`{"EventType":"a","eventId":"1"}`, 1},
			} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hooks",
					bytes.NewReader([]byte(row.body)))
				require.NoError(t, err)
				r.Header.Set("Content-Type", "application/json")
				require.NoError(t, webhooktest.Sign(r, p, token, time.Now()))
				got := server.send(t, r)
				require.Equal(t, http.StatusOK, got.status, got.body)
				require.Equal(t, "application/json", got.header.Get("Content-Type"))
				require.NoError(t, sign.CheckAcknowledgement(p, token, []byte(got.body)), row.body)
				require.Equal(t, row.ran, ran.Load(), row.body)
			}
		})
	}
}
