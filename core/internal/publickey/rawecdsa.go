package publickey

import "crypto/ecdsa"

const (
	half = 32 // bytes of each of the two numbers
	// Size is how long a signature is.
	Size = 2 * half
)

// VerifyRawECDSA says whether the signature of a hash is the key's. It spells the two numbers as the standard library's
// verifier takes them, which is stricter than any reader of numbers: r and s of 0 or beyond the order are refused
// there.
func VerifyRawECDSA(key *ecdsa.PublicKey, hash, signature []byte) bool {
	if len(signature) != Size {
		return false
	}
	var room [2 + 2*(2+1+half)]byte
	der := append(room[:0], 0x30, 0) // SEQUENCE
	der = number(number(der, signature[:half]), signature[half:])
	der[1] = byte(len(der) - 2) // at most 70, so that one byte holds it
	return ecdsa.VerifyASN1(key, hash, der)
}

// number appends a number as an INTEGER in its one spelling: no zero bytes in front, but where its first bit would make
// it negative.
func number(der, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 {
		return append(append(der, 2, byte(len(n)+1), 0), n...)
	}
	return append(append(der, 2, byte(len(n))), n...)
}
