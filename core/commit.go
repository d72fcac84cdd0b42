package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/core/replay"
)

// eventKey is the context key of the number of the event that a signal runs, an int. A plain handler's context has
// none.
type eventKey struct{}

// Commit settles the delivery in ctx as processed, for a plain handler that knows better than its answer; in a signal
// of a batch, its event.
//
// Errors: [ErrNotVerified] where ctx carries no delivery, [ErrSettled] where it was settled the other way before,
// [ErrTransaction], and the store's error.
func Commit(ctx context.Context) error { return settleByHand(ctx, replay.Commit) }

// Release settles the delivery in ctx as not processed, in a signal of a batch its event: the answer is a failure,
// unless a handler writes another, and the provider's retry runs. While signals run, it takes effect when they end.
// Errors: as [Commit].
func Release(ctx context.Context) error { return settleByHand(ctx, replay.Release) }

// settleByHand gives the event or the delivery in ctx the verdict v, unless it has one. It fails closed: a context that
// carries no proof is an error, because an app that commits nothing would otherwise take it for done.
func settleByHand(ctx context.Context, v replay.Verdict) error {
	d := deliveryIn(ctx)
	if d == nil {
		return ErrNotVerified
	}
	d.mu.Lock()
	var txn replay.Transaction
	if d.holding != nil {
		txn = d.holding.txn
	}
	d.mu.Unlock()
	// Two ways to commit would disagree: "done" is written with the app's own rows, or not at all.
	if txn != nil && txn.Begun() {
		return ErrTransaction
	}
	i, ok := ctx.Value(eventKey{}).(int)
	if !ok {
		i = noEvent // a plain handler answers for the whole delivery
	}
	if waits, err := d.wishFor(i, v); waits {
		return err
	}
	// The first verdict stands. What decide leaves in place is compared with v, so that the app learns of it.
	if ok {
		d.decide(i, v)
		d.flush()
		d.mu.Lock()
		verdict := d.states[i].verdict
		d.mu.Unlock()
		return d.afterSettling(verdict, v)
	}
	d.settle(v)
	d.mu.Lock()
	verdict := d.verdict
	d.mu.Unlock()
	return d.afterSettling(verdict, v)
}

// errReleased is the error of an event that the app has released itself.
//
//lint:immutable an error value
var errReleased = errors.New("the app has released the event: the provider is asked to send it again")

// wishFor notes what the app releases while signals run. It takes effect at the end of the run: if it were settled at
// once, the retry could run at the same time. It reports false where there is nothing to wait for. The first verdict
// stands. A commit takes effect at once: no retry runs after it.
func (d *Delivery) wishFor(event int, v replay.Verdict) (waits bool, err error) {
	if v == replay.Release {
		// Every outer guard has to know: one that committed would drop the retry that this release is to cause.
		for p := d; p != nil; p = p.parent {
			p.mu.Lock()
			p.byHand = p.byHand || !p.settled
			p.mu.Unlock()
		}
	}
	d.mu.Lock()
	if !d.running || d.settled {
		d.mu.Unlock()
		return false, nil
	}
	have := d.wish
	if event != noEvent { // the event's own verdict counts before one of the whole delivery
		have = cmp.Or(d.states[event].verdict, d.states[event].wish, d.wish)
	}
	d.mu.Unlock()
	switch {
	case have != 0:
		return true, d.afterSettling(have, v)
	case v != replay.Release:
		return false, nil
	}
	if event != noEvent {
		d.mu.Lock()
		d.states[event].wish = v
		d.mu.Unlock()
		return true, nil
	}
	for p := d; p != nil; p = p.parent {
		p.mu.Lock()
		if !p.settled {
			p.wish = v
		}
		p.mu.Unlock()
	}
	return true, nil
}

// wished reports whether the app has released the delivery while its signals run.
func (d *Delivery) wished() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wish != 0
}

// afterSettling returns the error of [Commit] or [Release]: the store's, or ErrSettled where another verdict stood.
func (d *Delivery) afterSettling(have, want replay.Verdict) error {
	if have != want {
		return ErrSettled
	}
	if d.unclaimed() != nil { // nothing is held: the store's failure was reported, and the app chose to go on
		return nil
	}
	_, err := d.outcome()
	return err
}

// transaction is the work of the receivers that stand and fall together, with the transaction they may ask for.
type transaction struct {
	ctx       context.Context    // of the receivers; it carries txn
	txn       replay.Transaction // nil: the store has none
	committed bool               // its writes and "done" have taken effect
}

// transact prepares a transaction for one claim, where the store has them.
func (d *Delivery) transact(ctx context.Context, claim int) (t transaction) {
	g := d.guard
	// Without a claim there is nothing that a commit could mark as done.
	if g.memory.transactor == nil || claim == noClaim {
		return transaction{ctx: ctx}
	}
	t.ctx, t.txn = g.memory.transactor.Transaction(ctx, []replay.Held{d.holding.HeldBy(claim)}, g.memory.Retention)
	return t
}

// open reports whether a receiver has begun the transaction, and nothing has ended it yet.
func (t *transaction) open() bool { return t.txn != nil && t.txn.Begun() && !t.committed }

// callIn calls a receiver while its transaction can be found by [Commit] and [Release].
func (d *Delivery) callIn(t *transaction, fn func() error) result {
	if t.txn == nil {
		return call(fn)
	}
	d.mu.Lock()
	d.holding.txn = t.txn
	d.mu.Unlock()
	res := call(fn)
	d.mu.Lock()
	// Cleared before the next receiver: it must not commit the work of this one.
	d.holding.txn = nil
	d.mu.Unlock()
	return res
}

// commitTransaction commits the transaction, if one was begun: the app's writes and "done" in one step. What fails here
// is a failure of the signal, because nothing of it took effect.
func (d *Delivery) commitTransaction(t *transaction, claim int) result {
	if !t.open() {
		return result{}
	}
	// A commit must not be cut off by the receivers' deadline: nobody would know whether it took effect.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), storeTimeout)
	defer cancel()
	err := t.txn.Commit(ctx)
	// Fails closed: another delivery has taken the event over. The writes of this one are rolled back.
	if errors.Is(err, replay.ErrLeaseLost) {
		return result{worst: outcomeInFlight, wait: d.guard.memory.Lease, err: fmt.Errorf("%w: %w", ErrLeaseLost, err)}
	}
	if err != nil {
		return result{worst: outcomeRetry, err: fmt.Errorf("committing the signal's transaction: %w", err)}
	}
	t.committed = true
	d.holding.Committed(claim)
	return result{}
}

// leaveBroken rolls back a transaction that its database refuses to go on with, because a statement in it failed, where
// the event is given up. It is then settled without the transaction: otherwise it could never be, and each retry would
// meet the same. What other receivers wrote in the transaction is lost with it. Fails closed: they may have succeeded
// only where a journal keeps the event, whose redrive runs them again.
func (d *Delivery) leaveBroken(t *transaction, total *result) {
	b, ok := t.txn.(replay.Breakable)
	if !ok || !t.open() || total.worst != outcomePermanent || total.succeeded && !d.keeps() {
		return
	}
	// Where the receivers' context has ended, the claim may be another delivery's: the commit fails, as it should.
	if t.ctx.Err() != nil || !b.Broken(t.ctx) {
		return
	}
	_ = t.txn.Rollback() // the database has ended it, or does so when the connection is gone
	t.txn = nil
	total.finished = without(total.finished, total.joined)
}

// undo rolls back what was begun and not committed. A receiver that ended the transaction itself is reported so: what
// it committed stays without "done", and the retry does it again.
func (t *transaction) undo() error {
	// A receiver that never asked for the transaction has none to roll back.
	if !t.open() {
		return nil
	}
	if err := t.txn.Rollback(); err != nil {
		return fmt.Errorf("rolling back the receiver's transaction: %w", err)
	}
	return nil
}
