package jwt

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"

	lib "github.com/golang-jwt/jwt/v5"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jose"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxToken bounds a token, and so what reading it costs.
const maxToken = 8 << 10

// token is a compact token that is well-formed. Nothing in it is proved.
type token struct {
	input     string // what is signed: header and claims, as sent
	claims    []byte // decoded, not yet parsed
	signature []byte
	method    lib.SigningMethod // one of the entry's
	kid       []byte
}

// presented finds the token in its header.
func (m *mechanism) presented(h http.Header) (string, error) {
	values := h[m.header]
	switch {
	case len(values) > 1:
		return "", fault.New(reason.RepeatedHeader, "the header "+m.header+" came more than once")
	case len(values) == 0 || values[0] == "":
		return "", fault.New(reason.MissingSignature, "no "+m.header+" header: a proxy may strip it, or the provider "+
			"signs nothing yet")
	case len(values[0]) > maxToken:
		return "", fault.New(reason.MalformedSignature, "the token is longer than any that a provider sends")
	}
	text := values[0]
	if m.scheme == "" {
		return text, nil
	}
	// The names of schemes may be written in either case (RFC 9110).
	name, rest, ok := strings.Cut(text, " ")
	if !ok || !strings.EqualFold(name, m.scheme) {
		return "", fault.New(reason.MissingSignature, "the header "+m.header+" holds no "+m.scheme+" token")
	}
	return rest, nil
}

// parse takes a token apart as the compact form has it, and checks its header.
func (m *mechanism) parse(text string) (*token, error) {
	t, header, ok := split(text)
	if !ok {
		return nil, fault.New(reason.MalformedSignature, "the token is no JSON Web Token in its compact form")
	}
	return t, m.judgeHeader(t, header)
}

// split decodes the three parts, into one piece of memory.
func split(text string) (t *token, header []byte, ok bool) {
	first, rest, _ := strings.Cut(text, ".")
	second, third, ok := strings.Cut(rest, ".")
	if !ok || breaks(text) { // a third dot is in no alphabet of base64
		return nil, nil, false
	}
	t = &token{input: text[:len(first)+1+len(second)]}
	room := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
	if header, room, ok = segment(first, room); !ok {
		return nil, nil, false
	}
	if t.claims, room, ok = segment(second, room); !ok {
		return nil, nil, false
	}
	t.signature, _, ok = segment(third, room)
	return t, header, ok
}

// breaks says whether a text holds a line break, which Go's decoder of base64 passes over.
func breaks(text string) bool {
	return strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0
}

// segment decodes base64url without padding, in its one form, to the start of room, and gives the room that is
// left.
func segment(text string, room []byte) (data, left []byte, ok bool) {
	n, err := base64.RawURLEncoding.Strict().Decode(room, []byte(text))
	return room[:n:n], room[n:], err == nil
}

// joseHeader are the members of a token's header that count; nil: absent.
type joseHeader struct {
	alg, kid, typ []byte
	refused       string // the name of a member that no token has
}

func (h *joseHeader) take(name, value []byte) {
	switch string(name) {
	case "alg":
		h.alg = value
	case "kid":
		h.kid = value
	case "typ":
		h.typ = value
	default:
		if one := jose.Delicate(name); one != "" {
			h.refused = one
		}
	}
}

func (m *mechanism) judgeHeader(t *token, data []byte) error {
	var h joseHeader
	if strictjson.Members(data, h.take) != nil {
		return fault.New(reason.MalformedSignature, "the token's header is malformed")
	}
	if h.refused != "" {
		return fault.New(reason.MalformedSignature,
			"the token's header has a member that no token of this provider has: "+h.refused)
	}
	alg, algOK := text(h.alg)
	kid, kidOK := text(h.kid)
	typ, typOK := text(h.typ)
	if !algOK || !kidOK || !typOK {
		return fault.New(reason.MalformedSignature, "the token's header is malformed")
	}
	t.method, t.kid = m.method(alg), kid
	switch {
	case t.method == nil:
		return fault.New(reason.MalformedSignature,
			"the token says that it is signed by another algorithm than this provider's: another one is never tried")
	case len(typ) > 0 && !bytes.EqualFold(typ, []byte("JWT")):
		return fault.New(reason.MalformedSignature, "the token is of another type than JWT")
	case !jose.IsKid(kid):
		return fault.New(reason.MalformedSignature, "the token's kid is none that a provider gives its keys")
	case len(kid) == 0 && m.pair() != 0 && m.keyless:
		return fault.New(reason.MalformedSignature, "the token does not name its key")
	}
	return nil
}

// method is that of the entry's algorithm with a name; nil: the entry has none of that name. The library's table of
// methods is not asked, because any package of the program may write to it.
func (m *mechanism) method(alg []byte) lib.SigningMethod {
	for _, name := range m.algorithms {
		if string(alg) == name { //lint:notsecret the name of an algorithm
			return methodOf(name)
		}
	}
	return nil
}

func methodOf(alg string) lib.SigningMethod {
	switch alg {
	case "HS256":
		return lib.SigningMethodHS256
	case "HS384":
		return lib.SigningMethodHS384
	case "HS512":
		return lib.SigningMethodHS512
	case "RS256":
		return lib.SigningMethodRS256
	case "ES256":
		return lib.SigningMethodES256
	case "EdDSA":
		return lib.SigningMethodEdDSA
	}
	return nil
}

// text is a value that must be a string; absent is "".
func text(value []byte) ([]byte, bool) {
	if value == nil {
		return nil, true
	}
	return strictjson.String(value)
}
