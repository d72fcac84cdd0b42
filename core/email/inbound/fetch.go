package inbound

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

// fetched is an answer of a sender's API.
type fetched struct {
	contentType string
	body        []byte
}

// fetch gets a document over https from one of the hosts. The credential goes to the first host alone. It fails
// closed: no other host, no redirect, no unbounded answer.
func (c *Config) fetch(ctx context.Context, address string, hosts []string, header http.Header) (fetched, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !slices.Contains(hosts, u.Hostname()) {
		return fetched{}, fmt.Errorf("inbound: the content is not at a host of the sender: %.60q", safeHost(u))
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fetched{}, err
	}
	if u.Hostname() == hosts[0] {
		r.Header = header.Clone()
	}
	answer, err := c.client().Do(r)
	if err != nil {
		return fetched{}, fmt.Errorf("inbound: fetching content from %s: %w", u.Hostname(), fetch.WithoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fetched{},
			fmt.Errorf("inbound: %s answered %d; check APIKey, and whether the sender still keeps the content",
				u.Hostname(), answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.maxBytes()+1))
	if err != nil {
		return fetched{}, fmt.Errorf("inbound: reading content from %s: %w", u.Hostname(), err)
	}
	if int64(len(body)) > c.maxBytes() {
		return fetched{}, fmt.Errorf("inbound: the content at %s is larger than MaxBytes", u.Hostname())
	}
	return fetched{answer.Header.Get("Content-Type"), body}, nil
}

// client returns a client that follows no redirects. Its own one connects to public addresses only, but for a proxy
// that the environment names.
func (c *Config) client() *http.Client {
	client := http.Client{Transport: fetch.TransportThroughProxy(fetch.Options{Timeout: fetchTimeout})}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

func safeHost(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Hostname()
}

func (c *Config) needKey(sender string) error {
	if c.APIKey == "" {
		return fmt.Errorf("inbound: %s keeps a part of the message, and Config.APIKey, which fetches it, is not set",
			sender)
	}
	return nil
}
