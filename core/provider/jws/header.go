package jws

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jose"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	// maxCertificate bounds one certificate of a chain, in base64.
	maxCertificate = 6 << 10
	chainLength    = 3 // leaf, intermediate and root
)

// joseHeader are the members of a JWS's header that count; nil: absent.
type joseHeader struct {
	alg, kid, typ, jku, x5c, crit, b64, ts, version, listed []byte

	refused string   // the name of a member that no JWS of this provider has
	chain   [][]byte // of x5c, in DER
}

func (h *joseHeader) take(name, value []byte) {
	switch string(name) {
	case "alg":
		h.alg = value
	case "kid":
		h.kid = value
	case "typ":
		h.typ = value
	case "jku":
		h.jku = value
	case "x5c":
		h.x5c = value
	case "crit":
		h.crit = value
	case "b64":
		h.b64 = value
	case "ts":
		h.ts = value
	case "tl_version":
		h.version = value
	case "tl_headers":
		h.listed = value
	}
}

// readHeader reads the header and checks it against the entry. It fails closed on every member that would change the
// key or the reading and that the entry does not expect.
func (m *mechanism) readHeader(s *signed, data []byte) error {
	h := &s.header
	err := strictjson.Members(data, func(name, value []byte) {
		h.take(name, value)
		if one := jose.Delicate(name); one != "" && !slices.Contains(m.expects, string(name)) {
			h.refused = one
		}
	})
	switch {
	case err != nil:
		return malformedHeader
	case h.refused != "":
		return fault.New(reason.MalformedSignature,
			"the signature's header has a member that no signature of this provider has: "+h.refused)
	}
	alg, algOK := strictjson.String(h.alg)
	if !algOK || string(alg) != m.algorithm {
		return fault.New(reason.MalformedSignature, "the signature's header names another algorithm than "+m.algorithm+
			", which is this provider's: another one is never tried")
	}
	if typ, ok := strictjson.String(h.typ); h.typ != nil && (!ok || m.detached == attached &&
		!bytes.EqualFold(typ, []byte("JWT")) && !bytes.EqualFold(typ, []byte("JOSE"))) {
		return fault.New(reason.MalformedSignature, "the signature is of another type than JWT")
	}
	if err := m.readKid(h); err != nil {
		return err
	}
	for _, name := range m.expects {
		if err := m.checkExpected(name, h); err != nil {
			return err
		}
	}
	return nil
}

// malformedHeader is the refusal of a header that cannot be read.
//
//lint:immutable an error value
var malformedHeader = fault.New(reason.MalformedSignature, "the signature's header is malformed")

// readKid unescapes and checks the name of the key.
func (m *mechanism) readKid(h *joseHeader) error {
	if h.kid == nil {
		if m.names == byKid {
			return fault.New(reason.MalformedSignature, "the signature does not name its key (kid)")
		}
		return nil
	}
	kid, ok := strictjson.String(h.kid)
	if !ok || len(kid) == 0 || !jose.IsKid(kid) {
		return fault.New(reason.MalformedSignature, "the signature's kid is none that a provider gives its keys")
	}
	h.kid = kid
	return nil
}

// checkExpected checks a member that the entry's headers have, and the others must not have.
func (m *mechanism) checkExpected(name string, h *joseHeader) error {
	switch name {
	case "x5c":
		return h.readChain()
	case "b64": // RFC 7797, section 6: crit must name it
		var crit []string
		if string(h.b64) != "false" || json.Unmarshal(h.crit, &crit) != nil || len(crit) != 1 || crit[0] != "b64" {
			return fault.New(reason.MalformedSignature,
				`the signature's header must say that the payload is not encoded: "b64":false and "crit":["b64"]`)
		}
	case "jku": // compared, and never fetched
		if jku, ok := strictjson.String(h.jku); !ok || !slices.Contains(m.jku, string(jku)) {
			return fault.New(reason.MalformedSignature,
				"the signature names another set of keys (jku) than those that the provider documents")
		}
	}
	return nil
}

// readChain decodes the certificates of x5c (RFC 7515, section 4.1.6): exactly three, in padded base64, each bounded.
// It parses none: that is done after the cheap checks.
func (h *joseHeader) readChain() error {
	bad := fault.New(reason.MalformedSignature,
		"the signature's header must hold a chain of three certificates (x5c) in base64")
	var list []string
	if len(h.x5c) == 0 || h.x5c[0] != '[' || json.Unmarshal(h.x5c, &list) != nil || len(list) != chainLength {
		return bad
	}
	for _, text := range list {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		// The comparison of lengths is for line breaks, which Go's decoder passes over.
		if err != nil || len(der) == 0 || len(text) > maxCertificate ||
			base64.StdEncoding.EncodedLen(len(der)) != len(text) {
			return bad
		}
		h.chain = append(h.chain, der)
	}
	return nil
}
