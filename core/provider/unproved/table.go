package unproved

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// All returns every unproved provider, sorted by name.
func All() []core.Provider {
	all := slices.Concat(email(), payments(), commerce(), apps(), post())
	slices.SortFunc(all, func(a, b core.Provider) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// ByName returns the unproved provider of that name, and false where there is none.
func ByName(name string) (core.Provider, bool) {
	for _, p := range All() {
		if p.Name() == name {
			return p, true
		}
	}
	return core.Provider{}, false
}

// of is the one place where an entry becomes a provider.
func of(e entry.Entry) core.Provider { return entry.NewProvider(e, nil) }

func headers(names ...string) entry.Field { return entry.Field{Headers: names} }

func pointer(p string) []entry.Value { return []entry.Value{{JSON: p}} }
