package interop_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	signed "github.com/sallyport-go/sallyport/core/provider/jws"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestJWX: what the library signs the guard accepts, and what is signed here the library verifies, for signatures in
// bodies and for those in headers. Neither accepts another payload.
func TestJWX(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC)
	for _, row := range []struct {
		provider core.Provider
		header   string // empty: the body is the signature
		alg      jwa.SignatureAlgorithm
		members  map[string]any
		payload  string
	}{
		{signed.Kinde(), "", jwa.RS256(), map[string]any{"kid": "k", "typ": "JWT"},
			`{"event_id":"e","type":"a","timestamp":"2026-09-21T14:13:20Z"}`},
		{signed.Wix(), "", jwa.RS256(), map[string]any{"typ": "JWT"}, `{"data":"{\"eventType\":\"a\"}"}`},
		{signed.Fireblocks("w"), "Fireblocks-Webhook-Signature", jwa.RS512(), map[string]any{"kid": "k"},
			`{"id":"f","eventType":"a","workspaceId":"w"}`},
		{signed.ConstantContact(signed.ConstantContactConfig{APIKeys: []string{"mine"}}), "X-Ctct-Webhook-Sig", jwa.RS256(),
			map[string]any{"ts": at.Unix(), "b64": false, "crit": []string{"b64"}}, `{"event_type":"a","api_key":"mine"}`},
	} {
		t.Run(row.provider.Name(), func(t *testing.T) {
			t.Parallel()
			public, private := webhooktest.KeyPair(row.provider)
			g, err := core.New(core.Config{
				Endpoint: "jwx", Provider: row.provider, Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay,
				Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return at },
			})
			require.NoError(t, err)
			accepts := func(r *http.Request) bool {
				d, _ := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
				return d != nil
			}
			ours, err := jwk.ParseKey([]byte(private), jwk.WithPEM(true))
			require.NoError(t, err)
			theirs, err := jwk.ParseKey([]byte(public), jwk.WithPEM(true))
			require.NoError(t, err)

			// Signed by the library.
			h := jws.NewHeaders()
			for name, value := range row.members {
				require.NoError(t, h.Set(name, value))
			}
			key := jws.WithKey(row.alg, ours, jws.WithProtectedHeaders(h))
			request := func(text, body string) *http.Request {
				if row.header == "" {
					return httptest.NewRequest(http.MethodPost, hooksURL, strings.NewReader(text))
				}
				r := httptest.NewRequest(http.MethodPost, hooksURL, strings.NewReader(body))
				r.Header.Set(row.header, text)
				return r
			}
			var text []byte
			if row.header == "" {
				text, err = jws.Sign([]byte(row.payload), key)
			} else {
				text, err = jws.Sign(nil, key, jws.WithDetachedPayload([]byte(row.payload)))
			}
			require.NoError(t, err)
			require.True(t, accepts(request(string(text), row.payload)))
			if row.header != "" {
				require.False(t, accepts(request(string(text), row.payload+" ")))
			}

			// Signed here.
			r := webhooktest.NewRequest(row.provider, private, hooksURL, row.payload, at)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			verify := func(payload []byte) error {
				if row.header == "" {
					_, err := jws.Verify(payload, jws.WithKey(row.alg, theirs))
					return err
				}
				_, err := jws.Verify([]byte(r.Header.Get(row.header)), jws.WithKey(row.alg, theirs),
					jws.WithDetachedPayload(payload))
				return err
			}
			require.NoError(t, verify(body))
			changed := bytes.Clone(body)
			changed[len(changed)/2] ^= 1
			require.Error(t, verify(changed))
		})
	}
}
