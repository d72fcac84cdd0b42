// Package storetest is the contract of [replay.Store], as tests that every store runs.
//
//	func TestStoreContract(t *testing.T) {
//		h := storetest.Harness{
//			New:  func(t *testing.T, capacity int) replay.Store { return mystore.New(capacity) },
//			Test: synctest.Test,
//		}
//		storetest.Run(t, h)
//		storetest.RunConcurrent(t, h)
//		storetest.RunHistories(t, h, 1000, 1)
//		storetest.RunFaultyHistories(t, h, 1000, 1)
//	}
//
// [Run] has one subtest for each rule; a failure says what was seen and which rule it breaks. [RunConcurrent] is worth
// most under the race detector. [RunHistories] compares the store with a model, call by call, over random histories.
// [RunFaultyHistories] loses calls and answers on the way, and checks what must hold all the same.
//
// The rules stand for the invariants of a store: at most one holder of a key (I1); nothing committed is claimed again
// before its TTL ends (I2); after a release or the end of a lease a claim succeeds (I3); a stale token changes nothing
// (I4); a key never seen is never a duplicate (I5); no more live keys than the capacity, and none evicted (I8).
//
// The package imports the standard library only.
package storetest

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Harness says how to test one kind of store.
type Harness struct {
	// New makes an empty store, which the suite closes. The capacity is how many identities it must hold, and no more;
	// 0 means the store's default, which must be some thousands. Required.
	New func(t *testing.T, capacity int) replay.Store

	// Unbounded says that the store has no capacity: New is called with 0 only, and the rules of a full store do not
	// apply to it.
	Unbounded bool

	// Namespace opens a store of a namespace in the database of the last store that New has made, which is of another
	// namespace than those asked for; the suite closes it. nil means that the store has no namespaces, and the rules of
	// namespaces do not apply to it.
	Namespace func(t *testing.T, namespace string) replay.Store

	// Test runs f, once for each rule. A store that lives by this process's clock gives synctest.Test here, and no rule
	// takes time. nil means that f is simply called.
	Test func(t *testing.T, f func(t *testing.T))

	// Advance lets time pass for the store; nil means time.Sleep, which is right within synctest.Test as well.
	Advance func(d time.Duration)

	// Unit is the yardstick of every rule about time, of which each takes a few units. For a store whose time cannot be
	// faked it is as short as can be, but longer than twice what some thirty calls may take: half a unit early or late
	// must not matter. 0 means a second.
	Unit time.Duration

	// Skew is how far apart the store's clock and this process's may be, rounding included. 0 means an eighth of Unit.
	Skew time.Duration
}

// Run tests the store against every rule, one call at a time.
func Run(t *testing.T, h Harness) {
	t.Helper()
	run(t, h, rules())
}

// RunConcurrent tests what must hold when many goroutines use one store.
func RunConcurrent(t *testing.T, h Harness) {
	t.Helper()
	run(t, h, concurrentRules())
}

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
