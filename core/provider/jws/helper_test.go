package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	hook = "https://example.com/hooks"
	now  = 1_790_000_000
)

func b64(data string) string { return base64.RawURLEncoding.EncodeToString([]byte(data)) }

// rsaKeys are made once: they are expensive.
var rsaKeys = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys
})

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

// signature signs by the formula of RFC 7518: with a secret as HS256, else as the header's algorithm asks.
func signature(t testing.TB, key any, long bool, input string) string {
	t.Helper()
	short := sha256.Sum256([]byte(input))
	sum, kind := short[:], crypto.SHA256
	if long {
		all := sha512.Sum512([]byte(input))
		sum, kind = all[:], crypto.SHA512
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		out, err := rsa.SignPKCS1v15(nil, k, kind, sum)
		require.NoError(t, err)
		return b64(string(out))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum)
		require.NoError(t, err)
		size := (k.Curve.Params().BitSize + 7) / 8
		return b64(string(r.FillBytes(make([]byte, size))) + string(s.FillBytes(make([]byte, size))))
	case string:
		h := hmac.New(sha256.New, []byte(k))
		_, _ = h.Write([]byte(input))
		return b64(string(h.Sum(nil)))
	}
	return ""
}

// compact makes a JWS with its payload.
func compact(t testing.TB, key any, header, payload string) string {
	t.Helper()
	input := b64(header) + "." + b64(payload)
	// Not "512" alone: one certificate in a hundred has it in its base64.
	long := regexp.MustCompile(`"alg":"[A-Z]+512"`).MatchString(header)
	return input + "." + signature(t, key, long, input)
}

func publicPEM(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// guardOf makes a guard with keys, or with a source, at a time.
func guardOf(t testing.TB, p core.Provider, keys []string, source core.KeySource, at int64) *core.Guard {
	t.Helper()
	c := core.Config{
		Endpoint: "jws", Provider: p, Keys: source, Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(at, 0) },
	}
	if keys != nil {
		c.Secrets = secrets.Static(keys...)
	}
	g, err := core.New(c)
	require.NoError(t, err)
	return g
}

func post(header, value, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, hook, strings.NewReader(body))
	if header != "" {
		r.Header.Set(header, value)
	}
	return r
}

func receive(g *core.Guard, r *http.Request) (*core.Delivery, reason.Reason) {
	d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	if reply != nil && reply.Rejection != nil {
		return nil, reply.Rejection.Reason
	}
	return d, ""
}

func reasonOf(g *core.Guard, r *http.Request) reason.Reason {
	_, why := receive(g, r)
	return why
}
