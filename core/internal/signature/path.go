package signature

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

// pathOf returns the path with its query: of the configured URL, or as it came.
//
// With a configured URL the request's own path counts for nothing: a proxy may rewrite it, and an
// attacker chooses it.
func pathOf(r *http.Request, publicURL string) string {
	if publicURL == "" {
		return httpfield.RequestTarget(r)
	}
	_, _, _, rest := SplitURL(publicURL)
	if !strings.HasPrefix(rest, "/") {
		return "/" + rest
	}
	return rest
}

const upperHex = "0123456789ABCDEF"

// escape percent-encodes every byte but letters, digits and those of keep.
//
// Digits are written in capitals, as JavaScript's functions do (RFC 3986, section 2.1).
func escape(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}

// escapedPath returns a path and its query as JavaScript's encodeURI writes them, after encodeURIComponent has escaped
// the query. It fails closed: a query with a question mark inside is left as it is, which matches no signature. The
// senders that sign so leave unsigned what stands behind it.
func escapedPath(target string) string {
	const unreserved = "-_.!~*'()"
	path, query, _ := strings.Cut(target, "?")
	if strings.Contains(query, "?") {
		return target
	}
	if query != "" {
		path += "?" + escape(query, unreserved)
	}
	return escape(path, unreserved+";,/?:@&=+$#")
}

// canonicalQuery sorts the parameters by name and encodes them again. It fails closed: a query that cannot be read is
// left as it is, which no sender signs.
func canonicalQuery(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "?" + raw
	}
	return values.Encode()
}
