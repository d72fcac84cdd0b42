package core

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/txwatch"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// signalsRun is one run of the signals over a delivery's events.
type signalsRun struct {
	signals *Signals // frozen; shared with other runs
	c       any      // the router's own context
	d       *Delivery
	parent  context.Context // of the request as it reached the signal: middleware after the guard may have added to it
	written func() adapter.Written

	named   *checkpoints     // nil: no receiver has a claim of its own
	held    []heldBack       // whose verdicts wait for the journal
	parked  []*journal.Entry // that are kept, and not yet committed
	total   total            // of all events so far
	flushed time.Time        // when the store last got verdicts; zero: never
	reply   *Reply           // room for the answer, which no other delivery uses; nil: no event has run

	timed bool // what each receiver did is noted, for a journal
	ran   ranReceivers
}

// begin returns when a receiver begins; zero without a journal: success must not ask the clock for nothing.
func (p *signalsRun) begin() time.Time {
	if !p.timed {
		return time.Time{}
	}
	return time.Now()
}

// note notes what a receiver did.
func (p *signalsRun) note(rc *receiver, res *result, began time.Time, before bool) {
	switch {
	case !p.timed:
	case before:
		p.ran.add(&p.d.guard.journaling.rooms, ranReceiver{receiver: rc, before: true})
	default:
		p.ran.add(&p.d.guard.journaling.rooms, ranNow(rc, res, began))
	}
}

// A crash repeats of a batch the event in hand and the fast events of the last flushEvery. An event that took slowEvent
// or longer is settled before the next begins.
const (
	flushEvery = 100 * time.Millisecond
	slowEvent  = 5 * time.Millisecond
)

// checkpoint claims the named receivers, so that a retry does not run again those that had done their part.
func (p *signalsRun) checkpoint() error {
	s, d := p.signals, p.d
	if d.redrive.wantsAll() {
		return nil // what a run before this one has done of it does not count
	}
	// Without a store that holds the event there is nothing to remember parts in: all receivers run again with a retry.
	if !s.named() || d.unclaimed() != nil || d.guard.memory.Store == nil || d.guard.reporting.replay {
		return nil
	}
	plan := make([][]int, len(d.events))
	for i := range d.events {
		if !d.states[i].fresh() {
			continue
		}
		for n := range s.receivers {
			if s.receivers[n].pattern.Matches(d.events[i].Type) {
				plan[i] = append(plan[i], n)
			}
		}
	}
	var err error
	p.named, err = d.claimReceivers(plan, func(n int) string { return s.receivers[n].name })
	return err
}

// event runs one event of the delivery and gives it its verdict. It returns false where the rest may not run.
func (p *signalsRun) event(i int) bool {
	d := p.d
	state := &d.states[i]
	ordered := d.guard.signals.ordered
	switch state.known {
	case replay.Done:
		return true
	case replay.InFlight:
		p.total.merge(result{worst: outcomeInFlight, wait: state.result.RetryAfter})
		return !ordered
	}
	// The app has released the delivery as a whole. Later events would run, and then run again with the retry.
	if d.wished() {
		p.total.merge(result{worst: outcomeRetry, err: errReleased})
		return false
	}
	// Taken before the event, because middleware may have written something already.
	before := p.written()
	var began time.Time
	if len(d.events) > 1 {
		began = time.Now()
	}
	res := p.run(i)
	if d.redrive != nil {
		d.redrive.ran = p.ran.all()
	}
	if w := p.written(); w != before && (w.Hijacked || w.Status < 200 || w.Status > 299) && d.answeredEarly() == nil {
		// What a signal wrote decides: a provider that read a failure sends the event again.
		res.worst = max(res.worst, outcomeRetry)
		res.finished = without(res.finished, res.joined) // it may be one of them that has answered
		if res.err == nil {
			res.err = fmt.Errorf("the signal answered %d itself", w.Status)
		}
	}
	// Fails closed: only an event that was handled and did not fail is remembered.
	v := replay.Commit
	if !res.handled || !res.commits() {
		v = replay.Release
	}
	as := p.keepAs(i, &res)
	if as == 0 || as == journal.Done {
		p.decided(i, res, v) // a success does not wait for the journal
	}
	if as == journal.Done && !p.committed(i) {
		as = 0 // the app has released it
	}
	if as != 0 {
		if as == journal.Parked && res.worst == outcomeUndecodable {
			v = replay.Commit // a redrive has it, and a resend would find the same code
		}
		p.held = append(p.held, heldBack{event: i, res: res, verdict: v, state: as, ran: p.ran.all()})
		// In order, the next event must not begin while this one may still turn into a failure.
		if ordered || len(d.events) == 1 {
			p.settleHeld()
		}
	}
	p.ran.reset(&d.guard.journaling.rooms)
	if len(d.events) > 1 {
		p.flushAfter(began)
	}
	return !res.abort && (!ordered || p.total.worst < outcomeInFlight)
}

// flushAfter puts what is decided into the store after an event that was slow, or where the last time is long ago. A
// crash then repeats little.
func (p *signalsRun) flushAfter(began time.Time) {
	if now := time.Now(); now.Sub(began) >= slowEvent || now.Sub(p.flushed) >= flushEvery {
		p.settleHeld()
		p.d.flush()
		p.flushed = time.Now()
	}
}

// decided gives an event its verdict and counts what came of it.
func (p *signalsRun) decided(i int, res result, v replay.Verdict) {
	d := p.d
	switch decided := d.decide(i, v); {
	case decided == replay.Commit && v == replay.Release && res.worst == outcomeUndecodable:
		res.worst = outcomePermanent // committed by the app itself
	case decided == replay.Release && v == replay.Commit && d.unclaimed() == nil:
		v = decided // released by the app itself: a success would keep the provider from sending it again
		res.worst, res.err = outcomeRetry, joinErrors(res.err, errReleased)
	}
	if t := d.redrive; t.isBatch() && res.reason() == reason.Unhandled {
		t.split[i] = true // as of a delivery, nothing is kept of it
	}
	p.total.released = p.total.released || v == replay.Release
	p.total.add(&d.events[i], d.labelOf(i), res)
}

// labelOf names an event of a batch in errors; empty where the delivery is one event.
func (d *Delivery) labelOf(i int) string {
	if !d.batch {
		return ""
	}
	return cmp.Or(d.events[i].ID, d.events[i].Type, "event "+strconv.Itoa(i+1))
}

// run calls every receiver of one event, in order; one that fails does not keep the others from running.
func (p *signalsRun) run(i int) result {
	s, d := p.signals, p.d
	run := &eventRun{}
	run.answer, p.reply = &run.own, &run.reply
	ctx := d.signalContext(&run.context, p.parent, i)
	defer ctx.End(nil)
	// Fails closed: a lease that was lost while earlier events ran may be another delivery's by now.
	if claim := d.states[i].claim; claim != noClaim && !d.guard.reporting.replay &&
		!d.holding.Attach(claim, &ctx.Context) {
		return result{worst: outcomeInFlight, wait: d.guard.memory.Lease, err: ErrLeaseLost}
	}
	tx := d.transact(ctx, d.states[i].claim)
	run.ctx = tx.ctx
	event := d.events[i] // a copy: its run must not stay in the delivery, whose events the app may ask for later
	event.run = run
	var total result
	for n := range s.receivers {
		rc := &s.receivers[n]
		if !rc.pattern.Matches(event.Type) {
			continue
		}
		if d.redrive != nil && d.redrive.hasFinished(rc.name) {
			total.handled = true
			total.finished = append(total.finished, rc.name)
			p.note(rc, nil, time.Time{}, true)
			continue
		}
		// The next receiver may crash the process. What was decided before has to be in the store by then. Not while
		// the event's transaction is open: SQLite, and a pool without a free connection, would wait for its end.
		if total.handled && p.named != nil && !tx.open() {
			p.settleHeld()
			d.flush()
		}
		res, joins := result{}, rc.name != ""
		cp, began := p.named.of(i, n), p.begin()
		if cp.state == 0 {
			res = d.callIn(&tx, func() error { return rc.call(event.run.ctx, p.c, event) })
		} else {
			res, joins = p.callClaimed(ctx, rc, &event, cp, &tx)
			total.finished = append(total.finished, res.finished...)
		}
		p.note(rc, &res, began, cp.state == replay.Done)
		if joins {
			total.joined = append(total.joined, rc.name)
		}
		if res.declined {
			continue
		}
		total.handled = true
		total.merge(res)
		if rc.name != "" && res.succeeded {
			total.finished = append(total.finished, rc.name)
		}
		if total.abort {
			break
		}
	}
	p.finishRun(i, &event, &total, &tx)
	return total
}

// callClaimed calls a receiver with a claim of its own, unless its part is done or in flight elsewhere. It reports
// whether the receiver's work stands and falls with the event's.
func (p *signalsRun) callClaimed(
	ctx context.Context, rc *receiver, event *Event, cp checkpoint, tx *transaction,
) (res result, joins bool) {
	switch {
	case cp.state == replay.Done:
		return result{finished: []string{rc.name}}, false
	case cp.state == replay.InFlight:
		return result{worst: outcomeInFlight, wait: cp.wait}, false
	case tx.open():
		return p.runJoined(tx, rc, *event, cp.claim)
	default:
		return p.runNamed(ctx, rc, *event, cp.claim), false
	}
}

// finishRun commits the transaction of an event's receivers, or rolls it back. It fails closed: without a commit, total
// names nothing as finished that the transaction held, so that the retry runs it again. The caller must have called
// every receiver.
func (p *signalsRun) finishRun(i int, event *Event, total *result, tx *transaction) {
	d := p.d
	p.signals.callUnhandled(event.run.ctx, event, total)
	total.conclude()
	d.leaveBroken(tx, total)
	parked := len(p.parked)
	p.keepInTransaction(i, total, tx)
	// "done" goes into the same transaction as the writes: a crash cannot part them.
	if claim := d.states[i].claim; total.commits() {
		total.merge(d.commitTransaction(tx, claim))
		if tx.committed {
			d.mu.Lock()
			// The transaction has written "done" itself. The verdict keeps the later settling from releasing it.
			d.states[i].verdict = replay.Commit
			d.mu.Unlock()
		}
	}
	if tx.open() {
		p.rolledBack(i, total, parked)
		total.finished = without(total.finished, total.joined) // what is rolled back was not done
	}
	if err := tx.undo(); err != nil {
		total.err = joinErrors(total.err, err)
	}
	event.run.answer.mu.Lock()
	total.response = event.run.answer.response
	event.run.answer.mu.Unlock()
}

// without returns the names that are not among others.
func without(names, others []string) []string {
	if len(others) == 0 {
		return names
	}
	// A clone, because the list may be shared with a journal entry that was handed out already.
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// runNamed runs a receiver that is remembered by its name. The store gets the verdict before the next receiver runs,
// which may crash. After the last one it gets the verdict together with the event's.
//
// One that gives the event up is not remembered where there is a journal, and its own transaction is rolled back: the
// event has to be parked for it. Were it remembered, and its neighbour failed, the retry would leave it out, succeed,
// and nobody would ever learn what it did not do.
func (p *signalsRun) runNamed(ctx context.Context, rc *receiver, event Event, claim int) result {
	d := p.d
	tx := d.transact(ctx, claim)
	event.run = &eventRun{ctx: tx.ctx, answer: event.run.answer}
	res := d.callIn(&tx, func() error { return rc.call(event.run.ctx, p.c, event) })
	givesUp := res.worst == outcomePermanent && d.keeps()
	if res.commits() && !givesUp {
		d.leaveBroken(&tx, &res)
		res.merge(d.commitTransaction(&tx, claim))
	}
	if err := tx.undo(); err != nil {
		res.err = joinErrors(res.err, err)
	}
	if !res.commits() || res.declined || givesUp {
		// Fails closed: the receiver runs again with the retry.
		d.holding.Decide(claim, replay.Release)
		return res
	}
	d.holding.Decide(claim, replay.Commit)
	return res
}

// runJoined runs a receiver that is remembered by its name while a receiver before it has the event's transaction open.
// It gets that one: with a transaction of its own it would wait for locks of the other, which nobody releases before it
// has returned. It reports whether the receiver has used the transaction: then its work stands and falls with the
// event's, and is not remembered by its name.
func (p *signalsRun) runJoined(tx *transaction, rc *receiver, event Event, claim int) (res result, joins bool) {
	d := p.d
	inner, used := txwatch.Start(tx.ctx)
	event.run = &eventRun{ctx: inner, answer: event.run.answer}
	res = d.callIn(tx, func() error { return rc.call(inner, p.c, event) })
	// Fails closed: where nothing can tell whether it was used, it was.
	joins = used() || !txwatch.Watches(tx.ctx)
	v := replay.Commit
	if !res.commits() || res.declined || joins || res.worst == outcomePermanent && d.keeps() {
		v = replay.Release
	}
	d.holding.Decide(claim, v)
	return res, joins
}

// committed reports whether an event has the verdict that it was processed: by its signals, or by the app itself.
func (p *signalsRun) committed(i int) bool {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	return p.d.states[i].verdict == replay.Commit
}
