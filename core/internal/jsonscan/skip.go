package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Blocks are faster than bytes where strings are short and have no escapes, as in most of a document.
const (
	shortValue = 32            // what is no longer is not worth a block
	bytewise   = 4 * blockSize // is read by bytes behind a long string or an escape: where one is, there are more
)

// brackets are the open brackets of a value that is skipped.
type brackets struct {
	kinds uint64 // 1 is '{', 0 is '['; the innermost is the lowest bit: few documents nest deeper than 64
	n     int
	most  int
}

// skip skips an object or array. It only matches brackets and strings, and does not validate what is between them.
func (s *scanner) skip(depth int) error {
	open := brackets{most: s.deepest - depth}
	at, over, err := s.skipBytes(&open, s.pos, s.pos+shortValue)
	for !over && at < len(s.data) {
		if at, over, err = s.skipBlocks(&open, at); !over {
			at, over, err = s.skipBytes(&open, at, at+bytewise)
		}
	}
	if !over { // the document ends before the value
		return ErrMalformed
	}
	return err
}

// skipBytes skips what is between at and end, and the rest of a string that reaches beyond end. It returns where it has
// ended, or over with the result of skip.
func (s *scanner) skipBytes(open *brackets, at, end int) (next int, over bool, err error) {
	for end = min(end, len(s.data)); at < end; {
		c := s.data[at]
		if c == '"' {
			if at = endOfString(s.data, at+1); at < 0 {
				return 0, true, ErrMalformed
			}
			continue
		}
		if c|0x26 == 0x7f { // a bracket, or one of the few bytes that this does not tell from one
			if over, err = s.bracket(open, at); over {
				return 0, true, err
			}
		}
		at++
	}
	return at, false, nil
}

// skipBlocks does what skipBytes does in whole blocks, up to one with an escape or inside of a long string.
func (s *scanner) skipBlocks(open *brackets, at int) (next int, over bool, err error) {
	inString := uint64(0) // all bits are set where the block before ends inside of a string
	for len(s.data)-at >= blockSize {
		b := blockOf((*[blockSize]byte)(s.data[at:]))
		if b.escapes || inString != 0 && b.quotes == 0 {
			break
		}
		within := b.within() ^ inString
		if m := b.brackets &^ within; m != 0 {
			for m = inOrder(m); m != 0; m &= m - 1 {
				if over, err = s.bracket(open, at+bits.TrailingZeros64(m)); over {
					return 0, true, err
				}
			}
		}
		at, inString = at+blockSize, -(within >> (blockSize - 1)) // the last byte decides
	}
	if inString != 0 {
		if at = endOfString(s.data, at); at < 0 {
			return 0, true, ErrMalformed
		}
	}
	return at, false, nil
}

// bracket takes the byte at a place outside of strings, which may be a bracket. It returns over, with the result of
// skip, where the value ends there or is malformed.
func (s *scanner) bracket(open *brackets, at int) (over bool, err error) {
	switch c := s.data[at]; c {
	case '{', '[':
		if open.n == open.most {
			return true, ErrTooDeep // fails closed, before the work grows
		}
		if open.n == 64 { // the word is full
			s.pos = at
			return true, s.skipDeep(open.kinds, open.most)
		}
		open.kinds <<= 1
		if c == '{' {
			open.kinds |= 1
		}
		open.n++
	case '}', ']':
		if (open.kinds&1 != 0) != (c == '}') { // "[}" would end at different places for different readers
			return true, ErrMalformed
		}
		open.kinds >>= 1
		if open.n--; open.n == 0 {
			s.pos = at + 1
			return true, nil
		}
	}
	return false, nil
}

// skipDeep continues skip where 64 brackets are open. It keeps the kinds of the first maxKinds levels, and only counts
// the levels below. So no proved document is lost because of its nesting, and nesting takes no memory.
func (s *scanner) skipDeep(first uint64, most int) error {
	var open kinds
	open[0] = bits.Reverse64(first) // kinds has the outermost bracket in the lowest bit
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
			if n < maxKinds { // deeper levels are only counted
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

// pass skips a string that is not wanted.
func (s *scanner) pass() bool {
	end := endOfString(s.data, s.pos+1)
	if end < 0 {
		return false
	}
	s.pos = end
	return true
}

// longString is how many words without a quote make a string a long one.
const longString = 8

// endOfString returns the place behind the first quote from at on that is not escaped, or -1. Most strings are short:
// their end is found a word at a time, without a call. In a long one the processor's own instructions are faster.
func endOfString(b []byte, at int) int {
	start := at // backslashes before it escape nothing behind it
	for words := 0; ; {
		if len(b)-at >= 8 && words < longString {
			quotes := equal(binary.LittleEndian.Uint64(b[at:]), '"') & tops
			if quotes == 0 {
				at, words = at+8, words+1
				continue
			}
			at += bits.TrailingZeros64(quotes) / 8
		} else if i := bytes.IndexByte(b[at:], '"'); i >= 0 {
			at += i
		} else {
			return -1
		}
		// A quote is escaped if an odd number of backslashes is before it. Each run of them is counted once, for the
		// quote right behind it. So the work stays linear.
		backslashes := 0
		for k := at - 1; k >= start && b[k] == '\\'; k-- {
			backslashes++
		}
		if at++; backslashes%2 == 0 {
			return at
		}
		start, words = at, 0
	}
}
