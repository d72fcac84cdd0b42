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

// The sizes of RSA keys of tokens and message signatures. A shorter one can be factored; a longer one makes each
// verification expensive, and unverified senders can ask for it. The signatures of a scheme are bounded by package
// digest.
const (
	MinRSABits = digest.MinRSABits
	MaxRSABits = 8192
)

// CheckRSA says what is wrong with a key that may have so many bits; empty: nothing is.
func CheckRSA(k *rsa.PublicKey, least, most int) (problem string) {
	if k == nil || k.N == nil || k.N.Sign() <= 0 {
		return "the RSA key has no modulus"
	}
	if bits := k.N.BitLen(); bits < least || bits > most {
		return fmt.Sprintf("the RSA key has %d bits; from %d to %d are accepted", bits, least, most)
	}
	if k.E < 3 || k.E%2 == 0 || k.E > 1<<31-1 || k.N.Bit(0) == 0 {
		// With an exponent of 1 every text is its own signature.
		return "the RSA key's exponent or modulus is none that a real key has"
	}
	return ""
}

// CheckP256 says what is wrong with a key for ES256; empty: nothing is.
func CheckP256(k *ecdsa.PublicKey) (problem string) {
	//lint:ignore SA1019 ECDH would panic on a key without coordinates
	if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
		return "the key of ECDSA has no point"
	}
	if k.Curve != elliptic.P256() {
		return "the key is on another curve than P-256"
	}
	if _, err := k.ECDH(); err != nil {
		return "the key is no point of P-256"
	}
	return ""
}

// CheckEd25519 says what is wrong with a key; empty: nothing is. That it is a point at all is judged where it verifies.
func CheckEd25519(k ed25519.PublicKey) (problem string) {
	if len(k) != ed25519.PublicKeySize {
		return fmt.Sprintf("a public key of Ed25519 has %d bytes, and this one %d", ed25519.PublicKeySize, len(k))
	}
	masked := slices.Clone(k)
	masked[31] &= 0x7f // the sign of x
	if slices.Contains(SmallOrder(), hex.EncodeToString(masked)) {
		return "the key is a point of small order, under which anybody can sign"
	}
	return ""
}

// SmallOrder lists the y coordinates, little endian, of every encoding of the eight points of small order, under which
// signatures can be made that fit any message. A test computes them.
func SmallOrder() []string {
	return []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 0 and 1 again, not reduced
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	}
}
