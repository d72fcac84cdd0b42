package explain

import (
	"sync"
	"sync/atomic"
	"time"
)

// What explanations may cost a process in a second, whatever is sent to it, by the clock.
//
// An explanation costs hundreds of hash operations, and an unverified sender can cause one with each
// request. Without these bounds a flood of forgeries would use up the processor.
const (
	diagnosisPerSecond = 50 * time.Millisecond
	// diagnosisLeast is what one counts as before it begins, for what the clock does not see: copying the request, and
	// the garbage that it leaves. So there are at most 16 a second.
	diagnosisLeast = 3 * time.Millisecond
	// diagnosisPerKiB is what it counts as in addition for each KiB of the body, whose changed copies are garbage: half
	// as many long bodies are explained, so that a flood of them leaves little.
	diagnosisPerKiB = 50 * time.Microsecond
	// maxExplaining is how many wait or run in a process, in addition to one of each guard. One holds 144 KiB at most.
	maxExplaining = 16
	maxDebt       = 10 * diagnosisPerSecond
	// newClock is how far the clock must go back to count as another one, as tests have it.
	newClock = time.Minute
)

// tank is an amount of work that fills up as time passes. The zero tank is full.
//
// It is a token bucket that counts time. It has no lock of its own: the allowance's mu guards every
// tank.
type tank struct {
	left time.Duration // negative: it was overdrawn
	at   time.Time
}

// fill adds what has come since, up to most.
func (t *tank) fill(now time.Time, perSecond, most time.Duration) {
	since := now.Sub(t.at)
	switch {
	case t.at.IsZero():
		t.left = most
	// Adding nothing is the safe side: a clock that goes back a little must not fill the tank twice.
	case since < 0 && since > -newClock:
		return // another refusal looked at the clock later and came here first
	case since > 0:
		// Floating point keeps a long pause from overflowing. The result is cut to most below.
		t.left += time.Duration(float64(perSecond) * since.Seconds())
	}
	t.left, t.at = min(t.left, most), now
}

// Allowance is the work that explanations may cost a process, for all the guards that share it. Half of it is divided
// between the open guards.
//
// The half that is divided gives every endpoint an explanation now and then, even while another
// endpoint is flooded.
type Allowance struct {
	Clock func() time.Time // how long explanations take is measured by it

	mu         sync.Mutex
	open       int64 // shares
	common     tank  // what whoever comes first may use
	explaining int   // grants out of it that wait or run
}

// NewAllowance returns an allowance that is full.
func NewAllowance() *Allowance { return &Allowance{Clock: time.Now} }

// Share is one guard's part in an allowance. The allowance's mu guards its fields.
//
// own and explaining may only be used under the allowance's lock. quiet is atomic, because every
// refused delivery reads it.
type Share struct {
	allowance  *Allowance
	open       bool
	own        tank // what no other guard can take
	explaining int
	// quiet is until when nothing is granted, in nanoseconds since 1970: a flood asks without taking the lock. 0: ask.
	quiet atomic.Int64
}

// Join returns a guard's part.
//
// The caller must call Close, or the part of this guard is lost for the others.
func (a *Allowance) Join() *Share {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open++
	return &Share{allowance: a, open: true}
}

// Close returns the part. The guard may go on: it has what is common to all. A second call does nothing.
//
// Explanations that run may still end after it: their grants hold what they need.
func (s *Share) Close() {
	a := s.allowance
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.open {
		s.open = false
		a.open--
	}
}

// Exhaust leaves nothing to grant for a time, to this guard and out of what is common. It is for measurements.
//
// It must not be called while deliveries are served for real: the operator would get no findings.
func (s *Share) Exhaust(took time.Duration) {
	a := s.allowance
	a.mu.Lock()
	defer a.mu.Unlock()
	a.common = tank{-took, time.Now()}
	s.own = a.common
}

// Grant is the permission to explain one refusal. The zero value is none.
//
// Whoever holds one must call End or Refuse exactly once. A second call would count an explanation as
// ended that still runs.
type Grant struct {
	share *Share
	own   bool // out of the guard's own part
}

// maxQuiet is how long a guard relies on an answer: after that time another guard may have left something.
const maxQuiet = time.Second

// IsQuiet reports whether an explanation would not be granted at that time. A clock that went back is asked again.
//
// It is a hint that saves the lock. A wrong answer costs one lock, or one explanation that is left out.
// No delivery is accepted or refused because of it.
func (s *Share) IsQuiet(now time.Time) bool {
	left := s.quiet.Load() - now.UnixNano()
	return left > 0 && left <= int64(maxQuiet)
}

// until returns how long the tank takes to have what one explanation counts as.
//
// A tank that is full enough but not granted waits for another guard: then maxQuiet is the answer. So
// it is where perSecond is zero, which avoids a division by zero.
func (t *tank) until(perSecond time.Duration) time.Duration {
	if perSecond <= 0 || t.left >= diagnosisLeast {
		return maxQuiet
	}
	return time.Duration(float64(diagnosisLeast-t.left) / float64(perSecond) * float64(time.Second))
}

// Grant grants one more explanation, or none: then the refusal is reported without findings.
//
// It never waits, so a flood cannot make refusals queue up here. What is common is used first. The own
// part stays for the time when others have used that up.
func (s *Share) Grant(now time.Time) (Grant, bool) {
	a := s.allowance
	a.mu.Lock()
	defer a.mu.Unlock()
	common, own := diagnosisPerSecond/2, time.Duration(0)
	if s.open {
		own = diagnosisPerSecond / 2 / time.Duration(a.open)
	}
	a.common.fill(now, common, common)
	s.own.fill(now, own, max(diagnosisLeast, own))
	switch {
	case a.explaining < maxExplaining && a.common.left >= diagnosisLeast:
		a.explaining++
		a.common.left -= diagnosisLeast
		return Grant{share: s}, true
	// One at a time out of the own part: an explanation may take longer than it counts as, and would
	// overdraw it.
	case s.explaining == 0 && s.own.left >= diagnosisLeast:
		s.explaining++
		s.own.left -= diagnosisLeast
		return Grant{share: s, own: true}, true
	}
	if a.explaining < maxExplaining { // else one of another guard may end at any time
		quiet := min(a.common.until(common), maxQuiet)
		if s.explaining == 0 {
			quiet = min(quiet, s.own.until(own))
		}
		s.quiet.Store(now.Add(quiet).UnixNano())
	}
	return Grant{}, false
}

// End counts what the explanation took. A tank is overdrawn by maxDebt at most: a machine that stood still must not end
// diagnosis for minutes.
//
// took is by Allowance.Clock. Storing 0 in quiet lets the next refusal ask again, because what it
// relied on has changed.
func (g Grant) End(took time.Duration) {
	a := g.share.allowance
	a.mu.Lock()
	defer a.mu.Unlock()
	t := &a.common
	if g.own {
		t = &g.share.own
		g.share.explaining--
	} else {
		a.explaining--
	}
	// A slow explanation is paid for afterwards: the next ones wait until the tank has filled up again.
	t.left = max(t.left-took, -maxDebt)
	g.share.quiet.Store(0)
}

// Refuse returns the grant of what is not explained.
func (g Grant) Refuse() { g.End(-diagnosisLeast) }
