package core

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/sources"
)

// perimeter is what the checks before the proof know of a request.
type perimeter struct {
	w          http.ResponseWriter // for read deadlines only; nothing is written to it
	counted    bool                // from here on, failures count against the source
	place      *intake.Slot        // where slot may be
	slot       *intake.Slot        // nil: no body is being read
	bodyBegun  bool                // the body's own deadline is set
	displaced  bool                // its body was made to end
	retryAfter time.Duration       // for the answer to a refusal; zero: the default
}

// bodies bounds the bodies that nobody has proved.
type bodies struct {
	share   *intake.Share // this endpoint's part of the budget
	max     int64         // bytes
	timeout time.Duration // for the whole body, not for one read
}

// Bounds of Limits.MaxBody, in bytes.
const (
	defaultMaxBody = 1 << 20
	maxMaxBody     = 256 << 20
)

// configureMaxBody sets how long a body may be.
func (g *Guard) configureMaxBody(c *Config, m *fault.Mistakes) {
	g.bodies.max = c.Limits.MaxBody
	if g.bodies.max == 0 {
		g.bodies.max = g.entry.MaxBody
	}
	if g.bodies.max == 0 {
		g.bodies.max = defaultMaxBody
	}
	// A body is kept in memory as a whole, because a signature covers all of it. The bound keeps a typo from allowing
	// terabytes.
	if g.bodies.max < 0 || g.bodies.max > maxMaxBody {
		m.Add("Limits.MaxBody", strconv.FormatInt(g.bodies.max, 10), "it must be between 1 and %d bytes", maxMaxBody)
	}
}

// staticSources is a list that was parsed by New. It never fails, and never changes.
type staticSources struct{ set *sources.Set }

// Sources returns the fixed list.
func (s staticSources) Sources(context.Context) (*sources.Set, error) { return s.set, nil }

// configureSources sets whom the endpoint lets in. A fixed list is parsed once.
func (g *Guard) configureSources(c *Config, m *fault.Mistakes) {
	if c.Sources == nil {
		return
	}
	value := ""
	if n, fixed := c.Sources.(Networks); fixed {
		value = string(n)
	}
	set, err := c.Sources.Sources(context.Background())
	switch {
	// Fails closed: a list that cannot be read must not start as "everybody".
	case err != nil:
		m.Add("Sources", value, "%v", err)
	case set == nil:
		m.Add("Sources", value, "the source of addresses gave no list")
	case value != "":
		g.origin.Sources = staticSources{set}
	default:
		g.origin.Sources = c.Sources
	}
}

// configureProxies sets whose forwarding headers count.
func (g *Guard) configureProxies(c *Config, m *fault.Mistakes) {
	prefixes, err := c.TrustedProxies.prefixes()
	if err != nil {
		m.Add("TrustedProxies", string(c.TrustedProxies), "%v", err)
	}
	for _, p := range prefixes {
		// Fails closed: with 0.0.0.0/0 any sender could write its own X-Forwarded-For, and pass Sources and the HTTPS
		// check.
		if p.Bits() == 0 {
			m.Add("TrustedProxies", p.String(),
				"it trusts the whole internet to say that a request came over TLS; name your proxies, or "+
					"core.PrivateNetworks")
		}
	}
	g.origin.Proxies = prefixes
}

// configurePerimeter compiles the checks that come before anything the request says is read.
func (g *Guard) configurePerimeter(c *Config, m *fault.Mistakes) {
	g.configureSources(c, m)
	g.configureRates(c, m)
	g.bodies.timeout = c.Limits.BodyTimeout
	if g.bodies.timeout == 0 {
		g.bodies.timeout = intake.DefaultTimeout
	}
	// A negative or forgotten unit (30 is 30ns) would refuse every body. A very long one lets slow senders hold slots.
	if g.bodies.timeout < time.Millisecond || g.bodies.timeout > intake.MaxTimeout {
		m.Add("Limits.BodyTimeout", g.bodies.timeout.String(),
			"it must be between 1ms and %s; zero means %s", intake.MaxTimeout, intake.DefaultTimeout)
	}
	g.budget = c.Budget
	switch {
	case g.budget == nil:
		g.budget = processBudget
	case g.budget.err != nil:
		m.Add("Budget", "", "%v", g.budget.err)
	// Fails closed: the zero Budget has no bounds to enforce.
	case g.budget.bodies == nil:
		m.Add("Budget", "",
			"it is the zero value; make one with core.NewBudget, or leave it out to share the process' own")
	}
}

// checkPerimeter checks how the request came, from whom, and how often.
func (g *Guard) checkPerimeter(r *http.Request, i *inspection) fault.Failure {
	o := g.origin.Trace(r)
	// What proxies say of TLS and of the source is read once, so that both checks see the same hops.
	i.source = o.Source
	f := g.origin.CheckTransport(r, &o)
	// Kept also where the check only reports: a URL that is rebuilt for the signature then begins with http.
	i.plain = f.Failed()
	if f := g.enforce(&i.facts, CheckHTTPS, f); f.Failed() {
		return f
	}
	f = g.origin.CheckSource(r.Context(), &o)
	// Taken before enforce, because a failure that only reports must not make an unlisted sender a proved one.
	listed := g.origin.Sources != nil && !f.Failed()
	if f := g.enforce(&i.facts, CheckSources, f); f.Failed() {
		return f
	}
	// Only where a request can make the guard fetch something: other guards need no record of proved senders.
	if g.budgeted() {
		i.claims.From = g.senderOf(i, listed)
	}
	return g.enforce(&i.facts, CheckRateLimit, g.checkRate(r.Context(), i))
}
