package onecapture

import (
	"math/rand/v2"
)

// Change is one change of a delivery that needs no secret.
type Change struct {
	Group string // what kind of change it is
	Name  string // a sentence
	// Wire reports that a server may make something else of it than a request in memory shows.
	Wire bool
	make func() *Capture
}

// Capture makes the changed delivery; nil where the change has no meaning for it.
func (c *Change) Capture() *Capture { return c.make() }

// changes collects changes of one group.
type changes struct {
	source *Source
	group  string
	wire   bool
	all    []Change
}

func (l *changes) add(name string, change func() *Capture) {
	l.all = append(l.all, Change{Group: l.group, Name: name, Wire: l.wire, make: change})
}

// edit adds a change of a copy.
func (l *changes) edit(name string, change func(c *Capture)) { l.add(name, l.source.with(change)) }

func (l *changes) begin(group string, wire bool) { l.group, l.wire = group, wire }

// Changes returns every single change of the delivery.
func Changes(s *Source) []Change {
	l := &changes{source: s}
	methods(l)
	hosts(l)
	paths(l)
	queries(l)
	headers(l)
	contentTypes(l)
	families(l)
	texts(l)
	forms(l)
	bodies(l)
	documents(l)
	boundaries(l)
	return l.all
}

// Some returns at most n changes of each group, chosen by the seed.
func Some(all []Change, n int, seed uint64) (some []Change) {
	random := rand.New(rand.NewPCG(seed, 1)) // a choice that can be repeated
	taken := map[string]int{}
	for _, i := range random.Perm(len(all)) {
		if taken[all[i].Group] < n {
			taken[all[i].Group]++
			some = append(some, all[i])
		}
	}
	return some
}

// Pairs returns n changes of changed deliveries, chosen by the seed.
func Pairs(s *Source, n int, seed uint64) (pairs []Change) {
	random := rand.New(rand.NewPCG(seed, 2)) // a choice that can be repeated
	first := Changes(s)
	const each = 25 // of one first change, because listing changes is expensive
	for tries := n; len(pairs) < n && tries > 0 && len(first) > 0; tries-- {
		one := first[random.IntN(len(first))]
		c := one.Capture()
		if c == nil {
			continue
		}
		second := Changes(&Source{Capture: c, Entry: s.Entry})
		for range each {
			two := second[random.IntN(len(second))]
			pairs = append(pairs, Change{
				Group: one.Group + " + " + two.Group, Name: one.Name + "; then " + two.Name, Wire: one.Wire || two.Wire,
				make: two.make,
			})
		}
	}
	return pairs
}
