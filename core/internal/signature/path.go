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

// escapedPath returns a path and its query as JavaScript's encodeURI writes them, after encodeURIComponent has escaped
// the query. It fails closed: a query with a question mark inside is left as it is, which matches no signature. The
// senders that sign so leave unsigned what stands behind it. So is a target that is longer than any: it would grow to
// five times its length before anything is proved, once for each key.
func escapedPath(target string) string {
	const (
		unreserved = "-_.!~*'()"
		longest    = 16 << 10
	)
	if len(target) > longest {
		return target
	}
	path, query, _ := strings.Cut(target, "?")
	if strings.Contains(query, "?") {
		return target
	}
	if query != "" {
		path += "?" + httpfield.PercentEncode(query, unreserved)
	}
	return httpfield.PercentEncode(path, unreserved+";,/?:@&=+$#")
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
