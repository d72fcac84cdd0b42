package jws

import (
	"encoding/base64"
	"hash"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// form says what is signed in the payload's place.
type form uint8

const (
	attached form = iota // the JWS's own payload
	encoded              // the body, in base64url (RFC 7515, appendix F)
	plain                // the body as it is (RFC 7797)
	request              // TrueLayer: method, path, the listed headers and the body, in base64url
)

// sum hashes what the signature is over: the encoded header, a dot and the payload. slash is for a request whose path
// is signed with, or without, the slash at its end.
func (m *mechanism) sum(s *signed, req *entry.CustomRequest, body []byte, slash bool) ([]byte, error) {
	h := newHash(m.algorithm)
	_, _ = h.Write(s.first)
	_, _ = h.Write([]byte{'.'})
	switch m.detached {
	case encoded:
		encodeTo(h, body)
	case plain:
		_, _ = h.Write(body)
	case request:
		lines, err := s.header.requestLines(req, slash)
		if err != nil {
			return nil, err
		}
		encodeTo(h, []byte(lines), body)
	default:
		_, _ = h.Write(s.second)
	}
	return h.Sum(nil), nil
}

// encodeTo writes bytes to a hash in base64url without padding, and makes no copy of a body.
func encodeTo(h hash.Hash, parts ...[]byte) {
	w := base64.NewEncoder(base64.RawURLEncoding, h)
	for _, part := range parts {
		_, _ = w.Write(part)
	}
	_ = w.Close() // a hash takes everything
}

// maxListed bounds the headers that a signature may cover.
const maxListed = 32

// timestampHeader must be among the headers that TrueLayer signs.
const timestampHeader = "X-Tl-Webhook-Timestamp"

// requestLines are what TrueLayer signs before the body: the request line and the headers that tl_headers lists, each
// on a line. No line can hold another one: neither a path nor a header has a line feed. It fails closed where a listed
// header is absent or comes twice, and where the timestamp is not listed.
//
// https://github.com/TrueLayer/truelayer-signing/blob/main/request-signing-v2.md
func (h *joseHeader) requestLines(req *entry.CustomRequest, slash bool) (string, error) {
	version, _ := strictjson.String(h.version)
	list, ok := strictjson.String(h.listed)
	if !ok || string(version) != "2" {
		return "", fault.New(reason.MalformedSignature,
			"the signature's header must have tl_headers and the tl_version 2, which covers the whole request")
	}
	path := pathOf(req.URL)
	if slash {
		path = otherSlash(path)
	}
	var b strings.Builder
	b.WriteString(strings.ToUpper(req.Method) + " " + path + "\n")
	names := strings.Split(string(list), ",")
	seen := map[string]bool{}
	for _, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		values := req.Header[canonical]
		if len(names) > maxListed || name == "" || seen[canonical] {
			return "", fault.New(reason.MalformedSignature, "the list of signed headers (tl_headers) is malformed")
		}
		seen[canonical] = true
		switch {
		case len(values) > 1:
			return "", fault.New(reason.RepeatedHeader, "a header that is signed came more than once")
		case len(values) == 0 || strings.ContainsAny(values[0], "\r\n"):
			return "", fault.New(reason.BadSignature, "a header that is signed is absent: a proxy may strip it")
		}
		b.WriteString(name + ": " + values[0] + "\n")
	}
	if !seen[timestampHeader] {
		return "", fault.New(reason.MissingTimestamp, "the signature does not cover "+timestampHeader)
	}
	return b.String(), nil
}

// pathOf returns path and query of a URL, as they are written.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	default:
		return rest[i:]
	}
}

// otherSlash returns the path with a slash at its end, or without the one that it has: TrueLayer's own libraries try
// both.
func otherSlash(path string) string {
	if without, ok := strings.CutSuffix(path, "/"); ok {
		return without
	}
	return path + "/"
}
