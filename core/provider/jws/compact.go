package jws

import (
	"bytes"
	"encoding/base64"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	// maxDetached bounds a JWS in a header, and so what reading it costs.
	maxDetached = httpfield.MaxHeaderBytes
	// maxHeader bounds the first part, which may hold three certificates.
	maxHeader = 24 << 10
	// maxSignature bounds the last part: RSA keys have at most 8192 bits.
	maxSignature = 1400
)

// signed is a JWS that is well-formed. Nothing in it is proved.
type signed struct {
	first     []byte // the header, encoded
	second    []byte // the payload, encoded; empty where it is detached
	header    joseHeader
	signature []byte
}

// split takes the compact form (RFC 7515, section 7.1) apart and decodes header and signature. The payload is not
// decoded here: it is as long as a body. The parts share the memory of the text.
func split(text []byte) (s *signed, header []byte, ok bool) {
	one := bytes.IndexByte(text, '.')
	two := bytes.LastIndexByte(text, '.')
	if one < 1 || two <= one || bytes.IndexByte(text[one+1:two], '.') >= 0 || one > maxHeader ||
		len(text)-two > maxSignature {
		return nil, nil, false
	}
	s = &signed{first: text[:one], second: text[one+1 : two]}
	if header, ok = decode(s.first); !ok {
		return nil, nil, false
	}
	s.signature, ok = decode(text[two+1:])
	return s, header, ok
}

// decode reads base64url in its one form: without padding, stray bits and line breaks. Go's decoder passes over line
// breaks, even when it is strict.
func decode(text []byte) (data []byte, ok bool) {
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return nil, false
	}
	data = make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
	n, err := base64.RawURLEncoding.Strict().Decode(data, text)
	return data[:n], err == nil
}

// inHeader returns the JWS that a header holds.
func (m *mechanism) inHeader(values []string) ([]byte, error) {
	switch {
	case len(values) > 1:
		return nil, fault.New(reason.RepeatedHeader, "the header "+m.header+" came more than once")
	case len(values) == 0 || values[0] == "":
		return nil, fault.New(reason.MissingSignature, "no "+m.header+" header: a proxy may strip it, or something "+
			"other than this provider sent the request")
	case len(values[0]) > maxDetached:
		return nil, fault.New(reason.MalformedSignature, "the signature is longer than any that a provider sends")
	}
	return []byte(values[0]), nil
}

// inBody returns the JWS that the body is, or that its member holds. It fails closed where the member comes twice.
func (m *mechanism) inBody(body []byte) (text []byte, ok bool) {
	if m.member == nil {
		return body, len(body) > 0
	}
	var raw [1][]byte
	if m.member.Find(body, raw[:]) != nil {
		return nil, false
	}
	return strictjson.String(raw[0])
}

// parse takes a JWS apart, and checks its form and its header.
func (m *mechanism) parse(text []byte) (*signed, error) {
	s, header, ok := split(text)
	if !ok {
		return nil, fault.New(reason.MalformedSignature,
			"the signature is not a JSON Web Signature in its compact form")
	}
	if detached := m.detached != attached; detached != (len(s.second) == 0) {
		if detached {
			return nil, fault.New(reason.MalformedSignature,
				"the signature has a payload of its own, and this provider leaves it out")
		}
		return nil, fault.New(reason.MalformedSignature, "the signature has no payload")
	}
	return s, m.readHeader(s, header)
}
