package jws

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jose"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// naming says how a delivery names its key, where keys are not configured.
type naming uint8

const (
	byKid      naming = iota // its header has a kid
	unnamed                  // it may name none: each of the provider's few keys is tried
	configured               // the user configures the key, and the provider publishes none
	byChain                  // its header has the key's certificates, up to a root that the entry pins
)

// mechanism is what an entry knows of its signatures. It is immutable, but for what it remembers of keys.
type mechanism struct {
	algorithm string
	header    string          // canonical: the header that holds the JWS; empty: the body does
	member    *jsonscan.Paths // to the member of the body that is the JWS; nil: the whole body is
	in        string          // where it stands, for the documentation
	detached  form
	names     naming
	expects   []string // the delicate members that every header of this provider has
	jku       []string // what jku must be
	chain     *chains  // byChain

	time   moment
	limits *jsonscan.Paths // exp, nbf, and the time's pointer

	claim  *jsonscan.Paths // the claim whose text is the event; nil: all claims are
	nested []string        // members of that event which are JSON in a text
	// forUs checks whom the proved payload is for, and of which environment; nil: the key is the receiver's own.
	forUs func(payload []byte) error
	// withHeader remembers an event by the signature's header as well: for providers whose events repeat byte for byte.
	withHeader bool
	// armoured accepts base64 of a key in PEM as well.
	armoured bool
	covers   string
	// wrap is the member of the body that holds the JWS, in tests.
	wrap string
	// complete adds what the provider always sends to the payload of a test.
	complete func(members map[string]json.RawMessage, at int64)

	fit publickey.LastChecked // of the keys that a source gave
}

// made is the one place where an entry gets its mechanism.
func made(e entry.Entry, m *mechanism, err error) core.Provider {
	if e.Scheme == nil {
		e.Scheme = &entry.Scheme{}
	}
	pointers := []string{"/exp", "/nbf"}
	if m.time.at != "" {
		pointers = append(pointers, m.time.at)
	}
	m.limits = jsonscan.Compile(pointers...)
	e.Scheme.Custom = m
	return entry.NewProvider(e, err)
}

func (m *mechanism) Traits() entry.CustomTraits {
	t := entry.CustomTraits{
		Time: m.time.any(), Body: m.member == nil, Payload: m.detached == attached, URL: m.detached == request,
		Query: m.detached == request, Keyless: m.names != configured, Pair: pairOf(m.algorithm),
		Proof: "JWS " + m.algorithm + " in " + m.in, Signed: m.covers,
	}
	if m.header != "" {
		t.Headers = []string{m.header}
	}
	return t
}

// Source returns the chains that an entry pins; nil for all others, whose source is configured.
func (m *mechanism) Source() entry.KeySource {
	if m.chain == nil {
		return nil
	}
	return m.chain
}

// Key takes a public key in PEM.
func (m *mechanism) Key(text string, _ int) (key any, problem string) {
	if m.armoured && !strings.HasPrefix(text, "-----BEGIN") {
		if armour, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = strings.TrimSpace(string(armour))
		}
	}
	return jose.PublicKey(m.algorithm, text)
}

func (m *mechanism) Head(req *entry.CustomRequest) (state any, err error) {
	if m.header == "" {
		return (*signed)(nil), nil
	}
	text, err := m.inHeader(req.Header[m.header])
	if err != nil {
		return nil, err
	}
	s, err := m.parse(text)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (m *mechanism) Body(
	ctx context.Context, req *entry.CustomRequest, state any, body []byte,
) (entry.CustomProof, error) {
	proof := entry.CustomProof{}
	s, ok := state.(*signed)
	if !ok || s == nil && m.header != "" {
		return proof, errors.New("the signature was not read")
	}
	if s == nil {
		text, ok := m.inBody(body)
		if !ok {
			return proof, fault.New(reason.MissingSignature, "the body does not hold a signature: something other "+
				"than this provider sent the request, or something before the guard changed the body")
		}
		var err error
		if s, err = m.parse(text); err != nil {
			return proof, err
		}
	}
	var err error
	if proof.Key, err = m.verify(ctx, req, s, body); err != nil {
		return proof, err
	}
	// The signature is the provider's. Only now is what is signed decoded, and read.
	payload := body
	if m.detached == attached {
		if payload, ok = decode(s.second); !ok {
			return proof, fault.New(reason.MalformedSignature, "the signature's payload is not base64url")
		}
	}
	if proof.Time, err = m.times(s, req, payload); err != nil {
		return proof, err
	}
	if m.forUs != nil {
		if err := m.forUs(payload); err != nil {
			return proof, err
		}
	}
	if m.detached == attached {
		payload = m.event(payload)
	}
	h := sha256.New()
	if m.withHeader {
		_, _ = h.Write(s.first)
		_, _ = h.Write([]byte{'.'})
	}
	_, _ = h.Write(payload)
	h.Sum(proof.Signed[:0])
	return proof, nil
}

// verify finds the key that made the signature: the index of a configured one, or -1 for one that the source gave.
func (m *mechanism) verify(ctx context.Context, req *entry.CustomRequest, s *signed, body []byte) (int, error) {
	sum, err := m.sum(s, req, body, false)
	if err != nil {
		return 0, err
	}
	var other []byte // with the other slash, which genuine deliveries rarely need
	fit := func(key crypto.PublicKey) bool {
		if fits(m.algorithm, key, sum, s.signature) {
			return true
		}
		if m.detached == request && other == nil {
			other, _ = m.sum(s, req, body, true) // it fails where the first one did
		}
		return other != nil && fits(m.algorithm, key, other, s.signature)
	}
	if req.Source == nil {
		for i, key := range req.Keys {
			if fit(key) {
				return i, nil
			}
		}
		return 0, fault.New(reason.BadSignature,
			"the signature matches under none of the keys: compare Secrets with what the provider shows")
	}
	return -1, m.bySource(ctx, req, s, fit)
}

// bySource verifies with the key that the delivery names, or with each of those that it may be signed with.
func (m *mechanism) bySource(
	ctx context.Context, req *entry.CustomRequest, s *signed, fit func(crypto.PublicKey) bool,
) error {
	var key crypto.PublicKey
	var err error
	several, ok := req.Source.(entry.KeyCandidates)
	switch {
	case m.names == byChain:
		key, err = m.chain.leaf(s.header.chain, req.Now)
		if err != nil {
			return err
		}
	case s.header.kid == nil && ok:
		return m.byCandidates(ctx, several, fit)
	default:
		key, err = req.Source.Key(ctx, string(s.header.kid))
	}
	if err != nil {
		return sourceFailed(err)
	}
	if problem := m.fit.Check(m.algorithm, key, jose.CheckKey); problem != "" {
		return fault.New(reason.BadSignature, "the key that the signature names is unfit: "+problem)
	}
	if !fit(key) {
		return fault.New(reason.BadSignature, "the signature does not match under the key that it names")
	}
	return nil
}

// byCandidates tries the provider's keys one after the other, and once more where the provider has new ones.
func (m *mechanism) byCandidates(
	ctx context.Context, several entry.KeyCandidates, fit func(crypto.PublicKey) bool,
) error {
	var tried []crypto.PublicKey
	for range 2 {
		keys, err := several.Candidates(ctx, tried)
		if err != nil {
			return sourceFailed(err)
		}
		for _, key := range keys {
			if jose.CheckKey(m.algorithm, key) == "" && fit(key) {
				return nil
			}
		}
		tried = append(tried, keys...)
	}
	return fault.New(reason.BadSignature, "the signature matches under none of the provider's keys")
}

// sourceFailed returns the refusal of a source's error.
func sourceFailed(err error) error {
	if errors.Is(err, entry.ErrKeyRefused) {
		return fault.New(reason.BadSignature, "the signature names a key that is none of the provider's: "+err.Error())
	}
	return fault.New(reason.KeysUnavailable, "the key of the signature is not available now: "+err.Error())
}

func pointer(p string) []entry.Value { return []entry.Value{{JSON: p}} }

// quote writes the name of a member.
func quote(name []byte) []byte {
	text, _ := json.Marshal(string(name)) // a text always has a form in JSON
	return text
}
