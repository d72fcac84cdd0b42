package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

const (
	faultySteps   = 60
	faultyKeys    = 3
	faultyWorkers = 3
	faultyLease   = 3  // half units; odd, as in history.duration
	never         = -1 // a time that has not come
	faultyTTL     = 41 // half units: longer than a history, unless the clock jumps
)

// errReset stands for the error of a call whose connection was reset. The caller does not know whether it took effect.
var errReset = errors.New("storetest: the connection was reset")

// RunFaultyHistories runs n random histories of receivers that claim, work, renew, settle and crash. Meanwhile the
// store's clock jumps, and calls are lost on the way. Answers are lost on the way back, or come after the lease has
// expired.
//
// It checks the invariants that must hold whatever is lost. There is one holder at a time. A committed key is not
// claimed again, and nothing is done that no holder committed. A holder that has lost its claim changes nothing. An
// expired claim is free. In the end every event was worked on. Equal seeds make equal histories.
func RunFaultyHistories(t *testing.T, h Harness, n int, seed uint64) {
	t.Helper()
	h = h.withDefaults()
	h.Test(t, func(t *testing.T) {
		if err := checkFaultyHistories(t, h, n, seed); err != nil {
			t.Error(err)
		}
	})
}

// checkFaultyHistories runs the histories and returns the first violation.
func checkFaultyHistories(t *testing.T, h Harness, n int, seed uint64) error {
	t.Helper()
	for i := range n {
		var f *faulty
		seen := observe(t, h, 0, func(p *probe) {
			f = newFaulty(p, rand.New(rand.NewPCG(seed, uint64(i))))
			for range faultySteps {
				f.step()
			}
			f.finish()
		})
		if seen != "" {
			return &violation{
				rule: fmt.Sprintf("faulty history %d of seed %d", i, seed),
				why: "whatever answers are lost, nothing runs twice at once, nothing committed runs again, nothing " +
					"is lost\n" + strings.Join(f.trace, "\n"),
				seen: seen,
			}
		}
	}
	return nil
}

// faulty is one history. A lost answer leaves two possibilities, so it cannot know the state of an event. It keeps
// bounds: what is certain, and what is possible.
type faulty struct {
	*probe
	rand    *rand.Rand
	now     int // half units since the beginning
	events  [faultyKeys]bounds
	workers [faultyWorkers]worker
	quiet   bool     // no more faults, see finish
	trace   []string // one line for each step, for the failure
}

// bounds is the state of an event, as far as the receivers can know it. The times are half units. Each says until when
// something is certain, or possible; in the past it is neither.
//
// A store breaks a rule if it contradicts what is certain, or does what is not even possible.
type bounds struct {
	key                  replay.Key
	holder               replay.Token // the token of the last claim that was answered
	held, maybeHeld      int          // by the holder: certainly, and possibly
	unknown              int          // possibly by a claim whose answer was lost
	done, maybeDone      int          // certainly, and possibly
	lease                int          // of the holder, who may settle until then, whatever became of earlier commits
	firstCommit          int          // the earliest commit of the holder that may have taken effect; or never
	worked, acknowledged bool         // the work was done; its commit, or a later Done, was answered
}

// worker is a receiver. While it has no claim its token is 0.
type worker struct {
	event  int // the number of the event, if there is a token
	token  replay.Token
	worked bool // it has done the work, and only has to commit
}

// newFaulty returns a history in which nothing has happened yet.
func newFaulty(p *probe, r *rand.Rand) *faulty {
	f := &faulty{probe: p, rand: r}
	for i := range f.events {
		f.events[i] = bounds{key: p.key(), firstCommit: never}
	}
	return f
}

// note adds a line to the trace, with the time in half units.
func (f *faulty) note(format string, args ...any) {
	f.trace = append(f.trace, fmt.Sprintf("%3d  ", f.now)+fmt.Sprintf(format, args...))
}

// pass lets time pass for the store and for the bounds.
func (f *faulty) pass(halves int) {
	f.advance(halves)
	f.now += halves
}

// step lets one receiver do its next thing, or time pass. A receiver without a claim claims; with one it works, and
// then settles. In between it may crash or renew its lease.
func (f *faulty) step() {
	w := &f.workers[f.rand.IntN(faultyWorkers)]
	switch n := f.rand.IntN(20); {
	case n == 0:
		jump := 2 * (1 + f.rand.IntN(30))
		f.note("the clock jumps by %d", jump)
		f.pass(jump)
	case n < 4:
		f.note("time passes")
		f.pass(2)
	case w.token == 0:
		f.claimOne(w, f.rand.IntN(faultyKeys))
	case n < 6:
		f.note("the holder of event %d dies", w.event)
		*w = worker{}
	case n < 8:
		f.renew(w)
	case !w.worked:
		f.note("event %d is worked on", w.event)
		w.worked, f.events[w.event].worked = true, true
	default:
		f.settleOne(w)
	}
}

// call makes a call of the store. Half of the time a fault happens: the call is lost, its answer is lost, the answer
// comes too late, or the context has ended already. errReset stands for the first two, and for the last: the caller
// treats it as an unknown effect.
func (f *faulty) call(do func() error) error {
	fault := f.rand.IntN(8)
	if f.quiet {
		fault = 7
	}
	switch fault {
	case 0:
		f.note("  lost on the way there")
		return errReset
	case 1:
		_ = do()
		f.note("  lost on the way back")
		return errReset
	case 2:
		err := do()
		f.note("  answered after the lease (%v)", err)
		f.pass(faultyLease + 1)
		return err
	case 3:
		ctx, cancel := context.WithCancel(f.ctx)
		cancel()
		old := f.ctx
		f.ctx = ctx
		err := do()
		f.ctx = old
		f.note("  its context had ended (%v)", err)
		if err == nil {
			f.failf("a call whose context had ended succeeded")
		}
		return errReset
	}
	return do()
}

// claimOne claims an event for a receiver, and checks the result against the bounds. asked is the time before the call:
// a late answer is still about that moment.
func (f *faulty) claimOne(w *worker, event int) {
	e := &f.events[event]
	f.note("claim of event %d", event)
	asked := f.now
	var r replay.Result
	err := f.call(func() error {
		results, err := f.store.Claim(f.ctx, items(e.key), f.halves(faultyLease))
		if err == nil {
			r = results[0]
		}
		return err
	})
	switch {
	case err != nil && !errors.Is(err, errReset):
		f.failf("Claim: %v", err)
	case err != nil:
		// The claim may have been made. No receiver has its token, so only its expiry frees the key.
		e.unknown = max(e.unknown, f.now+faultyLease)
	case r.State == replay.Claimed:
		// A claim ends everything that was only possible: the earlier holder has lost the key, committed or not.
		if e.held > asked {
			f.failf("event %d was claimed while its holder's lease ran (I1)", event)
		}
		if e.done > asked {
			f.failf("event %d was claimed although its commit was acknowledged (I2)", event)
		}
		*e = bounds{key: e.key, firstCommit: never, holder: r.Token, held: asked + faultyLease,
			maybeHeld: asked + faultyLease, lease: asked + faultyLease, worked: e.worked, acknowledged: e.acknowledged}
		*w = worker{event: event, token: r.Token}
	case r.State == replay.Done:
		if e.maybeDone <= asked {
			f.failf("event %d is done, and no holder can have committed it (I5, I7)", event)
		}
		e.acknowledged = true
	case max(e.maybeHeld, e.unknown) <= asked:
		f.failf("event %d is in flight although every claim of it has expired (I3)", event)
	}
}

// renew extends the claim of a receiver. A receiver that finds out that it has lost the claim stops working.
func (f *faulty) renew(w *worker) {
	e := &f.events[w.event]
	f.note("renewal of event %d", w.event)
	asked := f.now
	err := f.call(func() error {
		return f.store.Extend(f.ctx, []replay.Held{{Key: e.key, Token: w.token}}, f.halves(faultyLease))
	})
	lost := errors.Is(err, replay.ErrLeaseLost)
	switch {
	case errors.Is(err, errReset):
		// It may have been extended, so only the upper bound moves.
		if e.holder == w.token && e.maybeHeld > asked {
			e.maybeHeld = max(e.maybeHeld, f.now+faultyLease)
		}
		return
	case err != nil && !lost:
		f.failf("Extend: %v", err)
	case !lost && (e.holder != w.token || e.maybeHeld <= asked):
		f.failf("event %d was renewed by a receiver that had lost it (I4)", w.event)
	case lost && e.holder == w.token && e.held > asked && e.maybeDone <= asked:
		f.failf("event %d was not renewed for its holder", w.event)
	case !lost:
		e.held, e.maybeHeld = max(e.held, asked+faultyLease), max(e.maybeHeld, asked+faultyLease)
		e.lease = max(e.lease, asked+faultyLease)
		return
	}
	*w = worker{} // the holder stops
}

// settleOne commits or releases the claim of a receiver, which then has no claim any more. If the answer is lost, the
// receiver usually keeps the claim and tries again. It releases only if it has not tried to commit: a real receiver
// does not undo its work.
func (f *faulty) settleOne(w *worker) {
	e := &f.events[w.event]
	verdict := commit(e.key, w.token, f.halves(faultyTTL))
	if e.firstCommit == never && f.rand.IntN(3) == 0 && !f.quiet {
		verdict = release(e.key, w.token)
	}
	f.note("%v of event %d", verdict.Verdict, w.event)
	asked := f.now
	err := f.call(func() error { return f.store.Settle(f.ctx, []replay.Settlement{verdict}) })
	lost, unknown := errors.Is(err, replay.ErrLeaseLost), errors.Is(err, errReset)
	if err != nil && !lost && !unknown {
		f.failf("Settle: %v", err)
	}
	// The commit can succeed if the claim may still be held, or if an earlier commit may have taken effect.
	holder, isCommit := e.holder == w.token, verdict.Verdict == replay.Commit
	possible := holder && (e.maybeHeld > asked || e.maybeDone > asked)
	switch {
	case !lost && !unknown && isCommit && !possible:
		f.failf("event %d was committed by a receiver that had lost it (I4)", w.event)
	case lost && holder && e.lease > asked:
		f.failf("event %d was not settled for its holder", w.event)
	case !holder, lost:
	case isCommit:
		if e.firstCommit == never {
			e.firstCommit = asked
		}
		e.maybeDone = max(e.maybeDone, asked+faultyTTL)
		if !unknown {
			// The TTL counts from the commit that took effect, and that may have been the first one.
			e.done, e.acknowledged = e.firstCommit+faultyTTL, true
			e.held, e.maybeHeld = 0, 0
			f.strayRelease(w)
		} else {
			e.held = 0 // not certain any more: a claim of another delivery may find it done
		}
	case unknown: // a release that may have taken effect: nothing is certain, and the old lease is still possible
		e.held, e.lease = 0, 0
	default:
		e.held, e.maybeHeld, e.lease = 0, 0, 0
	}
	if !unknown || f.rand.IntN(3) == 0 {
		*w = worker{}
	}
}

// strayRelease sometimes releases a claim that was just committed, as a receiver does that does not know of its commit.
// The store must refuse it.
func (f *faulty) strayRelease(w *worker) {
	e := &f.events[w.event]
	if f.rand.IntN(4) > 0 || e.done <= f.now {
		return
	}
	f.note("a release of event %d, which is done", w.event)
	err := f.store.Settle(f.ctx, []replay.Settlement{release(e.key, w.token)})
	if !errors.Is(err, replay.ErrLeaseLost) {
		f.failf("event %d was released although its commit was acknowledged (I2): %v", w.event, err)
	}
}

// finish lets every claim expire, without further faults, and delivers each event once more. Then each must be
// acknowledged and worked on: a store that loses an event reports it as done too early.
func (f *faulty) finish() {
	f.quiet = true
	f.workers = [faultyWorkers]worker{}
	f.note("the faults are over")
	f.pass(2 * faultyLease)
	for i := range f.events {
		e := &f.events[i]
		w := &f.workers[0]
		f.claimOne(w, i)
		if w.token != 0 {
			w.worked, e.worked = true, true
			f.settleOne(w)
		}
		if !e.acknowledged || !e.worked {
			f.failf("event %d was lost: worked on %v, acknowledged %v", i, e.worked, e.acknowledged)
		}
	}
	if slices.ContainsFunc(f.events[:], func(e bounds) bool { return !e.worked }) {
		f.failf("an event was never worked on")
	}
}

func (f *faulty) halves(n int) time.Duration { return time.Duration(n) * f.unit / 2 }
