package core

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// tenantPlace stands in Config.PublicURL for the key of the tenant.
const tenantPlace = "{tenant}"

// signedURL returns the URL that the provider signed: the configured one, or the one that the request names. The
// transport was checked before. It is empty where the scheme signs no URL.
//
// The request's query does not join a configured URL: bytes of the body could hide there. The exceptions are in
// joinQuery.
func (g *Guard) signedURL(r *http.Request, i *inspection) string {
	v := g.verifier
	if !v.signsRoute && (!v.signsPath || g.publicURL == "") {
		return ""
	}
	text := g.publicURL
	switch {
	case text == "":
		scheme := "https://"
		if (g.origin.AllowHTTP || i.plain) && r.TLS == nil {
			scheme = "http://"
		}
		text = scheme + r.Host + httpfield.RequestTarget(r)
	default:
		if !g.pinsURL {
			text = strings.ReplaceAll(text, tenantPlace, g.rawTenant(r, i.presented.tenant))
		}
		if r.URL.RawQuery != "" {
			text = g.joinQuery(text, r.URL.RawQuery)
		}
	}
	if i.basic && v.scheme.URLUser {
		text = withUser(text, r)
	}
	return text
}

// checkHost refuses a request whose Host could hold a part of the signed path: servers of HTTP/2 let any text through,
// and those of HTTP/1 an escape, which some senders sign decoded. Otherwise whoever captured a delivery could move the
// path's beginning into the host under the same signature, and reach another route, whose endpoint does not know the
// event. It fails closed.
func (g *Guard) checkHost(r *http.Request) fault.Failure {
	if !g.verifier.signsRoute || g.publicURL != "" || isHost(r.Host) {
		return fault.Failure{}
	}
	return fault.New(reason.BadSignature, notAHost)
}

const notAHost = "the URL is signed, and the request's Host holds what no host has, such as a slash or an escape: " +
	"a proxy may write it, or somebody moves the path into it"

// isHost reports whether a text is a host with or without a port, and nothing of a URL before or after that.
func isHost(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c <= ' ', c == 0x7f, strings.IndexByte("/?#%@\\", c) >= 0:
			return false
		}
	}
	return true
}

// rawTenant returns the tenant's key as the request's path has it, percent-encoded or not: that is how it stands in
// the URL that is registered. It decides nothing: what the sender chose is proved by the signature over it.
func (g *Guard) rawTenant(r *http.Request, key string) string {
	if g.tenant.path != "" {
		path, _, _ := strings.Cut(httpfield.RequestTarget(r), "?")
		for segment := range strings.SplitSeq(path, "/") {
			if was, err := url.PathUnescape(segment); err == nil && was == key {
				return segment
			}
		}
	}
	return url.PathEscape(key)
}

// withUser puts the accepted Basic credential into a URL without a user: senders move it from the URL to the header,
// and sign the URL as it is registered.
func withUser(text string, r *http.Request) string {
	scheme, host, _, _ := splitURL(text)
	name, password, ok := r.BasicAuth()
	if !ok || strings.Contains(host, "@") {
		return text
	}
	return scheme + url.UserPassword(name, password).String() + "@" + text[len(scheme):]
}

// shownURL returns a URL as records and findings show it: without its query and its user, and without its path where a
// credential stands there. A token is hidden whether or not it was accepted.
func (v *verifier) shownURL(text string) string {
	scheme, host, port, path := splitURL(text)
	if port != "" {
		port = ":" + port
	}
	path, _, _ = strings.Cut(path, "?")
	if v.hidesPath {
		path = "/... (its path holds a token)"
	}
	return httpfield.Clean(scheme + host[strings.LastIndexByte(host, '@')+1:] + port + path)
}

const (
	needsPublicURL = "%s signs the URL and what follows it with nothing between them, so that bytes could move from " +
		"one to the other; set it to the URL that is registered at the provider"
	notAPublicURL = "it must be the absolute https URL that is registered at the provider, without a fragment"
)

// configurePublicURL checks the configured URL, and demands one where nothing else keeps what is signed apart.
func (g *Guard) configurePublicURL(c *Config, m *fault.Mistakes) {
	v := g.verifier
	if v != nil && (v.signsRoute || v.signsPath) {
		v.urlSource = URLRebuilt
		if c.PublicURL != "" {
			v.urlSource = URLConfigured
		}
	}
	if v != nil {
		v.hidesPath = slices.ContainsFunc(g.gates, func(have *gate) bool { return have.path != "" })
		if name := v.scheme.BodySHA256; name != "" {
			g.joined = append(g.joined, name)
		}
	}
	for _, gate := range g.gates {
		if gate.query != "" {
			g.joined = append(g.joined, gate.query)
		}
	}
	if c.PublicURL == "" {
		if v != nil && v.boundary.URL {
			m.Add("PublicURL", "", needsPublicURL, g.entry.Title)
		}
		return
	}
	varies := strings.Contains(c.PublicURL, tenantPlace)
	g.pinsURL = !varies
	if varies && !c.Tenant.set {
		m.Add("PublicURL", "", "it holds %s, and nothing says where a request names its tenant; set Tenant", tenantPlace)
	}
	u, err := url.Parse(strings.ReplaceAll(c.PublicURL, tenantPlace, "tenant"))
	plain := c.DangerouslyAllowHTTP || slices.Contains(c.DangerouslyReportOnly, CheckHTTPS)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !plain) || u.Host == "" || u.Fragment != "" {
		m.Add("PublicURL", "", notAPublicURL)
	}
}
