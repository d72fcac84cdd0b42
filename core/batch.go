package core

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxBatch is how many events a delivery may carry. More of them, like any batch that cannot be split, are one event
// with the raw body: after the proof a limit never loses a delivery.
const maxBatch = 20_000

// readEvents tells what the delivery says: one event, or each event of a batch.
func (d *Delivery) readEvents(t *told) fault.Failure {
	g := d.guard
	g.events.open(t)
	items, split := g.split(t.payload)
	if !split || t.bare {
		d.events, d.states = d.one[:1], d.oneState[:1]
		return d.readEvent(0, t)
	}
	d.batch = true
	d.events, d.states = make([]Event, len(items)), make([]eventState, len(items))
	for i, item := range items {
		t.payload = item
		if f := d.readEvent(i, t); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// provedForOthers refuses what is signed and for none of those whom the entry allows. It proves nothing to this
// endpoint: it is no sign of life, and it uses up nothing of what the genuine deliveries may.
func (g *Guard) provedForOthers(r *http.Request, body []byte) fault.Failure {
	if g.recipient == nil {
		return fault.Failure{}
	}
	t := told{headers: r.Header, body: body}
	g.events.open(&t)
	if g.isRecipient(t.payload) {
		return fault.Failure{}
	}
	return fault.New(reason.WrongRecipient, "the delivery is genuine and for somebody else: anybody can have the provider send to this endpoint")
}

func (g *Guard) isRecipient(payload []byte) bool {
	raw := make([][]byte, g.recipient.Len())
	if g.recipient.Decide(payload, raw) != nil {
		return false
	}
	texts := make([]string, len(raw))
	for i := range raw {
		texts[i], _ = jsonscan.Text(raw[i])
		if texts[i] == "" || strings.ContainsRune(texts[i], '/') {
			return false
		}
	}
	return slices.Contains(g.entry.Recipient.Allowed, strings.Join(texts, "/"))
}

func (g *Guard) split(payload []byte) (items [][]byte, ok bool) {
	if g.entry.Batch == nil {
		return nil, false
	}
	list := payload
	if g.batchPath != nil {
		var raw [1][]byte
		if g.batchPath.Read(payload, raw[:]) != nil {
			return nil, false
		}
		list = raw[0]
	}
	items, err := jsonscan.Items(list, maxBatch)
	if err != nil && g.orPath != nil {
		var raw [1][]byte
		if g.orPath.Read(payload, raw[:]) != nil {
			return nil, false
		}
		// An empty list is one event: what the delivery is stays visible.
		if items, err = jsonscan.Items(raw[0], maxBatch); err == nil && len(items) == 0 {
			return nil, false
		}
	}
	if err != nil || g.innerPath == nil {
		return items, err == nil
	}
	return g.splitInner(items)
}

// splitInner takes the events out of the items that hold them.
func (g *Guard) splitInner(outer [][]byte) (items [][]byte, ok bool) {
	lists := len(g.entry.Batch.Inner)
	raw := make([][]byte, lists+1)
	for _, item := range outer {
		if g.innerPath.Read(item, raw) != nil {
			return nil, false
		}
		found := false
		for _, list := range raw[:lists] {
			if inner, err := jsonscan.Items(list, maxBatch); err == nil {
				items, found = append(items, inner...), true
			}
		}
		if !found || raw[lists] != nil {
			items = append(items, item)
		}
		if len(items) > maxBatch {
			return nil, false
		}
	}
	return items, true
}

func (d *Delivery) readEvent(i int, t *told) fault.Failure {
	g := d.guard
	e := &d.events[i]
	*e = Event{Endpoint: g.endpoint, Provider: g.provider, Secret: d.facts.secret, Unproved: !d.facts.proved}
	if !d.deferDetails(t, e) {
		g.events.read(t, e)
	}
	t.scope = g.joiningTenant(e)
	if g.tenant.set {
		t.scope = identity.Tenants(d.facts.scope, t.scope)
		e.Tenant, e.Authenticated.Tenant = d.facts.tenant, d.facts.match.ByTenant
	}
	if e.Unproved {
		// Anybody may have sent it: an identity would let them have the real event taken for done.
		e.Authenticated = Authenticated{}
		d.states[i] = eventState{claim: noClaim}
		return fault.Failure{}
	}
	d.states[i] = eventState{claim: noClaim}
	if g.memory.Store != nil {
		d.states[i].digest = d.digestOf(t)
	} else if d.deferIdentity(t) {
		return fault.Failure{}
	}
	e.Identity = d.identityOf(i, t, e)
	return fault.Failure{}
}

// joiningTenant is the event's tenant as far as it belongs to identities. One that nothing proves belongs to them only
// where the entry says so: otherwise whoever captured a delivery could make another event of it by inventing a tenant.
func (g *Guard) joiningTenant(e *Event) string {
	if e.Authenticated.Tenant || g.entry.Identity.UnsignedTenant {
		return e.Tenant
	}
	return ""
}

// digestOf is the digest of what an event consists of: the body, or its item of a batch.
func (d *Delivery) digestOf(t *told) [sha256.Size]byte {
	if d.batch {
		return sha256.Sum256(t.payload)
	}
	if t.presented.hasPayload() {
		return sha256.Sum256(t.presented.payload)
	}
	return d.facts.bodyDigest()
}
