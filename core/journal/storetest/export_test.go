package storetest

import "github.com/sallyport-go/sallyport/core/journal"

// Breaks returns how a store breaks a rule; nil where it does not, or where there is no such rule.
func Breaks(name string, store journal.Store) error {
	for _, r := range rules() {
		if r.name == name {
			return r.check(store)
		}
	}
	return nil
}

// Names returns the names of all rules.
func Names() (names []string) {
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}
