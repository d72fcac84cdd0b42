package jsonscan

import (
	"bytes"
	"unicode/utf8"
)

// scanner is a position in a document. It is a value on the stack of one call.
type scanner struct {
	data    []byte
	pos     int      // may be beyond the end of data; peek returns 0 there
	out     [][]byte // of Paths; nil where nothing is wanted
	strict  bool     // a name that comes twice, in any case, is an error
	deepest int      // how many brackets may be open
	longest int      // the length of the longest name that is wanted
}

// noBound is deeper than any document nests.
const noBound = int(^uint(0) >> 1)

// space skips the white space of JSON, which is less than that of Unicode: another reader would refuse the rest.
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

// peek returns the next byte, or 0 at the end. A 0 in the document is malformed everywhere, so the two need not differ.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// value scans one value, and stores it if it is wanted. n is nil where nothing below is wanted. It recurses only along
// the pointers, so a sender cannot choose the depth of the recursion.
func (s *scanner) value(n *node, depth int) error {
	start := s.pos
	var err error
	switch c := s.peek(); {
	case n != nil && len(n.children) > 0 && c == '{':
		err = s.object(n, depth)
	case n != nil && len(n.children) > 0 && c == '[':
		err = s.array(n, depth)
	case c == '{' || c == '[': // nothing inside of it is wanted
		err = s.skip(depth)
	case c == '"' && n == nil: // skipped by its quotes alone, which is much faster than str
		if !s.pass() {
			err = ErrMalformed
		}
	case c == '"': // a wanted string must be well-formed: Text trusts its quotes
		_, err = s.str()
	default:
		err = s.literal()
	}
	// An object or an array is stored too, if it is wanted itself.
	if err == nil && n != nil && n.out >= 0 {
		s.out[n.out] = s.data[start:s.pos]
	}
	return err
}

// object scans an object with wanted members.
//
// Where a wanted member comes twice, the strict readers fail. The other one forgets both values: it must not report a
// fact about a delivery that depends on the order of members.
func (s *scanner) object(n *node, depth int) error {
	var seen uint64 // the children that came already, by their number; there are far fewer than 64
	s.pos++
	if s.space(); s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		key, err := s.str() // not unescaped yet: most names are not wanted
		if err != nil {
			return err
		}
		if s.space(); s.peek() != ':' {
			return ErrMalformed
		}
		s.pos++
		s.space()
		var child *node
		if i, exact := s.match(n, key); i >= 0 {
			// A name that matches only in another case is not the wanted member. But encoding/json would read it as
			// that one, so the strict readers refuse a document that has both.
			if exact {
				child = n.children[i]
			}
			if seen&(1<<(i&63)) != 0 {
				if s.strict {
					return ErrDuplicate // fails closed: two readers may use different ones
				}
				child.clear(s.out)
				child = nil // the second value is not stored either
			}
			seen |= 1 << (i & 63)
		}
		if err := s.value(child, depth+1); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case '}':
			s.pos++
			return nil
		default:
			return ErrMalformed
		}
	}
}

// clear marks the value of a member that comes twice, and the values below it, see Twice.
func (n *node) clear(out [][]byte) {
	if n.out >= 0 { // empty and not nil: see Twice
		out[n.out] = []byte{}
	}
	for _, c := range n.children {
		c.clear(out)
	}
}

// match returns the number of the child with that name, or -1. For a strict reader a name that differs only in case
// matches too; exact is false then.
//
// Names with escapes are compared by their value: otherwise a second member could hide from the check for duplicates.
func (s *scanner) match(n *node, key []byte) (i int, exact bool) {
	if bytes.IndexByte(key, '\\') >= 0 {
		// Folding shortens a name to a third at most, so a longer one cannot match. The limit bounds the work.
		var room [128]byte
		var ok bool
		if key, ok = unescape(room[:0], key, 3*s.longest); !ok {
			return -1, false
		}
	}
	// Without a child of that length there is no exact match. In another case the length stays the same too, if both
	// names are ASCII.
	if n.lengths&(1<<min(len(key), 63)) == 0 && (!s.strict || !n.foreign && isASCII(key)) {
		return -1, false
	}
	for i, c := range n.children {
		if bytes.Equal(key, c.name) {
			return i, true
		}
	}
	if !s.strict {
		return -1, false
	}
	// An exact name of another child is found before this: it is that child, and not this one in another case.
	for i, c := range n.children {
		if c.folds(key) {
			return i, false
		}
	}
	return -1, false
}

// folds reports whether a name is the node's in another case, as encoding/json compares names. Some letters outside of
// ASCII fold to ASCII letters, and have up to three bytes: "\u212a", the Kelvin sign, is a k.
func (n *node) folds(key []byte) bool {
	switch {
	case len(key) == len(n.name) || !n.ascii: // compared below
	// ASCII letters have one byte, so a name that folds to an ASCII name is at least as long, and not ASCII itself.
	case len(key) < len(n.name) || len(key) > 3*len(n.name) || isASCII(key):
		return false
	}
	return bytes.EqualFold(key, n.name)
}

// isASCII reports whether all bytes are ASCII.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// array scans an array with wanted items, which are found by their index.
func (s *scanner) array(n *node, depth int) error {
	s.pos++
	if s.space(); s.peek() == ']' {
		s.pos++
		return nil
	}
	for i := 0; ; i++ {
		// A search for each item: pointers hardly ever name more than one index.
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
