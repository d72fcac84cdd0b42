package keys_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

// tlsHost is a real server that bears the name of the pinned host, and a transport that finds it on loopback.
func tlsHost(t *testing.T, name string, handler http.Handler) (*httptest.Server, *http.Transport, *authority) {
	t.Helper()
	ca := newAuthority(t, time.Now())
	key := newKey(t)
	cert := ca.issue(&key.PublicKey, func(c *x509.Certificate) { c.DNSNames = []string{name} })
	server := httptest.NewUnstartedServer(handler)
	// defaults
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := keys.DefaultTransport(keys.Options{Roots: ca.pool()})
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	return server, transport, ca
}

func TestOverRealTLS(t *testing.T) {
	t.Parallel()
	key := &newKey(t).PublicKey
	var seen atomic.Pointer[http.Request]
	server, transport, _ := tlsHost(t, "keys.example.com",
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen.Store(r.Clone(context.Background()))
			_, _ = w.Write([]byte(jwks(ecJWK(t, "k", key, ""))))
		}))
	requireKey(t, newJWKS(t, keys.Options{RoundTripper: transport}), "k", key)
	r := seen.Load()
	require.Equal(t, "GET keys.example.com /.well-known/jwks.json", r.Method+" "+r.Host+" "+r.RequestURI)
	require.Equal(t, http.Header{
		"Accept": {"application/jwk-set+json, application/json"}, "Accept-Encoding": {"identity"},
		"User-Agent": {"sallyport"}, "Connection": {"close"},
	}, r.Header)

	server.Close()
	_, err := ask(t, newJWKS(t, keys.Options{RoundTripper: transport}), "k")
	require.ErrorIs(t, err, keys.ErrUnavailable)
}

func TestAHostWithAnotherCertificateIsNotTrusted(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	serve := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	_, other, _ := tlsHost(t, "evil.example.com", serve)
	_, err := ask(t, newJWKS(t, keys.Options{RoundTripper: other}), "k")
	require.ErrorIs(t, err, keys.ErrUnavailable)
	_, unknown, _ := tlsHost(t, "keys.example.com", serve)
	unknown.TLSClientConfig.RootCAs = newAuthority(t, time.Now()).pool()
	_, err = ask(t, newJWKS(t, keys.Options{RoundTripper: unknown}), "k")
	require.ErrorIs(t, err, keys.ErrUnavailable)
	require.Zero(t, requests.Load())
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, code := range []int{300, 301, 302, 303, 307, 308} {
		for _, location := range []string{"/other", jwksURL, "http://169.254.169.254/latest/meta-data/",
			"https://evil.example/"} {
			var requests atomic.Int32
			_, transport, _ := tlsHost(t, "keys.example.com",
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					requests.Add(1)
					w.Header().Set("Location", location)
					w.WriteHeader(code)
				}))
			_, err := ask(t, newJWKS(t, keys.Options{RoundTripper: transport}), "k")
			require.ErrorIs(t, err, keys.ErrUnavailable)
			require.ErrorContains(t, err, "redirect")
			require.EqualValues(t, 1, requests.Load())
		}
	}
}

func TestACompressedFloodIsNotUnpacked(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := z.Write(bytes.Repeat([]byte(" "), 64<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for _, compressing := range []bool{true, false} {
		_, transport, _ := tlsHost(t, "keys.example.com",
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(bomb.Bytes())
			}))
		transport.DisableCompression = !compressing
		_, err = ask(t, newJWKS(t, keys.Options{RoundTripper: transport}), "k")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.ErrorContains(t, err, "compressed")
	}
}

func TestHugeHeadersAndBodiesAreCutOff(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]http.HandlerFunc{
		"headers": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) },
		"a body": func(w http.ResponseWriter, _ *http.Request) {
			for range 1 << 10 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"a body cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"keys":[]}`))
		},
	} {
		_, transport, _ := tlsHost(t, "keys.example.com", serve)
		_, err := ask(t, newJWKS(t, keys.Options{RoundTripper: transport}), "k")
		require.ErrorIs(t, err, keys.ErrUnavailable, name)
	}
}
