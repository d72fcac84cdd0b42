package core

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/signature"
)

const (
	needsPublicURL = "%s signs the URL and what follows it with nothing between them, so that bytes could move from " +
		"one to the other; set it to the URL that is registered at the provider"
	notAPublicURL = "it must be the absolute https URL that is registered at the provider, without a fragment"
)

// configurePublicURL checks the configured URL, and demands one where nothing else keeps what is signed apart.
func (g *Guard) configurePublicURL(c *Config, m *fault.Mistakes) {
	v := g.signature
	varies := strings.Contains(c.PublicURL, signature.TenantPlace)
	if v != nil {
		v.Route = g.routeOf(c, !varies)
	}
	if c.PublicURL == "" {
		// Fails closed: without a fixed URL an attacker moves bytes between URL and body, and the signature still
		// matches.
		if v != nil && v.Boundary.URL {
			m.Add("PublicURL", "", needsPublicURL, g.entry.Title)
		}
		return
	}
	// Otherwise the place of the tenant would be filled from nothing, and no signature would ever match.
	if varies && !c.Tenant.set {
		m.Add(
			"PublicURL",
			"",
			"it holds %s, and nothing says where a request names its tenant; set Tenant",
			signature.TenantPlace,
		)
	}
	// A made-up tenant stands in for the real one: braces are not valid everywhere in a URL.
	u, err := url.Parse(strings.ReplaceAll(c.PublicURL, signature.TenantPlace, "tenant"))
	// http is accepted where the HTTPS check refuses nothing: a signed http URL could not match otherwise.
	plain := c.DangerouslyAllowHTTP || slices.Contains(c.DangerouslyReportOnly, CheckHTTPS)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !plain) || u.Host == "" || u.Fragment != "" {
		// Fails closed: a URL that the provider never signs would refuse every delivery, and a fragment is never sent.
		m.Add("PublicURL", "", notAPublicURL)
	}
}

// routeOf returns the route of the endpoint.
func (g *Guard) routeOf(c *Config, pinned bool) signature.Route {
	v := g.signature
	route := signature.Route{
		// Pinned is false for a URL with a tenant in it: the sender chooses that part, so the boundary checks stay on.
		Public: c.PublicURL, Pinned: c.PublicURL != "" && pinned, AllowHTTP: c.DangerouslyAllowHTTP,
		TenantInPath: c.Tenant.path != "",
		// Refusals name the URL. A token in its path must not get into logs that way.
		HidesPath: slices.ContainsFunc(g.credentials, func(p *credential.Place) bool { return p.Path() != "" }),
	}
	// Empty where no URL is signed: refusals then must not advise to set PublicURL.
	if v.SignsURL || v.SignsPath {
		route.Source = string(URLRebuilt)
		if c.PublicURL != "" {
			route.Source = string(URLConfigured)
		}
	}
	// Parameters that a provider adds for each request cannot be in a configured URL. All others are refused.
	if name := g.entry.Scheme.BodySHA256; name != "" {
		route.Joined = append(route.Joined, name)
	}
	for _, place := range g.credentials {
		if name := place.Query(); name != "" {
			route.Joined = append(route.Joined, name)
		}
	}
	return route
}

// signedURL returns the URL that the provider signed; empty where it signs none.
func (g *Guard) signedURL(r *http.Request, i *inspection) string {
	return g.signature.SignedURL(r, i.claims.Tenant, i.plain, i.basic)
}
