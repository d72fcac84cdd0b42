package core

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// laterIdentity is what an identity by the body's digest is made of once somebody asks for it. Without a replay store
// that is the app, or nobody: a second hash of the body, which would double the cost of the proof.
type laterIdentity struct {
	pending bool
	scope   string
	with    [2]string // the headers that belong to it
	n       int
	// What may join by the entry's rules for bodies that are equal.
	apart     [2]string // by rule: the header's value
	timestamp string
}

// laterDetails is how the details of an event are read from its body once somebody asks for them: signals, or the app.
// A handler that reads the body itself, at an endpoint whose events are named by headers (GitHub, Shopify), never does,
// and looking through the body would cost as much again as the proof.
type laterDetails struct {
	pending       bool
	form, proved  bool // what told says
	headersProved bool
}

// namedByHeaders says that everything a record tells of an event, and what the event is remembered by, is known without
// a look into the body, and that the rest is read from nothing but the body.
func namedByHeaders(e *entry.Entry) bool {
	inHeader := func(v entry.Value) bool { return v.Header != "" }
	inBody := func(v entry.Value) bool { return v.JSON != "" }
	all := func(is func(entry.Value) bool, lists ...[]entry.Value) bool {
		for _, list := range lists {
			if slices.ContainsFunc(list, func(v entry.Value) bool { return !is(v) }) {
				return false
			}
		}
		return true
	}
	spec := &e.Event
	return e.Batch == nil && e.Recipient == nil && e.Identity.Kind != entry.ByPointer && spec.PayloadJSON == "" && spec.Binary == "" &&
		all(inHeader, spec.ID, spec.Type, spec.Tenant) && all(inBody, spec.Action, spec.Time, spec.Attempt)
}

// deferDetails reads what can be read without the body, if the rest can wait.
func (d *Delivery) deferDetails(t *told, e *Event) bool {
	er := d.guard.events
	if !er.early || d.guard.identity != nil {
		return false
	}
	d.laterDetails = laterDetails{true, t.form, t.bodyProved, t.headersProved}
	er.readNames(t, e)
	return true
}

// detail reads what had to wait. The caller holds the lock.
func (d *Delivery) detail() {
	l := &d.laterDetails
	if !l.pending {
		return
	}
	l.pending = false
	j := d.guard.borrow()
	t := &j.told
	t.body, t.payload, t.form = d.facts.body, payloadOf(d.facts.body), l.form
	t.bodyProved, t.headersProved = l.proved, l.headersProved
	er, e := d.guard.events, &d.events[0]
	er.openForm(t)
	er.readPayload(t, e)
	er.readDetails(t, e)
	*t = told{}
	d.guard.judgings.Put(j)
}

// deferIdentity says whether the identity can wait.
func (d *Delivery) deferIdentity(t *told) bool {
	g := d.guard
	rule := &g.entry.Identity
	l := &d.laterID
	if d.batch || g.identity != nil || rule.Kind != entry.ByDigest || d.waits(rule, t) || g.bodiless(t) || t.presented.hasPayload() || len(rule.With) > len(l.with) ||
		len(g.events.apart.rules) > len(l.apart) || g.verifier != nil && g.verifier.decodes {
		return false
	}
	names := g.events.joins(t.headers)
	l.pending, l.scope, l.n = true, t.scope, len(names)
	for i, name := range names {
		l.with[i] = headerText(t.headers, name)
	}
	for i := range g.events.apart.rules {
		l.apart[i] = firstHeader(t.headers, g.events.apart.rules[i].headers)
	}
	l.timestamp = t.timestamp
	return true
}

// complete makes what had to wait.
func (d *Delivery) complete() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.detail()
	l := &d.laterID
	if !l.pending {
		return
	}
	l.pending = false
	d.events[0].Identity = d.lateIdentity(l)
}

// lateIdentity derives the identity that waited.
func (d *Delivery) lateIdentity(l *laterIdentity) Identity {
	g := d.guard
	t := told{body: d.facts.body, payload: d.facts.body, timestamp: l.timestamp}
	rule := g.events.apartOf(&t)
	if rule.none() {
		return Identity{}
	}
	header := ""
	for i := range g.events.apart.rules {
		if rule == &g.events.apart.rules[i] {
			header = l.apart[i]
		}
	}
	var few [4]string
	with := append(few[:0], l.with[:l.n]...)
	if rule != nil && rule.Time {
		with = append(with, l.timestamp)
	}
	with = appendSome(with, header)
	digest := d.facts.bodyDigest()
	return Identity(identity.OfDigest(identity.Scope{Endpoint: g.endpoint, Tenant: l.scope}, digest, with))
}
