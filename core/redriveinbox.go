package core

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Why an entry of an inbox cannot run.
//
//lint:immutable error values
var (
	errNoInbox = errors.New("it is of an inbox, and Redriver.Inbox is nil: set the receivers that work it")
	// errOtherEvent fails closed: details that a list shows must be those of what runs.
	errOtherEvent = errors.New("its body is not the event that the entry names")
)

// preparedInbox returns what runs an entry that a worker has parked. It freezes the set, see [Freeze].
func (r *Redriver) preparedInbox(t *redrive) (run func(), err error) {
	// Fails closed with an error: freezing a nil set would panic.
	if r.Inbox == nil {
		return nil, errNoInbox
	}
	r.Inbox.freeze(reflect.TypeFor[context.Context]())
	var e Event
	if err := e.UnmarshalBinary(t.entry.Body); err != nil {
		return nil, err
	}
	// An attacker with write access to the journal's table could swap bodies. Unproved events never run from a journal.
	if e.Endpoint != t.entry.Endpoint || e.Identity != t.entry.Identity || e.Unproved {
		return nil, errOtherEvent
	}
	e.Redrive = t.entry.RunCount + 1
	return func() { t.guard.runInbox(t, r.Inbox, e) }, nil
}

// runInbox runs an entry as its worker would, without a request: nothing of a delivery is in the receivers' context.
// The replay store excludes other runs, and its transaction is the one that receivers get. That the event's own key is
// done means that it was enqueued, so that the run has a key of its own: it forgets nothing, and is found done where
// the process dies behind its commit.
func (g *Guard) runInbox(t *redrive, s *Signals, e Event) {
	defer t.end("", errRunCutShort) // where nothing else has ended it
	// No request will come: the ticket must not look unused.
	t.used.Store(true)
	// The minute is for the store and the journal, behind the receivers' own limit.
	ctx, cancel := context.WithTimeout(context.Background(), g.signals.timeout+time.Minute)
	defer cancel()
	d := g.inboxDelivery(ctx, t, e)
	if g.memory.Store != nil && t.entry.Identity != (journal.Entry{}).Identity {
		asked := time.Now()
		d.verified = asked.Sub(d.facts.started)
		d.holding.Begin(d.r.Context(), &g.memory.Rules, asked, d.limit())
		if d.claimNumbered() != nil {
			d.settle(replay.Release)
			d.release()
			return
		}
	}
	_, _, _ = d.runAlone(ctx, s)
}

// runAlone runs the receivers of a delivery that no request has brought, and ends it. The reply is nil where a receiver
// has given up the connection, of which there is none. An error means that nothing ran.
func (d *Delivery) runAlone(ctx context.Context, s *Signals) (*total, *Reply, error) {
	defer d.Abandon() // where a receiver ends the goroutine; after Finish it does nothing
	if err := d.enter(); err != nil {
		return nil, nil, err
	}
	p := &signalsRun{
		signals: s, c: ctx, d: d, parent: d.r.Context(), written: func() adapter.Written { return adapter.Written{} },
	}
	reply := func() *Reply {
		defer func() { _ = recover() }() // http.ErrAbortHandler, which is reported by then: there is no connection
		defer d.leave()
		return p.all()
	}()
	if reply != nil {
		d.Finish(adapter.Outcome{Written: adapter.Written{Status: reply.Status}})
	}
	return &p.total, reply, nil
}

// inboxDelivery makes the delivery of an event that was enqueued when its request was answered.
func (g *Guard) inboxDelivery(ctx context.Context, t *redrive, e Event) *Delivery {
	d := g.newDelivery()
	d.redrive = t
	now := time.Now()
	d.facts = facts{
		ctx: ctx, started: now, now: g.clock(now), body: e.Payload, tenant: e.Tenant, scope: t.entry.Scope,
		secret: e.Secret, proved: true,
	}
	d.events, d.states = d.one[:1], d.oneState[:1]
	d.events[0] = e
	d.states[0] = eventState{claim: noClaim, digest: t.entry.Digest}
	if g.memory.Store != nil {
		d.holding.Request.Start(ctx, time.Time{})
		ctx = &d.holding.Request
	}
	// An empty request: code that expects one does not panic, and there is nothing of a sender in it.
	d.r = (&http.Request{Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{}}).WithContext(ctx)
	return d
}
