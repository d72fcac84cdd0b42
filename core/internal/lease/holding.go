// Package lease holds claims in a replay store while the app's code runs: it renews their leases, settles them, and
// ends the work whose claim is lost.
package lease

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// StoreTimeout is how long a store may take to answer.
//
// The sender waits meanwhile. Many providers give up after ten seconds or less.
const StoreTimeout = 5 * time.Second

// ErrLost is the cause with which the context of work ends whose claim is gone.
//
//lint:immutable an error value
var ErrLost = errors.New("sallyport: the claim on the event is lost; another delivery of it may be running")

// Rules are how an endpoint holds claims. They must not be copied.
//
// Lease and Retention must be positive. A lease that is too short lets a second delivery run while the
// first is at work.
type Rules struct {
	Store     replay.Store  // nil: nothing is held; see Use
	Lease     time.Duration // of a claim, until it is renewed
	Retention time.Duration // of what is done
	immediate Immediate     // the store, where it is one; else nil
	timers    sync.Pool     // of *renewTimer
}

// State is what became of what was held, from best to worst.
type State uint8

// The states.
const (
	None State = iota
	Released
	Committed
	CommitFailed // the app's work is done, and the store does not know it
)

// Outcome is what came of the verdicts.
type Outcome struct {
	State State // the worst
	Err   error // of the store; the first
}

// Holding is what a delivery holds in the replay store: the claims of its events and of their named receivers. It keeps
// the leases alive while the app's code runs, and writes each verdict into the store.
//
// mu guards everything from claims on. The timer's goroutine, the app's code and the delivery use it at
// the same time.
type Holding struct {
	rules   *Rules
	limit   time.Time // no lease is renewed any more
	lasting Lasting   // the context of the delivery, without its end
	timers  *sync.Pool
	Request Context // ends when the delivery is settled, or has lost what it held

	mu     sync.Mutex
	claims []claim
	parts  bool // one of them is a part
	// What the claim of one event is made of.
	one       [1]claim
	oneItem   [1]replay.Item
	oneOwner  [1]int
	oneResult [1]replay.Result
	// What the first settlement is made of, which for one claim is the only one.
	flushed       bool
	oneSettlement [1]replay.Settlement
	oneIndex      [1]int
	// until is when the leases expire unless they are renewed: by this machine's clock, and never later than the
	// store's.
	until   time.Time
	timer   *renewTimer
	outcome Outcome
}

// claim is one identity that is held.
type claim struct {
	held    replay.Held
	work    *Context       // of what the claim is for; nil: it goes on without the claim
	whole   int            // a part's event: its number
	part    bool           // of a named receiver
	signed  bool           // of the signed content, and not of an event
	verdict replay.Verdict // zero: undecided
	failed  bool           // the store did not take the verdict
	settled bool           // the store has the verdict
	lost    bool
}

// Renewal: a lease is renewed when a third of it has passed, and tried again soon where the store did not answer.
const (
	renewalsPerLease = 3
	triesPerLease    = 10
)

// Begin begins a holding whose claims are asked for at from. Contexts of the store have the values of ctx. From limit
// on no lease is renewed.
func (h *Holding) Begin(ctx context.Context, rules *Rules, from, limit time.Time) {
	h.rules, h.limit, h.timers = rules, limit, &rules.timers
	if from == from.Round(0) {
		// The clock is not monotonic: this is a bubble of testing/synctest, whose timers must not leave it.
		h.timers = &sync.Pool{}
	}
	h.lasting.Start(ctx)
	h.until = from.Add(rules.Lease)
	h.claims = h.one[:0]
}

// AskAgain notes that the claims are asked for at from only. Nothing may be held yet.
func (h *Holding) AskAgain(from time.Time) { h.until = from.Add(h.rules.Lease) }

// Context returns a context with the values of the delivery's, which does not end with it. It is nil before Begin.
func (h *Holding) Context() context.Context {
	if h.lasting.parent == nil {
		return nil
	}
	return &h.lasting
}

// Add adds a claim and returns its number. The context of the work, if not nil, ends when the claim is lost.
func (h *Holding) Add(held replay.Held, work *Context) int {
	return h.take(claim{held: held, work: work})
}

// AddPart is Add for a named receiver of the event with that number.
func (h *Holding) AddPart(held replay.Held, whole int) int {
	return h.take(claim{held: held, part: true, whole: whole})
}

// AddSigned adds the claim of the signed content. It is committed whatever becomes of the event. A retry comes with the
// same body. If it were forgotten, another body could use it.
func (h *Holding) AddSigned(held replay.Held) {
	h.take(claim{held: held, signed: true, verdict: replay.Commit})
}

// AddDonePart notes a named receiver that had done its part in an earlier delivery.
func (h *Holding) AddDonePart(key replay.Key, whole int) {
	h.take(claim{held: replay.Held{Key: key}, part: true, whole: whole, verdict: replay.Commit, settled: true})
}

func (h *Holding) take(c claim) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims = append(h.claims, c)
	h.parts = h.parts || c.part
	if h.timer == nil {
		h.timer = borrowTimer(h)
		h.timer.Reset(h.rules.Lease / renewalsPerLease)
	}
	return len(h.claims) - 1
}

// HeldBy returns what the store knows a claim by.
func (h *Holding) HeldBy(i int) replay.Held {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.claims[i].held
}

// Attach sets the context that ends when the claim is lost. It reports false when it is lost already.
func (h *Holding) Attach(i int, work *Context) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[i].work = work
	return !h.claims[i].lost
}

// Decide notes a verdict, which the next Flush writes into the store. The first verdict stands.
//
// An event that the app committed must not be released by a later panic: the retry would do the work
// twice.
func (h *Holding) Decide(i int, v replay.Verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.claims[i].verdict == 0 {
		h.claims[i].verdict = v
	}
}

// DecideAll gives a verdict to everything that has none.
func (h *Holding) DecideAll(v replay.Verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.claims {
		if h.claims[i].verdict == 0 {
			h.claims[i].verdict = v
		}
	}
}

// Committed notes that the app's own transaction has written "done" into the store.
func (h *Holding) Committed(i int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[i].verdict, h.claims[i].settled = replay.Commit, true
	h.note(Committed, nil)
}

// note keeps the worst of what came of the verdicts. The caller must hold mu.
func (h *Holding) note(state State, err error) {
	h.outcome.State = max(h.outcome.State, state)
	if h.outcome.Err == nil {
		h.outcome.Err = err
	}
}

// End stops the renewals.
//
// A claim that is not settled then expires in the store, and a retry can claim it. The caller must call
// End, or the timer goes on.
func (h *Holding) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.giveBack(h.timers)
		h.timer = nil
	}
}

// Outcome returns what came of the verdicts so far.
func (h *Holding) Outcome() Outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.outcome
}
