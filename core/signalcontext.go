package core

import (
	"context"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/lease"
)

// signalContext is the context of a signal.
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

// signalContext is not cancelled when the provider hangs up, because the work it asked for goes on. It ends when the
// claim is lost, since from then on another delivery may run, at Config.Limits.SignalTimeout, or at the
// deadline the app itself has set.
func (d *Delivery) signalContext(c *signalContext, parent context.Context, event int) *signalContext {
	limit := d.limit()
	// Only earlier: middleware must not give a receiver more time than the lease is renewed for.
	if own, ok := parent.Deadline(); ok && own.Before(limit) {
		limit = own
	}
	if g := d.guard; g.signals.ackLimit > 0 && d.redrive == nil { // nobody waits for the answer of a redrive
		c.ackBy = d.facts.started.Add(g.signals.ackLimit)
		if g.signals.cancelAck && c.ackBy.Before(limit) {
			limit = c.ackBy
		}
	}
	if h := d.holding; h != nil && h.Context() != nil && parent == context.Context(&h.Request) {
		parent = h.Context() // the same values
	} else {
		// A provider that hangs up early would otherwise cut off work, which its retry has to do again.
		parent = context.WithoutCancel(parent)
	}
	c.Start(parent, limit)
	c.event, c.ofBatch = event, d.batch
	return c
}
