package core

import (
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/intake"
)

// Budget bounds what unverified senders may use of a process, for all the guards that share it: memory for bodies that
// nobody has proved yet, and time for finding out why deliveries were refused.
//
// Guards without one share the budget of the process, so a hundred endpoints hold no more than one. Half of a budget is
// kept: each open guard has an equal part of that half, which no other guard can take. So a flood at one endpoint
// leaves the others their part. [Guard.Shutdown] and the garbage collector return a guard's part.
//
// Bodies have 64 MiB, counted by what they hold, in units of 32 KiB. When there is no room, a body that has been
// arriving for more than a second makes way, first one of the guard that holds the most beyond its part. Where none
// has, the answer is 503. One body that is alone at its endpoint may be larger than the room that is left.
//
// Diagnosis has 50 milliseconds a second by the clock, of which each explained refusal counts at least 3. Refusals
// beyond that are reported without [Record.Findings].
//
// A Budget is safe for concurrent use. Make it with [NewBudget]: New refuses the zero value.
type Budget struct {
	bodies    *intake.Room
	err       error // of the configuration
	diagnosis *explain.Allowance
}

// NewBudget returns a budget of its own, for guards that must not share with others: [Config.Budget].
func NewBudget() *Budget {
	return newBudget(intake.DefaultRoom)
}

// WithBodies returns a budget with another room for bodies, between 32 KiB and 32 GiB. It is a new one: guards that use
// b do not share it.
func (b *Budget) WithBodies(bytes int64) *Budget {
	return newBudget(bytes)
}

func newBudget(bytes int64) *Budget {
	b := &Budget{diagnosis: explain.NewAllowance()}
	b.bodies, b.err = intake.NewRoom(bytes)
	return b
}

// processBudget is shared by the guards that have none of their own: it bounds the memory and the time of the process.
var processBudget = NewBudget() //lint:immutable the pointer never changes, and what it counts decides about no proof

// share is one guard's part in a budget. It has no reference to the guard, which can be collected.
type share struct {
	bodies    *intake.Share
	diagnosis *explain.Share
	closed    atomic.Bool // the part was returned; Shutdown may be called twice
}

// join makes a guard's part.
func (b *Budget) join() *share { return &share{bodies: b.bodies.Join(), diagnosis: b.diagnosis.Join()} }

// close returns the part. The guard may go on, in the part that is common to all. A second call does nothing.
func (s *share) close() {
	if !s.closed.Swap(true) {
		s.bodies.Close()
		s.diagnosis.Close()
	}
}
