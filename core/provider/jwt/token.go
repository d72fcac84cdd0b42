package jwt

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
)

// maxToken bounds a token, and so what reading it costs.
const maxToken = 8 << 10

// maxKid bounds the name of a key.
const maxKid = 256

func fault(kind entry.FaultKind, detail string) error {
	return &entry.Fault{Kind: kind, Detail: detail}
}

// token is a compact token that is well-formed. Nothing in it is proved.
type token struct {
	input     string // what is signed: header and claims, as sent
	claims    []byte // decoded, not yet parsed
	signature []byte
	alg, kid  string
}

// presented finds the token in its header.
func (m *mechanism) presented(h http.Header) (string, error) {
	values := h[m.header]
	switch {
	case len(values) > 1:
		return "", fault(entry.FaultRepeated, "the header "+m.header+" came more than once")
	case len(values) == 0 || values[0] == "":
		return "", fault(entry.FaultMissing, "no "+m.header+" header: a proxy may strip it, or the provider signs nothing yet")
	case len(values[0]) > maxToken:
		return "", fault(entry.FaultMalformed, "the token is longer than any that a provider sends")
	}
	text := values[0]
	if m.scheme == "" {
		return text, nil
	}
	// The names of schemes may be written in either case (RFC 9110).
	name, rest, ok := strings.Cut(text, " ")
	if !ok || !strings.EqualFold(name, m.scheme) {
		return "", fault(entry.FaultMissing, "the header "+m.header+" holds no "+m.scheme+" token")
	}
	return rest, nil
}

// parse takes a token apart as the compact form has it, and judges its header.
func (m *mechanism) parse(text string) (*token, error) {
	malformed := fault(entry.FaultMalformed, "the token is no JSON Web Token in its compact form")
	first := strings.IndexByte(text, '.')
	last := strings.LastIndexByte(text, '.')
	if first < 0 || first == last || strings.IndexByte(text[first+1:last], '.') >= 0 {
		return nil, malformed
	}
	t := &token{input: text[:last]}
	header, err := segment(text[:first])
	if err != nil {
		return nil, malformed
	}
	if t.claims, err = segment(text[first+1 : last]); err != nil {
		return nil, malformed
	}
	if t.signature, err = segment(text[last+1:]); err != nil {
		return nil, malformed
	}
	return t, m.judgeHeader(t, header)
}

// segment decodes base64url without padding, in its one spelling; Go's decoder skips line breaks.
func segment(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("a line break")
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// refusedMembers would name a key of the sender's choice, or another reading of the token.
func refusedMembers() []string {
	return []string{"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc", "cty"}
}

func (m *mechanism) judgeHeader(t *token, data []byte) error {
	members, err := members(data)
	if err != nil {
		return fault(entry.FaultMalformed, "the token's header is malformed")
	}
	for name := range members {
		if slices.Contains(refusedMembers(), strings.ToLower(name)) {
			return fault(entry.FaultMalformed, "the token's header has a member that no token of this provider has: "+strings.ToLower(name))
		}
	}
	var typ string
	for name, to := range map[string]*string{"alg": &t.alg, "kid": &t.kid, "typ": &typ} {
		if *to, err = strictjson.Text(members, name); err != nil {
			return fault(entry.FaultMalformed, "the token's header is malformed")
		}
	}
	switch {
	case !slices.Contains(m.algorithms, t.alg): //lint:notsecret the name of an algorithm
		return fault(entry.FaultMalformed, "the token says that it is signed by another algorithm than this provider's: another one is never tried")
	case typ != "" && !strings.EqualFold(typ, "JWT"):
		return fault(entry.FaultMalformed, "the token is of another type than JWT")
	case len(t.kid) > maxKid || strings.ContainsFunc(t.kid, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fault(entry.FaultMalformed, "the token's kid is none that a provider gives its keys")
	case t.kid == "" && m.pair() != 0 && m.keyless:
		return fault(entry.FaultMalformed, "the token does not name its key")
	}
	return nil
}

func members(data []byte) (map[string]json.RawMessage, error) {
	if err := strictjson.Check(data); err != nil {
		return nil, err
	}
	return strictjson.Object(data)
}

// claims are those of a token whose signature was verified.
type claims map[string]json.RawMessage

// text is a claim that must be a string; absent is "".
func (c claims) text(name string) (string, error) {
	s, err := strictjson.Text(c, name)
	if err != nil {
		return "", fault(entry.FaultMalformed, "the token's claim "+name+" is no text")
	}
	return s, nil
}

// one says whether a text claim is one of those allowed. Claims are no secrets; the comparison costs the same anyway.
func (c claims) one(name string, allowed []string) (bool, error) {
	got, err := c.text(name)
	if err != nil {
		return false, err
	}
	found := 0
	for _, want := range allowed {
		found |= subtle.ConstantTimeCompare([]byte(got), []byte(want))
	}
	return found == 1 && got != "", nil
}

// audience says whether the token is for one of those named: aud is a text or a list of texts.
func (c claims) audience(allowed []string) (bool, error) {
	raw, ok := c["aud"]
	if !ok {
		return false, nil
	}
	var list []string
	if len(raw) > 0 && raw[0] == '"' {
		list = make([]string, 1)
		if err := json.Unmarshal(raw, &list[0]); err != nil {
			return false, err
		}
	} else if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		return false, fault(entry.FaultMalformed, "the token's claim aud is neither a text nor a list of texts")
	}
	for _, got := range list {
		if got != "" && slices.Contains(allowed, got) {
			return true, nil
		}
	}
	return false, nil
}

// moment is a claim that is a time in seconds, in its one spelling; absent is the zero time.
func (c claims) moment(name string) (time.Time, error) {
	raw, ok := c[name]
	if !ok {
		return time.Time{}, nil
	}
	text := string(raw)
	n := int64(0)
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || i > 10 || text[0] == '0' {
			return time.Time{}, fault(entry.FaultMalformed, "the token's claim "+name+" is no time in whole seconds")
		}
		n = n*10 + int64(text[i]-'0')
	}
	return time.Unix(n, 0), nil
}
