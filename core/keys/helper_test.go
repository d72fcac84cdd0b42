package keys_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/keys"
)

// host is a RoundTripper that counts and answers.
type host struct {
	mu     sync.Mutex
	urls   []string
	answer func(r *http.Request) (*http.Response, error)
}

func (h *host) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.urls = append(h.urls, r.URL.String())
	answer := h.answer
	h.mu.Unlock()
	return answer(r)
}

func (h *host) set(answer func(r *http.Request) (*http.Response, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
}

func (h *host) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.urls)
}

func serving(body string) *host {
	return &host{answer: always(http.StatusOK, body)}
}

func always(code int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: code, ContentLength: -1, Header: http.Header{}, Request: r,
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func down(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// ecJWK writes a key; extra is more members, each with a leading comma.
func ecJWK(t testing.TB, kid string, key *ecdsa.PublicKey, extra string) string {
	t.Helper()
	point, err := key.Bytes()
	require.NoError(t, err)
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":%q,"x":%q,"y":%q%s}`, kid, b64(point[1:33]), b64(point[33:]),
		extra)
}

func jwks(all ...string) string { return `{"keys":[` + strings.Join(all, ",") + `]}` }

// authority issues certificates.
type authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	now  time.Time
}

func newAuthority(t testing.TB, now time.Time) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), now: now}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(10000 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	require.NoError(t, err)
	a.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue makes a certificate for key; change edits the template.
func (a *authority) issue(key crypto.PublicKey, change func(*x509.Certificate)) *x509.Certificate {
	a.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "sns.amazonaws.com"},
		DNSNames:  []string{"sns.amazonaws.com"},
		NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.Add(1000 * time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert
}

func certPEM(certs ...*x509.Certificate) string {
	var b bytes.Buffer
	for _, c := range certs {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.String()
}

func publicPEM(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

const jwksURL = "https://keys.example.com/.well-known/jwks.json"

func newJWKS(t testing.TB, o keys.Options) *keys.Remote {
	t.Helper()
	r, err := keys.JWKS(jwksURL, []string{"ES256", "RS256", "EdDSA"}, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func snsPin(t testing.TB, regions ...string) keys.Pin {
	t.Helper()
	pin, err := keys.SNS(regions...)
	require.NoError(t, err)
	return pin
}

func snsURL(i int) string {
	return fmt.Sprintf("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%032x.pem", i)
}

func ask(t testing.TB, s keys.Source, ref string) (crypto.PublicKey, error) {
	t.Helper()
	return s.Key(context.Background(), ref)
}

// askFor asks for SNS' certificate i on behalf of a sender of its own that has proved itself before.
func askFor(s keys.Source, i int) (crypto.PublicKey, error) {
	return s.Key(by(i, true), snsURL(i))
}

// by is the context of a request that sender i sent.
func by(i int, proved bool) context.Context {
	addr := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
	return sender.With(context.Background(), sender.Sender{Source: addr, Proved: proved})
}

func requireKeyFor(t testing.TB, s keys.Source, i int, want crypto.PublicKey) {
	t.Helper()
	got, err := askFor(s, i)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// requireKey asks and compares.
func requireKey(t testing.TB, s keys.Source, ref string, want crypto.PublicKey) {
	t.Helper()
	got, err := ask(t, s, ref)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
