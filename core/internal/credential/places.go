package credential

import (
	"slices"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Places are the places where an endpoint requires a credential. Every one of them must be passed.
//
// An empty list requires nothing. The guard must then demand another proof.
type Places []*Place

// Add adds the values that are accepted at a place. It reports false where the place has accepted values already: Basic
// and Bearer credentials alone may share one, the Authorization header.
//
// A second list at one place is refused: each list would have to match the same value, or one of them
// would be silently ignored.
func (all *Places) Add(place *Place, kind entry.CredentialKind, values *Values) bool {
	at := slices.IndexFunc(*all, place.same)
	if at < 0 {
		*all = append(*all, place)
		at = len(*all) - 1
	}
	have := (*all)[at]
	list, shared := &have.plain, false
	switch kind {
	case entry.Basic:
		list, shared = &have.basic, true
	case entry.Bearer:
		list, shared = &have.bearer, true
	}
	if *list != nil || shared && have.plain != nil || !shared && (have.basic != nil || have.bearer != nil) {
		return false
	}
	*list = values
	return true
}

// same reports whether two places are one place of a request. Two members of the body are two.
//
// Names are compared as they are compiled, headers in their canonical form.
func (p *Place) same(other *Place) bool {
	return p.header == other.header && p.query == other.query && p.path == other.path && p.member == nil &&
		other.member == nil
}

// Values returns the lists of accepted values of all places.
func (all Places) Values() (lists []*Values) {
	for _, p := range all {
		for _, list := range []*Values{p.basic, p.bearer, p.plain} {
			if list != nil {
				lists = append(lists, list)
			}
		}
	}
	return lists
}
