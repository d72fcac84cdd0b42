package jsonscan

// Members calls fn with the name and the raw JSON of each member of an object, in order, and stops at the first error.
// Like [Paths.Read] it is for a proved document: there is no bound on nesting, and a member that comes twice is passed
// twice. fn must not keep or change name, which may be a part of the document.
func Members(object []byte, fn func(name, value []byte) error) error {
	s := scanner{data: TrimMark(object), deepest: noBound}
	if s.space(); s.peek() != '{' {
		return ErrNoObject
	}
	s.pos++
	if s.space(); s.peek() == '}' { // an object without members
		s.pos++
		return s.ended()
	}
	for {
		s.space()
		start := s.pos
		if _, err := s.str(); err != nil {
			return err
		}
		// The name is unescaped, because the caller compares it.
		name, ok := Bytes(s.data[start:s.pos])
		if s.space(); !ok || s.peek() != ':' {
			return ErrMalformed
		}
		s.pos++
		s.space()
		start = s.pos
		if err := s.value(nil, 1); err != nil {
			return err
		}
		// The capacity ends with the value, so that an append by fn cannot overwrite the document.
		if err := fn(name, s.data[start:s.pos:s.pos]); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return s.ended()
		default:
			return ErrMalformed
		}
	}
}
