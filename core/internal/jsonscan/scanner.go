package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

type scanner struct {
	data    []byte
	pos     int
	out     [][]byte
	strict  bool // about names
	deepest int  // how many brackets may be open
	longest int  // the length of the longest name that is wanted
}

// noBound is deeper than any document nests.
const noBound = int(^uint(0) >> 1)

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

// value scans one value; n is nil where nothing below is wanted. It recurses along the pointers alone.
func (s *scanner) value(n *node, depth int) error {
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
	if s.space(); s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		key, err := s.str()
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
			// What matches in another case only is not the member: encoding/json would take it for the one that is
			// wanted, so that where it decides it must not stand next to that.
			if exact {
				child = n.children[i]
			}
			if seen&(1<<(i&63)) != 0 {
				if s.strict {
					return ErrDuplicate
				}
				child.clear(s.out)
				child = nil
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

// clear marks the values of a member that comes twice, and of everything below it.
func (n *node) clear(out [][]byte) {
	if n.out >= 0 {
		out[n.out] = []byte{}
	}
	for _, c := range n.children {
		c.clear(out)
	}
}

// match returns which child has the name. Where the reader is strict, one that differs in case matches, but not
// exactly.
func (s *scanner) match(n *node, key []byte) (i int, exact bool) {
	if bytes.IndexByte(key, '\\') >= 0 {
		var room [128]byte // an escaped name longer than any that is wanted is not unescaped to its end
		var ok bool
		if key, ok = unescape(room[:0], key, 3*s.longest); !ok {
			return -1, false
		}
	}
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
	for i, c := range n.children {
		if c.folds(key) {
			return i, false
		}
	}
	return -1, false
}

// folds reports whether a name is the node's in another case. Letters outside of ASCII fold to letters in it, and are
// up to three bytes long: "\u212a" is a k.
func (n *node) folds(key []byte) bool {
	switch {
	case len(key) == len(n.name) || !n.ascii:
	case len(key) < len(n.name) || len(key) > 3*len(n.name) || isASCII(key):
		return false
	}
	return bytes.EqualFold(key, n.name)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (s *scanner) array(n *node, depth int) error {
	s.pos++
	if s.space(); s.peek() == ']' {
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

// skip passes over an object or array by its brackets. The kinds of the open ones are the bits of a word, the innermost
// last, because few documents nest deeper.
func (s *scanner) skip(depth int) error {
	var open uint64
	most := s.deepest - depth
	for n := 0; s.pos < len(s.data); {
		switch c := s.data[s.pos]; c {
		case '"':
			if !s.pass() {
				return ErrMalformed
			}
			continue
		case '{', '[':
			if n == most {
				return ErrTooDeep
			}
			if n == 64 {
				return s.skipDeep(open, most)
			}
			open <<= 1
			if c == '{' {
				open |= 1
			}
			n++
		case '}', ']':
			if (open&1 != 0) != (c == '}') {
				return ErrMalformed
			}
			open >>= 1
			if n--; n == 0 {
				s.pos++
				return nil
			}
		}
		s.pos++
	}
	return ErrMalformed
}

// skipDeep goes on where 64 brackets are open. Beyond the levels whose kinds are kept it counts: a proved document is
// not lost to a bound, and its nesting costs no memory.
func (s *scanner) skipDeep(first uint64, most int) error {
	var open kinds
	open[0] = bits.Reverse64(first)
	for n := 64; s.pos < len(s.data); {
		switch c := s.data[s.pos]; c {
		case '"':
			if !s.pass() {
				return ErrMalformed
			}
			continue
		case '{', '[':
			if n == most {
				return ErrTooDeep
			}
			if n < maxKinds {
				open.set(n, c == '{')
			}
			n++
		case '}', ']':
			n--
			if n < maxKinds && open.object(n) != (c == '}') {
				return ErrMalformed
			}
			if n == 0 {
				s.pos++
				return nil
			}
		}
		s.pos++
	}
	return ErrMalformed
}

// pass passes over a string that is not wanted: to the first quote that no backslash is for.
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

// plain returns the length of the run of bytes that are not a quote, a backslash or a control character. It looks at
// eight bytes at a time, because most of a document is such runs: subtracting n from each byte borrows its top bit
// where the byte was below n, and the first byte for which it does is exact.
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
