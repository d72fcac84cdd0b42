// Package jose has what the senders of JSON Web Tokens and of other JSON Web Signatures share: which members no header
// of theirs may have unasked, which names of keys are accepted, and which keys fit an algorithm (RFC 7515, 7517, 7518).
package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
)

// delicate are the members that would name a key of the sender's choice, or another reading of what is signed.
func delicate() [9]string {
	return [...]string{"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc", "cty"}
}

// Delicate returns the delicate member that a name of a header's member is, in whatever case, or "": such a member is
// refused where the entry does not expect it.
func Delicate(name []byte) string {
	for _, one := range delicate() {
		if bytes.EqualFold(name, []byte(one)) {
			return one
		}
	}
	return ""
}

// maxKid bounds the name of a key, in bytes.
const maxKid = 256

// IsKid reports whether a text may name a key, or is empty. It fails closed on control characters and on long texts.
func IsKid(kid []byte) bool {
	return len(kid) <= maxKid && !bytes.ContainsFunc(kid, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// CheckKey returns what is wrong with a key for an algorithm, or "". It fails closed on every type of key that is not
// the algorithm's.
func CheckKey(alg string, key crypto.PublicKey) (problem string) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if alg != "RS256" && alg != "RS512" {
			return "it is one of RSA"
		}
		return publickey.CheckRSA(k, publickey.MinRSABits, publickey.MaxRSABits)
	case *ecdsa.PublicKey:
		switch alg {
		case "ES256":
			return publickey.CheckP256(k)
		case "ES512":
			return publickey.CheckP521(k)
		}
		return "it is one of ECDSA"
	case ed25519.PublicKey:
		if alg != "EdDSA" {
			return "it is one of Ed25519"
		}
		return publickey.CheckEd25519(k)
	default:
		return "it is of another type than the provider's"
	}
}

// PublicKey reads a public key in PEM, as a user configures it, or says what is wrong with it.
func PublicKey(alg, text string) (key any, problem string) {
	public, problem := publickey.ParsePEM(text)
	if problem != "" {
		return nil, problem
	}
	if problem := CheckKey(alg, public); problem != "" {
		return nil, "the key is unfit for " + alg + ": " + problem
	}
	return public, ""
}
