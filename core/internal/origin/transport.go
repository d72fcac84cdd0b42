package origin

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// peerOf returns the address of the connection's other end. It is invalid where there is none that can be read, as on a
// Unix socket. It is never taken from a header, and never a framework's idea of the client.
func peerOf(r *http.Request) netip.Addr {
	if addr, ok := ipv4Peer(r.RemoteAddr); ok {
		return addr
	}
	// An address without a port is not from net/http: something before us wrote it, perhaps from a header. IPv6 stands
	// in brackets, without which its last part would pass for a port.
	colon := strings.LastIndexByte(r.RemoteAddr, ':')
	if colon < 0 || !validPort(r.RemoteAddr[colon+1:]) {
		return netip.Addr{}
	}
	// Brackets come in pairs, and exactly around IPv6. Everything else was not written by net/http: no
	// peer is known.
	host, opened := strings.CutPrefix(r.RemoteAddr[:colon], "[")
	host, closed := strings.CutSuffix(host, "]")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Is6() != opened || opened != closed {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// ipv4Peer reads what net/http writes for a connection over IPv4, which most are: in one pass, a third of what the
// general parser takes. It reports false for everything else, which peerOf then decides.
func ipv4Peer(text string) (addr netip.Addr, ok bool) {
	var octets [4]byte
	value, digits, n := 0, 0, 0 // of the octet that is being read, which is the one with number n
	for at := range len(text) {
		switch c := text[at]; {
		case c >= '0' && c <= '9':
			if digits == 3 || digits == 1 && value == 0 { // a zero in front is octal to some readers
				return netip.Addr{}, false
			}
			value, digits = 10*value+int(c-'0'), digits+1
		case digits == 0 || value > 255:
			return netip.Addr{}, false
		case c == '.' && n < 3:
			octets[n] = byte(value)
			value, digits, n = 0, 0, n+1
		case c == ':' && n == 3:
			octets[n] = byte(value)
			return netip.AddrFrom4(octets), validPort(text[at+1:])
		default:
			return netip.Addr{}, false
		}
	}
	return netip.Addr{}, false
}

// CheckTransport accepts TLS on this connection, or the word of a trusted proxy that the sender used it. It fails
// closed. The scheme of the request's target is not trusted: "POST https://host/ HTTP/1.1" over plain TCP names one
// too.
func (p *Policy) CheckTransport(r *http.Request, o *Origin) fault.Failure {
	// It fails open by the operator's choice, whose setting is called Dangerously. A captured delivery
	// is then readable on the way.
	if p.AllowHTTP {
		return fault.Failure{}
	}
	absolute := r.RequestURI != "" && r.RequestURI[0] != '/'
	if r.TLS != nil {
		// Behind TLS an http target contradicts the connection. Two readers could disagree about the
		// scheme.
		if absolute && (len(r.RequestURI) < 8 || httpfield.LowerASCII(r.RequestURI[:8]) != "https://") {
			return fault.New(reason.PlainHTTP, "the request's target names another scheme than https")
		}
		// This connection is encrypted, which nobody has to confirm.
		if o.scheme == schemeSilent {
			return fault.Failure{} // no trusted party says anything else
		}
		return checkScheme(o.scheme)
	}
	// Fails closed: without a trusted proxy nobody's word counts, whatever the headers say.
	if len(p.Proxies) == 0 {
		return fault.New(reason.PlainHTTP, unconfigured(r, o.Peer))
	}
	// An attacker who reaches the port behind the proxy could write X-Forwarded-Proto: https.
	if !o.Trusted {
		return fault.New(reason.PlainHTTP, untrusted(r, o))
	}
	if absolute {
		return fault.New(reason.PlainHTTP, "plain HTTP with an absolute URL as the request's target: "+
			"a reverse proxy sends the path alone, and the URL's scheme proves nothing")
	}
	if o.scheme == schemeSilent && nearby(o.Peer) && !forwards(r) {
		return fault.New(reason.PlainHTTP, "plain HTTP from "+o.Peer.String()+silentOrLocal+makeItSpeak+developLocally)
	}
	return checkScheme(o.scheme)
}

// Parts of the details of plain HTTP from nearby, where nothing in the request tells a proxy from a developer.
const (
	silentOrLocal = " with no X-Forwarded-Proto and no other forwarding header. " +
		"Either a proxy stands in front and is silent: "
	makeItSpeak    = "make it send X-Forwarded-Proto: https"
	developLocally = ". Or this is development without a proxy: set DangerouslyAllowHTTP there, and nowhere else"
)

// unconfigured returns the detail where TrustedProxies is empty.
func unconfigured(r *http.Request, peer netip.Addr) string {
	switch {
	case peer.IsValid() && forwards(r):
		return "plain HTTP and no proxy configured, although a forwarding header came from " + peer.String() +
			": set TrustedProxies to the proxy's address if that is your proxy, or serve TLS"
	case nearby(peer):
		return "plain HTTP and no proxy configured: the request came from " + peer.String() + silentOrLocal +
			"set TrustedProxies to its address, and " + makeItSpeak + developLocally
	}
	return "plain HTTP and no proxy configured: serve TLS, or set TrustedProxies if a proxy ends it"
}

// untrusted returns the detail where the peer is not one of TrustedProxies.
func untrusted(r *http.Request, o *Origin) string {
	if !o.Peer.IsValid() {
		return "plain HTTP and peer of this connection not trusted: " + o.Unknown
	}
	peer := "plain HTTP and peer " + o.Peer.String() + " not trusted"
	if nearby(o.Peer) && !forwards(r) {
		return peer + ": the request came" + silentOrLocal +
			"add its address to TrustedProxies, and " + makeItSpeak + developLocally
	}
	return peer + ": if it is your proxy add it to TrustedProxies"
}

// nearby reports whether a peer has an address of this machine or of a private network, as proxies and developers have.
//
// It chooses the words of a refusal, and lets nothing in: an attacker may be on the private network
// too.
func nearby(peer netip.Addr) bool {
	return peer.IsLoopback() || peer.IsPrivate() || peer.IsLinkLocalUnicast()
}

// forwards reports whether a request has any header that reverse proxies add. It decides the words of a refusal only:
// what such a header says counts from a trusted proxy alone.
func forwards(r *http.Request) bool {
	for _, name := range [...]string{
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip", "Via",
	} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// What is wrong with a trusted proxy's word for the scheme.
const (
	saidHTTP = "the proxy said http: the sender used plain HTTP, or an outer proxy ends TLS and this one " +
		"overwrites its word"
	silent    = "the proxy sent no X-Forwarded-Proto and no proto in Forwarded: make it set one of them"
	doubled   = "X-Forwarded-Proto came more than once: make the proxy replace it"
	malformed = "the Forwarded header is malformed (RFC 7239): make the proxy replace it"
	disagree  = "X-Forwarded-Proto and Forwarded disagree: make the proxy set or remove both"
	noWord    = "the proxy's word for the scheme is not the one word https: make it replace X-Forwarded-Proto, " +
		"not append"
)

// checkScheme checks the word of a trusted proxy. It fails closed: every word but https is refused.
func checkScheme(s scheme) fault.Failure {
	switch s {
	case schemeHTTPS:
		return fault.Failure{}
	case schemeHTTP:
		return fault.New(reason.PlainHTTP, saidHTTP)
	case schemeSilent:
		return fault.New(reason.PlainHTTP, silent)
	case schemeDoubled:
		return fault.New(reason.PlainHTTP, doubled)
	case schemeMalformed:
		return fault.New(reason.PlainHTTP, malformed)
	case schemeDisagree:
		return fault.New(reason.PlainHTTP, disagree)
	default:
		return fault.New(reason.PlainHTTP, noWord)
	}
}
