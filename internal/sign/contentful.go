package sign

import (
	"net/url"
	"slices"
	"strings"
)

// contentfulPath escapes as JavaScript does: the query by encodeURIComponent, and then all of it by encodeURI.
func contentfulPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		// What url.QueryEscape does otherwise.
		like := strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
		path += "?" + like.Replace(url.QueryEscape(u.RawQuery))
	}
	// Of what is there now encodeURI changes the percent signs only.
	return strings.ReplaceAll(path, "%", "%25")
}

// listedHeaders lists itself and the timestamp beside what the request lists already, and joins them.
func (s *signer) listedHeaders(list string) string {
	at := s.scheme.Timestamp.Headers[0]
	s.r.Header.Set(at, s.at)
	names := []string{strings.ToLower(list), strings.ToLower(at)}
	for name := range strings.SplitSeq(s.r.Header.Get(list), ",") {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	s.r.Header.Set(list, strings.Join(names, ","))
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = name + ":" + s.r.Header.Get(name)
	}
	return strings.Join(pairs, ";")
}
