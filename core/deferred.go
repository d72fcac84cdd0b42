package core

import (
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// deferredIdentity is the input of an identity by the body's digest that is not derived yet. Without a replay store
// only the app may ask for it, and another hash of the body would double the cost of the proof. Delivery.mu guards it.
type deferredIdentity struct {
	pending bool      // false: it was derived, or never waited
	scope   string    // the tenant, as it is part of identities
	with    [2]string // the headers that belong to it
	n       int       // how many of with are set
	// What may join by the entry's rules for equal bodies.
	apart     [2]string // by rule: the header's value
	timestamp string    // the signed one; empty: none was signed
}

// deferredDetails is the input of an event's details that are not read from its body yet. Signals ask for them, or the
// app. At an endpoint whose events are named by headers, a handler that reads the body itself never
// does, and scanning the body would cost as much as the proof. Delivery.mu guards it.
type deferredDetails struct {
	pending       bool
	form, proved  bool // of the body
	headersProved bool
}

// deferDetails reads what can be read without the body, and reports whether the rest can wait. What the proof covers is
// kept with it: read later, a detail must not count for more than it would have.
func (d *Delivery) deferDetails(t *eventSource, said *payload.Details) bool {
	g := d.guard
	if !g.events.IsEarly() || g.events.identity != nil { // Config.Identity may look at every field
		return false
	}
	d.deferredDetails = deferredDetails{true, t.IsForm(), t.BodyProved, t.HeadersProved}
	g.events.ReadNames(&t.Source, said)
	return true
}

// readDeferred reads what had to wait. The caller must hold mu.
func (d *Delivery) readDeferred() {
	l := &d.deferredDetails
	if !l.pending {
		return
	}
	l.pending = false
	s := d.guard.borrow()
	t := &s.events
	t.Body, t.BodyProved, t.HeadersProved = d.facts.body, l.proved, l.headersProved
	var said payload.Details
	d.guard.events.ReadRest(&t.Source, l.form, &said)
	e := &d.events[0]
	e.Payload, e.Data, e.Action, e.Time, e.Attempt = said.Payload, said.Data, said.Action, said.Time, said.Attempt
	e.Authenticated.Time = said.Authenticated.Time
	*t = eventSource{} // the pool must not keep this delivery's body for another one
	d.guard.scratches.Put(s)
}

// deferIdentity reports whether the identity can wait. In doubt it reports false: an identity that is derived later has
// only what is kept here, and must be the same as the one that a store would have been given.
func (d *Delivery) deferIdentity(t *eventSource) bool {
	g := d.guard
	rule := &g.entry.Identity
	l := &d.deferredID
	if d.batch || g.events.identity != nil || rule.Kind != entry.ByDigest || d.waits(rule, t) || g.bodiless(t) ||
		t.claims.HasPayload() || len(rule.With) > len(l.with) || g.signature != nil && g.signature.Decodes ||
		!g.events.ApartHeaders(t.Headers, l.apart[:]) {
		return false
	}
	l.pending, l.scope, l.n = true, t.scope, len(g.events.AppendJoined(l.with[:0], t.Headers))
	l.timestamp = t.Timestamp
	return true
}

// complete reads and derives what had to wait. It may be called from several goroutines, and works once.
func (d *Delivery) complete() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readDeferred()
	l := &d.deferredID
	if !l.pending {
		return
	}
	l.pending = false
	d.events[0].Identity = d.deriveDeferred(l)
}

// deriveDeferred derives the identity that waited. It follows the same rules as identityOf, which must change with it.
func (d *Delivery) deriveDeferred(l *deferredIdentity) Identity {
	g := d.guard
	apart := g.events.ApartOf(&payload.Source{Body: d.facts.body, Payload: d.facts.body})
	if apart.Unremembered() {
		return Identity{}
	}
	var few [4]string
	with := append(few[:0], l.with[:l.n]...)
	if apart != nil {
		with = apart.JoinValues(with, l.timestamp, l.apart[apart.Number])
	}
	scope := identity.Scope{Endpoint: g.endpoint, Tenant: l.scope}
	return Identity(identity.OfDigest(scope, d.facts.bodyDigest(), with))
}
