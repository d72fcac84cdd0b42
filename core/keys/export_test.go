package keys

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

// Dialer is the dialer of the default transport.
func Dialer(allowed ...netip.Prefix) *net.Dialer { return fetch.Dialer(5*time.Second, allowed) }

// DefaultTransport is what fetches where no RoundTripper is given.
func DefaultTransport(o Options) *http.Transport {
	o, err := o.withDefaults()
	if err != nil {
		panic(err)
	}
	return newFetcher(o).transport.(*http.Transport)
}

// IsRegion is the grammar of regions.
func IsRegion(text string) bool { return isRegion(text) }

// AmazonIntermediates returns what SNS pins embed.
func AmazonIntermediates() string { return amazonIntermediates }
