package core

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultRoom = 2048 // units of bodyUnit: 64 MiB
	maxRoom     = 1 << 20
)

// Budget bounds what unverified senders may use of a process, for all the guards that share it: memory for bodies that
// nobody has proved yet, and time for finding out why deliveries were refused.
//
// Guards without one share the budget of the process, so a hundred endpoints hold no more than one. Half of a budget is
// kept: each open guard has an equal part of that half, which no other guard can take. So a flood at one endpoint
// leaves the others their part. [Guard.Close], [Guard.Shutdown] and the garbage collector return a guard's part.
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
	room int64 // units
	err  error // of the configuration

	mu      sync.Mutex
	guards  map[*share]struct{} // those that are open, and those that hold something
	open    int64
	reserve int64     // units of one open guard
	common  int64     // units that whoever comes first may use
	over    int64     // units in use of the common ones
	waking  int64     // units of bodies that were made to end, and are held until their readers wake up
	giant   *bodySlot // the one that is larger than the room

	diagnosis  tank // what whoever comes first may use
	explaining int  // grants out of it that wait or run
	clock      func() time.Time
}

// NewBudget returns a budget of its own, for guards that must not share with others: [Config.Budget].
func NewBudget() *Budget {
	return &Budget{room: defaultRoom, guards: map[*share]struct{}{}, clock: time.Now}
}

// WithBodies returns a budget with another room for bodies, between 32 KiB and 32 GiB. It is a new one: guards that use
// b do not share it.
func (b *Budget) WithBodies(bytes int64) *Budget {
	out := NewBudget()
	out.room = bytes / bodyUnit
	if out.room < 1 || out.room > maxRoom {
		out.err = fmt.Errorf("it has room for bodies of %d bytes; it must be between %d and %d", bytes, bodyUnit,
			int64(maxRoom)*bodyUnit)
	}
	return out
}

// processBudget is shared by the guards that are given none: what it bounds is the memory and the time of the process.
var processBudget = NewBudget() //lint:immutable the pointer never changes, and what it counts decides about no proof

// share is one guard's part in a budget. It knows nothing of the guard, so that the guard can be collected. The
// budget's mu guards its fields.
type share struct {
	budget *Budget
	open   bool
	used   int64     // units of bodies that have a place
	waking int64     // units of bodies that were made to end
	oldest *bodySlot // of those that have a place
	newest *bodySlot

	diagnosis  tank // what no other guard can take
	explaining int
	// quiet is until when nothing is granted, in nanoseconds since 1970: a flood asks without taking the lock. 0: ask.
	quiet atomic.Int64
}

// join makes a guard's part.
func (b *Budget) join() *share {
	s := &share{budget: b, open: true}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.guards[s] = struct{}{}
	b.open++
	b.divide()
	return s
}

// close returns the part. The guard may go on: it has what is common to all.
func (s *share) close() {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if !s.open {
		return
	}
	s.open = false
	b.open--
	s.tidy()
	b.divide()
}

// tidy forgets a closed guard that holds nothing. The caller must hold mu.
func (s *share) tidy() {
	if !s.open && s.oldest == nil && s.waking == 0 {
		delete(s.budget.guards, s)
	}
}

// divide computes everybody's part after a guard came or went. Each open guard keeps one unit at least, however many
// there are. The caller must hold mu.
func (b *Budget) divide() {
	b.reserve = max(1, b.room/2/max(1, b.open))
	b.common = max(b.room-b.open*b.reserve, b.room/2)
	b.over = 0
	for s := range b.guards {
		b.over += s.excess(s.used)
	}
}

// excess returns how much of used comes out of what is common. The caller must hold mu.
func (s *share) excess(used int64) int64 {
	if s.open {
		used -= s.budget.reserve
	}
	return max(0, used)
}

// fits reports whether there is room for more units. The caller must hold mu.
func (s *share) fits(more int64) bool {
	over := s.excess(s.used + more)
	return over == 0 || s.budget.over-s.excess(s.used)+over <= s.budget.common
}

// take counts units, or returns them where more is negative. The caller must hold mu.
func (s *share) take(more int64) {
	s.budget.over += s.excess(s.used+more) - s.excess(s.used)
	s.used += more
}
