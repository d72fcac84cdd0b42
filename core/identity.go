package core

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Identity is what an event is remembered by: the hash, over authenticated bytes, that a replay store keeps. The zero
// Identity is none.
type Identity replay.Key

// String returns the identity in hexadecimal, as logs show it and [ParseIdentity] reads it.
func (i Identity) String() string { return hex.EncodeToString(i[:]) }

// ParseIdentity reads what String wrote, as an operator copies it from a log.
func ParseIdentity(text string) (Identity, error) {
	var id Identity
	if len(text) != hex.EncodedLen(len(id)) {
		return Identity{}, ErrBadIdentity
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return Identity{}, ErrBadIdentity
	}
	return id, nil
}

// IsZero says that the event has no identity: nothing tells a replay of it from a repetition.
func (i Identity) IsZero() bool { return i == Identity{} }

// identityVersion begins every derivation. What follows it may never change while stores remember.
const identityVersion = "sallyport identity " + identityGeneration

// identityGeneration is the version of the derivation, as the marker of an endpoint notes it.
const identityGeneration = "1"

// beginIdentity begins the derivation: endpoint and tenant first, then the kind. The values follow, every part preceded
// by its length so that no two lists of parts hash alike. It does not depend on the secret, the signature's spelling,
// or the time.
//
// It is gathered in a buffer of the caller's: identityRoom is more than most need.
func beginIdentity(room []byte, endpoint, tenant, kind string) []byte {
	for _, text := range [...]string{identityVersion, endpoint, tenant, kind} {
		room = appendPart(room, text)
	}
	return room
}

const identityRoom = 512

func appendPart[T string | []byte](parts []byte, v T) []byte {
	return append(binary.BigEndian.AppendUint64(parts, uint64(len(v))), v...)
}

// hashIdentity is the identity of one value, and of what belongs to it.
func hashIdentity[T string | []byte](endpoint, tenant, kind string, value T, with []string) Identity {
	var room [identityRoom]byte
	parts := appendPart(beginIdentity(room[:0], endpoint, tenant, kind), value)
	for _, text := range with {
		parts = appendPart(parts, text)
	}
	return Identity(sha256.Sum256(parts))
}

func writePart(h hash.Hash, part []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:])
	_, _ = h.Write(part)
}

// Kinds of identity, part of the derivation.
const (
	identityOfID       = "id"
	identityOfDigest   = "digest"
	identityOfApp      = "app"
	identityOfReceiver = "receiver"
	identityOfSigned   = "signed"
)

// scopeOf joins the tenant of the endpoint with the one that the provider tells, where it tells any. The key of an
// endpoint's tenant holds no zero byte.
func scopeOf(tenant, told string) string {
	if told == "" {
		return tenant
	}
	return tenant + "\x00" + told
}

// identityOf derives an event's identity; the zero Identity where the entry says that there is none.
func (d *Delivery) identityOf(at int, t *told, e *Event) Identity {
	g := d.guard
	if g.identity != nil {
		if text := d.ownIdentity(t, e); text != "" {
			return hashIdentity(g.endpoint, t.scope, identityOfApp, text, nil)
		}
	}
	rule := &g.entry.Identity
	if rule.Kind == entry.None || d.waits(rule, t) {
		return Identity{}
	}
	apart := g.events.apartOf(t)
	if apart.none() {
		return Identity{}
	}
	var few [4]string
	switch rule.Kind {
	case entry.BySignedID:
		if t.signedID != "" {
			return hashIdentity(g.endpoint, t.scope, identityOfID, t.signedID, apart.join(few[:0], t))
		}
	case entry.ByPointer:
		if id, ok := g.pointedIdentity(t, apart); ok {
			return id
		}
		// A proved body without the id falls back to the digest of what is proved: after the proof nothing that is
		// merely unexpected loses a delivery.
	}
	digest := d.identityDigest(at, t)
	if g.bodiless(t) {
		var differs bool
		if digest, differs = g.bodilessDigest(t); !differs {
			return Identity{}
		}
	}
	with := few[:0]
	for _, name := range g.events.joins(t.headers) {
		with = append(with, headerText(t.headers, name))
	}
	return hashIdentity(g.endpoint, t.scope, identityOfDigest, digest[:], apart.join(with, t))
}

// waits reports whether the sender waits for the answer to such a delivery, which must not be a duplicate's. A GET
// with a body does not count: where the method is not signed, anybody could make one of a captured POST.
func (d *Delivery) waits(rule *entry.Identity, t *told) bool {
	return rule.NoneForForms && t.form || rule.NoneForSingles && !d.batch ||
		rule.NoneForGET && len(t.body) == 0 && t.request != nil && t.request.Method == http.MethodGet
}

// bodiless reports whether a delivery carries no body, where the sender has methods for which that is usual: the
// digest of nothing tells no event from another.
func (g *Guard) bodiless(t *told) bool {
	return len(t.body) == 0 && len(g.entry.Methods) > 0 && g.verifier != nil && g.verifier.scheme.Custom == nil &&
		t.presented != nil && g.entry.Identity.Kind != entry.BySigned
}

// bodilessDigest is the digest of all that is signed, the URL and the time included. differs is false where nothing is
// signed that differs from one delivery to the next: then nothing tells a replay from the next event.
func (g *Guard) bodilessDigest(t *told) (sum [sha256.Size]byte, differs bool) {
	v, p := g.verifier, t.presented
	url := g.signedURL(t.request, t.inspection)
	signed := &digest.State{}
	for i := range v.readings[p.reading] {
		part := &v.readings[p.reading][i]
		switch part.Kind {
		case entry.PartSecret, entry.PartReplacedBody:
			continue
		case entry.PartBody, entry.PartPayload, entry.PartLiteral, entry.PartMethod:
		default:
			differs = true
		}
		if !part.Optional || v.isPresent(part, t.request, p) {
			v.writePart(signed, part, nil, t.request, url, nil, p)
		}
	}
	return sha256.Sum256(signed.Message), differs
}

// pointedIdentity is the identity by the values at the entry's pointers, as they are decoded; false where the first is
// not there.
func (g *Guard) pointedIdentity(t *told, apart *apartRule) (Identity, bool) {
	var at [4][]byte // more than any entry needs
	raw := g.events.identityIn(t, at[:0])
	if raw == nil {
		return Identity{}, false
	}
	id, ok := jsonscan.Bytes(raw[0])
	if !ok || len(id) == 0 {
		return Identity{}, false
	}
	var room [identityRoom]byte
	parts := appendPart(beginIdentity(room[:0], g.endpoint, t.scope, identityOfID), id)
	for _, more := range raw[1:] {
		text, _ := jsonscan.Bytes(more)
		parts = appendPart(parts, text)
	}
	var few [2]string
	for _, text := range apart.join(few[:0], t) {
		parts = appendPart(parts, text)
	}
	return Identity(sha256.Sum256(parts)), true
}

// identityDigest returns the digest that an event is remembered by: of the body, or of its item of a batch, as they
// came, where that is what is signed; else of the signed text in its one form.
func (d *Delivery) identityDigest(at int, t *told) [sha256.Size]byte {
	g := d.guard
	v, p := g.verifier, t.presented
	switch kind := g.entry.Identity.Kind; {
	case v == nil || p == nil:
	case v.scheme.Custom != nil:
		if kind == entry.BySigned || kind == entry.ByPointer && p.signed != ([sha256.Size]byte{}) {
			return p.signed
		}
	case v.items != nil && (!d.batch || g.signedItems()):
		return v.itemsDigest(at, d.batch, t)
	case kind == entry.BySigned || v.decodes && !d.batch:
		return v.signedDigest(t.request, g.signedURL(t.request, t.inspection), t.body, p)
	}
	return d.digestOf(t)
}

// signedItems reports whether the items that carry signatures are the events of the batch.
func (g *Guard) signedItems() bool {
	batch := g.entry.Batch
	return batch != nil && batch.Pointer == g.entry.Scheme.Items && len(batch.Inner) == 0
}
