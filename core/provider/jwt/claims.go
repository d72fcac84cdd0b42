package jwt

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
	"github.com/sallyport-go/sallyport/core/reason"
)

// claims are those that a mechanism checks, as they are written, of a token whose signature was verified; nil: absent.
type claims struct {
	iss, aud, email, verified []byte
	exp, nbf, iat             []byte
	bodyHash, urlHash, qsh    []byte
}

func (m *mechanism) claims(data []byte) (claims, error) {
	var c claims
	err := strictjson.Members(data, func(name, value []byte) {
		switch string(name) {
		case "iss":
			c.iss = value
		case "aud":
			c.aud = value
		case "email":
			c.email = value
		case "email_verified":
			c.verified = value
		case "exp":
			c.exp = value
		case "nbf":
			c.nbf = value
		case "iat":
			c.iat = value
		case "qsh":
			c.qsh = value
		case m.bodyHash:
			c.bodyHash = value
		case m.urlHash:
			c.urlHash = value
		}
	})
	if err != nil {
		return claims{}, fault.New(reason.MalformedSignature, "the token's claims are malformed")
	}
	return c, nil
}

// claimText is a claim that must be a string; absent is "".
func claimText(name string, value []byte) ([]byte, error) {
	s, ok := text(value)
	if !ok {
		return nil, fault.New(reason.MalformedSignature, "the token's claim "+name+" is no text")
	}
	return s, nil
}

// oneOf says whether a text claim is one of those allowed. Claims are no secrets; the comparison costs the same anyway.
func oneOf(name string, value []byte, allowed []string) (bool, error) {
	got, err := claimText(name, value)
	if err != nil {
		return false, err
	}
	found := 0
	for _, want := range allowed {
		found |= subtle.ConstantTimeCompare(got, []byte(want))
	}
	return found == 1 && len(got) > 0, nil
}

// audience says whether the token is for one of those named: aud is a text or a list of texts.
func audience(aud []byte, allowed []string) (bool, error) {
	if aud == nil {
		return false, nil
	}
	if aud[0] == '"' {
		return oneOf("aud", aud, allowed)
	}
	var list []string
	if err := json.Unmarshal(aud, &list); err != nil || list == nil {
		return false, fault.New(reason.MalformedSignature,
			"the token's claim aud is neither a text nor a list of texts")
	}
	for _, got := range list {
		if got != "" && slices.Contains(allowed, got) {
			return true, nil
		}
	}
	return false, nil
}

// moment is a claim that is a time in seconds, in its one form; absent is the zero time.
func moment(name string, value []byte) (time.Time, error) {
	if value == nil {
		return time.Time{}, nil
	}
	n := int64(0)
	for i, c := range value {
		if c < '0' || c > '9' || i > 10 || value[0] == '0' {
			return time.Time{}, fault.New(reason.MalformedSignature, "the token's claim "+name+
				" is no time in whole seconds")
		}
		n = n*10 + int64(c-'0')
	}
	return time.Unix(n, 0), nil
}

// hashes reports whether a claim is the SHA-256 of what it is the hash of, in hexadecimal digits or in padded base64.
// It fails closed: a hash in the other encoding is not read.
func hashes(name string, value []byte, of []byte, inBase64 bool) (bool, error) {
	got, err := claimText(name, value)
	if err != nil {
		return false, err
	}
	var sum [sha256.Size]byte
	want := sha256.Sum256(of)
	if inBase64 {
		return subtle.ConstantTimeCompare(got, []byte(base64.StdEncoding.EncodeToString(want[:]))) == 1, nil
	}
	if len(got) != hex.EncodedLen(len(sum)) {
		return false, nil
	}
	if _, err := hex.Decode(sum[:], got); err != nil {
		return false, nil // what is no hash is the hash of nothing
	}
	return subtle.ConstantTimeCompare(sum[:], want[:]) == 1, nil
}
