package core

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TenantKey says where a request names its tenant. Make one with [TenantFromPath] or [TenantFromHeader]; the zero value
// is for endpoints without tenants.
//
// The key is an index and nothing more: it chooses the secrets that the delivery has to be proved by. It is 1 to 128
// letters, digits and characters of "-_.:@".
//
// A [secrets.Source] should know a tenant by one key. Where it gives the same secrets for "acme" and "ACME", as a
// database that compares text without case does, both are one tenant in identities, and Event.Tenant is written as it
// came. Any other key that it takes for the same tenant ("007" for the number 7) is another tenant, so that whoever
// captured a delivery can send it again under that key: compare the key as text.
type TenantKey struct {
	path   string // the route's parameter; empty: the key is in a header
	header string // canonical
	set    bool   // false: the endpoint has no tenants
}

// TenantFromPath takes the key from a parameter of the route ("/hooks/{tenant}"). Mount the guard on the route itself:
// before routing there is no parameter.
func TenantFromPath(parameter string) TenantKey { return TenantKey{path: parameter, set: true} }

// TenantFromHeader takes the key from a header, which must come once.
func TenantFromHeader(name string) TenantKey {
	return TenantKey{header: http.CanonicalHeaderKey(name), set: true}
}

// ring is a keyring of either kind.
type ring interface {
	Proves() bool
	ByTenant() bool
	Fetches() bool // a look may ask others, on the sender's budget
	Knows(ctx context.Context, tenant string, now time.Time) (bool, error)
	SameTenant(ctx context.Context, a, b string) (bool, error)
	RemindAll(now time.Time)
	Uses(now time.Time) []secrets.Use
	UsesOf(tenant string, now time.Time) []secrets.Use
	Trouble() (since time.Time, why string)
}

// configureTenant is called when every list of secrets is known.
func (g *Guard) configureTenant(c *Config, m *fault.Mistakes) {
	t := c.Tenant
	if !t.set {
		return
	}
	switch {
	// TenantFromPath("") ends here as well: such a guard could only refuse.
	case t.path == "" && !httpfield.ValidName(t.header):
		m.Add("Tenant", strconv.Quote(t.header),
			"it names no parameter of the route and no header; use TenantFromPath or TenantFromHeader")
	case t.header != "" && !entry.PassedOn(t.header):
		m.Add("Tenant", strconv.Quote(t.header),
			"no server passes on this header to a handler; let a proxy set another header to its value")
	case c.Setup.AwaitingSecret:
		m.Add("Tenant", "", "Setup.AwaitingSecret is for one sender; remove one of the two")
	}
	for _, k := range g.tenants.rings {
		// One list is enough: a delivery has to pass all of them.
		if k.Proves() && k.ByTenant() {
			return
		}
	}
	m.Add("Tenant", "",
		"every tenant would be proved by the same secrets, so that anybody's delivery would pass for any tenant's; "+
			"use secrets.ByTenant or secrets.FromFunc")
}

const noParameter = "the route has no parameter of the name that Config.Tenant gives, or it is empty: " +
	"mount the guard on the route itself"

// readTenant reads the key of the request's tenant. A delivery without a usable key is checked like that of an unknown
// tenant.
func (g *Guard) readTenant(r *http.Request, i *inspection) {
	if !g.tenants.key.set {
		return
	}
	key := ""
	p := i.claims
	if g.tenants.key.path != "" {
		if key = i.pathValue(r, g.tenants.key.path); key == "" {
			p.TenantFault = noParameter
			if !g.tenants.warned.Swap(true) {
				g.logger.Error("sallyport: the guard cannot see the tenant in the path: "+
					"mount it on the route itself, not before routing; every delivery is refused",
					"endpoint", g.endpoint, "provider", g.provider, "parameter", g.tenants.key.path, "route", i.route)
			}
			return
		}
	} else {
		values := r.Header[g.tenants.key.header]
		// Read from the map, not with Get, which would choose the first of several values. A proxy may use the last.
		switch len(values) {
		case 0:
			p.TenantFault = "no " + g.tenants.key.header + " header, which Config.Tenant names: a proxy may strip it"
			return
		case 1:
			key = values[0]
		// Fails closed: the app, or a proxy, could read the other value, and act for another tenant.
		default:
			p.TenantFault = "the header " + g.tenants.key.header + ", which Config.Tenant names, came more than once"
			return
		}
	}
	// Fails closed: the key goes into lookups, identities and logs. Here a sender would try "../", quotes, NUL, or
	// megabytes.
	if !keyring.ValidTenant(key) {
		p.TenantFault = "the tenant's key is longer than any, or holds characters that no key has"
		return
	}
	p.Tenant = key
}

// enterTenant looks up the tenant's secrets. A tenant is known if every list that verifies its deliveries knows it.
func (g *Guard) enterTenant(ctx context.Context, i *inspection) fault.Failure {
	if !g.tenants.key.set {
		return fault.Failure{}
	}
	known, rateContext := true, ctx
	for _, k := range g.tenants.rings {
		if !k.Proves() || !k.ByTenant() {
			continue
		}
		// The budget of this sender pays: otherwise guessed tenants would make the app's database answer each one.
		if k.Fetches() {
			ctx = sender.With(rateContext, i.claims.From)
		}
		here, err := k.Knows(ctx, i.claims.Tenant, i.now)
		// Fails closed, with a 503: an outage of the source must not look like a wrong signature, which some providers
		// never retry.
		if err != nil {
			return keyring.Unavailable(err)
		}
		// No early end: an unknown tenant has to cost as much as a known one, or its answer time would give tenants
		// away.
		known = known && here
	}
	if !known {
		return fault.Failure{} // it is checked all the same, against keys that nobody has
	}
	// Only now: until here the name is the sender's, and must not become a label or a key of a limit.
	i.tenant = i.claims.Tenant
	return g.enforce(&i.facts, CheckRateLimit, g.checkRate(rateContext, i))
}

// provedForNobody refuses a delivery that was proved by the secrets of a tenant that was unknown when it was looked up.
// It fails closed: the sources are asked again for each proof, and such a delivery has no tenant.
func (g *Guard) provedForNobody(i *inspection) fault.Failure {
	switch {
	case !g.tenants.key.set || i.tenant != "":
		return fault.Failure{}
	case g.signature == nil:
		return keyring.UnknownTenant(reason.BadCredential, i.claims.TenantFault)
	}
	return keyring.UnknownTenant(reason.BadSignature, i.claims.TenantFault)
}

// tenantCase remembers for tenantCasePause that a source of secrets distinguishes the cases of letters.
type tenantCase struct {
	exactUntil atomic.Int64 // in nanoseconds since 1970
}

// tenantCasePause is short, because a tenant that was new at that moment may have been unknown to the source.
const tenantCasePause = time.Minute

// tenantScope is a tenant's key as it is part of identities. Where a source of secrets takes a key in any case, as
// databases compare text by default, "acme" and "ACME" are one tenant, and whoever captured a delivery could send it
// again in each case. Such a key counts in lower case. Whether it is one is asked of the source, after the
// proof: it is if both forms have a secret in common. It fails closed: while the source does not answer, nothing is
// remembered under a key that may be another tenant's.
func (g *Guard) tenantScope(ctx context.Context, tenant string, now time.Time) (string, error) {
	lower := strings.ToLower(tenant)
	// The common case costs nothing: keys in lower case have one form only.
	if lower == tenant || now.UnixNano() < g.tenants.letters.exactUntil.Load() {
		return tenant, nil
	}
	same := false
	for _, k := range g.tenants.rings {
		if !k.Proves() || !k.ByTenant() {
			continue
		}
		var err error
		// Every list has to agree: one that distinguishes them makes them two tenants.
		if same, err = k.SameTenant(ctx, tenant, lower); err != nil {
			return "", err
		}
		if !same {
			break
		}
	}
	if !same {
		// Remembered for the whole source: a database compares all keys in the same way.
		g.tenants.letters.exactUntil.Store(now.Add(tenantCasePause).UnixNano())
		return tenant, nil
	}
	return lower, nil
}

// enterScope finds the scope of the tenant's identities, for a proved delivery.
func (g *Guard) enterScope(ctx context.Context, i *inspection) fault.Failure {
	if !g.tenants.key.set {
		return fault.Failure{}
	}
	var err error
	if i.scope, err = g.tenantScope(ctx, i.tenant, i.now); err != nil {
		return keyring.Unavailable(err)
	}
	return fault.Failure{}
}
