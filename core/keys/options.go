package keys

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"
)

// Options bound what fetching may cost and how long a key is used. The zero value is safe and suits most receivers.
type Options struct {
	// RoundTripper makes the requests instead of our own transport. The caller is then responsible for the addresses it
	// connects to and for proxies: an http.Transport with a Proxy is the way to use one. It must honour the request's
	// context, follow no redirect and not decompress. Host, path, time and size stay bounded by this package.
	RoundTripper http.RoundTripper
	// Roots are the authorities trusted for the connection and, where the [Pin] names none, for the certificates that
	// are fetched. Default: those of the system.
	Roots *x509.CertPool
	// AllowNetworks are networks that may be dialled although they are not public: the subnet of a private endpoint in
	// your cloud network, or of your own Postal server. Default: none, which fails closed.
	AllowNetworks []netip.Prefix
	// Now is the clock. It must be safe for concurrent use. Default: time.Now.
	Now func() time.Time

	// Timeout bounds a fetch, from the dial to the last byte. Default 5 s, at most 1 minute.
	Timeout time.Duration
	// MaxBytes bounds a response. Default 64 KiB, at most 1 MiB.
	MaxBytes int64
	// MaxAge is how long a key is used before it is fetched again. Default 1 hour, at most 30 days.
	MaxAge time.Duration
	// MaxStale is how long after its fetch a key is used while fetching it again fails. After that it fails closed.
	// Default 24 hours, or MaxAge if that is longer; at least MaxAge, at most 90 days.
	MaxStale time.Duration
	// MinInterval is the least time between two fetches of one URL. Within it a failure is remembered, and a kid that a
	// fresh set does not have is unknown. A sender with an allowance left has the set fetched again for its kid (see
	// FetchesPerMinute). Default 30 s; at least 1 s, at most MaxAge.
	MinInterval time.Duration
	// MaxEntries bounds the keys kept of [Certificates] and [PEM]. Default 16, at most 1024.
	MaxEntries int
	// FetchesPerMinute bounds the fetches that references from unverified requests cause: of URLs without a known key,
	// and within MinInterval. Beyond it, such a URL is [ErrUnavailable] until a minute has passed.
	//
	// Half of them are kept for senders that Config.Sources lists or that sent a genuine delivery within 24 hours. Each
	// sender (an IPv4 address, an IPv6 /64) has 3. The unproved senders of one IPv6 /48 together have an eighth of all,
	// at least 3. Default 60, at most 600.
	FetchesPerMinute int
}

// withDefaults returns the complete options, and every mistake in them. It copies slices and pools: the caller may
// change them later.
func (o Options) withDefaults() (Options, error) {
	var mistakes []error
	mistake := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("sallyport: keys: "+format, args...))
	}
	if o.RoundTripper != nil && len(o.AllowNetworks) > 0 {
		mistake("AllowNetworks does nothing next to a RoundTripper, which checks addresses itself")
	}
	for _, p := range o.AllowNetworks {
		if !p.IsValid() || p != p.Masked() || p.Addr().Is4In6() {
			mistake("AllowNetworks: %v is not a prefix such as 10.1.0.0/16", p)
		}
	}
	o.AllowNetworks = append([]netip.Prefix(nil), o.AllowNetworks...)
	if o.Roots != nil {
		o.Roots = o.Roots.Clone()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Timeout = between(mistake, "Timeout", o.Timeout, 5*time.Second, time.Millisecond, time.Minute)
	o.MaxBytes = between(mistake, "MaxBytes", o.MaxBytes, 64<<10, 1<<10, 1<<20)
	o.MaxAge = between(mistake, "MaxAge", o.MaxAge, time.Hour, time.Second, 30*24*time.Hour)
	o.MaxStale = between(mistake, "MaxStale", o.MaxStale, max(24*time.Hour, o.MaxAge), o.MaxAge, 90*24*time.Hour)
	o.MinInterval = between(mistake, "MinInterval", o.MinInterval, min(30*time.Second, o.MaxAge), time.Second, o.MaxAge)
	o.MaxEntries = between(mistake, "MaxEntries", o.MaxEntries, 16, 1, 1024)
	o.FetchesPerMinute = between(mistake, "FetchesPerMinute", o.FetchesPerMinute, 60, 1, 600)
	return o, errors.Join(mistakes...)
}

// between returns a setting, or its default where it is zero. It reports one outside of its limits as a mistake.
func between[T ~int | ~int64](mistake func(string, ...any), name string, value, byDefault, least, most T) T {
	if value == 0 {
		return byDefault
	}
	if value < least || value > most {
		mistake("%s is %v; it must be between %v and %v", name, value, least, most)
	}
	return value
}
