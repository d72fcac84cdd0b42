package core

import (
	"crypto/sha256"
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// events is how an endpoint reads events, and names them.
type events struct {
	*payload.Reader
	identity func(Event) string // the app's own; nil: the provider's
	unnamed  noIdentity         // events that it gave no text for
}

// eventSource is what the events of a delivery are read from, and what their identities are derived from.
type eventSource struct {
	payload.Source
	scope      string            // the tenant, as it is part of identities; empty: there is none
	request    *http.Request     // nil where the delivery is read later
	inspection *inspection       // nil where the delivery is read later
	claims     *signature.Claims // what was proved; nil: no signature was
}

// of returns the scope of the event's identity.
func (t *eventSource) of(g *Guard) identity.Scope {
	return identity.Scope{Endpoint: g.endpoint, Tenant: t.scope}
}

// readEvents reads what the delivery says: one event, or each event of a batch.
func (d *Delivery) readEvents(t *eventSource) {
	g := d.guard
	g.events.Open(&t.Source)
	items, split := g.events.Split(&t.Source)
	if !split {
		d.events, d.states = d.one[:1], d.oneState[:1]
		d.readEvent(0, t)
		return
	}
	d.batch = true
	d.events, d.states = make([]Event, len(items)), make([]eventState, len(items))
	for i, item := range items {
		t.Payload = item // Body stays whole: what was signed is read from it
		d.readEvent(i, t)
	}
}

// provedForOthers refuses a delivery that is signed and for none of those whom the entry allows. It proves nothing to
// this endpoint: it is not a sign of life, and uses up nothing of what the genuine deliveries may.
func (g *Guard) provedForOthers(r *http.Request, body []byte) fault.Failure {
	if g.events.ForUs(r.Header, body) {
		return fault.Failure{}
	}
	return fault.New(reason.WrongRecipient, forOthers)
}

// forOthers is the detail of a refusal with reason.WrongRecipient.
const forOthers = "the delivery is genuine and for somebody else: anybody can have the provider send to this endpoint"

// readEvent reads one event, and derives its identity. An event that nothing proves gets none: with one, anybody could
// have the real event answered as a duplicate.
func (d *Delivery) readEvent(i int, t *eventSource) {
	g := d.guard
	var said payload.Details
	if !d.deferDetails(t, &said) {
		g.events.Read(&t.Source, &said)
	}
	e := &d.events[i]
	e.Endpoint, e.Provider, e.Secret, e.Unproved = g.endpoint, g.provider, d.facts.secret, !d.facts.proved
	e.take(&said)
	t.scope = g.joiningTenant(e)
	// The key of Config.Tenant comes first and holds no zero byte: no text of a body can make another tenant's scope.
	if g.tenants.key.set {
		t.scope = identity.Tenants(d.facts.scope, t.scope)
		e.Tenant, e.Authenticated.Tenant = d.facts.tenant, d.facts.match.ByTenant
	}
	d.states[i] = eventState{claim: noClaim}
	if e.Unproved { // fails closed: what a credential or a signature would cover, nothing covers here
		e.Authenticated = Authenticated{}
		return
	}
	if g.memory.Store == nil && d.deferIdentity(t) {
		return
	}
	var named bool
	e.Identity, named = d.identityOf(i, t, e)
	switch {
	case g.memory.Store == nil:
	case named && g.memory.digester != nil: // it only tells another body under the same name
		d.states[i].digest = g.memory.digester.DigestOf(d.bytesOf(t))
	default:
		d.states[i].digest = d.digestOf(t)
	}
}

// take sets what was read. It copies field by field: a literal would be made on the stack first.
func (e *Event) take(said *payload.Details) {
	e.ID, e.Type, e.Action, e.Tenant = said.ID, said.Type, said.Action, said.Tenant
	e.Payload, e.Data = said.Payload, said.Data
	e.Time, e.Attempt, e.Authenticated = said.Time, said.Attempt, Authenticated(said.Authenticated)
}

// joiningTenant returns the event's tenant if it is part of identities. A tenant that nothing proves is part of them
// only where the entry says so: otherwise whoever captured a delivery could make another event of it by inventing a
// tenant.
func (g *Guard) joiningTenant(e *Event) string {
	if e.Authenticated.Tenant || g.entry.Identity.UnsignedTenant {
		return e.Tenant
	}
	return ""
}

// bytesOf returns what an event consists of: the body, or its item of a batch. Where a form's field was signed in place
// of the body, it is that field: anybody could change the rest of the form.
func (d *Delivery) bytesOf(t *eventSource) []byte {
	switch {
	case d.batch:
		return t.Payload
	// Each attempt may be encrypted in another way, so that the ciphertext says nothing of the event.
	case t.Opened != nil:
		return t.Opened
	case t.claims.HasPayload():
		return t.claims.Payload
	}
	return d.facts.body
}

// digestOf returns the SHA-256 of what an event consists of.
func (d *Delivery) digestOf(t *eventSource) [sha256.Size]byte {
	if d.batch || t.Opened != nil || t.claims.HasPayload() {
		return sha256.Sum256(d.bytesOf(t))
	}
	return d.facts.bodyDigest()
}

// equalBodies says what the default costs, and that nothing has to be done.
const equalBodies = "sallyport: two events of this provider may have one body, and only an unsigned id tells them apart: " +
	"both run, and no event is lost. So whoever captured such a delivery can run it again until the secret changes. " +
	"Nothing has to be done; DangerouslyDropEqualBodies would drop the second of two equal bodies"

// announceApart logs once what it costs that no event with an equal body is lost.
func (g *Guard) announceApart() {
	if g.memory.Store == nil || g.events.identity != nil {
		return
	}
	for _, why := range g.events.Unprotected() {
		g.logger.Info(equalBodies, "endpoint", g.endpoint, "provider", g.provider, "events", why)
	}
}

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
	d.guard.bodies.scratches.Put(s)
}

// deferIdentity reports whether the identity can wait. In doubt it reports false: an identity that is derived later has
// only what is kept here, and must be the same as the one that a store would have been given.
func (d *Delivery) deferIdentity(t *eventSource) bool {
	g := d.guard
	rule := &g.entry.Identity
	l := &d.deferredID
	if d.batch || t.Opened != nil || g.events.identity != nil || rule.Kind != entry.ByDigest || d.waits(rule, t) ||
		g.bodiless(t) ||
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
