// Package sfv reads structured fields of HTTP (RFC 9651) that are dictionaries. It refuses whatever the RFC does not
// allow: a reader that lets more pass may read another value than the one that was signed.
package sfv

// Item is a value with its parameters. The value is a bool, an int64, a float64, a string, a []byte, a [Token], a
// [Date], a [DisplayString] or, for an inner list, a []Item.
type Item struct {
	Value  any
	Params Map[any]
}

// Dictionary is the members of a structured field.
type Dictionary struct {
	Map[Item]
	Repeated bool // a name came twice: its last value counts, and another reader could take the first
}

// The types of values that Go has no type for.
type (
	Token         string
	Date          int64 // in seconds since 1970
	DisplayString string
)

// Read reads a dictionary. It reports false where text is not one. The values refer to text.
func Read(text string) (d Dictionary, ok bool) {
	s := &scanner{text: text}
	s.skip(" ")
	for !s.end() {
		name, item := "", Item{Value: true}
		if name, ok = s.key(); !ok {
			return d, false
		}
		if s.take('=') {
			if item.Value, ok = s.member(); !ok {
				return d, false
			}
		}
		if !s.params(&item.Params) {
			return d, false
		}
		d.Repeated = !d.set(name, item) || d.Repeated
		s.skip(" \t")
		if s.end() {
			return d, true
		}
		if !s.take(',') {
			return d, false
		}
		s.skip(" \t")
		if s.end() {
			return d, false // a comma with nothing behind it
		}
	}
	return d, true
}

// member reads what a member of a dictionary is, without its parameters.
func (s *scanner) member() (any, bool) {
	if !s.take('(') {
		return s.value()
	}
	var list []Item
	for {
		s.skip(" ")
		if s.take(')') {
			return list, true
		}
		var item Item
		var ok bool
		if item.Value, ok = s.value(); !ok || !s.params(&item.Params) {
			return nil, false
		}
		if c := s.next(); c != ' ' && c != ')' {
			return nil, false
		}
		if list == nil {
			list = make([]Item, 0, s.guess())
		}
		list = append(list, item)
	}
}

// guess estimates how many items an inner list has, of which the first is read: one more than there are spaces before
// its end. It is bounded, because the sender chose the text.
func (s *scanner) guess() int {
	n := 1
	for i := s.at; i < len(s.text) && s.text[i] != ')' && n < 8; i++ {
		if s.text[i] == ' ' {
			n++
		}
	}
	return n
}

// params reads the parameters that the scanner is at. Of a name that comes twice the last value counts, at the place of
// the first.
func (s *scanner) params(p *Map[any]) bool {
	for s.take(';') {
		s.skip(" ")
		name, ok := s.key()
		if !ok {
			return false
		}
		var value any = true
		if s.take('=') {
			if value, ok = s.value(); !ok {
				return false
			}
		}
		p.set(name, value)
	}
	return true
}
