package signature

import (
	"crypto"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxPublicSignatures is how many signatures of public keys a delivery may have, for both kinds of a scheme together.
// Each may cost one verification for each active key, some 50 to 100 microseconds. A forger who sends the most costs 4
// times as many verifications as there are keys; one or two keys are usual. Senders sign with one key, and with two
// while they change it.
const maxPublicSignatures = 4

// publicSignature is a decoded signature of a public key.
type publicSignature struct {
	kind  int
	bytes []byte
}

// tryKey is publickey.Verify, which tests replace to count its calls: it is the most expensive thing that an unverified
// sender can cause.
type tryKey func(alg entry.Algorithm, key crypto.PublicKey, signed, signature []byte) bool

// verifiedBy reports whether one of the delivery's signatures was made by the key.
//
// It stops at the first match. A public key is not a secret, so the time shows nothing that an attacker
// could not compute.
func (p *Claims) verifiedBy(try tryKey, k *activeKey, alg entry.Algorithm, signed []byte) bool {
	for i := range p.public {
		if s := &p.public[i]; s.kind == k.kind && try(alg, k.public, signed, s.bytes) {
			return true
		}
	}
	return false
}

// holds reports whether the delivery has a signature of a kind.
//
// It is asked before a key is tried, so that no key costs a verification for which there is no
// signature.
func (p *Claims) holds(kind, mac int) bool {
	if kind == mac {
		return p.signatures.n > 0
	}
	for i := range p.public {
		if p.public[i].kind == kind {
			return true
		}
	}
	return false
}

// decodePublicSignature decodes a signature of a public key, as strictly as decodeSignature does.
func decodePublicSignature(enc entry.Encoding, text string, least, most int) ([]byte, bool) {
	// The length is checked before the slice is made: an unverified sender chooses it.
	if len(text) > 2*most {
		return nil, false
	}
	out := make([]byte, len(text))
	n, ok := decodeText(enc, out, []byte(text))
	if !ok || n < least || n > most {
		return nil, false
	}
	return out[:n], true
}
