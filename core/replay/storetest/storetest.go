// Package storetest is the contract of [replay.Store], in the form of tests. Run them against your own store:
//
//	// TestMain fails where a goroutine outlives the tests.
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
//
//	func TestStoreContract(t *testing.T) {
//		h := storetest.Harness{
//			New:  func(t *testing.T, capacity int) replay.Store { return mystore.New(capacity) },
//			// Unbounded: true, // where the store has no capacity
//			Test: synctest.Test, // a store on a database has none, and a shorter Unit
//		}
//		storetest.Run(t, h)
//		storetest.RunConcurrent(t, h)
//		storetest.RunHistories(t, h, 1000, 1) // fewer where calls are slow
//		storetest.RunFaultyHistories(t, h, 1000, 1)
//	}
//
// [Run] has one subtest for each rule. A failure prints what was seen, and the rule that it breaks. [RunConcurrent]
// finds most under the race detector. [RunHistories] compares the store with a model, call by call, over random
// histories. [RunFaultyHistories] loses calls and answers on the way, and checks what must hold even then.
//
// # Invariants
//
// Rules and failures name the invariants of a store:
//
//   - I1: a key has at most one holder.
//   - I2: a committed key is not claimed again before its TTL expires.
//   - I3: after a release, or when a lease has expired, a claim succeeds.
//   - I4: a stale token changes nothing.
//   - I5: a key that was never seen is never a duplicate.
//   - I7: nothing is done that no holder has committed.
//   - I8: there are no more live keys than the capacity, and none is evicted.
//
// # Limits
//
// The suite cannot show that a store survives a crash or a failover: it only sees the calls of one process. It imports
// only the standard library.
package storetest

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Harness describes how to test one kind of store.
type Harness struct {
	// New makes an empty store, which the suite closes. The store must hold exactly as many identities as the capacity.
	// 0 means the store's default, which must be some thousands. Required.
	New func(t *testing.T, capacity int) replay.Store

	// Unbounded means that the store has no capacity. New is then called only with 0, and the rules about full stores
	// are skipped.
	Unbounded bool

	// Namespace opens a store of a namespace, in the database of the last store that New has made. That store must have
	// another namespace than those that the suite opens. The suite closes the returned store. nil means that the store
	// has no namespaces, and the rules about them are skipped.
	Namespace func(t *testing.T, namespace string) replay.Store

	// Test runs f, once for each rule. For a store that uses this process's clock give synctest.Test, and no rule takes
	// time. nil means that f is called directly.
	Test func(t *testing.T, f func(t *testing.T))

	// Advance lets time pass for the store. nil means time.Sleep, which is right within synctest.Test as well.
	Advance func(d time.Duration)

	// Unit is the length of a step in the rules about time. Each takes a few units. For a store whose clock cannot be
	// replaced it should be short, but longer than twice the time of thirty calls: half a unit early or late must not
	// matter. 0 means a second.
	Unit time.Duration

	// Skew is how far the store's clock and this process's may differ, with rounding. 0 means an eighth of Unit.
	Skew time.Duration
}

// Run tests the store against every rule, one call at a time.
func Run(t *testing.T, h Harness) {
	t.Helper()
	run(t, h, rules())
}

// RunConcurrent tests the store against the rules for many goroutines that use it at once.
func RunConcurrent(t *testing.T, h Harness) {
	t.Helper()
	run(t, h, concurrentRules())
}

// run runs each rule that applies in a subtest of its own. A new store for each keeps rules independent.
func run(t *testing.T, h Harness, rules []rule) {
	t.Helper()
	h = h.withDefaults()
	for _, r := range rules {
		if !r.appliesTo(h) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			h.Test(t, func(t *testing.T) {
				if err := r.check(t, h); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// withDefaults returns the harness with a value for every optional field, except Namespace.
func (h Harness) withDefaults() Harness {
	if h.Test == nil {
		h.Test = func(t *testing.T, f func(*testing.T)) { t.Helper(); f(t) }
	}
	if h.Advance == nil {
		h.Advance = time.Sleep
	}
	if h.Unit <= 0 {
		h.Unit = time.Second
	}
	if h.Skew <= 0 {
		h.Skew = h.Unit / 8
	}
	return h
}
