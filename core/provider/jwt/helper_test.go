package jwt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	secret      = "a-secret-of-this-test-and-nothing-else"
	otherSecret = "another-secret-of-this-test-and-no-more"
	hook        = "https://example.com/hooks"
	now         = 1772366400
	account     = "push@project.iam.gserviceaccount.com"
	clientKey   = "a-client-key"
)

func b64(data string) string { return base64.RawURLEncoding.EncodeToString([]byte(data)) }

func hash256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// hs makes a token by hand, by the formula of RFC 7515, with the header and the claims as they are given.
func hs(newHash func() hash.Hash, key, header, claims string) string {
	input := b64(header) + "." + b64(claims)
	h := hmac.New(newHash, []byte(key))
	_, _ = h.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func hs256(key, header, claims string) string { return hs(sha256.New, key, header, claims) }
func hs512(key, header, claims string) string { return hs(sha512.New, key, header, claims) }

const plainHeader = `{"alg":"HS256","typ":"JWT"}`

// rs256 and es256 do the same with private keys.
func rs256(t testing.TB, key *rsa.PrivateKey, header, claims string) string {
	t.Helper()
	input := b64(header) + "." + b64(claims)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, 5, sum[:]) // crypto.SHA256
	require.NoError(t, err)
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func es256(t testing.TB, key *ecdsa.PrivateKey, header, claims string) string {
	t.Helper()
	input := b64(header) + "." + b64(claims)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	require.NoError(t, err)
	return input + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)),
		s.FillBytes(make([]byte, 32))...))
}

var rsaOnce = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys
})

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func publicPEM(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func guardOf(t testing.TB, p core.Provider, secrets []string, source core.KeySource) *core.Guard {
	t.Helper()
	return guardAt(t, p, secrets, source, time.Unix(now, 0), "")
}

func guardAt(
	t testing.TB, p core.Provider, accepted []string, source core.KeySource, at time.Time, url string,
) *core.Guard {
	t.Helper()
	c := core.Config{
		Endpoint: "jwt", Provider: p, Keys: source, Replay: core.DangerouslyNoReplay,
		Logger:    slog.New(slog.DiscardHandler),
		PublicURL: url, Now: func() time.Time { return at },
		// httptest's requests for https URLs carry their TLS state.
	}
	if accepted != nil {
		c.Secrets = secrets.Static(accepted...)
	}
	g, err := core.New(c)
	require.NoError(t, err)
	return g
}

func post(header, value, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, hook, strings.NewReader(body))
	r.Header.Set(header, value)
	return r
}

func reasonOf(g *core.Guard, r *http.Request) reason.Reason {
	_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	if reply == nil || reply.Rejection == nil {
		return ""
	}
	return reply.Rejection.Reason
}

// vector is one recorded delivery.
type vector struct {
	ID, Method, URL, Secret, Alg, Expect, Note string

	PublicKey string `json:"public_key"`
	Headers   map[string]string
	Body      []byte `json:"body_b64"`
	Now       int64
	Config    struct{ Audience, Email string }
}

// vectorsOf reads a file of recorded deliveries, which holds that many.
func vectorsOf(t testing.TB, file string, count int) (all []vector) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	require.Len(t, all, count)
	return all
}

func google() jwt.GoogleConfig {
	return jwt.GoogleConfig{Audience: hook, ServiceAccounts: []string{account}}
}

func all() []core.Provider {
	return []core.Provider{
		jwt.GoogleEventarc(google()), jwt.GooglePubSub(google()),
		jwt.JiraConnect(jwt.JiraConnectConfig{ClientKeys: []string{clientKey}}),
		jwt.LiveKit(), jwt.MessageBird(), jwt.Monday(hook), jwt.Netlify(), jwt.Plaid(), jwt.Vonage(),
	}
}

func vonageClaims(body string, changes ...string) string {
	claims := fmt.Sprintf(`{"iss":"Vonage","iat":%d,"jti":"j","payload_hash":%q,"api_key":"k"}`, now, hash256(body))
	for i := 0; i < len(changes); i += 2 {
		claims = strings.Replace(claims, changes[i], changes[i+1], 1)
	}
	return claims
}

func readCloser(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }
