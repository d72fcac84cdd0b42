package httpfield

import (
	"net/http"
	"net/url"
	"strings"
)

// RequestTarget is the path and query as they came over the wire, byte for byte: the parsed URL spells some characters
// anew. Where something before the guard has changed the URL, it is the changed one.
func RequestTarget(r *http.Request) string {
	target := r.RequestURI
	if target == "" {
		return r.URL.RequestURI() // not made by a server
	}
	if target[0] != '/' { // absolute: behind the host
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
	was, err := url.PathUnescape(path)
	if err != nil || query != r.URL.RawQuery || (was != r.URL.Path && !(was == "/" && r.URL.Path == "")) {
		return r.URL.RequestURI()
	}
	return target
}

func LowerASCII(s string) string {
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
