package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/core/replay"
)

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
	d.mu.Lock()
	d.txn = t.txn
	d.mu.Unlock()
	res := call(fn)
	d.mu.Lock()
	// Cleared before the next receiver: it must not commit the work of this one.
	d.txn = nil
	d.mu.Unlock()
	return res
}

// commitTransaction commits the transaction, if one was begun: the app's writes and "done" in one step. What fails here
// is a failure of the signal, because nothing of it took effect.
func (d *Delivery) commitTransaction(t *transaction, claim int) result {
	if t.txn == nil || !t.txn.Begun() {
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

// undo rolls back what was begun and not committed. A receiver that ended the transaction itself is reported so: what
// it committed stays without "done", and the retry does it again.
func (t *transaction) undo() error {
	// A receiver that never asked for the transaction has none to roll back.
	if t.txn == nil || t.committed || !t.txn.Begun() {
		return nil
	}
	if err := t.txn.Rollback(); err != nil {
		return fmt.Errorf("rolling back the receiver's transaction: %w", err)
	}
	return nil
}
