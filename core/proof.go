package core

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const (
	defaultTolerance = 5 * time.Minute
	maxTolerance     = 24 * time.Hour
	maxLease         = 24 * time.Hour
)

// configureProof compiles what proves a delivery: the signature and the credentials. The notes are for the log.
func (g *Guard) configureProof(c *Config, m *fault.Mistakes) (notes []string) {
	rules := keyring.Rules{
		Field: "Secrets", Min: keyring.MinSecretBytes, WeakOK: c.DangerouslyAllowWeakSecrets,
		Advice: advice(g.entry, false),
	}
	if g.entry.MinSecret > 0 {
		rules.Min = g.entry.MinSecret
	}
	credentials, notes := g.configureSecrets(c, &rules, m)
	g.configureTolerance(c, m)
	// Fails closed: a guard that nothing authenticates would be an open endpoint, so New refuses the config.
	if g.signature == nil && len(credentials) == 0 && !c.Setup.AwaitingSecret && !g.unknown {
		m.Add("Credentials", "", nothingProves, secrets.GeneratePair())
	}
	own := len(credentials) > len(c.Credentials) // Secrets hold the first credential
	for i, cred := range credentials {
		field := "Secrets"
		switch {
		case own && i > 0:
			field = fmt.Sprintf("Credentials[%d]", i-1)
		case !own:
			field = fmt.Sprintf("Credentials[%d]", i)
		}
		notes = append(notes, g.addCredential(field, cred, rules, own && i == 0, m)...)
	}
	notes = append(notes, g.configureSealed(c, m)...)
	return append(notes, g.configureSetup(c, rules, m)...)
}

const nothingProves = "nothing authenticates a delivery; configure a credential, for example BasicAuth with %s"

// configureSecrets compiles what Secrets and Keys hold: the signature's secrets, or the first of the credentials. It
// returns all credentials, and completes the rules for secrets.
func (g *Guard) configureSecrets(
	c *Config, rules *keyring.Rules, m *fault.Mistakes,
) (credentials []Credential, notes []string) {
	e := g.entry
	// The app may go on using its slice: what New has checked must not change afterwards.
	credentials = slices.Clone(c.Credentials)
	switch {
	case g.unknown: // how it signs is not known, and what Secrets have to be is not either
	case e.Scheme != nil && c.Setup.AwaitingSecret:
		if c.Secrets != nil {
			// Fails closed: with both, a handshake from anybody could replace a secret that works.
			m.Add("Setup.AwaitingSecret", "", "a secret is configured, so nothing is awaited; remove one of the two")
		}
		g.handshakes.SinkRules = *rules
		g.handshakes.SinkRules.Kinds = signature.KindsOf(e.Scheme)
		if e.Scheme.Custom != nil { // a nil one in the interface would not be nil
			g.handshakes.SinkRules.Custom = e.Scheme.Custom
		}
	case e.Scheme != nil:
		rules.Kinds = signature.KindsOf(e.Scheme)
		if e.Scheme.Custom != nil {
			rules.Custom = e.Scheme.Custom
		}
		// The shape of a secret is known for providers of this library only. For others any shape may be right.
		if !e.OfOnesOwn {
			rules.Refuses = e
		}
		g.signature, notes = signature.New(g.tenants.owner, e, c.Secrets, c.Keys, *rules, m)
		// nil where there are no shared secrets: nothing to rotate, and nothing to count by tenant.
		if g.signature.Ring != nil {
			g.tenants.rings = append(g.tenants.rings, g.signature.Ring)
		}
	case e.Credential.Kind != entry.NoCredential:
		if c.Secrets != nil || len(credentials) == 0 {
			own := &e.Credential
			first := Credential{kind: own.Kind, name: own.Name, or: own.Or, items: own.Items, source: c.Secrets}
			if first.source == nil {
				// Fails closed: an empty list is a mistake that the keyring reports, not a credential that accepts
				// everything.
				first.source = secrets.Static()
			}
			credentials = append([]Credential{first}, credentials...)
		}
	// Fails closed: an operator who gives a secret expects a signature check, and there would be none.
	case c.Secrets != nil:
		m.Add("Secrets", "", "%s signs nothing; give the shared secret as one of Credentials", e.Title)
	}
	// The same for public keys: they would be ignored in silence.
	if c.Keys != nil && e.Scheme == nil && !g.unknown {
		m.Add("Keys", "", "%s signs nothing; remove it", e.Title)
	}
	return credentials, notes
}

// configureSetup compiles what is for setting an endpoint up: the sink of a secret, and verify tokens. It fails closed:
// a sink next to a configured secret would let anybody replace that secret.
func (g *Guard) configureSetup(c *Config, rules keyring.Rules, m *fault.Mistakes) (notes []string) {
	e := g.entry
	if c.Setup.SecretSink != nil && !g.unknown {
		switch {
		case !c.Setup.AwaitingSecret || e.Scheme == nil:
			m.Add("Setup.SecretSink", "",
				"it goes with Setup.AwaitingSecret only; remove it once a secret is configured")
		case !slices.ContainsFunc(e.Handshakes, func(h entry.Handshake) bool { return h.HandsSecretOver() }):
			m.Add("Setup.SecretSink", "", "%s hands no secret over; remove it", e.Title)
		}
	}
	if c.Setup.VerifyTokens != nil {
		rules := keyring.Rules{
			// ProvesNothing: a verify token answers handshakes. A delivery that carries it is still unproved.
			Field: "Setup.VerifyTokens", Min: 8, WeakOK: rules.WeakOK, Advice: advice(e, false), ProvesNothing: true,
		}
		g.handshakes.Tokens, notes = g.acceptedValues(c.Setup.VerifyTokens, rules, "the handshake's verify token", m)
	}
	return notes
}

// configureTolerance sets how old and how early a signed timestamp may be.
func (g *Guard) configureTolerance(c *Config, m *fault.Mistakes) {
	v := g.signature
	// The upper bound limits replays: until a timestamp is stale, the replay store alone holds a captured delivery
	// back.
	if c.Limits.Tolerance != 0 && (c.Limits.Tolerance < time.Second || c.Limits.Tolerance > maxTolerance) {
		m.Add("Limits.Tolerance", c.Limits.Tolerance.String(),
			"it must be between 1s and %s, written with its unit: 5 * time.Minute; zero means %s",
			maxTolerance, "the provider's own")
		return
	}
	if g.unknown || v == nil && g.entry.Scheme != nil {
		return // no secret yet: there is a verifier once there is one
	}
	if v == nil || !v.SignsTime {
		// An error, because the operator would rely on a freshness that no signature covers.
		if c.Limits.Tolerance != 0 {
			m.Add("Limits.Tolerance", c.Limits.Tolerance.String(),
				"%s signs no timestamp, so there is nothing to check; remove it", g.entry.Title)
		}
		return
	}
	tolerance := c.Limits.Tolerance
	switch {
	case tolerance == 0 && g.entry.Scheme.Timestamp.Tolerance > 0:
		tolerance = g.entry.Scheme.Timestamp.Tolerance
	case tolerance == 0:
		tolerance = defaultTolerance
	}
	// Both directions are bounded: a timestamp from the future would stay fresh for longer than the tolerance.
	v.Past, v.Future = tolerance, tolerance
	if p := g.entry.Scheme.Timestamp.Past; p > 0 && c.Limits.Tolerance == 0 {
		v.Past = p // retries repeat the same signed bytes: younger than the retry horizon is as fresh as it gets
	}
}

// advice says in a mistake where the right secret is found.
func advice(e *entry.Entry, pair bool) string {
	if e.SecretFrom != "" {
		return "copy it from " + e.Title + ": " + e.SecretFrom
	}
	return freshAdvice(pair)
}

// freshAdvice gives a random value to use. It is made on the spot, so that no example from the docs ends up in
// production.
func freshAdvice(pair bool) string {
	if pair {
		return "use a fresh one and give it to the provider, for example " + secrets.GeneratePair()
	}
	return "use a fresh one and give it to the provider, for example " + secrets.Generate()
}

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
		m.Add("PublicURL", "", "it holds %s, and nothing says where a request names its tenant; set Tenant",
			signature.TenantPlace)
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
