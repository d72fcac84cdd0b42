package memstore

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/sallyport-go/sallyport/core/replay"
)

// ownMark ends a digest that DigestOf has made. The hash is in the 8 bytes before it.
const ownMark = "sallyport memstore body:"

// The kinds of shortened digests, in the lowest bit of each.
const (
	ofDigest = 0 // of a digest that the caller has made
	ofBytes  = 1 // of an event's bytes, by DigestOf
)

// DigestOf implements [replay.Digester]. Two events count as the same one with a chance of 2^-63. A sender cannot raise
// that chance, because the seed is secret.
func (s *Store) DigestOf(event []byte) (digest replay.Digest) {
	binary.LittleEndian.PutUint64(digest[:], maphash.Bytes(s.seed, event))
	copy(digest[len(digest)-len(ownMark):], ownMark)
	return digest
}

// shorten shortens a digest to save memory, at the same chance as that of DigestOf.
func (s *Store) shorten(digest *replay.Digest) uint64 {
	//lint:notsecret the mark is in this file
	if string(digest[len(digest)-len(ownMark):]) == ownMark {
		return binary.LittleEndian.Uint64(digest[:])&^1 | ofBytes
	}
	return maphash.Bytes(s.seed, digest[:])&^1 | ofDigest
}

// conflict reports whether two shortened digests are those of different events. Digests of different kinds cannot be
// compared. It then fails open as far as the report is concerned: the event is a duplicate, and does not run either.
func conflict(a, b uint64) bool {
	return a != b && a&1 == b&1 //lint:notsecret hashes of a body, which its sender knows
}
