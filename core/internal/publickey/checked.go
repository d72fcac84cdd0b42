package publickey

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/digest"
)

// The sizes of RSA keys for tokens and message signatures, in bits. A shorter key can be factored. A longer one makes
// each verification expensive, and unverified senders can cause verifications. Package digest has the sizes for the
// signatures of a scheme.
const (
	MinRSABits = digest.MinRSABits
	MaxRSABits = 8192
)

// CheckRSA returns what is wrong with a key that may have from least to most bits, or "". It fails closed on a key
// without a modulus, which crypto/rsa would only notice in use.
func CheckRSA(k *rsa.PublicKey, least, most int) (problem string) {
	if k == nil || k.N == nil || k.N.Sign() <= 0 {
		return "the RSA key has no modulus"
	}
	if bits := k.N.BitLen(); bits < least || bits > most {
		return fmt.Sprintf("the RSA key has %d bits; from %d to %d are accepted", bits, least, most)
	}
	// With an exponent of 1 every text is its own signature. Even exponents have no inverse, and even moduli are not
	// products of two large primes. Beyond 31 bits crypto/rsa refuses the key.
	if k.E < 3 || k.E%2 == 0 || k.E > 1<<31-1 || k.N.Bit(0) == 0 {
		return "no real key has the RSA key's exponent or modulus"
	}
	return ""
}

// CheckP256 returns what is wrong with a key for ES256 (RFC 7518, section 3.4), or "". A point that is not on the curve
// fails closed: on another curve discrete logarithms may be easy.
func CheckP256(k *ecdsa.PublicKey) (problem string) { return checkPoint(k, elliptic.P256()) }

// CheckP521 returns what is wrong with a key for ES512 (RFC 7518, section 3.4), or "". A point that is not on the curve
// fails closed.
func CheckP521(k *ecdsa.PublicKey) (problem string) { return checkPoint(k, elliptic.P521()) }

func checkPoint(k *ecdsa.PublicKey, curve elliptic.Curve) (problem string) {
	//lint:ignore SA1019 ECDH would panic on a key without coordinates
	if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
		return "the ECDSA key has no point"
	}
	if k.Curve != curve {
		return "the key is on another curve than " + curve.Params().Name
	}
	if _, err := k.ECDH(); err != nil {
		return "the key is not a point of " + curve.Params().Name
	}
	return ""
}

// CheckEd25519 returns what is wrong with a key, or "". It does not check that the key is a point of the curve:
// crypto/ed25519 does so at each verification, and no signature is valid then.
func CheckEd25519(k ed25519.PublicKey) (problem string) {
	if len(k) != ed25519.PublicKeySize { // ed25519.Verify would panic
		return fmt.Sprintf("a public key of Ed25519 has %d bytes, and this one %d", ed25519.PublicKeySize, len(k))
	}
	masked := slices.Clone(k)
	masked[31] &= 0x7f // the sign of x
	if slices.Contains(SmallOrder(), hex.EncodeToString(masked)) {
		return "the key is a point of small order, under which anybody can sign"
	}
	return ""
}

// SmallOrder returns the y coordinates, little-endian, of every encoding of the eight points of small order. With such
// a key, signatures can be made that match any message. A test computes the list.
func SmallOrder() []string {
	return []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		// 0 and 1 again, as p and p+1: RFC 8032 forbids these encodings, and some readers accept them.
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	}
}
