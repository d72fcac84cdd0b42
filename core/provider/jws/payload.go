package jws

import (
	"bytes"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Payload takes the payload out of a body. It verifies nothing; see [entry.CustomPayload].
//
// [entry.CustomPayload]: https://pkg.go.dev/github.com/sallyport-go/sallyport/internal/entry#CustomPayload
func (m *mechanism) Payload(body []byte) (payload []byte, ok bool) {
	if m.detached != attached {
		return nil, false
	}
	text, ok := m.inBody(body)
	if !ok {
		return nil, false
	}
	one, two := bytes.IndexByte(text, '.'), bytes.LastIndexByte(text, '.')
	if one < 0 || two <= one {
		return nil, false
	}
	claims, ok := decode(text[one+1 : two])
	if !ok {
		return nil, false
	}
	return m.event(claims), true
}

// event returns the event in what is signed: all of it, or what the claim of the entry says in a text, with the texts
// of JSON in that taken out of their quotes. What has another form stays as it is: after the proof nothing loses a
// delivery.
func (m *mechanism) event(claims []byte) []byte {
	if m.claim == nil {
		return claims
	}
	var raw [1][]byte
	if m.claim.Read(claims, raw[:]) != nil {
		return claims
	}
	text, ok := jsonscan.Bytes(raw[0])
	if !ok || !isObject(text) {
		return claims
	}
	return unquoted(text, m.nested)
}

// unquoted returns an object in which the members that are texts of JSON objects are these objects.
func unquoted(object []byte, names []string) []byte {
	out := make([]byte, 1, len(object)+2)
	out[0] = '{'
	err := jsonscan.Members(object, func(name, value []byte) error {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, quote(name)...), ':')
		for _, nested := range names {
			if inner, ok := jsonscan.Bytes(value); ok && string(name) == nested && isObject(inner) {
				value = inner
			}
		}
		out = append(out, value...)
		return nil
	})
	if err != nil {
		return object
	}
	return append(out, '}')
}

// isObject reports whether a text is one JSON object.
func isObject(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && text[0] == '{' && jsonscan.Whole(text)
}
