package jsonscan

import "errors"

// Errors of Items, Each and Members.
var (
	ErrNoList   = errors.New("the value is not a list")
	ErrTooMany  = errors.New("the list is longer than the limit")
	ErrNoObject = errors.New("the value is not an object")
)

// Items returns the raw JSON of each item of a list, at most limit of them. Like [Paths.Read] it is for a proved
// document: no nesting is too deep.
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
// [Paths.Find] it is for what decides: a list that is malformed, nested too deeply or too long is an error, though
// items before that were passed to fn. It allocates nothing.
func Each(list []byte, limit int, fn func(item []byte) error) error {
	s := scanner{data: list, deepest: maxDepth}
	return s.items(limit, fn)
}

func (s *scanner) items(limit int, fn func(item []byte) error) error {
	s.space()
	if s.peek() != '[' {
		return ErrNoList
	}
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return s.ended()
	}
	for n := 0; ; n++ {
		s.space()
		start := s.pos
		if err := s.value(nil, 1); err != nil {
			return err
		}
		if n == limit {
			return ErrTooMany
		}
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

func (s *scanner) ended() error {
	s.space()
	if s.pos != len(s.data) {
		return ErrMalformed
	}
	return nil
}
