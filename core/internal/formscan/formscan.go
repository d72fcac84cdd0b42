// Package formscan finds a few fields of a form in one bounded pass, without decoding the others.
//
// It decides by the body alone whether a form is URL-encoded or multipart: no header is asked, because no signature
// covers the Content-Type. As in jsonscan there are two readers. [Names.Find] is for what proves a delivery. It fails
// closed on what two readers could read differently, and refuses a form with more fields, or longer names or part
// headers, than any sender makes. [Names.Read] is for what a proved form says of itself: no bound hides a field.
//
// The work is linear in the body whatever it consists of, and nothing but the fields that are found is copied.
package formscan

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Errors of Find and Read.
var (
	ErrMalformed = errors.New("the form in the body is malformed")
	ErrTooLarge  = errors.New("the form in the body has more fields, or longer names, than any sender's")
)

// Bounds of what is not proved. Senders stay far below them: inbound mail comes with some dozens of fields.
const (
	MaxFields = 1000
	maxName   = 8 << 10 // the name of a URL-encoded field, as it is written
	// of a part of a multipart form; long names of files are escaped to three times their length
	maxPartHeader = 8 << 10
)

// Names is a compiled list of the names of fields.
type Names struct {
	names   [][]byte
	first   []int // the place of the first equal name
	longest int
}

// Compile compiles names; Find and Read return their fields in the same order. An empty name finds nothing.
func Compile(names ...string) *Names {
	n := &Names{}
	for _, name := range names {
		n.names = append(n.names, []byte(name))
		n.first = append(n.first, slices.Index(names, name))
		n.longest = max(n.longest, len(name))
	}
	return n
}

// Len returns how many fields Find and Read return.
func (n *Names) Len() int { return len(n.names) }

// Field is what a form says under one name.
type Field struct {
	Count   int    // how often the field comes
	raw     []byte // of the first one
	encoded bool   // raw is percent-encoded
}

// Once returns the value of a field that comes once and can be decoded.
func (f *Field) Once() (text string, ok bool) {
	if f.Count != 1 {
		return "", false
	}
	if !f.encoded {
		return string(f.raw), true
	}
	n := decodedLen(f.raw)
	if n < 0 {
		return "", false
	}
	if n == len(f.raw) && bytes.IndexByte(f.raw, '+') < 0 {
		return string(f.raw), true
	}
	var b strings.Builder
	b.Grow(n)
	for i := 0; i < len(f.raw); i++ {
		c := f.raw[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			c = digit(f.raw[i+1])<<4 | digit(f.raw[i+2])
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// Bytes is Once without a copy, where the body holds the value as it is.
func (f *Field) Bytes() (value []byte, ok bool) {
	if f.Count != 1 {
		return nil, false
	}
	if !f.encoded {
		return f.raw, true
	}
	return Unescape(f.raw)
}

// Find fills out, which has Len elements. It fails closed: see the package.
func (n *Names) Find(body []byte, out []Field) error { return n.scan(body, out, true) }

// Read fills out without any bound. After an error no field is found.
func (n *Names) Read(body []byte, out []Field) error { return n.scan(body, out, false) }

func (n *Names) scan(body []byte, out []Field, strict bool) error {
	clear(out)
	var err error
	if boundary, multi := Boundary(body); multi {
		err = n.multipart(body, boundary, out, strict)
	} else {
		err = n.encoded(body, out, strict)
	}
	if err != nil {
		clear(out)
	}
	for i, first := range n.first {
		out[i] = out[first]
	}
	return err
}

// encoded scans a URL-encoded form.
func (n *Names) encoded(body []byte, out []Field, strict bool) error {
	var room [128]byte
	for fields := 0; len(body) > 0; fields++ {
		if strict && fields == MaxFields {
			return ErrTooLarge
		}
		name, value, _ := bytes.Cut(cutPair(&body), []byte{'='})
		if strict && len(name) > maxName {
			return ErrTooLarge
		}
		if bytes.ContainsAny(name, "%+") {
			var ok bool
			if name, ok = n.decoded(room[:0], name, strict); !ok {
				return ErrMalformed
			}
		}
		f := n.field(name, out)
		if f == nil {
			continue
		}
		if f.Count++; f.Count > 1 {
			continue
		}
		f.raw, f.encoded = value, true
		if strict && !escaped(value) {
			return ErrMalformed
		}
	}
	return nil
}

// cutPair cuts the first pair off a URL-encoded form.
func cutPair(body *[]byte) (pair []byte) {
	if i := bytes.IndexByte(*body, '&'); i >= 0 {
		pair, *body = (*body)[:i], (*body)[i+1:]
		return pair
	}
	pair, *body = *body, nil
	return pair
}

// decoded decodes a name as far as it can be one that is wanted. ok is false where it is malformed, which only the
// strict reader refuses: to the other one it is another field's.
func (n *Names) decoded(room, name []byte, strict bool) (out []byte, ok bool) {
	if !escaped(name) {
		return nil, !strict
	}
	if len(name) > 3*n.longest {
		return nil, true
	}
	return appendDecoded(room, name), true
}

// field returns the field with the name; nil: it is not wanted.
func (n *Names) field(name []byte, out []Field) *Field {
	if len(name) == 0 {
		return nil
	}
	for i := range n.names {
		if bytes.Equal(n.names[i], name) {
			return &out[i]
		}
	}
	return nil
}

// Each calls fn with name and value of each field of a URL-encoded form, as they are written, until fn returns false.
func Each(body []byte, fn func(name, value []byte) bool) {
	for len(body) > 0 {
		if body[0] == '&' { // nothing stands before it; a search for the next one is expensive
			body = body[1:]
			continue
		}
		pair := cutPair(&body)
		if name, value, _ := bytes.Cut(pair, []byte{'='}); !fn(name, value) {
			return
		}
	}
}

// Is reports whether a body is read as a form: it is multipart, or holds a field, and does not begin as JSON or XML
// does. What it is called in the Content-Type does not count.
func Is(body []byte) bool {
	if jsonscan.Starts(body) {
		return false
	}
	if _, multi := Boundary(body); multi {
		return true
	}
	return bytes.IndexByte(body, '=') >= 0 && body[0] != '"' && body[0] != '<'
}
