package keys

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

// fetcher makes bounded requests. It does not check URLs: the pin has done so before.
type fetcher struct {
	transport http.RoundTripper
	maxBytes  int64
}

// newFetcher returns a fetcher for complete options. The default transport refuses addresses that are not public.
func newFetcher(o Options) *fetcher {
	transport := o.RoundTripper
	if transport == nil {
		transport = fetch.Transport(fetch.Options{Timeout: o.Timeout, Roots: o.Roots, Allowed: o.AllowNetworks,
			Now: o.Now})
	}
	return &fetcher{transport: transport, maxBytes: o.MaxBytes}
}

// get fetches a URL that the pin allows. Errors are sorted by who is at fault: a name that the host does not know is
// the sender's (final), everything else the host's or ours (answered 503).
func (f *fetcher) get(ctx context.Context, address, accept string) (*fetch.Response, error) {
	got, err := fetch.Get(ctx, f.transport, address, accept, f.maxBytes)
	at, _, _ := strings.Cut(address, "?") // the query of a confirmation holds its token
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		return nil, fault(ErrUnavailable, "%s: the response is of more than %d bytes (MaxBytes)", quote(at), f.maxBytes)
	case err != nil:
		return nil, fault(ErrUnavailable, "fetching %s: %w", quote(at), fetch.WithoutURL(err))
	}
	switch code := got.Status; {
	case code == http.StatusForbidden || code == http.StatusNotFound || code == http.StatusGone:
		// Object storage answers 403 for an object that does not exist.
		return nil, fault(ErrUnknownKey, "%s: the host answers %d", quote(at), code)
	case code >= 300 && code < 400:
		return nil, fault(ErrUnavailable, "%s: the host answers with a redirect (%d), which is never followed",
			quote(at), code)
	case code != http.StatusOK:
		return nil, fault(ErrUnavailable, "%s: the host answers %d", quote(at), code)
	}
	return got, nil
}

// asUnavailable turns any error of a fixed URL into ErrUnavailable. The sender did not choose that URL, so the delivery
// must not be refused for good.
func asUnavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("sallyport: %w: %v", ErrUnavailable, err) // %v: errors.Is must not find the other kind
}
