package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
)

// urlParts is a URL as the parts that sign one cut it.
//
// Nothing is decoded or normalised: the signature covers the URL as it is written.
type urlParts struct{ scheme, host, port, rest string }

// partsOf cuts with signature.SplitURL, so that a finding is about the same parts as the check.
func partsOf(url string) urlParts {
	scheme, host, port, rest := signature.SplitURL(url)
	return urlParts{scheme, host, port, rest}
}

// String puts the parts together again.
func (p urlParts) String() string {
	if p.port != "" {
		return p.scheme + p.host + ":" + p.port + p.rest
	}
	return p.scheme + p.host + p.rest
}

// differs names the parts in which the URL differs from the one that was used.
//
// A trailing slash is named apart from the path, because it is the most frequent mistake and the
// hardest to see.
func (p urlParts) differs(used urlParts) (parts []string) {
	add := func(differs bool, name string) {
		if differs {
			parts = append(parts, name)
		}
	}
	add(p.scheme != used.scheme, "scheme")
	add(p.host != used.host, "host")
	add(p.port != used.port, "port")
	path, query, _ := strings.Cut(p.rest, "?")
	usedPath, usedQuery, _ := strings.Cut(used.rest, "?")
	add(path != usedPath && strings.TrimSuffix(path, "/") == strings.TrimSuffix(usedPath, "/"), "trailing slash")
	add(strings.TrimSuffix(path, "/") != strings.TrimSuffix(usedPath, "/"), "path")
	add(query != usedQuery, "query")
	return parts
}

// signedURL returns the URL that the guard used. The credential of the request counts whether or not it was accepted.
//
// It may hold a password or a token. Only ShownURL may get into a finding.
func (x *Examiner) signedURL() string {
	return x.Verifier.SignedURL(x.Request, x.Tenant, x.Plain, true)
}

// maxURLs is how many other URLs are tried.
//
// Each trial hashes the body once for each key and reading. The sender chooses the body, so the number
// has to be bounded.
const maxURLs = 64

// urls tries URLs that the sender may have signed, those first that differ in one part.
//
// The combinations grow with four factors, of which two come from the request. hosts and rests bound
// them, and maxURLs the trials.
func (x *Examiner) urls(keys *signature.Keys, url string) (reason.Finding, bool) {
	if !x.Verifier.SignsURL {
		return reason.Finding{}, false
	}
	used := partsOf(url)
	var all []urlParts
	for _, scheme := range []string{"https://", "http://"} {
		for _, at := range x.hosts(used) {
			for _, port := range distinct(at.port, "", "443", "80") {
				for _, rest := range x.rests(used) {
					all = append(all, urlParts{scheme, at.host, port, rest})
				}
			}
		}
	}
	slices.SortStableFunc(all,
		func(a, b urlParts) int { return cmp.Compare(len(a.differs(used)), len(b.differs(used))) })
	for n, other := range all {
		parts := other.differs(used)
		if len(parts) == 0 {
			continue
		}
		if n > maxURLs || x.Left <= 0 {
			break
		}
		label, ok := x.matches(keys, other.String(), x.Body)
		if !ok {
			continue
		}
		return reason.Finding{
			Code: reason.URL,
			Text: "another URL is signed, which differs in its " + strings.Join(parts, " and ") + ": " +
				x.Verifier.ShownURL(other.String()),
			Fix:    "set PublicURL to the URL that is registered at the provider, to the letter",
			Secret: label,
		}, true
	}
	return reason.Finding{}, false
}

// hosts returns the hosts that the request and the config name.
//
// The headers may be forged. They only offer candidates: a finding needs a signature that matches,
// which a forger cannot make.
func (x *Examiner) hosts(used urlParts) []urlParts {
	names := []string{x.Request.Host, x.Request.Header.Get("X-Forwarded-Host"), x.Request.Header.Get("X-Original-Host")}
	all := []urlParts{{host: used.host, port: used.port}}
	for _, name := range names {
		// A name with one of these characters is not a host (RFC 3986, section 3.2.2). 255 bytes are
		// more than DNS allows.
		if name == "" || len(name) > 255 || strings.ContainsAny(name, "/?#@, ") {
			continue
		}
		p := partsOf("https://" + name)
		if !slices.ContainsFunc(all, func(have urlParts) bool { return have.host == p.host && have.port == p.port }) {
			all = append(all, urlParts{host: p.host, port: p.port})
		}
	}
	return all
}

// rests returns the paths with their queries: as used, with or without the trailing slash, and as the request has them.
func (x *Examiner) rests(used urlParts) []string {
	turn := func(rest string) string {
		path, query, has := strings.Cut(rest, "?")
		if cut, ok := strings.CutSuffix(path, "/"); ok {
			path = cut
		} else {
			path += "/"
		}
		if has {
			path += "?" + query
		}
		return path
	}
	own := httpfield.RequestTarget(x.Request)
	bare, _, _ := strings.Cut(used.rest, "?")
	return distinct(used.rest, turn(used.rest), own, turn(own), bare)
}

// distinct keeps the first of equal texts, in their order. A repeated candidate would cost a trial.
func distinct(all ...string) (out []string) {
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
