package payload

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
)

// Source is what the events of a delivery are read from. The caller fills the exported fields; Open the others.
//
// It belongs to one delivery and one goroutine, and stands on the stack of whoever reads. The slices in
// it share the body's memory: they are valid as long as the body is.
type Source struct {
	Headers       http.Header
	Kept          []string // in place of Headers: what Reader.Keep has kept of them
	RawQuery      string   // of the request's URL
	Body          []byte
	Payload       []byte // of one event
	Opened        []byte // what was decrypted; nil: nothing was
	BodyProved    bool
	HeadersProved bool
	SignedID      string   // the id that is signed
	Timestamp     string   // that is signed
	names         []string // of the headers in Kept
	form          bool     // the body is a form, and the entry reads forms
	fields        []formscan.Field
	envelope      [][]byte   // what was found in the payload's envelope
	binary        bool       // the payload is the object itself, and headers say the rest
	malformed     bool       // the payload is not JSON; also where binary: nothing is read from it
	scanned       bool       // room or more holds the details
	ruled         bool       // and what the rules for equal bodies look at
	room          [20][]byte // what was found in the payload; empty where that is malformed
	more          [][]byte   // instead of room, for an entry that reads more than fits
}

// IsForm reports whether the body is a form, where the entry reads forms.
func (t *Source) IsForm() bool { return t.form }

// header returns the value of a header without the white space around it. HTTP/1 servers remove it, HTTP/2 servers do
// not, and signatures that cover a header leave it out. The name must be canonical.
//
// Without the trimming one event would have two identities, depending on the version of HTTP.
func (t *Source) header(name string) string {
	if t.Kept == nil {
		return headerText(t.Headers, name)
	}
	if n := slices.Index(t.names, name); n >= 0 {
		return t.Kept[n]
	}
	return ""
}

func headerText(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// found returns what was found in the payload, by the numbers of the reader's paths. A method, not a field: a slice
// into the struct's own array would move it to the heap.
func (t *Source) found() [][]byte {
	if t.more != nil {
		return t.more
	}
	return t.room[:]
}

// Details is what a delivery says of one of its events.
//
// Zero values mean that the delivery does not say it, or not readably. Attempt counts from the base of
// the entry. Data is Payload where the entry names no part of it.
type Details struct {
	ID, Type, Action, Tenant string
	Time                     time.Time
	Attempt                  int
	Payload, Data            []byte
	Authenticated            Authenticated
}

// Authenticated says which of the details the proof covers.
//
// The zero value says that nothing is proved, which is the safe answer.
type Authenticated struct{ ID, Type, Time, Tenant bool }
