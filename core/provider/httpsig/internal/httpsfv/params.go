package httpsfv

import (
	"errors"
	"strings"
)

// Params are an ordered map of key-value pairs that are associated with an item or an inner list.
//
// See https://httpwg.org/specs/rfc9651.html#param.
type Params struct {
	ordered
	values []interface{} // values[i] is the one of names[i]
}

// ErrInvalidParameterFormat is returned when the format of a parameter is invalid.
var ErrInvalidParameterFormat = errors.New("invalid parameter format")

// ErrInvalidParameterValue is returned when a parameter key is invalid.
var ErrInvalidParameterValue = errors.New("invalid parameter value")

// ErrMissingParameters is returned when the Params structure is missing from the element.
var ErrMissingParameters = errors.New("missing parameters")

// NewParams creates a new ordered map.
func NewParams() *Params {
	p := Params{}
	p.names = []string{}

	return &p
}

// Get retrieves a parameter.
func (p *Params) Get(k string) (interface{}, bool) {
	i, ok := p.find(k)
	if !ok {
		return nil, false
	}

	return p.values[i], true
}

// Add appends a new parameter to the ordered list.
// If the key already exists, overwrite its value.
func (p *Params) Add(k string, v interface{}) {
	assertBareItem(v)

	if i, exists := p.find(k); exists {
		p.values[i] = v

		return
	}

	if len(p.names) == 0 {
		// Most parameters come alone, or as the few of a signature.
		p.names, p.values = make([]string, 0, 4), make([]interface{}, 0, 4)
	}

	p.add(k)
	p.values = append(p.values, v)
}

// Del removes a parameter from the ordered list.
func (p *Params) Del(key string) bool {
	i, ok := p.find(key)
	if !ok {
		return false
	}

	p.del(i)
	p.values = append(p.values[:i], p.values[i+1:]...)

	return true
}

// Names retrieves the list of parameter names in the appropriate order.
func (p *Params) Names() []string {
	return p.names
}

// marshalSFV serializes as defined in
// https://httpwg.org/specs/rfc9651.html#ser-params.
func (p *Params) marshalSFV(b *strings.Builder) error {
	if p == nil {
		return ErrMissingParameters
	}
	for i, k := range p.names {
		if err := b.WriteByte(';'); err != nil {
			return err
		}

		if err := marshalKey(b, k); err != nil {
			return err
		}

		v := p.values[i]
		if v == true {
			continue
		}

		if err := b.WriteByte('='); err != nil {
			return err
		}

		if err := marshalBareItem(b, v); err != nil {
			return err
		}
	}

	return nil
}

// parseParams parses as defined in
// https://httpwg.org/specs/rfc9651.html#parse-param.
func parseParams(s *scanner) (*Params, error) {
	p := NewParams()

	if err := p.parse(s); err != nil {
		return nil, err
	}

	return p, nil
}

// parse adds the parameters that the scanner is at.
func (p *Params) parse(s *scanner) error {
	for !s.eof() {
		if s.data[s.off] != ';' {
			break
		}
		s.off++
		s.scanWhileSp()

		k, err := parseKey(s)
		if err != nil {
			return err
		}

		var i interface{}

		if !s.eof() && s.data[s.off] == '=' {
			s.off++

			i, err = parseBareItem(s)
			if err != nil {
				return err
			}
		} else {
			i = true
		}

		p.Add(k, i)
	}

	return nil
}
