package journal

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// ID names an entry: 64 hexadecimal digits, with the prefix "inbox-" for an entry of an inbox. It
// stands in URLs, logs and columns as it is.
type ID string

// An inbox's entry needs another ID than its request's: one event can have both, when it was enqueued
// after all.
const (
	inboxPrefix = "inbox-"
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
	if kind == FromInbox {
		text = inboxPrefix + text
	}
	return ID(text)
}

// Kind returns what kind of entry has the ID.
func (id ID) Kind() Kind {
	if strings.HasPrefix(string(id), inboxPrefix) {
		return FromInbox
	}
	return FromRequest
}

// Identity returns the identity that an ID was made of. For a random ID it names no event.
func (id ID) Identity() (identity [32]byte, ok bool) {
	if !id.valid() {
		return identity, false
	}
	_, err := hex.Decode(identity[:], []byte(strings.TrimPrefix(string(id), inboxPrefix)))
	return identity, err == nil
}

// valid reports whether a store may be asked for the ID. Others come from a URL that somebody typed,
// and exist nowhere.
func (id ID) valid() bool {
	text := strings.TrimPrefix(string(id), inboxPrefix)
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
