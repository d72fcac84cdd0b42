// Package storetest is the contract of [journal.Store], as tests that every store runs.
//
//	func TestMyStore(t *testing.T) { storetest.Run(t, newStore) }
//
// There is one subtest for each rule. A failure says what was seen, and which rule it breaks. The rules
// of concurrent use are worth most under the race detector.
package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/sallyport-go/sallyport/core/journal"
)

// Run tests a kind of store against every rule. Each call of newStore returns an empty store, such as
// one of a namespace of its own. The store must take some thousands of rows.
func Run[S journal.Store](t *testing.T, newStore func() S) {
	t.Helper()
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			// Each rule has a store of its own: what one leaves behind is nothing to the next.
			if err := r.check(newStore()); err != nil {
				t.Error(err)
			}
		})
	}
}

// rule is one sentence of the contract and how it is tried.
type rule struct {
	name string
	why  string // printed on failure: what a store owes
	try  func(p *probe)
}

// violation is a broken rule. It is an error and not a t.Error, so that the suite itself can be tested.
type violation struct{ rule, why, seen string }

// Error says what was seen, and which rule it breaks.
func (v *violation) Error() string { return fmt.Sprintf("%s\nThe rule: %s: %s", v.seen, v.rule, v.why) }

// check tries the rule on a new store. nil means that the store keeps it.
func (r rule) check(store journal.Store) (err error) {
	// Anything but a stop is a fault of the store or of the suite, and ends the test as any panic does.
	defer func() {
		switch seen := recover().(type) {
		case nil:
		case stop:
			err = &violation{rule: r.name, why: r.why, seen: string(seen)}
		default:
			panic(seen)
		}
	}()
	// The rule panics with a stop at the first wrong answer, so that it reads as a list of steps.
	r.try(&probe{ctx: context.Background(), store: store})
	return nil
}

// rules returns all rules, in the order in which a new store is best made to keep them.
func rules() []rule {
	var list []rule
	for _, part := range [][]rule{saveRules(), valueRules(), listRules(), callRules(), concurrentRules()} {
		list = append(list, part...)
	}
	return list
}
