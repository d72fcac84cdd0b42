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
	maxDocument  = 16 << 20 // bytes
	maxPrefixes  = 100_000
	// No provider of webhooks has a network wider than these, in bits of the prefix. A wider one in a document is a
	// mistake or an attack: 0.0.0.0/0 would let in everybody.
	widestV4 = 8
	widestV6 = 16
)

// fetch downloads the document from its fixed URL, and returns its set and the number of networks in it.
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
		// Fails closed: a redirect could lead to any host, and the list decides who is let in.
		return nil, 0, fmt.Errorf("the answer was %d, where 200 was expected; redirects are not followed", res.Status)
	}
	return read(l.doc, res.Body)
}

// read makes a set of a document. It fails closed: one entry that cannot be read invalidates the whole document,
// because the format may have changed.
func read(d Document, b []byte) (*Set, int, error) {
	texts, err := d.read(b)
	if err != nil {
		return nil, 0, fmt.Errorf("the document does not have the documented format: %w", err)
	}
	if len(texts) == 0 {
		return nil, 0, errors.New("the document names no addresses: its format changed, or nothing in it matches the " +
			"service, region or product that is configured")
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
			return nil, 0, fmt.Errorf("the network %s in the document is wider than /%d: no provider has that many "+
				"addresses", p, widest)
		}
		prefixes[i] = p
	}
	set, err := NewSet(prefixes...)
	return set, len(prefixes), err
}

// parsePrefix reads an address or a prefix. An IPv4 address mapped into IPv6 is refused: it has a second form, and a
// prefix of it may mean more than IPv4. Bits behind the prefix are cleared, because some documents set them.
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
