package storetest

import (
	"fmt"
	"slices"
	"testing"
)

// rule is one sentence of the contract, and a try that breaks if a store does not keep it.
type rule struct {
	name        string         // the name of the subtest
	explanation string         // printed on failure: what a store must do, and why
	capacity    int            // the rule needs a store of this capacity; 0: any store
	namespaces  bool           // the rule needs a store with namespaces
	try         func(p *probe) // it calls the store, and ends at the first wrong result
}

// rules returns the rules for one call at a time.
func rules() []rule {
	return slices.Concat(claimRules, leaseRules, commitRules, fenceRules, extendRules, forgetRules, capacityRules,
		callRules,
		namespaceRules, markerRules, lookRules, digestRules)
}

// appliesTo reports whether the harness can make a store that the rule needs.
func (r rule) appliesTo(h Harness) bool {
	return (r.capacity == 0 || !h.Unbounded) && (!r.namespaces || h.Namespace != nil)
}

// violation is a broken rule. It is an error and not a t.Error, so that the suite can itself be tested.
type violation struct {
	rule string // the name, or the history
	why  string // the explanation
	seen string // what the store did
}

// Error returns what was seen first, because it is what a reader looks for, and then the rule.
func (v *violation) Error() string {
	return fmt.Sprintf("%s\nThe rule: %s: %s", v.seen, v.rule, v.why)
}

// check tries the rule on a new store. It returns nil if the store keeps it.
func (r rule) check(t *testing.T, h Harness) (err error) {
	t.Helper()
	seen := observe(t, h, r.capacity, r.try)
	if seen == "" {
		return nil
	}
	return &violation{rule: r.name, why: r.explanation, seen: seen}
}
