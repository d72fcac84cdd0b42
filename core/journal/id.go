package journal

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// ID names an entry: 64 hexadecimal digits, with the prefix "inbox-" for an entry of an inbox, and
// "batch-" for one of a whole batch. It stands in URLs, logs and columns as it is.
type ID string

// An inbox's entry needs another ID than its request's: one event can have both, when it was enqueued
// after all. The identity of a whole batch is made of its events'.
const (
	inboxPrefix = "inbox-"
	batchPrefix = "batch-"
	digits      = 2 * 32
)

// IDOf returns the ID of an event's entry. Retries of one event have one identity, and so one entry.
// The zero identity is an event that is not remembered: its ID is random.
func IDOf(kind Kind, identity [32]byte) ID {
	// Fails closed: two events without an identity must not be merged into one entry.
	if identity == ([32]byte{}) {
		_, _ = rand.Read(identity[:]) // never fails: crypto/rand ends the program instead
	}
	text := hex.EncodeToString(identity[:])
	switch kind {
	case FromInbox:
		text = inboxPrefix + text
	case FromBatch:
		text = batchPrefix + text
	}
	return ID(text)
}

// Kind returns what kind of entry has the ID.
func (id ID) Kind() Kind {
	switch {
	case strings.HasPrefix(string(id), inboxPrefix):
		return FromInbox
	case strings.HasPrefix(string(id), batchPrefix):
		return FromBatch
	}
	return FromRequest
}

// Identity returns the identity that an ID was made of. For a random ID it names no event.
func (id ID) Identity() (identity [32]byte, ok bool) {
	if !id.valid() {
		return identity, false
	}
	_, err := hex.Decode(identity[:], []byte(id.digits()))
	return identity, err == nil
}

// digits returns the ID without the prefix of its kind.
func (id ID) digits() string {
	if text, ok := strings.CutPrefix(string(id), inboxPrefix); ok {
		return text
	}
	return strings.TrimPrefix(string(id), batchPrefix)
}

// valid reports whether a store may be asked for the ID. Others come from a URL that somebody typed,
// and exist nowhere.
func (id ID) valid() bool {
	text := id.digits()
	if len(text) != digits {
		return false
	}
	// Lower-case digits alone. Two ways to write one ID would be two rows in one store, and one in
	// another.
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// newSeries returns a value of Entry.Series, which is never 0.
func newSeries() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return binary.BigEndian.Uint64(b[:]) | 1
}
