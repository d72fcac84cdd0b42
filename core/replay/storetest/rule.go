package storetest

import (
	"fmt"
	"slices"
	"testing"
)

// rule is one sentence of the contract and how it is tried.
type rule struct {
	name        string
	explanation string // printed on failure: what a store owes, and why
	capacity    int    // the rule needs a store of this capacity; 0: any store will do
	namespaces  bool   // the rule needs a store with namespaces
	try         func(p *probe)
}

func rules() []rule {
	return slices.Concat(claimRules, leaseRules, commitRules, fenceRules, extendRules, forgetRules, capacityRules,
		callRules,
		namespaceRules, markerRules, lookRules)
}

func (r rule) appliesTo(h Harness) bool {
	return (r.capacity == 0 || !h.Unbounded) && (!r.namespaces || h.Namespace != nil)
}

// violation is a broken rule. It is an error and not a t.Error, so that the suite can itself be tested.
type violation struct {
	rule string
	why  string
	seen string
}

func (v *violation) Error() string {
	return fmt.Sprintf("%s\nThe rule: %s: %s", v.seen, v.rule, v.why)
}

// check tries the rule on a new store; nil means that the store keeps it.
func (r rule) check(t *testing.T, h Harness) (err error) {
	t.Helper()
	seen := observe(t, h, r.capacity, r.try)
	if seen == "" {
		return nil
	}
	return &violation{rule: r.name, why: r.explanation, seen: seen}
}
