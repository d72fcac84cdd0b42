package jwt

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// queryHash is Atlassian's hash of the request: method, path and query in a canonical form.
//
// https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/#creating-a-query-string-hash
type queryHash struct{ basePath string }

func (q *queryHash) check(qsh []byte, req *entry.CustomRequest) error {
	canonical, inside := q.canonical(req.Method, req.URL)
	ok, err := hashes("qsh", qsh, []byte(canonical), false) // "context-qsh", which is for frames of a page, is no hash
	if err != nil {
		return err
	}
	if !ok || !inside {
		return fault.New(reason.BadSignature, "the token is for another request (qsh): compare PublicURL with the "+
			"webhook's URL, and the base path with that of the app's baseUrl")
	}
	return nil
}

// canonical is "METHOD&path&query". ok is false where the URL is malformed or outside of the app's base.
func (q *queryHash) canonical(method, target string) (text string, ok bool) {
	u, err := url.Parse(target)
	if err != nil {
		return "", false
	}
	path, inside := strings.CutPrefix(u.EscapedPath(), q.basePath)
	if !inside || path != "" && path[0] != '/' {
		return "", false
	}
	path = cmp.Or(strings.TrimSuffix(path, "/"), "/")
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", false
	}
	delete(query, "jwt")
	byName := make(map[string]string, len(query))
	for name, values := range query {
		encoded := make([]string, len(values))
		for i, v := range values {
			encoded[i] = httpfield.PercentEncode(v, unreserved)
		}
		slices.Sort(encoded)
		byName[httpfield.PercentEncode(name, unreserved)] = strings.Join(encoded, ",")
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		pairs = append(pairs, name+"="+byName[name])
	}
	return strings.ToUpper(method) + "&" + strings.ReplaceAll(path, "&", "%26") + "&" + strings.Join(pairs, "&"), true
}

// unreserved are the unreserved characters of RFC 3986 in addition to letters and digits.
const unreserved = "-._~"
