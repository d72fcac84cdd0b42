package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors of Members. They do not quote the document: an unverified sender wrote it, and the texts go to logs.
var (
	errUTF8      = errors.New("the JSON is not UTF-8")
	errMalformed = errors.New("it is not well-formed JSON")
	errObject    = errors.New("it is not a JSON object")
	errDeep      = errors.New("the JSON is nested too deeply") // deeper than maxDepth
)

// Members reads an object in one pass, and calls take with each of its own members, in order: the unescaped name, and
// the raw JSON of the value. It makes no map for small objects.
//
// It fails closed: if it returns an error, the caller must discard everything that take has received. Name and value
// are parts of the document where they can be, so take must not change them.
func Members(data []byte, take func(name, value []byte)) error {
	// Checked for all of the document: readers replace invalid bytes in different ways, or refuse them.
	if !utf8.Valid(data) {
		return errUTF8
	}
	r := reader{data: data}
	r.space()
	if r.peek() != '{' {
		return errObject
	}
	if err := r.object(0, take); err != nil {
		return err
	}
	// Text after the object is for some readers a second document, and for others an error.
	if r.space(); r.pos != len(data) {
		return errMalformed
	}
	return nil
}

// String returns a value of Members that is a string, unescaped. ok is false for every other value. Without escapes the
// result is a part of the document.
func String(value []byte) (text []byte, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	if bytes.IndexByte(value, '\\') < 0 { // the usual case, without a copy
		return value[1 : len(value)-1], true
	}
	return unescape(value)
}

// unescape returns the value of a string with escapes. It may allocate: senders hardly ever escape the values that
// security decisions depend on.
func unescape(quoted []byte) (text []byte, ok bool) {
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// reader is a position in a document, which must be valid UTF-8.
type reader struct {
	data []byte
	pos  int
}

// peek returns the next byte, or 0 at the end. A 0 in the document is malformed, inside of a string too.
func (r *reader) peek() byte {
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

// next skips the next byte if it is want, and reports whether it was.
func (r *reader) next(want byte) bool {
	if r.peek() != want {
		return false
	}
	r.pos++
	return true
}

// space skips the white space of JSON (RFC 8259, section 2).
func (r *reader) space() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// value reads one value and checks it completely. Values below depth maxDepth are refused, which also bounds the
// recursion.
func (r *reader) value(depth int) error {
	ok := false // set by the values that are not nested
	switch c := r.peek(); {
	case c == '{':
		return r.object(depth, nil)
	case c == '[':
		return r.array(depth)
	case c == '"':
		_, ok = r.str()
	case c == 't':
		ok = r.word("true")
	case c == 'f':
		ok = r.word("false")
	case c == 'n':
		ok = r.word("null")
	default:
		ok = r.number()
	}
	if !ok {
		return errMalformed
	}
	return nil
}

// object reads an object. take is nil for objects inside of values: their members are checked, not passed on. A name
// that comes twice, in whatever case, fails closed, because another reader may use the other value.
func (r *reader) object(depth int, take func(name, value []byte)) error {
	if depth >= maxDepth {
		return errDeep
	}
	var seen names // of this object alone
	r.pos++
	if r.space(); r.next('}') {
		return nil
	}
	for {
		r.space()
		t, ok := r.str()
		if !ok { // a name must be a string, and no comma may be before the bracket
			return errMalformed
		}
		name := t.quoted[1 : len(t.quoted)-1]
		if t.escape {
			// "k\u0069d" and "kid" are the same name, so they are compared without escapes.
			if name, ok = unescape(t.quoted); !ok {
				return errMalformed
			}
		}
		if !seen.add(name, t.plain) { // before its value is read: the work stops here
			return fmt.Errorf("the member %.100q comes twice in the JSON", name) // cut, because it goes to logs
		}
		if r.space(); !r.next(':') {
			return errMalformed
		}
		r.space()
		from := r.pos
		if err := r.value(depth + 1); err != nil {
			return err
		}
		if take != nil { // only for members of the outermost object
			take(name, r.data[from:r.pos])
		}
		r.space()
		switch {
		case r.next(','):
		case r.next('}'):
			return nil
		default:
			return errMalformed
		}
	}
}

// array reads an array and checks its items.
func (r *reader) array(depth int) error {
	if depth >= maxDepth {
		return errDeep
	}
	r.pos++
	if r.space(); r.next(']') { // an empty array
		return nil
	}
	for {
		r.space()
		if err := r.value(depth + 1); err != nil {
			return err
		}
		r.space()
		switch {
		case r.next(','):
		case r.next(']'):
			return nil
		default:
			return errMalformed
		}
	}
}

// text is a string as it is written in a document.
type text struct {
	quoted []byte // with its quotes
	plain  bool   // it has no escapes, and is ASCII
	escape bool   // it has an escape
}

// str reads a string and checks its escapes. ok is false for a control character, as RFC 8259, section 7, demands.
func (r *reader) str() (t text, ok bool) {
	from := r.pos
	if !r.next('"') {
		return t, false
	}
	var all byte // the bits of all bytes: its top bit shows whether one is not ASCII
	for i := r.pos; i < len(r.data); i++ {
		c := r.data[i]
		switch {
		case c == '"':
			r.pos = i + 1
			return text{quoted: r.data[from:r.pos], escape: t.escape, plain: !t.escape && all < utf8.RuneSelf}, true
		case c < ' ': // a control character
			return t, false
		case c == '\\':
			t.escape = true
			if i = r.escape(i + 1); i < 0 {
				return t, false
			}
		default:
			all |= c
		}
	}
	return t, false
}

// escape returns the position of the last byte of an escape, or -1 where it is malformed. at is the byte after the
// backslash.
func (r *reader) escape(at int) int {
	if at >= len(r.data) {
		return -1
	}
	switch r.data[at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't': // RFC 8259, section 7
		return at
	case 'u': // and four hexadecimal digits; unescape checks surrogate pairs
		if len(r.data)-at <= 4 {
			return -1
		}
		for _, c := range r.data[at+1 : at+5] {
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return -1
			}
		}
		return at + 4
	}
	return -1
}

// word skips a word if it is next, and reports whether it was. The caller finds out what follows it.
func (r *reader) word(w string) bool {
	if len(r.data)-r.pos < len(w) || string(r.data[r.pos:r.pos+len(w)]) != w {
		return false
	}
	r.pos += len(w)
	return true
}

// number reads a number. It fails closed on a number that a float64 cannot hold: some readers make infinity of it, and
// others an error. json.Decoder.Token refuses it too.
// The usual number is short, and needs no conversion to find that out.
func (r *reader) number() bool {
	from := r.pos
	r.next('-')
	if !r.next('0') && !r.digits() { // "01" is malformed: the caller finds a digit where nothing may follow
		return false
	}
	if r.next('.') && !r.digits() { // "1." is malformed
		return false
	}
	large := false // it has an exponent, so its size is not known from its length
	if r.next('e') || r.next('E') {
		if !r.next('+') {
			r.next('-')
		}
		if large = true; !r.digits() {
			return false
		}
	}
	if large || r.pos-from > surelyHeld { // the error is ErrRange: the form was checked
		_, err := strconv.ParseFloat(string(r.data[from:r.pos]), 64)
		return err == nil
	}
	return true
}

// surelyHeld is how many characters a number without an exponent may have, so that a float64 holds it without a check:
// the largest has 309 digits.
const surelyHeld = 300

// digits skips decimal digits, and reports whether there was one.
func (r *reader) digits() bool {
	from, i := r.pos, r.pos
	for i < len(r.data) && r.data[i] >= '0' && r.data[i] <= '9' {
		i++
	}
	r.pos = i
	return i > from
}

// names are the names of an object so far. A few are compared one by one, which needs no allocation. For more there is
// a map: otherwise a sender could make the number of comparisons grow with the square of the names.
type names struct {
	few  [16][]byte      // plain names as written, others folded
	n    int             // of few
	many map[string]bool // folded names; nil while few has room
}

// add adds a name, and reports whether it is new, in whatever case. A plain name is ASCII without escapes.
// Where few is full, its names move to the map once, and all further names are compared there.
func (s *names) add(name []byte, plain bool) bool {
	if !plain { // it allocates, which is rare
		name = []byte(folded(string(name)))
	}
	if s.many == nil && s.n == len(s.few) {
		s.many = make(map[string]bool, 4*len(s.few))
		for _, other := range s.few {
			s.many[folded(string(other))] = true
		}
	}
	if s.many != nil { // every name in it is folded, plain ones too
		text := folded(string(name))
		if s.many[text] {
			return false
		}
		s.many[text] = true
		return true
	}
	// At most 16 comparisons. Plain names are not folded, so the case of ASCII letters is ignored.
	for _, other := range s.few[:s.n] {
		if sameLetters(name, other) {
			return false
		}
	}
	s.few[s.n] = name
	s.n++
	return true
}

// folded returns a text in the case in which names are compared. Both conversions are needed. "s" and the long s have
// only their upper case in common, "k" and the Kelvin sign only their lower case. Names that encoding/json treats as
// equal are equal in this form.
func folded(text string) string { return strings.ToLower(strings.ToUpper(text)) }

// sameLetters reports whether two texts are equal, whatever the case of their ASCII letters. Each must be ASCII or
// folded.
func sameLetters(a, b []byte) bool {
	if len(a) != len(b) { // the case of ASCII letters does not change the length
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower returns an ASCII letter in lower case, and every other byte unchanged.
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
