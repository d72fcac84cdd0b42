package origin

import (
	"net/netip"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

// maxHops is how many proxies a request may claim to have come through. Genuine chains have two or three. A longer list
// only costs work.
//
// An attacker writes the left end of the list, as long as they like.
const maxHops = 16

// forwardedHop is one element of a Forwarded header: what one proxy says of who connected to it.
//
// Parameters other than for and proto are checked and dropped: by and host decide nothing here.
type forwardedHop struct {
	node  string // of for=, without its quotes; empty where the element has none
	proto string
}

// forwardedChain is a Forwarded header, the hop next to us last.
//
// It stands on the stack: a request with this header allocates nothing for it. Entries from n on are
// not set.
type forwardedChain struct {
	hops [maxHops]forwardedHop
	n    int
}

// parse reads the lines of a Forwarded header by the grammar of RFC 7239, section 4. It fails closed: two parsers that
// repair a malformed header differently would see two senders. It reports false where the header is malformed, repeats
// a parameter, or lists more hops than any chain has.
func (c *forwardedChain) parse(lines []string) bool {
	size := 0
	for _, line := range lines {
		// The limit is in bytes over all lines, and comes before the parser.
		if size += len(line); size > httpfield.MaxHeaderBytes {
			return false
		}
		for rest := line; ; {
			var ok bool
			if rest, ok = c.element(httpfield.TrimOWS(rest)); !ok {
				return false
			}
			if rest = httpfield.TrimOWS(rest); rest == "" {
				break
			}
			if rest[0] != ',' {
				return false
			}
			rest = rest[1:]
		}
	}
	return true
}

// element reads pairs separated by semicolons. RFC 7239 lets a pair be empty; an element without any says nothing, and
// is refused.
func (c *forwardedChain) element(s string) (rest string, ok bool) {
	if c.n == maxHops {
		return "", false
	}
	// A hop is counted before it is parsed. Where the parse fails, the whole chain is dropped, so a
	// half-read hop is never used.
	hop := &c.hops[c.n]
	c.n++
	var seen [4]bool // for, proto, by, host
	pairs := 0
	for {
		if s != "" && s[0] != ';' && s[0] != ',' && s[0] != ' ' && s[0] != '\t' {
			name, value, after, ok := forwardedPair(s)
			if !ok {
				return "", false
			}
			s = after
			pairs++
			// Names are case-insensitive (RFC 7239, section 4). Unknown ones are extensions, which may
			// repeat.
			which := -1
			switch {
			case strings.EqualFold(name, "for"):
				which, hop.node = 0, value
			case strings.EqualFold(name, "proto"):
				which, hop.proto = 1, value
			case strings.EqualFold(name, "by"):
				which = 2
			case strings.EqualFold(name, "host"):
				which = 3
			}
			if which >= 0 {
				if seen[which] {
					return "", false // each parameter once in an element: nobody can know which of two holds
				}
				seen[which] = true
			}
		}
		if s == "" || s[0] != ';' {
			break
		}
		s = s[1:]
	}
	// Fails closed: a node that is not one could be an address to a parser that repairs it.
	if seen[0] && !validNode(hop.node) {
		return "", false
	}
	return s, pairs > 0
}

// forwardedPair reads token "=" ( token / quoted-string ).
//
// It fails closed for white space around the equals sign, for control characters, and for a quotation
// mark that is not closed. Inside a quoted string a comma or semicolon is text: a parser that splits
// first would see other hops.
func forwardedPair(s string) (name, value, rest string, ok bool) {
	n := tokenLen(s)
	if n == 0 || n == len(s) || s[n] != '=' {
		return "", "", "", false
	}
	name, s = s[:n], s[n+1:]
	if s == "" || s[0] != '"' {
		n = tokenLen(s)
		return name, s[:n], s[n:], n > 0
	}
	escaped := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			value = s[1:i]
			if escaped {
				value = unescapeQuoted(value)
			}
			return name, value, s[i+1:], true
		case c == '\\':
			escaped = true
			if i++; i == len(s) || (s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f {
				return "", "", "", false
			}
		case (c < 0x20 && c != '\t') || c == 0x7f:
			return "", "", "", false
		}
	}
	return "", "", "", false // the quote is not closed
}

// unescapeQuoted removes the backslashes of a quoted string (RFC 9110, section 5.6.4). The caller must
// have checked that none is last.
func unescapeQuoted(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// tokenLen returns the length of the token (RFC 9110, section 5.6.2) that s begins with.
func tokenLen(s string) int {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') &&
			strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return i
		}
	}
	return len(s)
}

// validNode accepts an address, "unknown", or an obfuscated identifier (RFC 7239, section 6).
//
// An obfuscated name is valid and names nobody: whoever needs an address refuses it later.
func validNode(s string) bool {
	if _, ok := forwardedAddr(s); ok {
		return true
	}
	name, port, hasPort := strings.Cut(s, ":")
	return (strings.EqualFold(name, "unknown") || obfuscated(name)) && (!hasPort || validPort(port) || obfuscated(port))
}

// obfuscated reports whether a text is an underscore and at least one more character (RFC 7239, section
// 6.3).
func obfuscated(s string) bool {
	if len(s) < 2 || s[0] != '_' {
		return false
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// validPort reports whether a text is 1 to 5 digits, as the grammar has it. It does not check the
// range, because no port decides anything here.
func validPort(s string) bool {
	if s == "" || len(s) > 5 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// forwardedAddr reads a node of RFC 7239 that is an address: IPv4, or IPv6 in brackets, with or without a port.
//
// It fails closed for a zone: the zone of another machine means nothing here. IPv6 without brackets is
// refused, because its last group looks like a port.
func forwardedAddr(s string) (netip.Addr, bool) {
	if strings.HasPrefix(s, "[") {
		inner, after, ok := strings.Cut(s[1:], "]")
		if !ok || (after != "" && (after[0] != ':' || !(validPort(after[1:]) || obfuscated(after[1:])))) {
			return netip.Addr{}, false
		}
		addr, err := netip.ParseAddr(inner)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return netip.Addr{}, false
		}
		return addr.Unmap(), true
	}
	host, port, hasPort := strings.Cut(s, ":")
	if hasPort && !validPort(port) && !obfuscated(port) {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(host)
	return addr, err == nil && addr.Is4()
}

// hopAddr reads a member of X-Forwarded-For: an address, which some proxies write with a port. The header has no
// standard: anything that is not one address is refused. IPv4 written in IPv6 is unmapped, and zones are dropped.
//
// A name or "unknown" is refused too: behind it the chain cannot be followed.
func hopAddr(s string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		addr, err := netip.ParseAddr(inner[:len(inner)-1])
		return addr.Unmap().WithZone(""), err == nil && addr.Is6()
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
