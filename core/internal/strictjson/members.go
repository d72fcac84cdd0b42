package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors of Members.
var (
	errUTF8      = errors.New("the JSON is not UTF-8")
	errMalformed = errors.New("it is not well-formed JSON")
	errObject    = errors.New("it is no JSON object")
	errDeep      = errors.New("the JSON is nested too deeply")
	errTwice     = errors.New("a member comes twice in the JSON")
)

// Members reads an object in one pass and gives each of its own members to take, in their order: the name, unescaped,
// and the value as it is written. It refuses what Check and Object refuse, and makes no map of what is small. What take
// was given counts for nothing if an error comes back.
func Members(data []byte, take func(name, value []byte)) error {
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
	if r.space(); r.pos != len(data) {
		return errMalformed
	}
	return nil
}

// String gives a value of Members that is a string, unescaped.
func String(value []byte) (text []byte, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	return unescape(value)
}

// unescape is for what is rare: hardly anybody escapes what a security decision is made of.
func unescape(quoted []byte) (text []byte, ok bool) {
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// reader is at a place of a document that is UTF-8.
type reader struct {
	data []byte
	pos  int
}

// peek gives the next byte; at the end 0, which no document holds outside of a string, nor in one.
func (r *reader) peek() byte {
	if r.pos < len(r.data) {
		return r.data[r.pos]
	}
	return 0
}

// next passes over a byte if it is the one.
func (r *reader) next(want byte) bool {
	if r.peek() != want {
		return false
	}
	r.pos++
	return true
}

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

func (r *reader) value(depth int) error {
	ok := false
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

func (r *reader) object(depth int, take func(name, value []byte)) error {
	if depth >= maxDepth {
		return errDeep
	}
	var seen names
	r.pos++
	if r.space(); r.next('}') {
		return nil
	}
	for {
		r.space()
		t, ok := r.str()
		if !ok {
			return errMalformed
		}
		name := t.quoted[1 : len(t.quoted)-1]
		if t.escape {
			if name, ok = unescape(t.quoted); !ok {
				return errMalformed
			}
		}
		if !seen.add(name, t.plain) {
			return errTwice
		}
		if r.space(); !r.next(':') {
			return errMalformed
		}
		r.space()
		from := r.pos
		if err := r.value(depth + 1); err != nil {
			return err
		}
		if take != nil {
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

func (r *reader) array(depth int) error {
	if depth >= maxDepth {
		return errDeep
	}
	r.pos++
	if r.space(); r.next(']') {
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

// text is a string as it stands in a document.
type text struct {
	quoted []byte
	plain  bool // nothing of it is escaped, and it is ASCII
	escape bool
}

// str passes over a string.
func (r *reader) str() (t text, ok bool) {
	from := r.pos
	if !r.next('"') {
		return t, false
	}
	var all byte
	for i := r.pos; i < len(r.data); i++ {
		c := r.data[i]
		switch {
		case c == '"':
			r.pos = i + 1
			return text{quoted: r.data[from:r.pos], escape: t.escape, plain: !t.escape && all < utf8.RuneSelf}, true
		case c < ' ':
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

// escape gives the place of the last byte of what follows a backslash, or -1.
func (r *reader) escape(at int) int {
	if at >= len(r.data) {
		return -1
	}
	switch r.data[at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at
	case 'u':
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

func (r *reader) word(w string) bool {
	if len(r.data)-r.pos < len(w) || string(r.data[r.pos:r.pos+len(w)]) != w {
		return false
	}
	r.pos += len(w)
	return true
}

// number refuses what no float64 holds: some readers make infinity of it, and others an error.
func (r *reader) number() bool {
	from := r.pos
	r.next('-')
	if !r.next('0') && !r.digits() {
		return false
	}
	if r.next('.') && !r.digits() {
		return false
	}
	large := false
	if r.next('e') || r.next('E') {
		if !r.next('+') {
			r.next('-')
		}
		if large = true; !r.digits() {
			return false
		}
	}
	if large || r.pos-from > surelyHeld {
		_, err := strconv.ParseFloat(string(r.data[from:r.pos]), 64)
		return err == nil
	}
	return true
}

// surelyHeld is how many characters a number without an exponent may have, so that a float64 surely holds it.
const surelyHeld = 300

func (r *reader) digits() bool {
	from, i := r.pos, r.pos
	for i < len(r.data) && r.data[i] >= '0' && r.data[i] <= '9' {
		i++
	}
	r.pos = i
	return i > from
}

// names are those of an object so far. Those of a few members are compared one by one; of many, whose comparisons would
// grow with their square, a map is made.
type names struct {
	few  [16][]byte
	n    int
	many map[string]bool
}

// add says whether a name is new, in whatever case. A plain one is ASCII.
func (s *names) add(name []byte, plain bool) bool {
	if !plain {
		name = []byte(folded(string(name)))
	}
	if s.many == nil && s.n == len(s.few) {
		s.many = make(map[string]bool, 4*len(s.few))
		for _, other := range s.few {
			s.many[folded(string(other))] = true
		}
	}
	if s.many != nil {
		text := folded(string(name))
		if s.many[text] {
			return false
		}
		s.many[text] = true
		return true
	}
	for _, other := range s.few[:s.n] {
		if sameLetters(name, other) {
			return false
		}
	}
	s.few[s.n] = name
	s.n++
	return true
}

// folded is a text in the case in which texts are compared.
func folded(text string) string { return strings.ToLower(strings.ToUpper(text)) }

// sameLetters compares texts that are ASCII or folded, without regard to the case of ASCII.
func sameLetters(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
