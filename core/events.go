package core

import (
	"crypto/sha256"
	"math"
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

// readEvents reads what the delivery says: one event, or each event of a batch. What nobody may ask for waits.
func (d *Delivery) readEvents(t *eventSource) {
	if d.leaveUnread(t) {
		return
	}
	g := d.guard
	g.events.Open(&t.Source)
	items, split := g.events.Split(&t.Source)
	if !split {
		d.setOneState()
		d.setOneEvent()
		d.readEvent(0, t)
		return
	}
	d.batch = true
	d.events, d.states = make([]Event, len(items)), make([]eventState, len(items))
	if d.holding != nil {
		room := make([]remembered, len(items))
		for i := range d.states {
			d.states[i].remembered = &room[i]
		}
	}
	for i, item := range items {
		t.Payload = item // Body stays whole: what was signed is read from it
		d.readEvent(i, t)
	}
}

// setOneState makes room for the state of the one event of a delivery that is not a batch. Where there is a replay
// store, it makes room for the event as well.
func (d *Delivery) setOneState() {
	d.states = d.oneState[:1]
	d.states[0].claim = noClaim
	if h := d.holding; h != nil {
		d.states[0].remembered, d.events = &h.remembered[0], h.event[:1]
	}
}

// setOneEvent makes room for that event, where there is none yet.
func (d *Delivery) setOneEvent() {
	if d.events == nil {
		d.events = make([]Event, 1)
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

// readEvent reads one event, and derives its identity.
func (d *Delivery) readEvent(i int, t *eventSource) {
	var said payload.Details
	d.guard.events.Read(&t.Source, &said)
	e := &d.events[i]
	d.set(e, t, &said)
	d.states[i].claim = noClaim
	if d.facts.proved { // fails closed: with an identity, anybody could have the real event answered as a duplicate
		d.identify(i, t, e)
	}
}

// set sets what is known of an event, and finds the scope of its identity.
func (d *Delivery) set(e *Event, t *eventSource, said *payload.Details) {
	g := d.guard
	e.Endpoint, e.Provider, e.Secret, e.Unproved = g.endpoint, g.provider, d.facts.secret, !d.facts.proved
	e.take(said)
	t.scope = g.joiningTenant(e)
	// The key of Config.Tenant comes first and holds no zero byte: no text of a body can make another tenant's scope.
	if g.tenants.key.set {
		t.scope = identity.Tenants(d.facts.scope, t.scope)
		e.Tenant, e.Authenticated.Tenant = d.facts.tenant, d.facts.match.ByTenant
	}
	if e.Unproved { // fails closed: what a credential or a signature would cover, nothing covers here
		e.Authenticated = Authenticated{}
	}
}

// identify derives what a proved event is remembered by.
func (d *Delivery) identify(i int, t *eventSource, e *Event) {
	g := d.guard
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
	return d.bodyDigest()
}

// bodyDigest returns the digest of the proved body. It costs as much as the signature's: it is made where something is
// remembered by it, and not for the record alone.
func (d *Delivery) bodyDigest() [sha256.Size]byte {
	if d.digest == nil {
		if d.holding != nil {
			d.digest = &d.holding.digest
		} else {
			d.digest = new([sha256.Size]byte)
		}
		*d.digest = sha256.Sum256(d.facts.body)
	}
	return *d.digest
}

// equalBodies says what the default costs, and that nothing has to be done.
const equalBodies = "sallyport: two events of this provider may have one body, and only an unsigned id tells them " +
	"apart: both run, and no event is lost. So whoever captured such a delivery can run it again until the secret " +
	"changes. Nothing has to be done; DangerouslyDropEqualBodies would drop the second of two equal bodies"

// announceApart logs once what it costs that no event with an equal body is lost.
func (g *Guard) announceApart() {
	if g.memory.Store == nil || g.events.identity != nil {
		return
	}
	for _, why := range g.events.Unprotected() {
		g.logger.Info(equalBodies, "endpoint", g.endpoint, "provider", g.provider, "events", why)
	}
}

// unread is what of a delivery's one event waits until somebody asks: a receiver, the app, or an observer that reads
// names. A handler that reads the body itself may never do, and scanning the body would cost as much as the proof. It
// holds what is read besides the body, because the app may change its request. Delivery.mu guards it.
type unread struct {
	event         bool // its details; false: they were read, or never waited
	identity      bool // its identity, which no store needs
	bodyProved    bool // read later, a detail must not count for more than it would have
	headersProved bool
	headBytes     int32 // of its request, which a record keeps with it; 0: not counted
	headers       [payload.MostKept]string
	timestamp     string // the signed one; empty: none was signed
	id            string // likewise
	scope         string // of the identity, once the details were read
}

// leaveUnread reports whether the event can wait. In doubt it reports false: what is read later must be the same. What
// a store remembers the event by is derived at once. So where there is a store, an event does not wait if its identity
// needs a look into the body that finds the details as well.
func (d *Delivery) leaveUnread(t *eventSource) bool {
	g := d.guard
	remembered := g.memory.Store != nil
	switch {
	case !g.events.CanWait(), d.backfill, g.events.identity != nil, // Config.Identity may look at every field
		g.entry.Identity.NoneForGET && len(t.Body) == 0, g.bodiless(t): // the request's method counts, or its URL
		return false
	case !d.facts.proved: // it gets no identity
	case remembered && (g.entry.Identity.Kind.ReadsEvent() || g.events.TenantInBody() || g.events.OnePass()),
		!remembered && !g.identityWaits(t):
		return false
	}
	d.setOneState()
	g.events.Keep(t.Headers, &d.unread.headers)
	u := &d.unread
	u.event, u.bodyProved, u.headersProved = true, t.BodyProved, t.HeadersProved
	u.timestamp, u.id = t.Timestamp, t.SignedID
	// Now, because the app may change its request while a record waits.
	if g.watch.named && g.watch.records.unread.Load() > fewUnread {
		u.headBytes = int32(min(headBytes(t.request), math.MaxInt32))
	}
	if !d.facts.proved {
		return true
	}
	if u.identity = !remembered; remembered {
		var said payload.Details
		g.events.Begin(&t.Source)
		g.events.ReadTenant(&t.Source, &said)
		d.set(&d.events[0], t, &said)
		d.identify(0, t, &d.events[0])
	}
	return true
}

// identityWaits reports whether an identity can be derived from what is kept: not where the signed text in its one form
// is part of it, which is made of the whole request.
func (g *Guard) identityWaits(t *eventSource) bool {
	v := g.signature
	return !g.entry.Identity.Kind.OfSigned() && !t.claims.HasPayload() &&
		t.claims.Signed == [sha256.Size]byte{} && (v == nil || !v.Decodes && !v.SignsItems())
}

// complete reads and derives what waits. It may be called from several goroutines, and works once.
func (d *Delivery) complete() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.read(true)
}

// read reads what waits, all of it or what a record names. Of an event that is named by headers that needs no look into
// the body. A record has no identity that another hash of the body would have to be made for. The caller must hold mu.
func (d *Delivery) read(all bool) {
	g, u := d.guard, &d.unread
	kind := g.entry.Identity.Kind
	identify := u.identity && (all || kind != entry.ByDigest)
	if !u.event && !identify {
		return
	}
	names := !all && g.events.NamedByHeaders() && !(identify && kind.ReadsEvent())
	s := g.borrow() // on the stack it would not stay: what proves a delivery may be the app's code
	t := &s.events
	t.Kept, t.Body, t.BodyProved, t.HeadersProved = u.headers[:], d.facts.body, u.bodyProved, u.headersProved
	t.Timestamp, t.SignedID = u.timestamp, u.id
	d.setOneEvent()
	e := &d.events[0]
	if u.event {
		var said payload.Details
		if names {
			g.events.Begin(&t.Source)
			g.events.ReadNames(&t.Source, &said)
		} else {
			g.events.Open(&t.Source)
			g.events.Read(&t.Source, &said)
		}
		d.set(e, t, &said)
		u.event, u.scope = names, t.scope
	} else {
		g.events.Begin(&t.Source)
	}
	if identify {
		t.scope, u.identity = u.scope, false
		e.Identity, _ = d.identityOf(0, t, e)
	}
	*t = eventSource{} // the pool must not keep this delivery's body for another one
	g.bodies.scratches.Put(s)
}

// name writes into a record what is known of the delivery's first event. The caller must hold mu.
func (d *Delivery) name(rec *Record) {
	if len(d.events) > 0 {
		e := &d.events[0]
		rec.ID, rec.Type, rec.Identity = e.ID, e.Type, e.Identity
	}
	// An unproved body's digest stays out: unverified senders would otherwise choose values that look like identities.
	if d.facts.proved && d.digest != nil {
		rec.BodySHA256 = *d.digest
	}
}

// What may wait in the queues of an endpoint's observers, in bytes, so that one that is slow does not fill the memory:
// bodies, headers, and the handle of each delivery.
const (
	mostUnread  = 4 << 20
	fewUnread   = 64 << 10 // up to here headers are not counted, which takes longer than all else that is done to wait
	handleBytes = 2 << 10
)

// headBytes returns how much memory a request's headers and URL hold, about. Whoever sends a captured delivery again
// chooses most of them.
func headBytes(r *http.Request) int {
	n := 2 * len(r.RequestURI) // the URL that was made of it may have texts of its own
	for _, header := range [...]http.Header{r.Header, r.Trailer} {
		for name, values := range header {
			n += len(name)
			for _, value := range values {
				n += 16 + len(value) // a string of its own, which may be empty
			}
		}
	}
	return n
}

// mayWait reports whether a record may keep the delivery until its names are read. What nothing proves is read at once.
// So is what an inner guard has taken: the outer one's delivery, with its body, would wait as well.
func (d *Delivery) mayWait() bool { return d.facts.proved && d.parent == nil }

// readNames reads the names that wait. It must be called before the record is handed out.
func (r *pooledRecord) readNames() {
	r.unread.nameRecord(&r.Record)
	r.unread = nil
}

// nameRecord reads the names that wait into a record that only the caller has. nil: nothing waits.
func (d *Delivery) nameRecord(rec *Record) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.events != nil || len(d.guard.watch.outlets) > 1 { // several observers ask: it is read once
		d.read(false)
		d.name(rec)
		return
	}
	// Nobody but this record may ever ask: the event stands in a place of the pool, and stays unread.
	s, was := d.guard.borrow(), d.unread
	d.events = s.event[:]
	d.read(false)
	d.name(rec)
	d.events, d.unread, s.event[0] = nil, was, Event{} // the pool must not keep this delivery's event for another one
	d.guard.bodies.scratches.Put(s)
}

// boundUnread decides where a record's names are read: on the goroutines of the observers that want them, at once where
// too much waits for these already, or nowhere.
func (w *watch) boundUnread(r *pooledRecord) {
	if r.unread == nil {
		return
	}
	if !w.named {
		r.unread = nil
		return
	}
	counted := r.kept != 0
	r.kept += handleBytes + int64(r.BodyBytes)
	before := w.records.unread.Add(r.kept) - r.kept
	if before+r.kept > mostUnread || before > fewUnread && !counted {
		w.records.unread.Add(-r.kept)
		r.readNames()
	}
}
