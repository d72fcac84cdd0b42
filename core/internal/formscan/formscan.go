// Package formscan finds a few fields of a form in one bounded pass, without decoding the others.
//
//	names := formscan.Compile("timestamp", "token", "signature") // once
//	var fields [3]formscan.Field
//	if err := names.Find(body, fields[:]); err != nil {
//		return err
//	}
//	token, ok := fields[1].Once()
//
// It decides by the body alone whether a form is URL-encoded or multipart. It ignores the Content-Type, because no
// signature covers it: an attacker could otherwise choose how a signed body is read.
//
// As in jsonscan there are two readers. [Names.Find] is for fields that prove a delivery. It fails closed on forms that
// two readers could read differently. It also does on forms with more fields, or longer names or part headers, than any
// sender makes. [Names.Read] is for the fields of a proved form. It has no bounds, so no content can hide a field.
//
// The work is linear in the size of the body, whatever it consists of. Only the fields that are found are copied.
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
	ErrMalformed = errors.New("the form in the body is malformed") // or readers could disagree on it
	ErrTooLarge  = errors.New("the form in the body has more fields, or longer names, than any sender's")
)

// Bounds of forms that are not proved. Senders stay far below them: inbound mail has some dozens of fields.
const (
	MaxFields = 1000    // of a URL-encoded form, or parts of a multipart one
	maxName   = 8 << 10 // bytes of the name of a URL-encoded field, as it is written
	// maxPartHeader is how many bytes the header of a part may have. Long names of files are escaped to three times
	// their length.
	maxPartHeader = 8 << 10
)

// Names is a compiled list of the names of fields. It does not change after Compile, so it is safe for concurrent use.
type Names struct {
	names   [][]byte
	first   []int // the place of the first equal name: the same name may be listed twice
	longest int   // the length of the longest name, in bytes
}

// Compile compiles names. Find and Read return their fields in the same order. An empty name is an absent setting, and
// finds nothing.
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

// Field is the content of a form under one name. The zero value is an absent field.
type Field struct {
	Count   int    // how often the name comes
	raw     []byte // the first value, a part of the body
	encoded bool   // raw is percent-encoded
}

// Once returns the value of a field. ok is false unless the field comes exactly once and can be decoded. It fails
// closed on a repeated field: some readers use the first value, others the last.
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
	// The same as appendDecoded, into a Builder: a conversion of bytes to a string would copy once more.
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

// Bytes returns what Once does. Without escapes the result is a part of the body, and not a copy.
func (f *Field) Bytes() (value []byte, ok bool) {
	if f.Count != 1 {
		return nil, false
	}
	if !f.encoded {
		return f.raw, true
	}
	return Unescape(f.raw)
}

// Find fills out, which must have Len elements. It fails closed, see the package comment. After an error no field is
// set.
func (n *Names) Find(body []byte, out []Field) error { return n.scan(body, out, true) }

// Read fills out, which must have Len elements, without any bound. After an error no field is set.
func (n *Names) Read(body []byte, out []Field) error { return n.scan(body, out, false) }

// scan reads a form of either kind.
func (n *Names) scan(body []byte, out []Field, strict bool) error {
	clear(out) // the caller reuses it for the next delivery
	var err error
	if boundary, multi := Boundary(body); multi {
		err = n.multipart(body, boundary, out, strict)
	} else {
		err = n.encoded(body, out, strict)
	}
	if err != nil { // fails closed: fields of the beginning must not be used
		clear(out)
	}
	// A name that is listed twice was found at its first place only.
	for i, first := range n.first {
		out[i] = out[first]
	}
	return err
}

// encoded scans a URL-encoded form. Only "&" separates pairs, as in https://url.spec.whatwg.org/#urlencoded-parsing.
func (n *Names) encoded(body []byte, out []Field, strict bool) error {
	var room [128]byte // for a decoded name
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
		if f == nil { // its value is not even checked
			continue
		}
		if f.Count++; f.Count > 1 { // Once and Bytes then return nothing
			continue
		}
		f.raw, f.encoded = value, true
		if strict && !escaped(value) { // the other reader finds that out when the value is used
			return ErrMalformed
		}
	}
	return nil
}

// cutPair returns the first pair of a URL-encoded form, and removes it from body.
func cutPair(body *[]byte) (pair []byte) {
	if i := bytes.IndexByte(*body, '&'); i >= 0 {
		pair, *body = (*body)[:i], (*body)[i+1:]
		return pair
	}
	pair, *body = *body, nil
	return pair
}

// decoded returns a decoded name, or nil where the name is too long to be a wanted one. ok is false for a malformed
// name, which only the strict reader refuses. For the other one it is the name of another field.
func (n *Names) decoded(room, name []byte, strict bool) (out []byte, ok bool) {
	if !escaped(name) {
		return nil, !strict
	}
	if len(name) > 3*n.longest { // an escape has three bytes for one
		return nil, true
	}
	return appendDecoded(room, name), true
}

// field returns the place for a name in out, or nil where the name is not wanted. Names are compared exactly, as forms
// do.
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
// It skips empty pairs ("a=1&&b=2"), as net/url does.
func Each(body []byte, fn func(name, value []byte) bool) {
	for len(body) > 0 {
		if body[0] == '&' { // an empty pair; a body of nothing but "&" would cost a search for each
			body = body[1:]
			continue
		}
		pair := cutPair(&body)
		if name, value, _ := bytes.Cut(pair, []byte{'='}); !fn(name, value) {
			return
		}
	}
}

// Is reports whether a body is read as a form: it is multipart, or it has a field and does not begin as JSON or XML do.
// The Content-Type does not matter, see the package comment.
func Is(body []byte) bool {
	if jsonscan.Starts(body) {
		return false
	}
	if _, multi := Boundary(body); multi {
		return true
	}
	return bytes.IndexByte(body, '=') >= 0 && body[0] != '"' && body[0] != '<'
}
