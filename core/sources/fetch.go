package sources

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
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
func (l *List) fetch(ctx context.Context) (*Set, int, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	res, err := fetch.Get(ctx, l.transport, l.doc.url, "application/json", maxDocument)
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		return nil, 0, fmt.Errorf("the document is longer than %d bytes", maxDocument)
	case err != nil:
		return nil, 0, fmt.Errorf("fetching %s: %w", l.doc.url, err)
	case res.Status != http.StatusOK:
		// A redirect could lead to any host, and the list decides who may knock.
		return nil, 0, fmt.Errorf("the answer was %d, where 200 was expected; redirects are not followed", res.Status)
	}
	return read(l.doc, res.Body)
}

// read makes a set of a document. One entry that cannot be read spoils it whole: it may be the format that changed.
func read(d Document, b []byte) (*Set, int, error) {
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
	set, err := NewSet(prefixes...)
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
