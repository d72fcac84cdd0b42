// Package fetch makes the requests that the library makes by itself: for keys, for confirmations of subscriptions, and
// for lists of addresses. Each is one GET without redirects, cookies, credentials and compression. It is bounded in
// time and size.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Options configure [Transport]. The zero value of each field except Timeout is safe.
type Options struct {
	Timeout time.Duration    // of each step; the request's context bounds the whole; 0 means no limit
	Roots   *x509.CertPool   // default: the system's
	Allowed []netip.Prefix   // networks that may be dialled although they are not public
	Now     func() time.Time // the clock for the dates of certificates; default: time.Now
}

// Transport returns a transport that connects only to public addresses, without a proxy. It requires TLS 1.2.
func Transport(o Options) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // with a proxy the check would be of the proxy's address, and not of the host's
		DialContext:            Dialer(o.Timeout, o.Allowed).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots, Time: o.Now},
		TLSHandshakeTimeout:    o.Timeout,
		ResponseHeaderTimeout:  o.Timeout,
		MaxResponseHeaderBytes: 16 << 10,
		DisableCompression:     true,
		DisableKeepAlives:      true, // fetches are rare, and an idle connection would keep two goroutines
	}
}

// proxied sends a request through the proxy that the environment names for its host, or directly as Transport does.
type proxied struct{ o Options }

// TransportThroughProxy returns a transport that uses the proxies of the environment (HTTPS_PROXY, NO_PROXY). A proxy
// resolves the name itself, so it must refuse private addresses itself. For a host without a proxy the address is
// checked as in Transport.
func TransportThroughProxy(o Options) http.RoundTripper { return &proxied{o} }

// RoundTrip sends one request, with a new transport each time: fetches are rare. A proxy that cannot be parsed fails
// closed.
func (p *proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	transport := Transport(p.o)
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, fmt.Errorf("the proxy in the environment: %w", err)
	}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
		transport.DialContext = (&net.Dialer{Timeout: p.o.Timeout}).DialContext
	}
	return transport.RoundTrip(r)
}

// Errors of [Get]. Callers find ErrTooLarge with errors.Is.
var (
	errNotHTTPS = errors.New("it is not an https URL")
	ErrTooLarge = errors.New("the response is larger than what is allowed")
)

// Response is the answer of a host.
type Response struct {
	Status int
	Body   []byte              // only of a 200
	Peers  []*x509.Certificate // the certificates of the connection, the leaf first; not trusted by themselves
}

// Get fetches an https URL, within the context's deadline. The caller must have checked the URL. It uses the transport
// directly: an http.Client would follow redirects, keep cookies and send a Referer. Of an answer other than 200 only
// the status is read.
func Get(ctx context.Context, transport http.RoundTripper, address, accept string, maxBytes int64) (*Response, error) {
	if !strings.HasPrefix(address, "https://") {
		return nil, errNotHTTPS
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "sallyport")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp == nil || resp.Body == nil {
		return nil, errors.New("the RoundTripper returned no response")
	}
	defer func() { _ = resp.Body.Close() }()
	out := &Response{Status: resp.StatusCode}
	if resp.TLS != nil {
		out.Peers = resp.TLS.PeerCertificates
	}
	if resp.StatusCode != http.StatusOK {
		return out, nil
	}
	if e := resp.Header.Values("Content-Encoding"); resp.Uncompressed || len(e) > 1 || len(e) == 1 &&
		e[0] != "identity" {
		// Fails closed: a small compressed body may have any size.
		return nil, errors.New("the response is compressed, although the request did not allow it")
	}
	if resp.ContentLength > maxBytes {
		return nil, ErrTooLarge
	}
	if out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBytes+1)); err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	if int64(len(out.Body)) > maxBytes { // one byte more was allowed, to notice this
		return nil, ErrTooLarge
	}
	return out, nil
}

// WithoutURL returns the error of a request without its URL, which http.Client and some RoundTrippers add. The URL may
// hold a token, and the error goes to logs.
func WithoutURL(err error) error {
	if with, ok := errors.AsType[*url.Error](err); ok {
		return with.Err
	}
	return err
}
