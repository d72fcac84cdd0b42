package keys

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// fetcher makes one bounded request.
type fetcher struct {
	transport http.RoundTripper
	maxBytes  int64
}

func newFetcher(o Options) *fetcher {
	transport := o.RoundTripper
	if transport == nil {
		transport = &http.Transport{
			Proxy:                  nil, // a proxy from the environment would see the address check, not we
			DialContext:            dialer(o.Timeout, o.AllowNetworks).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots, Time: o.Now},
			TLSHandshakeTimeout:    o.Timeout,
			ResponseHeaderTimeout:  o.Timeout,
			MaxResponseHeaderBytes: 16 << 10,
			DisableCompression:     true,
			DisableKeepAlives:      true, // fetches are rare, and a kept connection keeps goroutines
		}
	}
	return &fetcher{transport: transport, maxBytes: o.MaxBytes}
}

type document struct {
	body  []byte
	peers []*x509.Certificate // what the host presented; not trusted by itself
}

// get fetches a URL that was allowed. It talks to the transport and not to an http.Client, which would follow redirects,
// keep cookies and send a Referer.
func (f *fetcher) get(ctx context.Context, url, accept string) (*document, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fault(ErrUnavailable, "%w", err)
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "sallyport")
	resp, err := f.transport.RoundTrip(r)
	if err != nil {
		return nil, fault(ErrUnavailable, "fetching %s: %w", quote(url), err)
	}
	if resp == nil || resp.Body == nil {
		return nil, fault(ErrUnavailable, "fetching %s: the RoundTripper gave no response", quote(url))
	}
	defer func() { _ = resp.Body.Close() }()
	if err := f.judge(resp, url); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, f.maxBytes+1))
	if err != nil {
		return nil, fault(ErrUnavailable, "reading %s: %w", quote(url), err)
	}
	if int64(len(body)) > f.maxBytes {
		return nil, f.tooLarge(url)
	}
	d := &document{body: body}
	if resp.TLS != nil {
		d.peers = resp.TLS.PeerCertificates
	}
	return d, nil
}

func (f *fetcher) judge(resp *http.Response, url string) error {
	switch code := resp.StatusCode; {
	case code == http.StatusForbidden || code == http.StatusNotFound || code == http.StatusGone:
		// 403 is how object storage says that there is no such object.
		return fault(ErrUnknownKey, "%s: the host answers %d", quote(url), code)
	case code >= 300 && code < 400:
		return fault(ErrUnavailable, "%s: the host answers with a redirect (%d), which is never followed", quote(url), code)
	case code != http.StatusOK:
		return fault(ErrUnavailable, "%s: the host answers %d", quote(url), code)
	}
	if e := resp.Header.Values("Content-Encoding"); resp.Uncompressed || len(e) > 1 || len(e) == 1 && e[0] != "identity" {
		return fault(ErrUnavailable, "%s: the response is compressed, which was not asked for", quote(url))
	}
	if resp.ContentLength > f.maxBytes {
		return f.tooLarge(url)
	}
	return nil
}

func (f *fetcher) tooLarge(url string) error {
	return fault(ErrUnavailable, "%s: the response is of more than %d bytes (MaxBytes)", quote(url), f.maxBytes)
}

// asUnavailable is for a fixed URL: whatever is wrong there is no fault of the delivery that asked.
func asUnavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("sallyport: %w: %v", ErrUnavailable, err) //nolint:errorlint // the other kind must not be found in it
}
