package core

import (
	"context"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/sources"
)

// Sources makes a fixed list of the networks. [New] parses it once.
func (n Networks) Sources(context.Context) (*sources.Set, error) {
	prefixes, err := n.prefixes()
	if err != nil {
		return nil, err
	}
	return sources.NewSet(prefixes...)
}

type staticSources struct{ set *sources.Set }

// Sources returns the fixed list.
func (s staticSources) Sources(context.Context) (*sources.Set, error) { return s.set, nil }

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
	case err != nil:
		m.Add("Sources", value, "%v", err)
	case set == nil:
		m.Add("Sources", value, "the source of addresses gave no list")
	case value != "":
		g.sources = staticSources{set}
	default:
		g.sources = c.Sources
	}
}

// checkSource lets in whom the endpoint's list names.
func (g *Guard) checkSource(ctx context.Context, p *passage) fault.Failure {
	if g.sources == nil {
		return fault.Failure{}
	}
	set, err := g.sources.Sources(ctx)
	if err != nil || set == nil {
		return fault.New(reason.KeysUnavailable, "the list of source addresses is not available: see the log of whatever fetches it")
	}
	if !p.source.IsValid() {
		return fault.New(reason.SourceNotAllowed, "the sender's address is not known: "+p.unknown)
	}
	if set.Contains(p.source) {
		return fault.Failure{}
	}
	detail := "the address " + p.source.String() + " is not in Sources"
	switch {
	case p.trusted && p.source == p.peer:
		detail += ": it is your proxy's own, which sent neither X-Forwarded-For nor Forwarded: make it set one of them"
	case !p.trusted:
		detail += ": if it is your proxy, add it to TrustedProxies"
	}
	return fault.New(reason.SourceNotAllowed, detail)
}
