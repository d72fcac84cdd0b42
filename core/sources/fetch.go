package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
)

// Bounds of a fetch. The largest document, of AWS, has some 2 MB and 10,000 prefixes.
const (
	fetchTimeout = 10 * time.Second
	maxDocument  = 16 << 20
	maxPrefixes  = 100_000
	// No provider of webhooks has a network wider than these.
	widestV4 = 8
	widestV6 = 16
)

// fetch gets the document from the host it is pinned to, and nowhere else.
func (l *List) fetch(ctx context.Context) (*core.SourceSet, int, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.doc.url, nil)
	if err != nil || req.URL.Scheme != "https" {
		return nil, 0, fmt.Errorf("%s is not an https URL", l.doc.url)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "sallyport")
	client := http.Client{
		Transport: l.transport,
		// A redirect could lead to any host, and the list decides who may knock.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("the answer was %d, where 200 was expected; redirects are not followed", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxDocument+1))
	if err != nil {
		return nil, 0, err
	}
	if len(b) > maxDocument {
		return nil, 0, fmt.Errorf("the document is longer than %d bytes", maxDocument)
	}
	return read(l.doc, b)
}

// read makes a set of a document. One entry that cannot be read spoils it whole: it may be the format that changed.
func read(d Document, b []byte) (*core.SourceSet, int, error) {
	texts, err := d.read(b)
	if err != nil {
		return nil, 0, fmt.Errorf("the document does not read as it is documented: %w", err)
	}
	if len(texts) == 0 {
		return nil, 0, errors.New("the document names no addresses: its format changed, or nothing fits what was asked for")
	}
	if len(texts) > maxPrefixes {
		return nil, 0, fmt.Errorf("the document names more than %d networks", maxPrefixes)
	}
	prefixes := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		p, ok := parsePrefix(text)
		if !ok {
			return nil, 0, fmt.Errorf("%.60q in the document is neither an address nor a prefix", text)
		}
		if widest := widestOf(p); p.Bits() < widest {
			return nil, 0, fmt.Errorf("the network %s in the document is wider than /%d: no provider has that many addresses", p, widest)
		}
		prefixes[i] = p
	}
	set, err := core.NewSourceSet(prefixes...)
	return set, len(prefixes), err
}

func parsePrefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" || addr.Is4In6() {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil && !p.Addr().Is4In6()
}

func widestOf(p netip.Prefix) int {
	if p.Addr().Is4() {
		return widestV4
	}
	return widestV6
}
