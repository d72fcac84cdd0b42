package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// str skips a string and returns the text between its quotes, with its escapes. It refuses control characters, as RFC
// 8259, section 7, demands. It does not check the escapes, see unescape.
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
			s.pos += 2 // whatever is escaped: a quote must not end the string
		default: // a control character, or the end
			return nil, ErrMalformed
		}
	}
}

// Eight bytes of a document are read as one word. A test of a word sets the top bit of each byte that passes it: tops
// has these bits. A borrow can set the top bit of later bytes too, so only the first one counts.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// below tests for bytes that are less than n, which must be at most 0x80: the subtraction borrows there.
func below(x, n uint64) uint64 { return (x - ones*n) &^ x }

// equal tests for bytes that are equal to c. XOR makes those 0.
func equal(x, c uint64) uint64 { return below(x^ones*c, 1) }

// plain returns the length of the run of bytes that are not a quote, a backslash or a control character. Most of a
// document is such runs, so it reads eight bytes at a time.
func plain(b []byte) (n int) {
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		if stop := (below(x, 0x20) | equal(x, '"') | equal(x, '\\')) & tops; stop != 0 {
			return n + bits.TrailingZeros64(stop)/8
		}
	}
	for ; n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\'; n++ { // the last bytes, one by one
	}
	return n
}

// literal skips a number, true, false or null. It stops early at "01" and "truex"; the caller then finds a character
// that is not a comma or a bracket, and fails.
//
// It follows the grammar of RFC 8259, section 6, because the number is passed on as it is written: a caller that
// compares texts must not see two forms that only a lenient reader accepts.
func (s *scanner) literal() error {
	switch s.peek() {
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	case '-': // and a digit must follow
		s.pos++
	}
	// A number must not begin with further zeros: RFC 8259, section 6.
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

// word skips a word, which must be next.
func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(w)) {
		return ErrMalformed
	}
	s.pos += len(w)
	return nil
}

// digits skips decimal digits, and reports whether there was one.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 { // a byte below '0' wraps round to more than 9
		s.pos++
	}
	return s.pos > start
}
