package core

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Serve (for adapters) calls the receivers of every event in the request's delivery that is this delivery's to run, and
// settles each event by itself: one that fails leaves the others committed, and the provider's retry runs it alone. It
// returns the answer, the worst of the events', or nil where a receiver wrote to the router's writer itself. c is the
// router's own context, which receivers of [OnRouter] get. written reports what has been written so far.
//
// A request that no guard proved runs nothing and is a 500. So is a second call for one delivery: its receivers would
// run after the answer to the first was decided, and their failures would reach nobody.
//
// While it runs, it alone settles the delivery, even if middleware behind the guard has answered and the guard's own
// middleware has returned. Then the answer is nil: nobody is left to read it.
func (s *Signals) Serve(c any, r *http.Request, written func() adapter.Written) *Reply {
	s.frozen.Store(true) // where no adapter has frozen it
	d := deliveryIn(r.Context())
	if d == nil {
		s.unguarded.take(r, time.Now())
		return unguarded()
	}
	if err := d.enter(); err != nil { // fails closed: of two runs at once, each would do the other's work again
		return d.refuseSignals(err, written())
	}
	defer d.leave()
	d.complete()
	p := &signalsRun{signals: s, c: c, d: d, parent: r.Context(), written: written, timed: d.keeps()}
	reply := p.all()
	if d.hold(reply) {
		return reply
	}
	return nil
}

// all runs the receivers of every event.
func (p *signalsRun) all() *Reply {
	d := p.d
	defer p.notify()       // also where a receiver ends the goroutine
	if len(d.events) > 1 { // a single event is settled at the end, and needs no clock
		p.flushed = time.Now()
	}
	if err := p.checkpoint(); err != nil {
		reply := d.storeFailed(err) // before the events are released: it keeps what nobody is to run now
		d.settle(replay.Release)
		if reply != nil {
			d.mu.Lock()
			d.reported = true
			d.mu.Unlock()
			if d.redrive != nil {
				d.redrive.end(reply.Rejection.Reason, err)
			}
			d.owe(reply)
			return reply
		}
	}
	for i := range d.events {
		if !p.event(i) { // the events behind it keep no verdict, and end releases them to the retry
			p.settleHeld()
			p.keepBehind(i + 1)
			break
		}
	}
	p.settleHeld()
	w := p.written()
	p.total.emptySet = len(p.signals.receivers) == 0 && p.signals.unhandled == nil
	if d.answeredEarly() == nil && (w.Hijacked || w.Status != 0) {
		p.end(w.Status)
		return nil
	}
	return p.end(0)
}

// What a rejection says of signals that failed. The app's error may hold anything, and goes to the record only.
const (
	failedDetail   = "a signal failed; the provider is asked to send the event again"
	inFlightDetail = "another delivery of an event in this batch is being processed"
)

// end settles what is undecided and gives the answer. status is what a receiver answered itself, or 0.
func (p *signalsRun) end(status int) *Reply {
	d, t := p.d, &p.total
	// Fails closed: one event that needs the retry makes the whole answer a failure. The others are settled already.
	v := replay.Commit
	if t.worst >= outcomeInFlight || t.abort || t.released {
		v = replay.Release
	}
	d.settle(v)
	e := ending{reason: t.reason(len(d.events)), err: t.err, stack: t.stack, failed: t.failed}
	e.emptySet = t.emptySet
	e.ranNothing = e.reason == reason.Unhandled || len(d.events) == 0
	reply := d.replyTo(t, e.reason, p.reply)
	e.status = cmp.Or(status, d.sentStatus(), reply.Status)
	d.report(e)
	d.owe(reply)
	if t.abort && d.answeredEarly() == nil { // where the connection is gone already, nobody is left to contain a panic
		panic(http.ErrAbortHandler)
	}
	return reply
}

// replyTo answers for the worst of the events. The plain answer, which most are, stands in the room, if there is one.
func (d *Delivery) replyTo(t *total, why reason.Reason, room *Reply) *Reply {
	g := d.guard
	switch why {
	case reason.SignalFailed, reason.SignalPanicked:
		return g.reject(why, failedDetail, t.err)
	case reason.InFlight:
		reply := g.reject(why, inFlightDetail, t.err)
		reply.setRetryAfter(g.comeBack(t.wait))
		return reply
	}
	reply := room
	if room == nil || d.facts.ack != nil || g.entry.AckBody != "" {
		reply = g.ackReply(&d.facts)
	} else {
		reply.Status = http.StatusOK
	}
	if t.response != nil && (why == reason.Accepted || why == reason.Permanent) {
		reply.Status, reply.Body = t.response.status, t.response.body
		if t.response.contentType != "" {
			reply.set("Content-Type", t.response.contentType)
		}
		reply.set("X-Content-Type-Options", "nosniff") // a receiver may echo the sender's text: no browser may run it
	}
	return reply
}

// ackKey is the context key of the time that AckBy returns.
type ackKey struct{}

// AckBy returns when the provider stops waiting for the answer, where its limit is known.
func AckBy(ctx context.Context) (time.Time, bool) {
	t, ok := ctx.Value(ackKey{}).(time.Time)
	return t, ok
}

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
