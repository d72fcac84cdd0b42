package adaptertest_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
			server := httptest.NewServer(mount(g, func() { ran.Add(1) }))
			defer server.Close()
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
				response, err := server.Client().Do(r)
				require.NoError(t, err)
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, http.StatusOK, response.StatusCode, string(body))
				require.Equal(t, "application/json", response.Header.Get("Content-Type"))
				require.NoError(t, sign.CheckAcknowledgement(p, token, body), row.body)
				require.Equal(t, row.ran, ran.Load(), row.body)
			}
		})
	}
}
