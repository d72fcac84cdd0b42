package jsonscan

import "errors"

// Errors of Items, Each and Members.
var (
	ErrNoList   = errors.New("the value is not a list")           // of Items and Each
	ErrTooMany  = errors.New("the list is longer than the limit") // of Items and Each
	ErrNoObject = errors.New("the value is not an object")        // of Members
)

// Items returns the raw JSON of each item of a list, at most limit of them. The items are parts of list, not copies.
// Like [Paths.Read] it is for a proved document: it has no bound on nesting, so no document is lost.
func Items(list []byte, limit int) ([][]byte, error) {
	s := scanner{data: TrimMark(list), deepest: noBound}
	var items [][]byte
	err := s.items(limit, func(item []byte) error {
		items = append(items, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Each calls fn with the raw JSON of each item of a list, at most limit of them, and stops at the first error. Like
// [Paths.Find] it is for security decisions and fails closed: a list that is malformed, nested too deeply or too long
// is an error. Items before the fault were passed to fn by then, so the caller must discard what it made of them. It
// allocates nothing.
func Each(list []byte, limit int, fn func(item []byte) error) error {
	s := scanner{data: list, deepest: maxDepth}
	return s.items(limit, fn)
}

// items reads the list at the scanner's position, up to the end of the document. Item limit+1 is an error even if the
// list is well-formed: a caller must never take a part of a list for all of it.
func (s *scanner) items(limit int, fn func(item []byte) error) error {
	s.space()
	if s.peek() != '[' {
		return ErrNoList
	}
	s.pos++
	s.space()
	if s.peek() == ']' { // an empty list: after a comma an item must follow, so this is the only place for it
		s.pos++
		return s.ended()
	}
	for n := 0; ; n++ {
		s.space()
		start := s.pos
		if err := s.value(nil, 1); err != nil {
			return err
		}
		if n == limit { // this would be item limit+1
			return ErrTooMany
		}
		// The capacity ends with the item, so that an append by fn cannot overwrite the document.
		if err := fn(s.data[start:s.pos:s.pos]); err != nil {
			return err
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return s.ended()
		default:
			return ErrMalformed
		}
	}
}

// ended checks that only white space follows. Text after the value would be read by some readers and not by others.
func (s *scanner) ended() error {
	s.space()
	if s.pos != len(s.data) {
		return ErrMalformed
	}
	return nil
}
