package head

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// StripTokens takes the query parameters and path segments that were credentials out of the request's URL and out of
// forms that were parsed from it: a handler that logs its URL, or sends it to a third party, must not give the token
// away.
func StripTokens(r *http.Request, params, segments []string) {
	r.Form, r.PostForm = nil, nil // parsed before us from a query that held the token
	whole, err := url.ParseRequestURI(URI(r))
	r.URL = stripped(r.URL, params, segments)
	if err != nil {
		whole = r.URL
	}
	r.RequestURI = stripped(whole, params, segments).RequestURI()
}

// WithoutParameters returns the URI of a request without some parameters. What is not a URI stays as it is.
func WithoutParameters(uri string, params []string) string {
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return uri
	}
	return stripped(u, params, nil).RequestURI()
}

// stripped returns the URL without the query parameters and path segments that were credentials, accepted or not.
// Routers give a parameter of the path decoded or as it came; either leaves the path. In doubt it removes too much: a
// text equal to the token goes wherever the path holds it. The caller's URL is not changed.
func stripped(u *url.URL, params, segments []string) *url.URL {
	out := *u
	if len(params) > 0 {
		kept := make([]string, 0, 4)
		for pair := range strings.SplitSeq(out.RawQuery, "&") {
			if !namesAny(pair, params) {
				kept = append(kept, pair)
			}
		}
		out.RawQuery = strings.Join(kept, "&")
	}
	for _, s := range segments {
		if s == "" {
			continue
		}
		out.Path, out.RawPath = strings.ReplaceAll(out.Path, s, redactedSegment), ""
		if was, err := url.PathUnescape(s); err == nil && was != s {
			out.Path = strings.ReplaceAll(out.Path, was, redactedSegment)
		}
	}
	return &out
}

// namesAny reports whether a pair of a query names one of the parameters. Some readers also cut a query at a semicolon:
// in "a=1;token=x" they would still find the token. The whole pair goes then.
func namesAny(pair string, params []string) bool {
	for part := range strings.SplitSeq(pair, ";") {
		key, _, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(key); err == nil && slices.Contains(params, name) {
			return true
		}
	}
	return false
}

// redactedSegment stands in the path where the token was, because routers count segments.
const redactedSegment = "redacted"

// URI returns the URI that the server got, where the app has done no more than strip a prefix of its path: the
// rebuilt request has to find its route. What the app has taken out of a URL stays out.
func URI(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI)
	if err == nil && u.RawQuery == r.URL.RawQuery && strings.HasSuffix(u.Path, r.URL.Path) {
		return u.RequestURI()
	}
	return r.URL.RequestURI()
}
