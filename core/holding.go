package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// holding is what a delivery holds in the replay store: the claims of its events and of their named receivers. It keeps
// the leases alive while the app's code runs, and puts each verdict into the store.
type holding struct {
	delivery *Delivery
	ctx      context.Context // detached: values only
	renewers *sync.Pool
	request  lateContext // ends when the delivery is settled, or has lost what it held
	claiming lateContext // the time that the store has for it

	mu     sync.Mutex
	claims []claim
	// What the claim of one event is made of.
	one      [1]claim
	oneItem  [1]replay.Item
	oneOwner [1]int
	// What the first settlement is made of, which for one claim is the only one.
	flushed       bool
	oneSettlement [1]replay.Settlement
	oneIndex      [1]int
	settling      lateContext // the time that the store has for its first try
	until         time.Time   // the leases end then, unless they are renewed; by this machine's clock, never later than the store's
	timer         *renewer
	state         ReplayState
	err           error
}

// claim is one identity that is held.
type claim struct {
	held    replay.Held
	part    bool           // of a named receiver
	signed  bool           // of what is signed, which says nothing of an event
	whole   int            // a part's event: its number
	verdict replay.Verdict // zero: undecided
	failed  bool           // the store did not take the verdict
	settled bool           // the store has been told
	lost    bool
	work    *lateContext // of what the claim is for; nil: it goes on without the claim
}

// Renewal: a lease is renewed when a third of it has passed, and tried again soon where the store did not answer.
const (
	renewalsPerLease = 3
	triesPerLease    = 10
)

// begin notes when the leases end, of claims that were asked for at from.
func (h *holding) begin(d *Delivery, from time.Time) {
	h.delivery, h.renewers = d, &d.guard.renewers
	if from == from.Round(0) { // the clock is not monotonic: a bubble of testing/synctest, whose timers are nobody else's
		h.renewers = &sync.Pool{}
	}
	h.ctx = context.WithoutCancel(d.r.Context())
	h.until = from.Add(d.guard.lease)
	h.claims = h.one[:0]
	h.state = ReplayNone
}

// add takes a claim in and returns its number. The context of the work, if not nil, ends when the claim is lost.
func (h *holding) add(held replay.Held, work *lateContext) int {
	return h.take(claim{held: held, work: work})
}

// addPart is add for a named receiver of the event with that number.
func (h *holding) addPart(held replay.Held, whole int) int {
	return h.take(claim{held: held, part: true, whole: whole})
}

// addSigned takes in the claim of what is signed. It is remembered whatever becomes of the event: a retry comes with
// the same body, and to forget it would be to let another body have it.
func (h *holding) addSigned(held replay.Held) {
	h.take(claim{held: held, signed: true, verdict: replay.Commit})
}

// addDonePart notes a named receiver that had done its part in an earlier delivery.
func (h *holding) addDonePart(key replay.Key, whole int) {
	h.take(claim{held: replay.Held{Key: key}, part: true, whole: whole, verdict: replay.Commit, settled: true})
}

func (h *holding) take(c claim) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims = append(h.claims, c)
	if h.timer == nil {
		h.timer = borrowRenewer(h)
		h.timer.Reset(h.delivery.guard.lease / renewalsPerLease)
	}
	return len(h.claims) - 1
}

// bound is what a call of the store is made with: it is given its time, and no more than the values of the request,
// whose sender may hang up.
func (h *holding) bound(c *lateContext, now time.Time) {
	c.parent, c.deadline = h.ctx, now.Add(storeTimeout)
}

func (h *holding) heldBy(i int) replay.Held {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.claims[i].held
}

// attach says whose context ends when the claim is lost. It reports false when it is lost already.
func (h *holding) attach(i int, work *lateContext) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[i].work = work
	return !h.claims[i].lost
}

// decide notes a verdict, which the next flush puts into the store. The first verdict stands.
func (h *holding) decide(i int, v replay.Verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.claims[i].verdict == 0 {
		h.claims[i].verdict = v
	}
}

// decideAll gives a verdict to everything that has none.
func (h *holding) decideAll(v replay.Verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.claims {
		if h.claims[i].verdict == 0 {
			h.claims[i].verdict = v
		}
	}
}

// committed notes that the app's own transaction has put "done" into the store.
func (h *holding) committed(i int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[i].verdict, h.claims[i].settled = replay.Commit, true
	h.note(ReplayCommitted, nil)
}

// note keeps the worst of what came of the verdicts.
func (h *holding) note(state ReplayState, err error) {
	rank := []ReplayState{ReplayNone, ReplayReleased, ReplayCommitted, ReplayCommitFailed}
	if slices.Index(rank, state) > slices.Index(rank, h.state) {
		h.state = state
	}
	if h.err == nil {
		h.err = err
	}
}

// renew extends the leases of everything that is not settled yet.
func (h *holding) renew() {
	h.mu.Lock()
	held := h.open()
	until := h.until
	h.mu.Unlock()
	if len(held) == 0 {
		return
	}
	now := time.Now()
	switch {
	case !now.Before(until):
		h.lose(nil)
		return
	case !now.Before(h.delivery.limit()):
		h.again(time.Until(until))
		return
	}
	ctx, cancel := context.WithDeadline(h.ctx, minTime(now.Add(storeTimeout), until))
	// A store that looks at no context may not answer before the lease ends, when another delivery can take the event
	// over.
	end := time.AfterFunc(until.Sub(now), func() { h.lose(nil) })
	err := h.extend(ctx, held)
	end.Stop()
	cancel()
	var lost *replay.LeaseLostError
	switch {
	case err == nil:
	case errors.As(err, &lost):
		h.lose(lost.Keys)
	default:
		// The store may answer again before the lease ends; until then the claims are still ours.
		h.again(min(h.delivery.guard.lease/triesPerLease, max(0, time.Until(until))))
		return
	}
	h.mu.Lock()
	h.until = now.Add(h.delivery.guard.lease)
	h.mu.Unlock()
	h.again(h.delivery.guard.lease / renewalsPerLease)
}

// extend contains a panic of the app's own store, which would otherwise end the process from a timer that nobody can
// recover.
func (h *holding) extend(ctx context.Context, held []replay.Held) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the replay store panicked with a %T", v)
		}
	}()
	return h.delivery.guard.store.Extend(ctx, held, h.delivery.guard.lease)
}

func (h *holding) again(after time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.Reset(after)
	}
}

// open are the claims that the store still has to be told about. The caller holds the lock.
func (h *holding) open() []replay.Held {
	held := make([]replay.Held, 0, len(h.claims))
	for i := range h.claims {
		if c := &h.claims[i]; !c.settled && !c.lost {
			held = append(held, c.held)
		}
	}
	return held
}

// lose marks claims as lost and ends the work they are for; nil keys: all of them.
func (h *holding) lose(keys []replay.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	among := setOf(keys)
	for i := range h.claims {
		c := &h.claims[i]
		// Where the verdict is known the work is over. The store may even have taken it by now, and a renewal that came
		// after it found nothing to renew.
		if c.verdict != 0 || (keys != nil && !among[c.held.Key]) {
			continue
		}
		c.lost = true
		if c.work != nil {
			c.work.end(ErrLeaseLost)
		}
	}
}

// flush writes every verdict that is new to the store, detached from the request. A commit is tried again until the
// lease expires: the work is done, and only the commit keeps it from being done twice. A release is not waited for once
// the lease has expired: the retry can claim the event already.
func (h *holding) flush() {
	h.mu.Lock()
	var settlements []replay.Settlement
	var indices []int
	var attempt *lateContext
	if !h.flushed { // the app may settle from a goroutine of its own, beside another flush
		h.flushed = true
		settlements, indices, attempt = h.oneSettlement[:0], h.oneIndex[:0], &h.settling
	}
	now := time.Now()
	limit, commits := minTime(now.Add(storeTimeout), h.until), false
	for i := range h.claims {
		c := &h.claims[i]
		switch {
		case c.verdict == 0 || c.settled:
			continue
		case c.verdict == replay.Release && (c.lost || !now.Before(h.until)):
			c.settled = true // by its end
			h.note(ReplayReleased, nil)
			continue
		case c.verdict == replay.Commit:
			commits = true
			if !c.signed {
				limit = h.until
			}
		}
		settlements = append(settlements, replay.Settlement{Key: c.held.Key, Token: c.held.Token, Verdict: c.verdict, TTL: h.delivery.guard.retention})
		indices = append(indices, i)
	}
	h.mu.Unlock()
	if len(settlements) > 0 {
		h.put(settlements, indices, trial{now: now, limit: limit, commits: commits, ctx: attempt})
	}
	h.forgetParts()
}

// trial says how long a settlement is tried.
type trial struct {
	now, limit time.Time
	commits    bool         // an attempt may last longer than limit: a commit may take effect all the same
	ctx        *lateContext // of the first attempt; nil: it needs one
}

func (h *holding) put(settlements []replay.Settlement, indices []int, try trial) {
	err := h.settle(settlements, try)
	lost, partly := lostKeys(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, i := range indices {
		c := &h.claims[i]
		c.settled = true
		c.failed = err != nil && (!partly || lost[settlements[n].Key])
		switch {
		case c.signed:
		case settlements[n].Verdict == replay.Release:
			h.note(ReplayReleased, err) // where it failed, the lease ends by itself
		case c.failed:
			h.note(ReplayCommitFailed, err)
		default:
			h.note(ReplayCommitted, nil)
		}
	}
}

// lostKeys are the claims that an error says are lost, where it is about some of them only.
func lostKeys(err error) (lost map[replay.Key]bool, partly bool) {
	if err == nil {
		return nil, false
	}
	var some *replay.LeaseLostError
	if !errors.As(err, &some) {
		return nil, false
	}
	return setOf(some.Keys), true
}

// forgetParts forgets the named receivers of events that are done as a whole: the event's own memory says it all, and
// an operator who makes the store forget the event means all of its receivers.
func (h *holding) forgetParts() {
	h.mu.Lock()
	var keys []replay.Key
	for i := range h.claims {
		c := &h.claims[i]
		if !c.part {
			continue
		}
		if w := &h.claims[c.whole]; w.settled && !w.failed && w.verdict == replay.Commit {
			keys = append(keys, c.held.Key)
			c.part = false
		}
	}
	h.mu.Unlock()
	if len(keys) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(h.ctx, storeTimeout)
	defer cancel()
	_ = h.delivery.guard.store.Forget(ctx, keys) // what is left ends with its TTL, and until then keeps nothing from running but by an operator's wish
}

// settle makes the first attempt with a context that has a place already, if there is one: a store may keep it, and the
// next needs another.
func (h *holding) settle(settlements []replay.Settlement, try trial) error {
	now, attempt := try.now, try.ctx
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if attempt == nil {
			attempt = &lateContext{}
		}
		h.bound(attempt, now)
		if !try.commits {
			attempt.deadline = minTime(attempt.deadline, try.limit)
		}
		err := h.delivery.guard.store.Settle(attempt, settlements)
		attempt.release()
		attempt = nil
		if err == nil {
			return nil
		}
		if isFinal(err) || time.Now().Add(pause).After(try.limit) {
			return err
		}
		time.Sleep(pause)
		now = time.Now()
	}
}

// end stops the renewals.
func (h *holding) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.giveBack(h.renewers)
		h.timer = nil
	}
}

func (h *holding) outcome() (ReplayState, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, h.err
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func setOf(keys []replay.Key) map[replay.Key]bool {
	set := make(map[replay.Key]bool, len(keys))
	for _, k := range keys {
		set[k] = true
	}
	return set
}
