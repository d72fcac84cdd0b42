package core

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/replay"
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
const identityVersion = "sallyport identity 1"

// hashIdentity is the derivation: endpoint and tenant first, then the kind and its values, every part preceded by its
// length so that no two lists of parts hash alike. It does not depend on the secret, the signature's spelling, or the
// time.
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

// hashIdentity is the identity of one value.
func hashIdentity[T string | []byte](endpoint, tenant, kind string, value T) Identity {
	var room [identityRoom]byte
	return Identity(sha256.Sum256(appendPart(beginIdentity(room[:0], endpoint, tenant, kind), value)))
}

// digestIdentity is the identity by a digest, and by what belongs to it.
func digestIdentity(endpoint, tenant string, digest *[sha256.Size]byte, with []string) Identity {
	var room [identityRoom]byte
	parts := appendPart(beginIdentity(room[:0], endpoint, tenant, identityOfDigest), digest[:])
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
func (g *Guard) identityOf(d *Delivery, t *told, e *Event) (Identity, bool) {
	if g.identity != nil {
		text := g.identity(*e)
		if text == "" {
			return Identity{}, false
		}
		return hashIdentity(g.endpoint, t.scope, identityOfApp, text), true
	}
	rule := &g.entry.Identity
	if rule.Kind == entry.None || (rule.NoneForForms && t.form) {
		return Identity{}, true
	}
	switch rule.Kind {
	case entry.BySignedID:
		if t.signedID != "" {
			return hashIdentity(g.endpoint, t.scope, identityOfID, t.signedID), true
		}
	case entry.ByPointer:
		var at [4][]byte // more than any entry needs
		if raw := g.events.identityIn(t, at[:0]); raw != nil {
			if id, ok := jsonscan.Bytes(raw[0]); ok && len(id) > 0 {
				var room [identityRoom]byte
				parts := appendPart(beginIdentity(room[:0], g.endpoint, t.scope, identityOfID), id)
				for _, more := range raw[1:] {
					text, _ := jsonscan.Bytes(more)
					parts = appendPart(parts, text)
				}
				return Identity(sha256.Sum256(parts)), true
			}
		}
		// A proved body without the id falls back to its digest, which is authenticated as well: after the proof
		// nothing that is merely unexpected loses a delivery.
	}
	var digest [sha256.Size]byte // of what the event consists of
	if rule.Kind == entry.BySigned {
		digest = *t.signed
	} else {
		digest = d.digestOf(t)
	}
	var few [2]string
	with := few[:0]
	for _, name := range g.events.joins(t.headers) {
		with = append(with, header(t.headers, name))
	}
	return digestIdentity(g.endpoint, t.scope, &digest, with), true
}
