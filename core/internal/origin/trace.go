// Package origin finds out where a request came from and over which scheme, and checks both. It trusts the connection
// and the configured proxies, and nothing that the sender wrote.
package origin

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/sources"
)

// Policy is what an endpoint requires of the way that a request takes.
//
// It is immutable after the start. The zero Policy trusts no proxy and refuses plain HTTP.
type Policy struct {
	Proxies   []netip.Prefix // whose forwarding headers count; empty: nobody's
	AllowHTTP bool           // plain HTTP is let in
	Sources   sources.Source // nil: from anywhere
}

// Origin is where a request came from, according to trusted parties.
//
// It belongs to one request. Rates and source lists go by Source, so an attacker must not be able to
// choose it.
type Origin struct {
	Peer    netip.Addr // the connection's other end; invalid where it cannot be known
	Trusted bool       // the peer is one of Policy.Proxies
	Source  netip.Addr // who sent it; invalid where that cannot be known
	Unknown string     // why Source is invalid
	scheme  scheme     // that the sender used, according to the trusted peer
}

// scheme is what a trusted proxy says of how the sender connected.
type scheme uint8

const (
	// The zero value says nothing, which is refused on plain HTTP: fails closed.
	schemeSilent scheme = iota // the proxy says nothing
	schemeHTTPS
	schemeHTTP
	schemeDoubled   // two headers
	schemeNoWord    // not the one word http or https
	schemeMalformed // a Forwarded header that is not one
	schemeDisagree  // X-Forwarded-Proto and Forwarded say different things
)

// Why a source is unknown.
const (
	noAddress = "the connection has no address, as on a Unix socket"
	noPort    = "RemoteAddr holds no port, so something before the guard wrote it from a header " +
		"(RealIP, ProxyHeaders): mount the guard before that"
)

// Trace follows a request back to its sender. It trusts the connection, and headers only where the connection comes
// from a trusted proxy. Of all headers it reads X-Forwarded-For, X-Forwarded-Proto and Forwarded only, and it never
// uses a framework's idea of the client.
func (p *Policy) Trace(r *http.Request) (o Origin) {
	o.Peer = peerOf(r)
	if !o.Peer.IsValid() {
		o.Unknown = noAddress
		// Such a middleware usually takes the leftmost address, which the sender writes. It fails
		// closed: no source is known.
		if _, err := netip.ParseAddr(r.RemoteAddr); err == nil {
			// net/http always writes the port. A middleware that leaves it out took the address from a header.
			o.Unknown = noPort
		}
		return o
	}
	o.Source = o.Peer
	// Everything below reads headers. Before this line nothing may: anybody can write them.
	if o.Trusted = containsAddr(p.Proxies, o.Peer); !o.Trusted {
		return o
	}
	o.scheme = schemeOf(r.Header["X-Forwarded-Proto"])
	lines := r.Header["X-Forwarded-For"]
	forwarded := r.Header["Forwarded"]
	if len(lines) > 0 {
		o.Source, o.Unknown = p.rightmost(lines)
	}
	if len(forwarded) > 0 {
		p.readForwarded(&o, forwarded, len(lines) > 0)
	}
	return o
}

// rightmost walks X-Forwarded-For from our end to the first hop that is not one of the proxies. Unverified senders may
// have written what stands left of that hop, so it is not read. If every hop is a proxy, the request began at the
// leftmost.
//
// It fails closed for a hop that is not an address, and for too many hops. An attacker who writes a
// proxy's address at the left gains nothing: the walk ends at their own address, which the outermost
// proxy added.
func (p *Policy) rightmost(lines []string) (source netip.Addr, unknown string) {
	size, hops := 0, 0
	for _, line := range lines {
		size += len(line)
		hops += 1 + strings.Count(line, ",")
	}
	if size > httpfield.MaxHeaderBytes || hops > maxHops {
		return netip.Addr{}, "X-Forwarded-For lists more hops than any chain of proxies has"
	}
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; ; {
			cut := strings.LastIndexByte(rest, ',')
			addr, ok := hopAddr(httpfield.TrimOWS(rest[cut+1:]))
			if !ok {
				return netip.Addr{}, "a hop in X-Forwarded-For is not an address: make the proxy that adds it write one"
			}
			source = addr
			if !containsAddr(p.Proxies, addr) {
				return source, ""
			}
			if cut < 0 {
				break
			}
			rest = rest[:cut]
		}
	}
	return source, ""
}

// readForwarded adds what a Forwarded header says. Where X-Forwarded headers came as well, both must say the same: a
// proxy usually sets one family and passes the other on as the sender wrote it. It fails closed.
//
// Without the comparison an attacker would send the family that the proxy passes on, and be whoever
// they like. An attacker who makes the two disagree only gets their own request refused.
func (p *Policy) readForwarded(o *Origin, lines []string, both bool) {
	var chain forwardedChain
	if !chain.parse(lines) {
		o.scheme, o.Source, o.Unknown = schemeMalformed, netip.Addr{}, "the Forwarded header is malformed (RFC 7239)"
		return
	}
	at, addr, known := chain.n-1, netip.Addr{}, false
	// It ends at the first hop, at one without an address, or at one that is not a proxy of ours.
	for ; ; at-- {
		addr, known = forwardedAddr(chain.hops[at].node)
		if at == 0 || !known || !containsAddr(p.Proxies, addr) {
			break
		}
	}
	// The element that names the sender has its scheme too: those right of it are about the way between proxies.
	said := schemeSilent
	if proto := chain.hops[at].proto; proto != "" {
		said = schemeWord(proto)
	}
	switch {
	case said == schemeSilent:
	case o.scheme == schemeSilent:
		o.scheme = said
	case o.scheme != said:
		o.scheme = schemeDisagree
	}
	named := false
	for i := range chain.n {
		named = named || chain.hops[i].node != ""
	}
	switch {
	case !named: // it says nothing of addresses
	case !known:
		o.Source, o.Unknown = netip.Addr{}, "the Forwarded header does not tell the sender's address"
	case !both:
		o.Source, o.Unknown = addr, ""
	case o.Source != addr:
		o.Source, o.Unknown = netip.Addr{}, "X-Forwarded-For and Forwarded disagree: make the proxy set or remove both"
	}
}

// schemeOf reads X-Forwarded-Proto. It fails closed on anything but one header with one word: a proxy that appends
// makes a list of it, and which member is the sender's own cannot be known.
func schemeOf(values []string) scheme {
	switch {
	case len(values) == 0:
		return schemeSilent
	case len(values) > 1:
		return schemeDoubled
	}
	return schemeWord(values[0])
}

// schemeWord reads a scheme, in any case. Every other word is schemeNoWord, and refused: fails closed.
func schemeWord(s string) scheme {
	switch httpfield.LowerASCII(s) {
	case "https":
		return schemeHTTPS
	case "http":
		return schemeHTTP
	}
	return schemeNoWord
}

// containsAddr reports whether a prefix holds an address. An address with a zone is in none, so zones
// must be dropped before.
func containsAddr(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
