package sign

import (
	"net/url"
	"slices"
	"strings"
)

// contentfulPath returns path and query as Contentful signs them, escaped as in JavaScript: the query by
// encodeURIComponent, and then all of it by encodeURI.
func contentfulPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" { // as browsers send it
		path = "/"
	}
	if u.RawQuery != "" {
		// These are the differences between url.QueryEscape and encodeURIComponent.
		like := strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
		path += "?" + like.Replace(url.QueryEscape(u.RawQuery))
	}
	// encodeURI only changes the percent signs now: the rest is escaped already, or needs no escape.
	return strings.ReplaceAll(path, "%", "%25")
}

// listedHeaders returns the text of the headers that a list names, each as name:value. The list itself and the
// timestamp are always in it, in addition to the names that the test has set. It writes the complete list to the
// request.
func (s *signer) listedHeaders(list string) string {
	at := s.scheme.Timestamp.Headers[0]
	s.r.Header.Set(at, s.at)
	names := []string{strings.ToLower(list), strings.ToLower(at)}
	for name := range strings.SplitSeq(s.r.Header.Get(list), ",") {
		if name != "" && !slices.Contains(names, name) { // each name once
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
