package publickey

import "crypto/ecdsa"

const (
	half = 32 // bytes of each of the two numbers
	// size is the length of a signature on P-256, in bytes.
	size = 2 * half
)

// VerifyRawECDSA reports whether a signature of a hash is valid. The signature is the two numbers r and s, 32 bytes
// each (RFC 7518, section 3.4). It converts them to ASN.1 for the verifier of the standard library, which refuses
// numbers of 0 or beyond the order. Another length fails closed.
func VerifyRawECDSA(key *ecdsa.PublicKey, hash, signature []byte) bool {
	if len(signature) != size {
		return false
	}
	var room [2 + 2*(2+1+half)]byte  // tag and length, and for each number tag, length, a zero byte and 32 more
	der := append(room[:0], 0x30, 0) // SEQUENCE
	der = number(number(der, signature[:half]), signature[half:])
	der[1] = byte(len(der) - 2) // at most 70, so that one byte holds it
	return ecdsa.VerifyASN1(key, hash, der)
}

// number appends a number as an ASN.1 INTEGER in its only DER form: without leading zero bytes, except one where the
// first bit would make it negative.
func number(der, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 {
		return append(append(der, 2, byte(len(n)+1), 0), n...)
	}
	return append(append(der, 2, byte(len(n))), n...)
}
