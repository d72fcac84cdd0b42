package jsonscan

import "errors"

// Errors of Items.
var (
	ErrNoList  = errors.New("the value is no list")
	ErrTooMany = errors.New("the list is longer than the limit")
)

// Items gives the raw JSON of each item of a list, at most limit of them.
func Items(list []byte, limit int) ([][]byte, error) {
	s := scanner{data: list}
	s.space()
	if s.peek() != '[' {
		return nil, ErrNoList
	}
	s.pos++
	s.space()
	var items [][]byte
	if s.peek() == ']' {
		s.pos++
		return s.ended(nil)
	}
	for {
		s.space()
		start := s.pos
		if err := s.value(nil, 1); err != nil {
			return nil, err
		}
		if len(items) == limit {
			return nil, ErrTooMany
		}
		items = append(items, list[start:s.pos:s.pos])
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return s.ended(items)
		default:
			return nil, ErrMalformed
		}
	}
}

func (s *scanner) ended(items [][]byte) ([][]byte, error) {
	s.space()
	if s.pos != len(s.data) {
		return nil, ErrMalformed
	}
	return items, nil
}
