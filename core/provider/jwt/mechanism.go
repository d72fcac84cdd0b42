package jwt

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"time"

	lib "github.com/golang-jwt/jwt/v5"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// mechanism is what an entry knows of its tokens. It is immutable.
type mechanism struct {
	header     string   // canonical
	scheme     string   // before the token: "Bearer"; empty: the token alone
	algorithms []string // of one kind of key
	keyless    bool     // keys are published, and may be fetched by their kid

	issuers   []string // iss is one of them
	audiences []string // nil: aud is not judged
	emails    []string // email is one of them, and was verified; nil: not judged
	expires   bool     // exp is required
	notBefore bool     // nbf is required
	issued    bool     // iat is required
	leeway    time.Duration
	time      string // the claim that the guard judges for freshness: "iat", "nbf"; empty: none

	bodyHash     string // the claim that is the hexadecimal SHA-256 of the body
	bodyOptional bool   // of an empty body there is no hash
	urlHash      string // the claim that is the hexadecimal SHA-256 of the URL
	qsh          *queryHash

	signed func(t *token, url string, body []byte) [sha256.Size]byte // what an event is remembered by, where tokens say
	covers string
}

// minSecret is the shortest secret accepted, as everywhere.
const minSecret = 16

// pair is the algorithm of a key pair; 0: a secret signs.
func (m *mechanism) pair() entry.Algorithm {
	switch m.algorithms[0] {
	case "RS256":
		return entry.RSAPKCS1SHA256
	case "ES256":
		return entry.ECDSAP256SHA256
	default:
		return 0
	}
}

func (m *mechanism) Traits() entry.CustomTraits {
	where := "`" + m.header + "`"
	if m.scheme != "" {
		where += " (" + m.scheme + ")"
	}
	return entry.CustomTraits{
		Time: m.time != "", Body: m.bodyHash != "", URL: m.urlHash != "" || m.qsh != nil, Keyless: m.keyless, Pair: m.pair(),
		Proof: "JWT " + list(m.algorithms) + " in " + where, Signed: m.covers, Headers: []string{m.header},
	}
}

// Key takes a secret as it is, or a public key in PEM.
func (m *mechanism) Key(text string) (key any, problem string) {
	if m.pair() != 0 {
		return publicKey(m.algorithms[0], text)
	}
	if len(text) < minSecret {
		return nil, "the secret is too short: it needs at least 16 bytes"
	}
	return []byte(text), ""
}

func (m *mechanism) Head(req *entry.CustomRequest) (state any, err error) {
	text, err := m.presented(req.Header)
	if err != nil {
		return nil, err
	}
	t, err := m.parse(text)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (m *mechanism) Body(ctx context.Context, req *entry.CustomRequest, state any, body []byte) (entry.CustomProof, error) {
	proof := entry.CustomProof{}
	t, ok := state.(*token)
	if !ok {
		return proof, errors.New("the token was not read")
	}
	var err error
	if proof.Key, err = m.verify(ctx, req, t); err != nil {
		return proof, err
	}
	// The signature is the provider's. Only now are the claims looked at.
	all, err := members(t.claims)
	if err != nil {
		return proof, fault(entry.FaultMalformed, "the token's claims are malformed")
	}
	if proof.Time, err = m.judge(all, req.Now); err != nil {
		return proof, err
	}
	if err := m.judgeHashes(all, req, body); err != nil {
		return proof, err
	}
	if m.signed != nil {
		proof.Signed = m.signed(t, req.URL, body)
	}
	return proof, nil
}

// verify finds the key that made the signature: the index of a configured one, or -1 for one that was fetched.
func (m *mechanism) verify(ctx context.Context, req *entry.CustomRequest, t *token) (int, error) {
	method := lib.GetSigningMethod(t.alg) // one of the entry's, by judgeHeader
	if method == nil {
		return 0, errors.New("the entry names an unknown algorithm")
	}
	if req.Source == nil {
		for i, key := range req.Keys {
			if method.Verify(t.input, t.signature, key) == nil {
				return i, nil
			}
		}
		return 0, fault(entry.FaultBad, "the token's signature matches under none of the keys: compare Secrets with what the provider shows")
	}
	key, err := req.Source.Key(ctx, t.kid)
	switch {
	case errors.Is(err, entry.ErrKeyRefused):
		return 0, fault(entry.FaultBad, "the token names a key that is none of the provider's: "+err.Error())
	case err != nil:
		return 0, fault(entry.FaultKeysUnavailable, "the key that the token names cannot be had now: "+err.Error())
	}
	if problem := checkKey(t.alg, key); problem != "" {
		return 0, fault(entry.FaultBad, "the key that the token names is unfit: "+problem)
	}
	if method.Verify(t.input, t.signature, key) != nil {
		return 0, fault(entry.FaultBad, "the token's signature does not match under the key that it names")
	}
	return -1, nil
}

// checkKey says what is wrong with a key for an algorithm.
func checkKey(alg string, key crypto.PublicKey) (problem string) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if alg != "RS256" {
			return "it is one of RSA"
		}
		if bits := k.N.BitLen(); bits < 2048 || bits > 8192 || k.E < 3 || k.E&1 == 0 {
			return "the RSA key is weak, or longer than any real one"
		}
	case *ecdsa.PublicKey:
		if alg != "ES256" {
			return "it is one of ECDSA"
		}
		if k.Curve != elliptic.P256() {
			return "it is on another curve than P-256"
		}
		if _, err := k.ECDH(); err != nil {
			return "it is no point of P-256"
		}
	default:
		return "it is of another type than the provider's"
	}
	return ""
}

// judge judges issuer, audience and times, and gives the time that the guard judges.
func (m *mechanism) judge(c claims, now time.Time) (at time.Time, err error) {
	if ok, err := c.one("iss", m.issuers); m.issuers != nil && (err != nil || !ok) {
		return at, either(err, fault(entry.FaultWrongRecipient, "the token is of another issuer (iss) than this provider, or than the one that is configured"))
	}
	if ok, err := c.audience(m.audiences); m.audiences != nil && (err != nil || !ok) {
		return at, either(err, fault(entry.FaultWrongRecipient, "the token is for another audience (aud) than the one that is configured"))
	}
	if err := m.judgeEmail(c); err != nil {
		return at, err
	}
	times := map[string]time.Time{}
	for name, required := range map[string]bool{"exp": m.expires, "nbf": m.notBefore, "iat": m.issued} {
		if times[name], err = c.moment(name); err != nil {
			return at, err
		}
		if required && times[name].IsZero() {
			return at, fault(entry.FaultMissingTime, "the token has no "+name)
		}
	}
	// Those that are there count, required or not.
	if exp := times["exp"]; !exp.IsZero() && !now.Before(exp.Add(m.leeway)) {
		return at, fault(entry.FaultStale, "the token has expired: a replay, a slow queue, or this machine's clock is fast")
	}
	if nbf := times["nbf"]; !nbf.IsZero() && nbf.After(now.Add(m.leeway)) {
		return at, fault(entry.FaultEarly, "the token is not valid yet: this machine's clock may be slow")
	}
	return times[m.time], nil
}

func (m *mechanism) judgeEmail(c claims) error {
	if m.emails == nil {
		return nil
	}
	ok, err := c.one("email", m.emails)
	if err != nil {
		return err
	}
	if !ok || string(c["email_verified"]) != "true" {
		// Anybody can have the provider make a token for this audience, in the name of another account.
		return fault(entry.FaultWrongRecipient, "the token is of another account (email) than the one that is configured")
	}
	return nil
}

func (m *mechanism) judgeHashes(c claims, req *entry.CustomRequest, body []byte) error {
	if m.bodyHash != "" {
		_, present := c[m.bodyHash]
		if m.bodyOptional && len(body) == 0 {
			if present {
				return fault(entry.FaultBad, "the body is empty, and the token is for one that is not: something before the guard may have read it")
			}
		} else if err := c.matches(m.bodyHash, body); err != nil {
			return err
		}
	}
	if m.urlHash != "" {
		if err := c.matches(m.urlHash, []byte(req.URL)); err != nil {
			return fault(entry.FaultBad, "the token is for another URL: compare PublicURL with the one registered at the provider")
		}
	}
	if m.qsh != nil {
		return m.qsh.judge(c, req)
	}
	return nil
}

// matches compares a claim with the hexadecimal SHA-256 of what it is the hash of.
func (c claims) matches(name string, of []byte) error {
	text, err := c.text(name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(of)
	got, err := hex.DecodeString(text)
	if err != nil || subtle.ConstantTimeCompare(got, sum[:]) != 1 {
		return fault(entry.FaultBad, "the token is for another body: its claim "+name+" does not match")
	}
	return nil
}

func either(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
