package core

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Identity is what an event is remembered by: the hash, over authenticated bytes, that a replay store keeps. The zero
// Identity belongs to events that are not remembered.
type Identity replay.Key

// String returns the identity in hexadecimal, as logs show it and [ParseIdentity] reads it.
func (i Identity) String() string { return hex.EncodeToString(i[:]) }

// ParseIdentity reads what String wrote, as an operator copies it from a log.
func ParseIdentity(text string) (Identity, error) {
	var id Identity
	if len(text) != hex.EncodedLen(len(id)) { // a part of an identity, filled up with zeros, names nothing
		return Identity{}, ErrBadIdentity
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return Identity{}, ErrBadIdentity
	}
	return id, nil
}

// IsZero reports whether the event has no identity: nothing distinguishes a replay of it from the next event.
func (i Identity) IsZero() bool { return i == Identity{} }

// identityOf derives an event's identity. It is zero where the entry says that there is none. named reports whether an
// id or the app's own text names the event, and not a digest.
//
// e is sure to hold the event's details only for Config.Identity and for kinds that ReadsEvent. A kind may use those
// alone that e.Authenticated says are proved: with any other, whoever captured a delivery could make another event of
// it.
func (d *Delivery) identityOf(at int, t *eventSource, e *Event) (id Identity, named bool) {
	g := d.guard
	if g.events.identity != nil {
		if text := d.ownIdentity(t, e); text != "" {
			return Identity(identity.OfApp(t.of(g), text)), true
		}
	}
	rule := &g.entry.Identity
	if rule.Kind == entry.None || d.waits(rule, t) {
		return Identity{}, false
	}
	apart := g.events.ApartOf(&t.Source)
	if apart.Unremembered() {
		return Identity{}, false
	}
	var few [4]string
	switch rule.Kind {
	case entry.BySignedID:
		if t.SignedID != "" {
			return Identity(identity.OfID(t.of(g), t.SignedID, apart.Join(few[:0], &t.Source))), true
		}
	case entry.ByPointer:
		var at [4][]byte // more than any entry needs
		if names, ok := g.events.Names(&t.Source, at[:0]); ok {
			return Identity(identity.OfIDs(t.of(g), names, apart.Join(few[:0], &t.Source))), true
		}
		// A proved body without the id falls back to the digest of what is proved: after the proof nothing that is
		// merely unexpected loses a delivery.
	}
	digest := d.identityDigest(at, t)
	if g.bodiless(t) { // all empty bodies have one digest: as duplicates, every event but the first would be lost
		var differs bool
		in := g.proofOf(t)
		if digest, differs = g.signature.BodilessDigest(&in); !differs {
			return Identity{}, false
		}
	}
	with := g.events.AppendJoined(few[:0], &t.Source)
	return Identity(identity.OfDigest(t.of(g), digest, apart.Join(with, &t.Source))), false
}

// proofOf returns what the delivery was verified by.
func (g *Guard) proofOf(t *eventSource) signature.Input {
	url := g.signedURL(t.request, t.inspection)
	return signature.Input{Request: t.request, URL: url, Body: t.Body, Claims: t.claims}
}

// waits reports whether the sender uses the answer to such a delivery, which must not be that to a duplicate. A GET
// with a body does not count: where the method is not signed, anybody could make one of a captured POST.
func (d *Delivery) waits(rule *entry.Identity, t *eventSource) bool {
	return rule.NoneForForms && t.IsForm() || rule.NoneForSingles && !d.batch ||
		rule.NoneForGET && len(t.Body) == 0 && t.request != nil && t.request.Method == http.MethodGet
}

// bodiless reports whether a delivery carries no body, where the sender has methods for which that is usual. The digest
// of an empty body does not distinguish events.
func (g *Guard) bodiless(t *eventSource) bool {
	return len(t.Body) == 0 && len(g.entry.Methods) > 0 && g.signature != nil && !g.signature.IsCustom() &&
		t.claims != nil && !g.entry.Identity.Kind.OfSigned()
}

// identityDigest returns the digest that an event is remembered by. Where the body is signed, it is that of the body,
// or of its item of a batch, as they came. Otherwise it is that of the signed text in its one form.
func (d *Delivery) identityDigest(at int, t *eventSource) [sha256.Size]byte {
	g := d.guard
	v, p := g.signature, t.claims
	switch kind := g.entry.Identity.Kind; {
	case v == nil || p == nil:
	case v.IsCustom():
		if kind.OfSigned() || kind.ReadsEvent() && p.Signed != ([sha256.Size]byte{}) {
			return p.Signed
		}
	case v.SignsItems() && (!d.batch || g.signedItems()):
		return v.ItemsDigest(at, d.batch, &signature.Input{Request: t.request, Body: t.Body, Claims: p})
	case kind.OfSigned() || v.Decodes && !d.batch:
		in := g.proofOf(t)
		return v.SignedDigest(&in)
	}
	return d.digestOf(t)
}

// signedItems reports whether the items that carry signatures are the events of the batch.
func (g *Guard) signedItems() bool {
	batch := g.entry.Batch
	return batch != nil && batch.Pointer == g.entry.Scheme.Items && len(batch.Inner) == 0
}

// authenticated returns the event as Config.Identity sees it: without what the proof does not cover. It fails closed:
// whoever captured a delivery can change that, and every replay would be another event.
func authenticated(t *eventSource, e *Event) Event {
	seen := *e
	// Attempt changes with every retry. A text made of it would let each retry run as a new event.
	seen.Identity, seen.Attempt, seen.run = Identity{}, 0, nil
	if !e.Authenticated.ID {
		seen.ID = ""
	}
	if !e.Authenticated.Type {
		seen.Type = ""
	}
	if !e.Authenticated.Time {
		seen.Time = time.Time{}
	}
	if !e.Authenticated.Tenant {
		seen.Tenant = ""
	}
	// Without a proof of the body an attacker could change a field of it and replay the rest: it is left out as a
	// whole.
	if !t.BodyProved {
		seen.Action, seen.Payload, seen.Data = "", nil, nil
	}
	return seen
}

// Why a text of Config.Identity is not used.
const (
	emptyName = "sallyport: Config.Identity gave an empty text, and the provider's own identity is used: " +
		"it sees authenticated fields only"
	unprovedName = "sallyport: Config.Identity names an event by an ID that no proof covers or that it does not " +
		"have, and the provider's own identity is used: it sees authenticated fields only, so that events " +
		"would have one name"
	constantName = "sallyport: Config.Identity gave a text that nothing authenticated of the event changes, " +
		"and the provider's own identity is used: every event would have that name"
)

// ownIdentity returns what Config.Identity makes of an event. It is empty where that would not distinguish events: then
// the entry's identity is used. A text that is made of an id that no proof covers ("push:" and that id), or of nothing,
// is the same for one event after another, and every event after the first would be lost as a duplicate. Authenticated
// fields alone decide: whoever captured a delivery cannot choose between the two.
func (d *Delivery) ownIdentity(t *eventSource, e *Event) string {
	g := d.guard
	seen := authenticated(t, e)
	if g.tenants.key.set && e.Authenticated.Tenant {
		// Otherwise a captured delivery could be sent again as "ACME" after "acme", and the app's text would differ.
		seen.Tenant = d.facts.scope // in any case of letters it is one tenant
	}
	text := g.events.identity(seen)
	switch {
	case text == "":
		g.events.unnamed.report(g, emptyName)
		return ""
	// The event's own id is unproved here. An attacker could choose it, or the text could lose every event after the
	// first.
	case !e.Authenticated.ID && g.changesIdentity(seen, text):
		g.events.unnamed.report(g, unprovedName)
		return ""
	case g.namesNothing(&seen, text):
		g.events.unnamed.report(g, constantName)
		return ""
	}
	return text
}

// changesIdentity reports whether the text depends on the event's id, which is left out of it.
func (g *Guard) changesIdentity(seen Event, text string) bool {
	seen.ID = "an id that no event has"
	with, ok := g.tryIdentity(seen)
	// Fails closed: a function that panics on an unusual id depends on it.
	return !ok || with != text
}

// namesNothing reports whether the text would be the same for any other event of the endpoint and its tenant. A
// function that panics without a payload reads the payload.
func (g *Guard) namesNothing(seen *Event, text string) bool {
	without, ok := g.tryIdentity(Event{
		Endpoint: seen.Endpoint, Provider: seen.Provider, Tenant: seen.Tenant, Secret: seen.Secret,
		Authenticated: seen.Authenticated,
	})
	// A panic counts as "depends on the payload", so that ordinary functions which decode it stay usable.
	return ok && without == text
}

// tryIdentity calls Config.Identity with an event that nobody sent, and contains its panic.
func (g *Guard) tryIdentity(e Event) (text string, ok bool) {
	defer func() {
		// The panic is provoked by an event that was made up here. It must not refuse a genuine delivery.
		if recover() != nil {
			text, ok = "", false
		}
	}()
	return g.events.identity(e), true
}

// noIdentity counts the events for which Config.Identity gave no usable text, and reports them once a minute.
type noIdentity struct {
	lines  logbook.Gate
	events atomic.Int64 // since the last report
}

func (n *noIdentity) report(g *Guard, message string) {
	// Counted before the gate: the line says how many events the text would have confused since the last one.
	n.events.Add(1)
	if !n.lines.Due() {
		return
	}
	g.logger.Error(message,
		slog.String("endpoint", g.endpoint), slog.String("provider", g.provider),
		slog.Int64("events", n.events.Swap(0)))
}
