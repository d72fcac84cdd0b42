package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/replay"
)

// pass is one run of the signals over a delivery's events.
type pass struct {
	signals *Signals
	c       any // the router's own context
	d       *Delivery
	parent  context.Context // of the request as it reached the signal: middleware after the guard may have added to it
	written func() adapter.Written

	named   *checkpoints
	total   total
	flushed time.Time
}

// A crash repeats of a batch the event in hand and the fast events of the last flushEvery. An event that took slowEvent
// or longer is settled before the next begins.
const (
	flushEvery = 100 * time.Millisecond
	slowEvent  = 5 * time.Millisecond
)

// checkpoint claims the named receivers, so that a retry does not run again those that had done their part.
func (p *pass) checkpoint() error {
	s, d := p.signals, p.d
	if !s.named() || d.unclaimed != nil || d.guard.memory.Store == nil || d.guard.reportsReplay {
		return nil
	}
	plan := make([][]int, len(d.events))
	for i := range d.events {
		if !d.states[i].fresh() {
			continue
		}
		for n := range s.receivers {
			if s.receivers[n].pattern.matches(d.events[i].Type) {
				plan[i] = append(plan[i], n)
			}
		}
	}
	var err error
	p.named, err = d.claimReceivers(plan, func(n int) string { return s.receivers[n].name })
	return err
}

// event runs one event of the delivery and gives it its verdict. It returns false where the rest may not run.
func (p *pass) event(i int) bool {
	d := p.d
	state := &d.states[i]
	ordered := d.guard.ordered
	switch state.known {
	case replay.Done:
		return true
	case replay.InFlight:
		p.total.merge(result{worst: outcomeInFlight, wait: state.result.RetryAfter})
		return !ordered
	}
	if d.wished() {
		p.total.merge(result{worst: outcomeRetry, err: errReleased})
		return false
	}
	before := p.written()
	var began time.Time
	if len(d.events) > 1 {
		began = time.Now()
	}
	res := p.run(i)
	if w := p.written(); w != before && (w.Hijacked || w.Status < 200 || w.Status > 299) && d.answeredEarly() == nil {
		// What a signal wrote decides: a provider that read a failure sends the event again.
		res.worst = max(res.worst, outcomeRetry)
		if res.err == nil {
			res.err = fmt.Errorf("the signal answered %d itself", w.Status)
		}
	}
	v := replay.Commit
	if !res.handled || !res.commits() {
		v = replay.Release
	}
	switch decided := d.decide(i, v); {
	case decided == replay.Commit && res.worst == outcomeUndecodable:
		res.worst = outcomePermanent // committed by the app itself
	case decided == replay.Release && v == replay.Commit && d.unclaimed == nil:
		v = decided // released by the app itself: a success would keep the provider from sending it again
		res.worst, res.err = outcomeRetry, joinErrors(res.err, errReleased)
	}
	p.total.released = p.total.released || v == replay.Release
	p.total.add(&d.events[i], d.labelOf(i), res)
	if len(d.events) > 1 {
		if now := time.Now(); now.Sub(began) >= slowEvent || now.Sub(p.flushed) >= flushEvery {
			d.flush()
			p.flushed = time.Now()
		}
	}
	return !res.abort && (!ordered || res.worst < outcomeInFlight)
}

// labelOf names an event of a batch in errors; empty where the delivery is one event.
func (d *Delivery) labelOf(i int) string {
	if !d.batch {
		return ""
	}
	return cmp.Or(d.events[i].ID, d.events[i].Type, "event "+strconv.Itoa(i+1))
}

// run calls every receiver of one event, in order; one that fails does not keep the others from running.
func (p *pass) run(i int) result {
	s, d := p.signals, p.d
	run := &eventRun{}
	run.answer = &run.own
	ctx := d.signalContext(&run.context, p.parent, i)
	defer ctx.End(nil)
	if claim := d.states[i].claim; claim != noClaim && !d.guard.reportsReplay && !d.holding.Attach(claim, &ctx.Context) {
		return result{worst: outcomeInFlight, wait: d.guard.memory.Lease, err: ErrLeaseLost}
	}
	unit := d.transact(ctx, d.states[i].claim)
	run.ctx = unit.ctx
	event := d.events[i]
	event.run = run
	var total result
	for n := range s.receivers {
		rc := &s.receivers[n]
		if !rc.pattern.matches(event.Type) {
			continue
		}
		if total.handled && p.named != nil {
			d.flush()
		}
		res := result{}
		switch cp := p.named.of(i, n); cp.state {
		case 0:
			res = d.under(&unit, func() error { return rc.call(event.run.ctx, p.c, event) })
		case replay.Claimed:
			res = p.runNamed(ctx, rc, event, cp.claim)
		case replay.InFlight:
			res = result{worst: outcomeInFlight, wait: cp.wait}
		}
		if res.declined {
			continue
		}
		total.handled = true
		total.merge(res)
		if total.abort {
			break
		}
	}
	if !total.handled && s.unhandled != nil {
		told := call(func() error { s.unhandled(event.run.ctx, event); return nil })
		total.stack, total.err, total.abort = told.stack, told.err, told.abort
	}
	total.conclude()
	if claim := d.states[i].claim; total.commits() {
		total.merge(d.commitUnit(&unit, claim))
		if unit.committed {
			d.mu.Lock()
			d.states[i].verdict = replay.Commit
			d.mu.Unlock()
		}
	}
	if err := unit.undo(); err != nil {
		total.err = joinErrors(total.err, err)
	}
	run.answer.mu.Lock()
	total.response = run.answer.response
	run.answer.mu.Unlock()
	return total
}

// runNamed runs a receiver that is remembered by its name. The store is told before the next receiver runs, which may
// crash; after the last one, together with the event.
func (p *pass) runNamed(ctx context.Context, rc *receiver, event Event, claim int) result {
	d := p.d
	unit := d.transact(ctx, claim)
	event.run = &eventRun{ctx: unit.ctx, answer: event.run.answer}
	res := d.under(&unit, func() error { return rc.call(event.run.ctx, p.c, event) })
	if res.commits() {
		res.merge(d.commitUnit(&unit, claim))
	}
	if err := unit.undo(); err != nil {
		res.err = joinErrors(res.err, err)
	}
	if !res.commits() || res.declined {
		d.holding.Decide(claim, replay.Release)
		return res
	}
	d.holding.Decide(claim, replay.Commit)
	return res
}

// signalContext is not cancelled when the provider hangs up, because the work it asked for goes on. It ends when the
// claim is lost, since from then on another delivery may run beside it, at Config.Limits.SignalTimeout, or at the
// deadline the app itself has set.
func (d *Delivery) signalContext(c *signalContext, parent context.Context, event int) *signalContext {
	limit := d.limit()
	if own, ok := parent.Deadline(); ok && own.Before(limit) {
		limit = own
	}
	if g := d.guard; g.ackLimit > 0 {
		c.ackBy = d.facts.started.Add(g.ackLimit)
		if g.cancelAck && c.ackBy.Before(limit) {
			limit = c.ackBy
		}
	}
	if h := d.holding; h != nil && h.Context() != nil && parent == context.Context(&h.Request) {
		parent = h.Context() // the same values
	} else {
		parent = context.WithoutCancel(parent)
	}
	c.Start(parent, limit)
	c.event, c.ofBatch = event, d.batch
	return c
}

// signalContext is what a signal is told by its context.
type signalContext struct {
	lease.Context
	ackBy   time.Time // zero: the provider's limit is not known
	event   int       // its number
	ofBatch bool
}

// Value gives what is the signal's own, and what the request carries.
func (c *signalContext) Value(key any) any {
	switch key.(type) {
	case ackKey:
		if !c.ackBy.IsZero() {
			return c.ackBy
		}
	case eventKey:
		if c.ofBatch {
			return c.event
		}
	}
	return c.Context.Value(key)
}

// unit is the work of the receivers that stand and fall together, with the transaction they may ask for.
type unit struct {
	ctx       context.Context
	txn       replay.Transaction // nil: the store has none
	committed bool
}

// transact prepares a transaction for one claim, where the store has them.
func (d *Delivery) transact(ctx context.Context, claim int) (u unit) {
	g := d.guard
	if g.memory.transactor == nil || claim == noClaim {
		return unit{ctx: ctx}
	}
	u.ctx, u.txn = g.memory.transactor.Transaction(ctx, []replay.Held{d.holding.HeldBy(claim)}, g.memory.Retention)
	return u
}

// under calls a receiver while its transaction can be found by those who settle by hand.
func (d *Delivery) under(u *unit, fn func() error) result {
	d.mu.Lock()
	d.txn = u.txn
	d.mu.Unlock()
	res := call(fn)
	d.mu.Lock()
	d.txn = nil
	d.mu.Unlock()
	return res
}

// commitUnit commits the transaction, if one was begun: the app's writes and "done" in one step. What fails here is a
// failure of the signal, because nothing of it took effect.
func (d *Delivery) commitUnit(u *unit, claim int) result {
	if u.txn == nil || !u.txn.Begun() {
		return result{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), storeTimeout)
	defer cancel()
	err := u.txn.Commit(ctx)
	if errors.Is(err, replay.ErrLeaseLost) {
		return result{worst: outcomeInFlight, wait: d.guard.memory.Lease, err: fmt.Errorf("%w: %w", ErrLeaseLost, err)}
	}
	if err != nil {
		return result{worst: outcomeRetry, err: fmt.Errorf("committing the signal's transaction: %w", err)}
	}
	u.committed = true
	d.holding.Committed(claim)
	return result{}
}

// undo rolls back what was begun and not committed. A receiver that ended the transaction itself is reported so: what it
// committed stays without "done", and the retry does it again.
func (u *unit) undo() error {
	if u.txn == nil || u.committed || !u.txn.Begun() {
		return nil
	}
	if err := u.txn.Rollback(); err != nil {
		return fmt.Errorf("rolling back the receiver's transaction: %w", err)
	}
	return nil
}
