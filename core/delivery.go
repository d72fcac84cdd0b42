package core

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/head"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/replay"
)

// handedOn writes how long after its arrival a delivery was handed on: one more than the microseconds, of which four
// bytes hold more than an hour.
func handedOn(after time.Duration) uint32 {
	return uint32(min(max(after, 0)/time.Microsecond, math.MaxUint32-1)) + 1
}

// Delivery is a request that was proved. The adapter hands its Request to the app; the app finds it by [FromContext].
// It is safe for concurrent use.
type Delivery struct {
	again  *Delivery // set on a handle for a guard that this request has passed before
	guard  *Guard
	parent *Delivery // an outer guard's proof of the same request
	r      *http.Request

	// Parts of what every delivery needs, in one allocation with the handle.
	request http.Request    // what r points to, but for a handle with again set
	tracker adapter.Tracker // see Track

	states   []eventState  // of each event
	oneState [1]eventState // room for the usual case, which then allocates nothing
	events   []Event       // of as many as states, or none yet: see unread

	deliveryContext deliveryContext
	unread          unread
	restored        restoredBody // the first of them; GetBody gives others
	facts           facts
	verified        time.Duration      // from the arrival until the proof was checked
	holding         *holding           // nil: there is no replay store
	digest          *[sha256.Size]byte // of the body; nil: nobody has needed it yet. See bodyDigest
	redrive         *redrive           // set where an entry of the journal runs again

	refusal *Reply    // the answer to signals that may not run; nil: they may. mu guards this and the next two
	owed    *Reply    // the signals' answer, where they failed
	early   *earlyEnd // how the middleware behind the guard ended while the signals ran

	answering adapter.State
	handed    atomic.Uint32 // zero until the adapter has taken the request to hand on; then see handedOn
	touched   atomic.Bool   // the app has asked for the delivery, its events or its body
	tracked   atomic.Bool   // tracker is in use
	slot      atomic.Bool   // it has one of Guard.signals.slots

	mu       sync.Mutex     // guards what follows, the verdicts and wishes in states, unread, and holding.txn
	entered  bool           // signals have taken it up, or those of an inner guard's proof of the same request
	running  bool           // those signals run
	finished bool           // Finish or Abandon was called
	refused  bool           // it came to signals that may not run
	settled  bool           // verdict stands, and later ones change nothing
	verdict  replay.Verdict // of the whole delivery; zero: undecided
	byHand   bool           // the app has released it
	wish     replay.Verdict // what the app has released while signals ran: it is settled when they end
	reported bool           // its record was made: there is one for each delivery
	// These are not guarded: they are set before the delivery is handed on.
	batch    bool // the provider sent a list of events
	backfill bool // the app has fetched it, and no request has brought it
	ticket   bool // a request that a redrive has made carries it, for the guard that is to take redrive
}

// holding is what a delivery has in addition where there is a replay store.
type holding struct {
	lease.Holding
	signed     *Identity          // the signed content, where that is remembered in addition to the events
	unclaimed  error              // the store's; not nil: the delivery runs without a claim
	txn        replay.Transaction // of the event in hand; nil: there is none
	event      [1]Event           // room for the usual case
	remembered [1]remembered      // as event
	digest     [sha256.Size]byte  // room for that of the body
}

// unclaimed returns the store's error, where the delivery runs without a claim because of it.
func (d *Delivery) unclaimed() error {
	if d.holding == nil {
		return nil
	}
	return d.holding.unclaimed
}

// deliveryKey is the context key of a delivery. It is not exported: no other code can put a forged delivery there.
type deliveryKey struct{}

// deliveryContext is the context that carries a delivery: context.WithValue as a part of the handle, which is made
// anyway.
type deliveryContext struct {
	lease.Unprinted
	context.Context

	delivery *Delivery
}

// Value gives the delivery.
func (c *deliveryContext) Value(key any) any {
	if _, ok := key.(deliveryKey); ok {
		return c.delivery
	}
	return c.Context.Value(key)
}

// deliveryIn returns the delivery that a guard proved. nil: none did. A ticket proves nothing yet, so it fails closed.
func deliveryIn(ctx context.Context) *Delivery {
	if d := carriedBy(ctx); d != nil && !d.ticket {
		return d
	}
	return nil
}

// carriedBy returns the delivery in a context, or the ticket of a redrive, which only its guard may see.
func carriedBy(ctx context.Context) *Delivery {
	d, _ := ctx.Value(deliveryKey{}).(*Delivery)
	return d
}

// FromContext returns the delivery that the innermost guard proved.
func FromContext(ctx context.Context) (*Delivery, bool) {
	d := deliveryIn(ctx)
	if d != nil {
		d.touch()
	}
	return d, d != nil
}

// touch notes that the app uses the delivery.
func (d *Delivery) touch() {
	if !d.touched.Load() {
		d.touched.Store(true)
	}
}

// self returns the handle that has the state. A guard that a request passes twice gives out an empty one the second
// time.
func (d *Delivery) self() *Delivery {
	if d.again != nil {
		return d.again
	}
	return d
}

// Request returns the request to hand on: its body can be read again from the start, its context carries the delivery,
// and tokens are gone from its URL.
func (d *Delivery) Request() *http.Request {
	if d.handed.Load() == 0 {
		at := time.Duration(0)
		if d.again == nil && d.keeps() {
			at = time.Since(d.facts.started)
		}
		d.handed.Store(handedOn(at))
	}
	return d.r
}

// Format prints the endpoint's name and nothing of the request, whatever the verb.
func (d *Delivery) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "sallyport.Delivery("+d.self().guard.endpoint+")")
}

// Body returns the raw body. It must not be changed. It is nil while [Delivery.NeedsSignals]. An adapter that needs it
// asks before it takes the Request: from then on it is the app that uses the delivery.
func (d *Delivery) Body() []byte {
	handed := d.handed.Load() != 0
	d = d.self()
	if handed {
		d.touch()
	}
	if d.NeedsSignals() {
		return nil
	}
	if handed {
		d.complete() // a handler that writes into the body all the same changes no record and no event by it
	}
	return d.facts.body
}

// Events returns the delivery's events; of a batch, those that are this delivery's to run. Their Context is the
// background: signals get one of their own.
func (d *Delivery) Events() []Event {
	d = d.self()
	d.touch()
	d.complete()
	events := make([]Event, 0, len(d.events))
	for i := range d.events {
		if d.states[i].fresh() {
			events = append(events, d.events[i])
		}
	}
	return events
}

// NeedsSignals (for adapters) says that the delivery is a batch, part of which is done or being processed, and that no
// signals have taken it up. A handler that took it as a whole would do the done part again: its body cannot be read,
// what is answered to it must be withheld, and Finish gives the answer.
func (d *Delivery) NeedsSignals() bool {
	return d.self().answering.Withholds()
}

// Endpoint returns the endpoint's name.
func (d *Delivery) Endpoint() string { return d.self().guard.endpoint }

// Tenant returns the key of the tenant whose secrets proved the delivery; empty for endpoints without [Config.Tenant].
func (d *Delivery) Tenant() string { return d.self().facts.tenant }

// Secret returns the label of the secret that matched; empty for providers that sign nothing.
func (d *Delivery) Secret() string { return d.self().facts.secret }

// Credentials returns the labels of the credentials that matched.
func (d *Delivery) Credentials() []string {
	return append([]string(nil), d.self().facts.credentials...)
}

// Unproved says that nothing proves the delivery: see [Event.Unproved].
func (d *Delivery) Unproved() bool { return !d.self().facts.proved }

// WouldRefuse returns the refusals that did not take place, because their checks only report.
func (d *Delivery) WouldRefuse() []Reported {
	return append([]Reported(nil), d.self().facts.reported...)
}

// newDelivery makes a handle, and its holding if there is a replay store, in one allocation. The app may keep the
// handle after the request: it never serves another one. Its size is held by a test: a byte beyond the runtime's next
// size class costs every request some hundred more.
func (g *Guard) newDelivery() *Delivery {
	if g.memory.Store == nil {
		return &Delivery{guard: g}
	}
	both := &struct {
		Delivery
		holding holding
	}{}
	d := &both.Delivery
	d.guard, d.holding = g, &both.holding
	return d
}

// contextIn returns the context that the app gets, in that of the request: it carries the delivery, and ends where the
// lease of what it holds is lost.
func (d *Delivery) contextIn(parent context.Context) context.Context {
	d.deliveryContext = deliveryContext{Context: parent, delivery: d}
	if d.guard.memory.Store == nil {
		return &d.deliveryContext
	}
	d.holding.Request.Start(&d.deliveryContext, time.Time{})
	return &d.holding.Request
}

// carry makes the request to hand on, with the delivery in its context and the proved body.
func (d *Delivery) carry(r *http.Request, parent context.Context) {
	// WithContext is inlined, so that the copy that it makes is stored here and needs no memory of its own.
	d.request = *r.WithContext(d.contextIn(parent))
	d.r = &d.request
	restoreBody(d.r, d)
}

// deliver makes the handle of a delivery that is proved, or that a check lets through because it only reports. From
// here on nothing refuses it but the replay store.
func (g *Guard) deliver(r *http.Request, i *inspection, prior *Delivery) *Delivery {
	d := g.newDelivery()
	d.parent = prior
	i.ownBody() // the buffer belongs to the next request, and the app would read that one's body
	d.facts = *i.known()
	// A credential proves the whole request. A signature proves only what it covers.
	t := i.events
	t.Headers, t.Body, t.request = r.Header, i.body, r
	if r.URL != nil {
		t.RawQuery = r.URL.RawQuery
	}
	if i.proved { // else the zero values stay: nothing of an unproved delivery counts as authenticated
		t.inspection, t.claims, t.Timestamp = i, i.claims, i.claims.Timestamp
		t.BodyProved = g.signature.Covers(i.body, g.entry.Event.PayloadJSON)
		t.HeadersProved, t.SignedID = g.signature == nil, i.claims.ID
		if s := g.entry.Event.Sealed; s != nil {
			t.Opened = i.opened
			t.BodyProved = t.BodyProved || !s.Data // what was decrypted is what was proved, and nothing else is read
		}
	}
	d.readEvents(t)
	if g.memory.Store != nil && g.entry.Identity.SignedOnce && i.proved {
		// The signature covers less than the body. Whoever captured it could send any other body under it: the signed
		// content is remembered with the digest of the first body, and a second one is refused.
		in := g.proofOf(t)
		digest := g.signature.SignedDigest(&in)
		signed := Identity(identity.OfSigned(identity.Scope{Endpoint: g.endpoint, Tenant: i.scope}, digest))
		d.holding.signed = &signed
	}
	d.carry(r, r.Context())
	if len(i.stripQuery) > 0 || len(i.stripPath) > 0 {
		head.StripTokens(d.r, i.stripQuery, i.stripPath)
	}
	return d
}
