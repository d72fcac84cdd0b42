// Package identity derives what events are remembered by: hashes over authenticated values.
//
// Nothing that it derives may change once it is released. Stores keep identities across releases, and an event whose
// identity changes runs again when it is sent again. A new rule gets a new kind.
package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// Version is the version of the derivation, as the marker of an endpoint notes it.
const Version = "1"

// prefix begins every identity of an event.
const prefix = "sallyport identity " + Version

// markerPrefix begins the derivation of a marker. It has no version: markers tell the versions of everything else
// apart.
const markerPrefix = "sallyport marker"

// The kinds of identities. They are part of the derivation.
const (
	kindID       = "id"
	kindDigest   = "digest"
	kindApp      = "app"
	kindReceiver = "receiver"
	kindSigned   = "signed"
	kindAgain    = "again"
)

// Scope is what identities are separate by: the same event at another endpoint, or of another tenant, is another one.
type Scope struct {
	Endpoint string
	Tenant   string // see Tenants; empty: there are none
}

// Tenants joins the tenant of the endpoint with the one that the provider names, if it names one. The key of an
// endpoint's tenant holds no zero byte.
func Tenants(ofEndpoint, ofProvider string) string {
	if ofProvider == "" {
		return ofEndpoint
	}
	return ofEndpoint + "\x00" + ofProvider
}

// OfID returns the identity of an event that the provider's id names. What is in with belongs to the name.
func OfID(in Scope, id string, with []string) [sha256.Size]byte {
	var room [roomFor]byte
	return end(appendText(begin(room[:0], in, kindID), id), with)
}

// OfIDs returns the identity of an event that several values name together, in this order. One value gives what OfID
// gives, and what is in with counts as further values.
func OfIDs(in Scope, ids [][]byte, with []string) [sha256.Size]byte {
	var room [roomFor]byte
	parts := begin(room[:0], in, kindID)
	for _, id := range ids {
		parts = appendPart(parts, id)
	}
	return end(parts, with)
}

// OfDigest returns the identity of an event that the digest of its content names.
func OfDigest(in Scope, digest [sha256.Size]byte, with []string) [sha256.Size]byte {
	return of(in, kindDigest, digest[:], with)
}

// OfSigned returns what the signed content of a delivery is remembered by, in addition to its events.
func OfSigned(in Scope, digest [sha256.Size]byte) [sha256.Size]byte {
	return of(in, kindSigned, digest[:], nil)
}

// OfApp returns the identity of an event that the app's own text names.
func OfApp(in Scope, text string) [sha256.Size]byte {
	var room [roomFor]byte
	return end(appendText(begin(room[:0], in, kindApp), text), nil)
}

// OfReceiver returns what a named receiver of an event is remembered by.
func OfReceiver(event [sha256.Size]byte, name string) [sha256.Size]byte {
	return of(Scope{}, kindReceiver, event[:], []string{name})
}

// OfAgain returns what one run of an entry of the journal is remembered by, where the event itself is done. number is
// how many runs of the entry were recorded before.
func OfAgain(event [sha256.Size]byte, entry string, number int) [sha256.Size]byte {
	return of(Scope{}, kindAgain, event[:], []string{entry, strconv.Itoa(number)})
}

// OfWorker returns what a worker of messages remembers an event by. id is the message's: of a delivery the event's
// identity, in hexadecimal.
func OfWorker(id string) [sha256.Size]byte {
	return OfAgain(sha256.Sum256([]byte(id)), "worker", 0)
}

// OfMarker returns what a marker of an endpoint is remembered by. No event has the same identity.
func OfMarker(endpoint, kind string) [sha256.Size]byte {
	var room [roomFor]byte
	return end(room[:0], []string{markerPrefix, endpoint, kind})
}

// of returns the identity of one value and of what belongs to it.
func of(in Scope, kind string, value []byte, with []string) [sha256.Size]byte {
	var room [roomFor]byte
	return end(appendPart(begin(room[:0], in, kind), value), with)
}

// roomFor is the size of the callers' buffers. Most identities need less.
const roomFor = 512

// begin begins a derivation in a buffer of the caller's: endpoint and tenant first, then the kind. The values follow.
// Neither the secret nor the signature's encoding is part of it. Nor is the signature's time, unless the caller gives
// it as a value.
func begin(room []byte, in Scope, kind string) []byte {
	for _, text := range [...]string{prefix, in.Endpoint, in.Tenant, kind} {
		room = appendText(room, text)
	}
	return room
}

// end appends further values and hashes the whole.
func end(parts []byte, with []string) [sha256.Size]byte {
	for _, text := range with {
		parts = appendText(parts, text)
	}
	return sha256.Sum256(parts)
}

// appendPart appends a value after its length. Without the length, two lists of values could hash alike, and one event
// would be another's duplicate.
func appendPart(parts, value []byte) []byte {
	return append(binary.BigEndian.AppendUint64(parts, uint64(len(value))), value...)
}

// appendText is appendPart for a text.
func appendText(parts []byte, value string) []byte {
	return append(binary.BigEndian.AppendUint64(parts, uint64(len(value))), value...)
}
