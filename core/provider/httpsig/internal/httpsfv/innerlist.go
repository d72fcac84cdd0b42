package httpsfv

import (
	"errors"
	"strings"
)

// ErrInvalidInnerListFormat is returned when an inner list format is invalid.
var ErrInvalidInnerListFormat = errors.New("invalid inner list format")

// InnerList represents an inner list as defined in
// https://httpwg.org/specs/rfc9651.html#inner-list.
type InnerList struct {
	Items  []Item
	Params *Params
}

func (il InnerList) member() {
}

// marshalSFV serializes as defined in
// https://httpwg.org/specs/rfc9651.html#ser-innerlist.
func (il InnerList) marshalSFV(b *strings.Builder) error {
	if err := b.WriteByte('('); err != nil {
		return err
	}

	l := len(il.Items)
	for i := 0; i < l; i++ {
		if err := il.Items[i].marshalSFV(b); err != nil {
			return err
		}

		if i != l-1 {
			if err := b.WriteByte(' '); err != nil {
				return err
			}
		}
	}

	if err := b.WriteByte(')'); err != nil {
		return err
	}

	return il.Params.marshalSFV(b)
}

// parseInnerList parses as defined in
// https://httpwg.org/specs/rfc9651.html#parse-item-or-list.
func parseInnerList(s *scanner) (InnerList, error) {
	if s.eof() || s.data[s.off] != '(' {
		return InnerList{}, &UnmarshalError{s.off, ErrInvalidInnerListFormat}
	}
	s.off++

	il := InnerList{nil, nil}

	// The parameters of the first items are made together.
	var params []Params

	for !s.eof() {
		s.scanWhileSp()

		if s.eof() {
			return InnerList{}, &UnmarshalError{s.off, ErrInvalidInnerListFormat}
		}

		if s.data[s.off] == ')' {
			s.off++

			p, err := parseParams(s)
			if err != nil {
				return InnerList{}, err
			}

			il.Params = p

			return il, nil
		}

		if il.Items == nil {
			n := s.guessItems()
			il.Items, params = make([]Item, 0, n), make([]Params, n)
		}

		var p *Params

		if len(params) > 0 {
			p, params = &params[0], params[1:]
			p.names = []string{}
		}

		i, err := parseItemWith(s, p)
		if err != nil {
			return InnerList{}, err
		}

		if s.eof() || (s.data[s.off] != ')' && s.data[s.off] != ' ') {
			return InnerList{}, &UnmarshalError{s.off, ErrInvalidInnerListFormat}
		}

		il.Items = append(il.Items, i)
	}

	return InnerList{}, &UnmarshalError{s.off, ErrInvalidInnerListFormat}
}

// maxGuess bounds what is allocated for an inner list before its items are parsed.
const maxGuess = 8

// guessItems estimates the number of items of the inner list whose first item the scanner is at: one more than there
// are spaces before the end of the list.
func (s *scanner) guessItems() int {
	n := 1

	for i := s.off; i < len(s.data) && s.data[i] != ')' && n < maxGuess; i++ {
		if s.data[i] == ' ' {
			n++
		}
	}

	return n
}
