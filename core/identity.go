package core

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/identity"
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

// identityOf derives an event's identity. It is zero where the entry says that there is none.
func (d *Delivery) identityOf(at int, t *eventSource, e *Event) Identity {
	g := d.guard
	if g.events.identity != nil {
		if text := d.ownIdentity(t, e); text != "" {
			return Identity(identity.OfApp(t.of(g), text))
		}
	}
	rule := &g.entry.Identity
	if rule.Kind == entry.None || d.waits(rule, t) {
		return Identity{}
	}
	apart := g.events.ApartOf(&t.Source)
	if apart.Unremembered() {
		return Identity{}
	}
	var few [4]string
	switch rule.Kind {
	case entry.BySignedID:
		if t.SignedID != "" {
			return Identity(identity.OfID(t.of(g), t.SignedID, apart.Join(few[:0], &t.Source)))
		}
	case entry.ByPointer:
		var at [4][]byte // more than any entry needs
		if names, ok := g.events.Names(&t.Source, at[:0]); ok {
			return Identity(identity.OfIDs(t.of(g), names, apart.Join(few[:0], &t.Source)))
		}
		// A proved body without the id falls back to the digest of what is proved: after the proof nothing that is
		// merely unexpected loses a delivery.
	}
	digest := d.identityDigest(at, t)
	if g.bodiless(t) { // all empty bodies have one digest: as duplicates, every event but the first would be lost
		var differs bool
		in := g.proofOf(t)
		if digest, differs = g.signature.BodilessDigest(&in); !differs {
			return Identity{}
		}
	}
	with := g.events.AppendJoined(few[:0], t.Headers)
	return Identity(identity.OfDigest(t.of(g), digest, apart.Join(with, &t.Source)))
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
		t.claims != nil && g.entry.Identity.Kind != entry.BySigned
}

// identityDigest returns the digest that an event is remembered by. Where the body is signed, it is that of the body,
// or of its item of a batch, as they came. Otherwise it is that of the signed text in its one form.
func (d *Delivery) identityDigest(at int, t *eventSource) [sha256.Size]byte {
	g := d.guard
	v, p := g.signature, t.claims
	switch kind := g.entry.Identity.Kind; {
	case v == nil || p == nil:
	case v.IsCustom():
		if kind == entry.BySigned || kind == entry.ByPointer && p.Signed != ([sha256.Size]byte{}) {
			return p.Signed
		}
	case v.SignsItems() && (!d.batch || g.signedItems()):
		return v.ItemsDigest(at, d.batch, &signature.Input{Request: t.request, Body: t.Body, Claims: p})
	case kind == entry.BySigned || v.Decodes && !d.batch:
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
