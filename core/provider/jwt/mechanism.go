package jwt

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	lib "github.com/golang-jwt/jwt/v5"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jose"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// mechanism is what an entry knows of its tokens. It is immutable, but for what it remembers of keys.
type mechanism struct {
	header     string   // canonical
	scheme     string   // before the token: "Bearer"; empty: the token alone
	algorithms []string // of one kind of key
	keyless    bool     // keys are published, and may be fetched by their kid

	issuers   []string // iss is one of them
	audiences []string // nil: aud is not checked
	emails    []string // email is one of them, and was verified; nil: not checked
	expires   bool     // exp is required
	notBefore bool     // nbf is required
	issued    bool     // iat is required
	leeway    time.Duration
	time      string // the claim that the guard checks for freshness: "iat", "nbf"; empty: none

	bodyHash     string // the claim that is the hexadecimal SHA-256 of the body
	bodyBase64   bool   // it is in padded base64 instead
	bodyOptional bool   // of an empty body there is no hash
	getsOptional bool   // of a GET without a body there need be none
	urlHash      string // the claim that is the hexadecimal SHA-256 of the URL
	qsh          *queryHash

	signed func(t *token, url string, body []byte) [sha256.Size]byte // what an event is remembered by, where tokens say
	covers string

	fit publickey.LastChecked // of the keys that a source gave
}

// pair is the algorithm of a key pair; 0: a secret signs.
func (m *mechanism) pair() entry.Algorithm {
	switch m.algorithms[0] {
	case "RS256":
		return entry.RSAPKCS1SHA256
	case "ES256":
		return entry.ECDSAP256SHA256
	case "EdDSA":
		return entry.Ed25519
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
		Time: m.time != "", Body: m.bodyHash != "", URL: m.urlHash != "" || m.qsh != nil,
		Query: m.urlHash != "" || m.qsh != nil, Keyless: m.keyless, Pair: m.pair(),
		Proof: "JWT " + strings.Join(m.algorithms, ", ") + " in " + where, Signed: m.covers,
		Headers: []string{m.header},
	}
}

// Key takes a secret as it is, or a public key in PEM.
func (m *mechanism) Key(text string, least int) (key any, problem string) {
	if m.pair() != 0 {
		return jose.PublicKey(m.algorithms[0], text)
	}
	if len(text) < max(1, least) {
		return nil, fmt.Sprintf("the secret is too short: it needs at least %d bytes", max(1, least))
	}
	return digest.NewHMACKey([]byte(text)), ""
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

func (m *mechanism) Body(
	ctx context.Context, req *entry.CustomRequest, state any, body []byte,
) (entry.CustomProof, error) {
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
	c, err := m.claims(t.claims)
	if err != nil {
		return proof, err
	}
	if proof.Time, err = m.check(&c, req.Now); err != nil {
		return proof, err
	}
	if err := m.judgeHashes(&c, req, body); err != nil {
		return proof, err
	}
	if m.signed != nil {
		proof.Signed = m.signed(t, req.URL, body)
	}
	return proof, nil
}

// verify finds the key that made the signature: the index of a configured one, or -1 for one that was fetched.
func (m *mechanism) verify(ctx context.Context, req *entry.CustomRequest, t *token) (int, error) {
	if req.Source == nil {
		for i, key := range req.Keys {
			if t.fits(key) {
				return i, nil
			}
		}
		return 0, fault.New(reason.BadSignature,
			"the token's signature matches under none of the keys: compare Secrets with what the provider shows")
	}
	key, err := req.Source.Key(ctx, string(t.kid))
	switch {
	case errors.Is(err, entry.ErrKeyRefused):
		return 0, fault.New(reason.BadSignature, "the token names a key that is none of the provider's: "+err.Error())
	case err != nil:
		return 0, fault.New(reason.KeysUnavailable, "the key that the token names is not available now: "+err.Error())
	}
	if problem := m.fit.Check(t.method.Alg(), key, jose.CheckKey); problem != "" {
		return 0, fault.New(reason.BadSignature, "the key that the token names is unfit: "+problem)
	}
	if !t.fits(key) {
		return 0, fault.New(reason.BadSignature, "the token's signature does not match under the key that it names")
	}
	return -1, nil
}

// fits says whether the signature is a key's. The library's methods take keys of their own kind only. Its method for
// ES256 makes two numbers of the signature, which the standard library writes again, and its method for HS256 takes
// the secret up again each time; here the one are written at once, and the other is ready.
func (t *token) fits(key any) bool {
	secret, isSecret := key.(*digest.HMACKey)
	switch {
	case t.method == lib.SigningMethodES256: //lint:notsecret an algorithm
		public, ok := key.(*ecdsa.PublicKey)
		sum := sha256.Sum256([]byte(t.input))
		return ok && publickey.VerifyRawECDSA(public, sum[:], t.signature)
	case t.method == lib.SigningMethodHS256: //lint:notsecret an algorithm
		return isSecret && secret.Fits([]byte(t.input), t.signature)
	case isSecret:
		key = secret.Secret()
	}
	return t.method.Verify(t.input, t.signature, key) == nil
}

// check checks issuer, audience and times, and gives the time that the guard checks.
func (m *mechanism) check(c *claims, now time.Time) (at time.Time, err error) {
	if m.issuers != nil {
		if ok, err := oneOf("iss", c.iss, m.issuers); err != nil || !ok {
			return at, either(err, fault.New(reason.WrongRecipient,
				"the token is of another issuer (iss) than this provider, or than the one that is configured"))
		}
	}
	if m.audiences != nil {
		if ok, err := audience(c.aud, m.audiences); err != nil || !ok {
			return at, either(err, fault.New(reason.WrongRecipient,
				"the token is for another audience (aud) than the one that is configured"))
		}
	}
	if err := m.judgeEmail(c); err != nil {
		return at, err
	}
	exp, err := required("exp", c.exp, m.expires)
	if err != nil {
		return at, err
	}
	nbf, err := required("nbf", c.nbf, m.notBefore)
	if err != nil {
		return at, err
	}
	iat, err := required("iat", c.iat, m.issued)
	if err != nil {
		return at, err
	}
	// Those that are there count, required or not.
	if !exp.IsZero() && !now.Before(exp.Add(m.leeway)) {
		return at, fault.New(reason.Stale,
			"the token has expired: a replay, a slow queue, or this machine's clock is fast")
	}
	if !nbf.IsZero() && nbf.After(now.Add(m.leeway)) {
		return at, fault.New(reason.Early, "the token is not valid yet: this machine's clock may be slow")
	}
	switch m.time {
	case "iat":
		return iat, nil
	case "nbf":
		return nbf, nil
	default:
		return at, nil
	}
}

// required is the time of a claim, which must be there where the entry says so.
func required(name string, value []byte, needed bool) (time.Time, error) {
	at, err := moment(name, value)
	if err == nil && needed && at.IsZero() {
		err = fault.New(reason.MissingTimestamp, "the token has no "+name)
	}
	return at, err
}

func (m *mechanism) judgeEmail(c *claims) error {
	if m.emails == nil {
		return nil
	}
	ok, err := oneOf("email", c.email, m.emails)
	if err != nil {
		return err
	}
	if !ok || string(c.verified) != "true" {
		// Anybody can have the provider make a token for this audience, in the name of another account.
		return fault.New(reason.WrongRecipient,
			"the token is of another account (email) than the one that is configured")
	}
	return nil
}

func (m *mechanism) judgeHashes(c *claims, req *entry.CustomRequest, body []byte) error {
	if m.bodyHash != "" {
		if m.getsOptional && len(body) == 0 && req.Method == http.MethodGet && c.bodyHash == nil {
			return nil
		}
		if m.bodyOptional && len(body) == 0 {
			if c.bodyHash != nil {
				return fault.New(reason.BadSignature, "the body is empty, and the token is for one that is not: "+
					"something before the guard may have read it")
			}
		} else if ok, err := hashes(m.bodyHash, c.bodyHash, body, m.bodyBase64); err != nil || !ok {
			return either(err, fault.New(reason.BadSignature, "the token is for another body: its claim "+m.bodyHash+
				" does not match"))
		}
	}
	if m.urlHash != "" {
		if ok, err := hashes(m.urlHash, c.urlHash, []byte(req.URL), false); err != nil || !ok {
			return fault.New(reason.BadSignature,
				"the token is for another URL: compare PublicURL with the one registered at the provider")
		}
	}
	if m.qsh != nil {
		return m.qsh.check(c.qsh, req)
	}
	return nil
}

func either(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
