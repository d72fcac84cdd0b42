package httpfield

import (
	"net/http"
	"net/url"
	"strings"
)

// RequestTarget returns the path and query as they came over the wire, byte for byte. Signatures may cover them, and
// the parsed URL writes some characters in another form.
//
// If middleware has changed the URL (http.StripPrefix), it returns the changed one. That fails closed: the signature
// covers the original, and the delivery is refused.
func RequestTarget(r *http.Request) string {
	target := r.RequestURI
	if target == "" {
		return r.URL.RequestURI() // the request was not made by a server, but by a test
	}
	if target[0] != '/' { // in absolute form (RFC 9112, section 3.2.2): the path is after the host
		_, rest, _ := strings.Cut(target, "://")
		at := strings.IndexAny(rest, "/?")
		if at < 0 {
			at = len(rest)
		}
		if target = rest[at:]; target == "" || target[0] != '/' {
			target = "/" + target
		}
	}
	path, query, _ := strings.Cut(target, "?")
	// The raw target counts only if it still means what the parsed URL says. An empty path and "/" are the same.
	was, err := url.PathUnescape(path)
	if err != nil || query != r.URL.RawQuery || (was != r.URL.Path && !(was == "/" && r.URL.Path == "")) {
		return r.URL.RequestURI()
	}
	return target
}

// LowerASCII returns s in lower case, without regard to letters outside of ASCII. It is for schemes such as "HTTPS". A
// text of more than eight bytes is returned unchanged, because it matches none of them.
func LowerASCII(s string) string {
	if len(s) > 8 {
		return s
	}
	var b [8]byte // on the stack
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[i] = c
	}
	return string(b[:len(s)])
}
