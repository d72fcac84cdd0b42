// Package jsonscan finds a few values in a JSON document in one bounded pass, without decoding it.
//
// It is strict where leniency could make two readers disagree: a member of interest that comes twice, also in another
// case, is an error. What is not of interest is skipped, not validated; for every document that encoding/json accepts
// the values found are those that encoding/json finds.
package jsonscan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors of Find.
var (
	ErrMalformed = errors.New("the body is not well-formed JSON")
	ErrDuplicate = errors.New("a member of the JSON body comes twice")
	ErrTooDeep   = errors.New("the JSON body is nested too deeply")
)

const maxDepth = 128

// Paths is a compiled set of pointers (RFC 6901).
type Paths struct {
	root  node
	count int
}

type node struct {
	name     string
	index    int // as an array index; -1 if the name is none
	out      int // -1: not wanted itself
	children []*node
}

// Compile compiles pointers; Find gives their values in the same order.
func Compile(pointers ...string) *Paths {
	p := &Paths{root: node{out: -1, index: -1}, count: len(pointers)}
	for i, pointer := range pointers {
		if pointer == "" {
			continue // nothing is wanted here
		}
		n := &p.root
		for _, part := range strings.Split(pointer, "/")[1:] {
			n = n.child(strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~"))
		}
		n.out = i
	}
	return p
}

// Len returns how many values Find gives.
func (p *Paths) Len() int { return p.count }

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	c := &node{name: name, out: -1, index: -1}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && strconv.Itoa(i) == name {
		c.index = i
	}
	n.children = append(n.children, c)
	return c
}

// Find fills out, which has Len elements, with the raw JSON of each value; nil where there is none.
func (p *Paths) Find(data []byte, out [][]byte) error {
	clear(out)
	s := scanner{data: data, out: out}
	s.space()
	if err := s.value(&p.root, 0); err != nil {
		return err
	}
	s.space()
	if s.pos != len(data) {
		return ErrMalformed
	}
	return nil
}

// Text gives a scalar as text: a string unescaped, a number or a boolean as written. Null, an object, an array and an
// absent value give false.
func Text(raw []byte) (string, bool) {
	text, ok := Bytes(raw)
	return string(text), ok
}

// Bytes is Text without a copy, where the document holds the text as it is.
func Bytes(raw []byte) ([]byte, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	switch raw[0] {
	case '"':
		if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
			return raw[1 : len(raw)-1], true
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil, false
		}
		return []byte(s), true
	case '{', '[', 'n':
		return nil, false
	default:
		return raw, true
	}
}

// FirstKey gives the name of the first member of an object that is not except.
func FirstKey(data []byte, except string) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return "", false
		}
		if name != except {
			return name, true
		}
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			return "", false
		}
	}
	return "", false
}

type scanner struct {
	data []byte
	pos  int
	out  [][]byte
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// value scans one value; n is nil where nothing below is wanted.
func (s *scanner) value(n *node, depth int) error {
	if depth > maxDepth {
		return ErrTooDeep
	}
	start := s.pos
	var err error
	switch c := s.peek(); {
	case n != nil && len(n.children) > 0 && c == '{':
		err = s.object(n, depth)
	case n != nil && len(n.children) > 0 && c == '[':
		err = s.array(n, depth)
	case c == '{' || c == '[':
		err = s.skip(depth)
	case c == '"' && n == nil:
		if !s.pass() {
			err = ErrMalformed
		}
	case c == '"':
		_, err = s.str()
	default:
		err = s.literal()
	}
	if err == nil && n != nil && n.out >= 0 {
		s.out[n.out] = s.data[start:s.pos]
	}
	return err
}

func (s *scanner) object(n *node, depth int) error {
	var seen uint64 // which children were met; entries have far fewer than 64
	s.pos++
	for first := true; ; first = false {
		s.space()
		if s.peek() == '}' {
			if !first {
				return ErrMalformed
			}
			s.pos++
			return nil
		}
		key, err := s.str()
		if err != nil {
			return err
		}
		s.space()
		if s.peek() != ':' {
			return ErrMalformed
		}
		s.pos++
		s.space()
		child, exact, i := n.match(key)
		if child != nil {
			if seen&(1<<(i&63)) != 0 {
				return ErrDuplicate
			}
			seen |= 1 << (i & 63)
			if !exact {
				// encoding/json would take this for the member we look for; we take it for a stranger that must not
				// stand beside it.
				child = nil
			}
		}
		if err := s.value(child, depth+1); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
			if s.peek() != '"' {
				return ErrMalformed
			}
		case '}':
			s.pos++
			return nil
		default:
			return ErrMalformed
		}
	}
}

// match finds the child of that name; exact tells it from one that differs in case.
func (n *node) match(key []byte) (child *node, exact bool, index int) {
	if bytes.IndexByte(key, '\\') >= 0 {
		text, ok := Text(append(append([]byte{'"'}, key...), '"'))
		if !ok {
			return nil, false, 0
		}
		key = []byte(text)
	}
	for i, c := range n.children {
		if string(key) == c.name {
			return c, true, i
		}
	}
	for i, c := range n.children {
		if bytes.EqualFold(key, []byte(c.name)) {
			return c, false, i
		}
	}
	return nil, false, 0
}

func (s *scanner) array(n *node, depth int) error {
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for i := 0; ; i++ {
		var child *node
		for _, c := range n.children {
			if c.index == i {
				child = c
			}
		}
		if err := s.value(child, depth+1); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case ']':
			s.pos++
			return nil
		default:
			return ErrMalformed
		}
	}
}

// skip passes over an object or array by its brackets.
func (s *scanner) skip(depth int) error {
	var open [maxDepth + 1]byte
	n := 0
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case '"':
			if !s.pass() {
				return ErrMalformed
			}
			continue
		case '{', '[':
			if depth+n >= maxDepth {
				return ErrTooDeep
			}
			open[n] = c
			n++
		case '}', ']':
			if n == 0 || open[n-1] != c-2 { // '{'+2 == '}' and '['+2 == ']'
				return ErrMalformed
			}
			n--
			if n == 0 {
				s.pos++
				return nil
			}
		}
		s.pos++
	}
	return ErrMalformed
}

// pass passes over a string of which nothing is wanted: to the first quote that no backslash is for.
func (s *scanner) pass() bool {
	start := s.pos + 1
	for at := start; ; {
		i := bytes.IndexByte(s.data[at:], '"')
		if i < 0 {
			return false
		}
		at += i + 1
		backslashes := 0
		for k := at - 2; k >= start && s.data[k] == '\\'; k-- {
			backslashes++
		}
		if backslashes%2 == 0 {
			s.pos = at
			return true
		}
	}
}

// str passes over a string and returns what stands between its quotes.
func (s *scanner) str() ([]byte, error) {
	if s.peek() != '"' {
		return nil, ErrMalformed
	}
	s.pos++
	start := s.pos
	for {
		s.pos += plain(s.data[min(s.pos, len(s.data)):])
		switch s.peek() {
		case '"':
			s.pos++
			return s.data[start : s.pos-1], nil
		case '\\':
			s.pos += 2
		default: // a control character, or the end
			return nil, ErrMalformed
		}
	}
}

// plain gives the length of the run of bytes that are no quote, no backslash and no control character. It looks at eight
// bytes at a time, because most of a document is such runs: subtracting n from each byte borrows its top bit where the
// byte was below n, and the first byte for which it does is exact.
func plain(b []byte) (n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := x^(ones*'"'), x^(ones*'\\')
		stop := ((x - ones*0x20) &^ x) | ((quote - ones) &^ quote) | ((backslash - ones) &^ backslash)
		if stop &= tops; stop != 0 {
			return n + bits.TrailingZeros64(stop)/8
		}
	}
	for ; n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\'; n++ {
	}
	return n
}

// literal passes over a number, true, false or null. The caller checks what follows: "01" and "truex" end early.
func (s *scanner) literal() error {
	switch s.peek() {
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	case '-':
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return ErrMalformed
	}
	if s.peek() == '.' {
		if s.pos++; !s.digits() {
			return ErrMalformed
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return ErrMalformed
		}
	}
	return nil
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(w)) {
		return ErrMalformed
	}
	s.pos += len(w)
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}
