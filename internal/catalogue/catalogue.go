// Package catalogue is one table of every sender that the module knows: those of package provider, those of its
// subpackages that need a library, and the unproved ones. The laws' tests, docs/providers.md and cmd/sallyport work
// through it, so that no entry is left out of any of them.
//
// It links every library that any entry needs. A program of one's own imports the packages of its senders instead.
package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Kind is the kind of package that an entry stands in.
type Kind string

// The kinds.
const (
	Proved   Kind = "proved"   // core/provider: its facts are official, the standard library does
	Library  Kind = "library"  // a subpackage of core/provider, which only its users link, often with a library
	Unproved Kind = "unproved" // core/provider/unproved: known from descriptions by third parties
)

// Parameter is what an entry needs besides its secrets.
type Parameter struct {
	Name     string // as a configuration writes it: "topics"
	Required bool
	Secret   bool     // its values are secrets
	List     bool     // several values are accepted; otherwise there is one at most
	Field    string   // the field of core.Config it goes into; empty: an argument of the provider's function
	Doc      string   // one line: what it is, and where the provider shows it
	Sample   []string // for tests
}

// Values are the values of parameters, by name.
type Values map[string][]string

// One is the value of a parameter that is no list; empty where it was not given.
func (v Values) One(name string) string {
	if len(v[name]) == 0 {
		return ""
	}
	return v[name][0]
}

// Entry is one sender.
type Entry struct {
	Name    string
	Kind    Kind
	Package string // the import path below the module: "core/provider/jwt"

	Parameters []Parameter
	make       func(Values) core.Provider
	keys       keySource // nil: nothing is fetched
}

// Provider makes the provider of these values. Values of parameters that belong into core.Config are the caller's to
// put there. An error names the parameter that is missing, unknown, or has too many values; what a value has to look
// like is checked by core.New.
func (e Entry) Provider(values Values) (core.Provider, error) {
	known := map[string]bool{}
	for _, p := range e.Parameters {
		known[p.Name] = true
		given := values[p.Name]
		switch {
		case p.Required && (len(given) == 0 || slices.Contains(given, "")):
			return core.Provider{}, fmt.Errorf("%s needs %s: %s", e.Name, p.Name, p.Doc)
		case !p.List && len(given) > 1:
			return core.Provider{}, fmt.Errorf("%s takes one value of %s, not %d", e.Name, p.Name, len(given))
		}
	}
	for name := range values {
		if !known[name] {
			return core.Provider{}, fmt.Errorf("%s has no parameter %q", e.Name, name)
		}
	}
	return e.make(values), nil
}

// failed is the provider with a mistake in its parameters, which core.New reports.
func failed(p core.Provider, err error) core.Provider {
	e, before := entry.Of(p)
	return entry.NewProvider(*e, errors.Join(before, err))
}

var errYesOrNo = errors.New("a parameter that is yes or no is something else")

// Samples are values for tests, of every parameter.
func (e Entry) Samples() Values {
	values := Values{}
	for _, p := range e.Parameters {
		values[p.Name] = p.Sample
	}
	return values
}

// Sample is the provider of the sample values.
func (e Entry) Sample() core.Provider { return e.make(e.Samples()) }

// Aliases are the other names that the entry is found under, sorted.
func (e Entry) Aliases() (names []string) {
	for alias, name := range provider.Aliases() {
		if name == e.Name {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	return names
}

// All returns every entry, sorted by name.
func All() []Entry {
	all := slices.Concat(proved(), library(), unprovedOnes())
	for i := range all {
		e := &all[i]
		e.Name = e.Sample().Name()
		e.Parameters = append(e.Parameters, inConfig(e)...)
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ByName returns the entry of that name or alias, and false where there is none.
func ByName(name string) (Entry, bool) {
	if own, ok := provider.Aliases()[name]; ok {
		name = own
	}
	all := All()
	if i, ok := slices.BinarySearchFunc(all, name,
		func(e Entry, name string) int { return strings.Compare(e.Name, name) }); ok {
		return all[i], true
	}
	return Entry{}, false
}

// Similar returns the names that differ from one that nobody has by a letter or two, as a typing mistake does: at most
// three, the nearest first.
func Similar(name string) []string {
	const most = 2
	type near struct {
		name  string
		edits int
	}
	var found []near
	for _, e := range All() {
		best := most + 1
		for _, own := range append(e.Aliases(), e.Name) {
			if best = min(best, edits(strings.ToLower(name), own)); best == 0 {
				break
			}
		}
		if best <= most && best < len(name)/2 { // of a short name nearly anything is two letters away
			found = append(found, near{e.Name, best})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.edits - b.edits })
	var names []string
	for _, one := range found[:min(len(found), 3)] {
		names = append(names, one.name)
	}
	return names
}

// Unknown says that nobody is called so, and who may be meant.
func Unknown(name string) string {
	says := fmt.Sprintf("no provider is called %q", name)
	if similar := Similar(name); len(similar) > 0 {
		return says + "; did you mean " + strings.Join(similar, ", ") + "?"
	}
	return says + "; \"sallyport providers\" lists the names"
}

// edits is how many letters have to be put in, left out or replaced to make one text of the other.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			same := before
			if a[i] != b[j] {
				same++
			}
			before = row[j+1]
			row[j+1] = min(same, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
