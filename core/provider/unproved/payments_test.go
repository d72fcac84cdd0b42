package unproved_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const secret = "an-accepted-secret-of-32-bytes!!"

var now = time.Unix(1772366400, 0) //lint:immutable never written

func receive(t *testing.T, p core.Provider, r *http.Request) *core.Delivery {
	t.Helper()
	g, err := core.New(core.Config{
		Provider: p, Secrets: secrets.Static(secret), Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	return d
}

func mac(text string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

func TestPaymentsAsTheyAreDescribed(t *testing.T) {
	t.Parallel()
	const body = `{"id":"1","type":"charge.completed","created_at":"2026-03-01T12:00:00Z"}`
	rows := []struct {
		name, header, value, want string
	}{
		{"flutterwave", "flutterwave-signature", base64.StdEncoding.EncodeToString(mac(body)), "charge.completed"},
	}
	for _, row := range rows {
		p, ok := unproved.ByName(row.name)
		require.True(t, ok)
		post := func(body, value string) *core.Delivery {
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
			r.Header.Set(row.header, value)
			return receive(t, p, r)
		}
		d := post(body, row.value)
		require.NotNil(t, d, row.name)
		require.Equal(t, row.want, d.Events()[0].Type)
		for i := range len(body) {
			for bit := range 8 {
				changed := []byte(body)
				changed[i] ^= 1 << bit
				require.Nil(t, post(string(changed), row.value), "%s: bit %d of byte %d", row.name, bit, i)
			}
		}
		require.Nil(t, post(body, ""), row.name)
		require.Nil(t, post(body, secret), row.name)
	}
}

func TestEveryUnprovedEntryIsWhole(t *testing.T) {
	t.Parallel()
	last := ""
	for _, p := range unproved.All() {
		require.Less(t, last, p.Name(), "sorted by name")
		last = p.Name()
		_, proved := provider.ByName(p.Name())
		require.False(t, proved, p.Name())
		e, err := entry.Of(p)
		require.NoError(t, err)
		require.Equal(t, "C", e.Confidence, p.Name())
		require.True(t, strings.HasPrefix(e.Docs, "https://"), p.Name())
		require.NotEmpty(t, e.Title)
		require.NotNil(t, receive(t, p, webhooktest.NewRequest(p, secret, "/hooks", `{}`, now)), p.Name())
		require.Nil(t, receive(t, p,
			webhooktest.NewRequest(p, "another-secret-of-many-bytes!!!!", "/hooks", `{}`, now)), p.Name())
	}
	_, ok := unproved.ByName("nobody")
	require.False(t, ok)
}
