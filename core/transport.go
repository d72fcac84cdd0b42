package core

import (
	"net/http"
	"net/netip"
)

// failure is a reason found before there is a rejection. The zero failure is none.
type failure struct {
	reason Reason
	detail string
}

func (f failure) failed() bool { return f.reason != "" }

// peerOf is the address of the connection's other end, or an invalid address where it has none that can be read
// (a Unix socket). Never a header, and never a framework's idea of the client.
func peerOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		// An address without a port is not from net/http: something before us wrote it, perhaps from a header.
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// checkTransport accepts TLS on this connection, or the word of a proxy that is trusted. r.URL.Scheme is never
// asked: "POST https://host/ HTTP/1.1" over plain TCP sets it.
func (g *Guard) checkTransport(r *http.Request) failure {
	if r.TLS != nil || g.allowHTTP {
		return failure{}
	}
	if len(g.proxies) == 0 {
		return failure{ReasonPlainHTTP, "plain HTTP and no proxy configured: serve TLS, or set TrustedProxies if a proxy ends it, or DangerouslyAllowHTTP on a development machine"}
	}
	peer := peerOf(r)
	if !peer.IsValid() || !containsAddr(g.proxies, peer) {
		name := "of this connection"
		if peer.IsValid() {
			name = peer.String()
		}
		return failure{ReasonPlainHTTP, "plain HTTP and peer " + name + " not trusted: if it is your proxy add it to TrustedProxies"}
	}
	// Fails closed on anything but one header with one word: a proxy that appends makes a list of it, and which of its
	// members is the client's own is not ours to guess.
	values := r.Header["X-Forwarded-Proto"]
	switch {
	case len(values) == 0:
		return failure{ReasonPlainHTTP, "the proxy sent no X-Forwarded-Proto: make it set that header"}
	case len(values) > 1:
		return failure{ReasonPlainHTTP, "X-Forwarded-Proto came more than once: make the proxy replace it"}
	case len(values[0]) == 5 && lowerASCII(values[0]) == "https":
		return failure{}
	case lowerASCII(values[0]) == "http":
		return failure{ReasonPlainHTTP, "the proxy said http: the sender used plain HTTP, or an outer proxy ends TLS and this one overwrites its word"}
	default:
		return failure{ReasonPlainHTTP, "X-Forwarded-Proto is not the one word https: make the proxy replace it, not append"}
	}
}

func lowerASCII(s string) string {
	if len(s) > 8 {
		return s
	}
	var b [8]byte
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[i] = c
	}
	return string(b[:len(s)])
}
