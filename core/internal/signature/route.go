package signature

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TenantPlace stands in Config.PublicURL for the key of the tenant.
const TenantPlace = "{tenant}"

// Route says which URL an endpoint has, for schemes that sign it.
//
// The guard sets it once, from the config. Nothing of a request changes it. The zero Route takes the
// URL from the request, with https as its scheme.
type Route struct {
	Public       string   // the configured URL; empty: the one that the request names
	Pinned       bool     // Public is set, and the same for every tenant
	Source       string   // how refusals name what the URL was taken from; empty: no URL is signed
	Joined       []string // the parameters of a request that join a configured URL
	AllowHTTP    bool     // requests may come over plain HTTP
	TenantInPath bool     // the tenant's key is a parameter of the path
	HidesPath    bool     // the path holds a credential
}

// SignedURL returns the URL that the provider signed: the configured one, or the one that the request names. The
// transport was checked before. It is empty where the scheme signs no URL.
//
// The request's query does not join a configured URL: bytes of the body could hide there. The exceptions are in
// joinQuery.
//
// plain says that plain HTTP was let through, user that a credential of the Authorization header was accepted.
func (v *Verifier) SignedURL(r *http.Request, tenant string, plain, user bool) string {
	if !v.SignsURL && (!v.SignsPath || v.Route.Public == "") {
		return ""
	}
	text := v.configuredURL(r, tenant)
	switch {
	case text == "":
		text = v.requestOrigin(r, plain) + httpfield.RequestTarget(r)
	case r.URL.RawQuery != "":
		text = v.joinQuery(text, r.URL.RawQuery)
	}
	if user && v.scheme.URLUser {
		text = withUser(text, r)
	}
	return text
}

// EndpointURL returns the URL that the provider knows the endpoint by: the configured one, or the one that the request
// names without its query, to which the provider adds. It proves nothing: handshakes are answered with its hash.
func (v *Verifier) EndpointURL(r *http.Request, tenant string, plain bool) string {
	if text := v.configuredURL(r, tenant); text != "" {
		return text
	}
	path, _, _ := strings.Cut(httpfield.RequestTarget(r), "?")
	return v.requestOrigin(r, plain) + path
}

// configuredURL returns the configured URL, with the tenant in its place; empty: none is configured.
//
// The tenant is the sender's claim. It passed ValidTenant, and escaping keeps it inside its segment of the path.
func (v *Verifier) configuredURL(r *http.Request, tenant string) string {
	if v.Route.Public == "" || v.Route.Pinned {
		return v.Route.Public
	}
	return strings.ReplaceAll(v.Route.Public, TenantPlace, v.rawTenant(r, tenant))
}

// requestOrigin returns the scheme and the host that a request names.
//
// Without one of these settings a request over plain HTTP behind a proxy counts as HTTPS: the proxy ends TLS, and the
// sender signed https.
func (v *Verifier) requestOrigin(r *http.Request, plain bool) string {
	if (v.Route.AllowHTTP || plain) && r.TLS == nil {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// CheckHost refuses a request whose Host could hold a part of the signed path: servers of HTTP/2 let any text through,
// and those of HTTP/1 an escape, which some senders sign decoded. Otherwise whoever captured a delivery could move the
// path's beginning into the host under the same signature, and reach another route, whose endpoint does not know the
// event. It fails closed.
func (v *Verifier) CheckHost(r *http.Request) fault.Failure {
	if !v.SignsURL || v.Route.Public != "" || isHost(r.Host) {
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
		// A slash, question mark or hash would end the host for a reader. An @ would make a user of
		// what is before it (RFC 3986, section 3.2).
		case c <= ' ', c == 0x7f, strings.IndexByte("/?#%@\\", c) >= 0:
			return false
		}
	}
	return true
}

// rawTenant returns the tenant's key as the request's path has it, percent-encoded or not: the registered URL has it
// in the same form. It decides nothing: the signature covers what the sender chose.
func (v *Verifier) rawTenant(r *http.Request, key string) string {
	if v.Route.TenantInPath {
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
	scheme, host, _, _ := SplitURL(text)
	// The caller must have accepted this credential. Otherwise an attacker could write any text into
	// the signed URL.
	name, password, ok := r.BasicAuth()
	if !ok || strings.Contains(host, "@") {
		return text
	}
	return scheme + url.UserPassword(name, password).String() + "@" + text[len(scheme):]
}

// ShownURL returns a URL as records and findings show it: without its query and its user, and without its path where a
// credential stands there. A token is hidden whether or not it was accepted.
//
// It fails closed: what might be a secret is left out, even if the operator then sees less.
func (v *Verifier) ShownURL(text string) string {
	scheme, host, port, path := SplitURL(text)
	if port != "" {
		port = ":" + port
	}
	path, _, _ = strings.Cut(path, "?")
	// Logs are read by more people than secrets are. A path with a token never gets there.
	if v.Route.HidesPath {
		path = "/... (its path holds a token)"
	}
	return httpfield.Clean(scheme + host[strings.LastIndexByte(host, '@')+1:] + port + path)
}

// CheckQuery refuses a request with a query where the configured URL has none: nothing signs that query, and the
// app might read it. It fails closed.
func (v *Verifier) CheckQuery(rawQuery string) fault.Failure {
	if rawQuery == "" || v.Route.Public == "" || v.joinsQuery() || strings.Contains(v.Route.Public, "?") {
		return fault.Failure{}
	}
	// Nothing of the query is signed by this scheme. Then no query is proved, with or without a
	// configured URL.
	if !v.signsQuery {
		return fault.Failure{}
	}
	// Nothing is decoded: an escaped form of an allowed name is another name here, and is refused.
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if pair != "" && !v.joins(pair) {
			return fault.New(reason.BadSignature, queryAdded)
		}
	}
	return fault.Failure{}
}

// joinsQuery reports whether the request's own query is part of a configured URL: where the sender's URL varies by
// design, and the mechanism proves it apart from the body.
func (v *Verifier) joinsQuery() bool { return v.custom.Query }

// joins reports whether a parameter of the request joins a configured URL: the one that the entry names, and one that
// was checked as a credential.
func (v *Verifier) joins(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	return slices.Contains(v.Route.Joined, name)
}

// joinQuery adds to a configured URL the parameters of the request that belong to it, as they are written.
func (v *Verifier) joinQuery(public, rawQuery string) string {
	if v.joinsQuery() {
		if strings.Contains(public, "?") {
			return public
		}
		return public + "?" + rawQuery
	}
	_, registered, _ := strings.Cut(public, "?")
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		// A parameter that is registered already stays as registered. Otherwise the request could
		// repeat it with another value.
		if !v.joins(pair) || hasParameter(registered, name) {
			continue
		}
		if strings.Contains(public, "?") {
			public += "&" + pair
		} else {
			public += "?" + pair
		}
	}
	return public
}

// hasParameter reports whether a query has a parameter under exactly this name, as it is written.
func hasParameter(rawQuery, name string) bool {
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if have, _, _ := strings.Cut(pair, "="); have == name {
			return true
		}
	}
	return false
}
