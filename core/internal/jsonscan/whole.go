package jsonscan

// maxKinds is how many levels of nesting keep the kind of their bracket. encoding/json refuses more levels.
const maxKinds = 10_000

// kinds is a stack of bits, one for each open bracket: 1 for an object, 0 for an array. It has 1.3 KB, on the stack of
// the caller.
type kinds [(maxKinds + 63) / 64]uint64

// set records the kind of the bracket at a depth.
func (k *kinds) set(depth int, object bool) {
	bit := uint64(1) << (depth & 63)
	if object {
		k[depth>>6] |= bit
	} else {
		k[depth>>6] &^= bit
	}
}

func (k *kinds) object(depth int) bool { return k[depth>>6]>>(depth&63)&1 != 0 }

// Whole reports whether data is one JSON text, as json.Valid does. Only white space may be around it, and no byte order
// mark. It does not recurse and does not allocate.
//
// No proper suffix of a JSON text that begins with a bracket is such a text itself. So if a caller requires Whole and a
// first byte of '{' or '[', nothing was cut off the beginning.
//
// It takes the place of json.Valid because that one recurses in its tables and allocates for nesting, and the document
// is not proved yet.
func Whole(data []byte) bool {
	// A loop and a stack of bits take the place of recursion: a sender could otherwise choose the depth of the stack.
	var open kinds
	s := scanner{data: data}
	for depth := 0; ; {
		s.space()
		switch c := s.peek(); c {
		case '{', '[':
			s.pos++
			s.space()
			if s.peek() == c+2 { // empty: in ASCII '{'+2 == '}' and '['+2 == ']'
				s.pos++
				break
			}
			if depth == maxKinds { // as json.Valid
				return false
			}
			open.set(depth, c == '{')
			depth++
			if c == '{' && !s.name() {
				return false
			}
			continue
		case '"': // validated, unlike in the readers: see text
			if !s.text() {
				return false
			}
		default:
			if s.literal() != nil {
				return false
			}
		}
		// A value is over. Close the objects and arrays that end here, up to the comma before the next value.
		for {
			s.space()
			if depth == 0 {
				return s.pos == len(data)
			}
			c := s.peek() // at the end 0, which is neither a comma nor a bracket
			s.pos++
			object := open.object(depth - 1)
			if c == ',' { // in an object a name comes before the next value
				if object && !s.name() {
					return false
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return false
			}
			depth--
		}
	}
}

// name skips the name of a member and the colon.
func (s *scanner) name() bool {
	s.space()
	if !s.text() {
		return false
	}
	s.space()
	if s.peek() != ':' {
		return false
	}
	s.pos++
	return true
}

// text skips a string and checks its escapes. Bytes that are not UTF-8 are allowed, as in json.Valid.
func (s *scanner) text() bool {
	if s.peek() != '"' {
		return false
	}
	s.pos++
	for s.pos < len(s.data) {
		s.pos += plain(s.data[s.pos:])
		switch s.peek() {
		case '"':
			s.pos++
			return true
		case '\\':
			n := escapeLength(s.data[s.pos:])
			if n == 0 {
				return false
			}
			s.pos += n
		default: // a control character, or the end
			return false
		}
	}
	return false
}

// escapeLength returns the length of the escape at the beginning of b, or 0 where there is none or it is malformed.
func escapeLength(b []byte) int {
	// The backslash is checked here, because half of a surrogate pair may be followed by any text.
	if len(b) < 2 || b[0] != '\\' {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads the four hexadecimal digits of a \u escape, in either case.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] { // strconv would accept a sign, and need a string
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
