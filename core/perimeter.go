package core

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/internal/origin"
	"github.com/sallyport-go/sallyport/core/internal/sender"
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

// Networks is a list of address prefixes, separated by commas or spaces: "10.0.0.0/8, 203.0.113.7". A single address is
// that one host. It is a string so that [PrivateNetworks] can be a constant.
type Networks string

// PrivateNetworks are the addresses that reverse proxies in front of an app usually have: loopback, the private
// ranges of RFC 1918 and RFC 4193, and link-local addresses. Trusting them is right where only your own proxies can
// reach the app's port from such an address.
const PrivateNetworks Networks = "127.0.0.0/8, ::1/128, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, " +
	"169.254.0.0/16, fc00::/7, fe80::/10"

// Sources makes a fixed list of the networks. [New] parses it once.
func (n Networks) Sources(context.Context) (*sources.Set, error) {
	prefixes, err := origin.ParsePrefixes(string(n))
	if err != nil {
		return nil, err
	}
	return sources.NewSet(prefixes...)
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
	prefixes, err := origin.ParsePrefixes(string(c.TrustedProxies))
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

// budgeted reports whether a request can make the guard ask others on its behalf: for keys, or for a tenant's secrets.
// Only then the guard has to know the proved senders.
func (g *Guard) budgeted() bool {
	return g.tenants.key.set || g.signature != nil && g.signature.FetchesKeys()
}

// senderOf returns who sent a request, for budgets. listed reports whether Config.Sources lists the source.
func (g *Guard) senderOf(i *inspection, listed bool) sender.Sender {
	// An IPv6 sender is its /64, because one customer usually owns all addresses in it.
	s := sender.Sender{Source: sender.Key(i.source)}
	if s.Source.IsValid() {
		// It fails closed: a sender without a known address is unproved, and draws from the budget that all unproved
		// ones share.
		s.Proved = listed || g.rates.proved.Has(s.Source, i.started)
	}
	return s
}

// noteProof remembers the sender of a delivery that was proved and is new. A repeated one proves nothing about who sent
// it: whoever captured a delivery could send it from any number of networks.
func (g *Guard) noteProof(d *Delivery, i *inspection) {
	// Not proved: report-only checks let it through, and anybody could have sent it.
	if !g.budgeted() || !d.facts.proved || !i.source.IsValid() {
		return
	}
	repeated := func(s eventState) bool { return !s.fresh() || s.noted != 0 }
	// Every event is a repetition. One new event is enough: only somebody with the secret can make it.
	if len(d.states) > 0 && !slices.ContainsFunc(d.states, func(s eventState) bool { return !repeated(s) }) {
		return
	}
	g.rates.proved.Add(sender.Key(i.source), i.started)
}
