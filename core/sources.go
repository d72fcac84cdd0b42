package core

import (
	"context"

	"github.com/sallyport-go/sallyport/core/internal/fault"
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
		g.origin.Sources = staticSources{set}
	default:
		g.origin.Sources = c.Sources
	}
}
