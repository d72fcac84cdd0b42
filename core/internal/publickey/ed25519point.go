package publickey

import (
	"crypto/ed25519"
	"math/big"
	"slices"
)

// checkEd25519Point fails closed on public keys that are not a point of the curve, or that are a point of small order.
// With one of small order, signatures that match any message can be made without a private key. crypto/ed25519 checks
// signatures and not keys, and accepts them.
//
// It runs when a key is configured, on public values. So neither speed nor constant time matters. The arithmetic is
// that of RFC 8032, section 5.1. key must have 32 bytes.
func checkEd25519Point(key ed25519.PublicKey) (problem string) {
	const notAPoint = "the key is not a point of the curve of Ed25519; copy all of it again"
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	inverse := func(a *big.Int) *big.Int { return new(big.Int).ModInverse(a, p) }
	one := big.NewInt(1)
	// d = -121665/121666
	d := mod(new(big.Int).Neg(mul(big.NewInt(121665), inverse(big.NewInt(121666)))))

	bytes := slices.Clone(key)
	slices.Reverse(bytes) // the encoding is little-endian
	bytes[0] &= 0x7f      // the sign of x
	y := new(big.Int).SetBytes(bytes)
	if y.Cmp(p) >= 0 {
		return notAPoint // a second encoding of a smaller y
	}
	// x² = (y²-1) / (dy²+1). The denominator is never 0, because -1/d is not a square.
	y2 := mul(y, y)
	x2 := mul(mod(new(big.Int).Sub(y2, one)), inverse(mod(new(big.Int).Add(mul(d, y2), one))))
	x := new(big.Int).ModSqrt(x2, p)
	if x == nil { // x2 is not a square: no point has this y
		return notAPoint
	}
	// A point has order 8 or less if doubling it three times gives the neutral point (0, 1). The sign of x does not
	// matter for that.
	for range 3 {
		xy2 := mul(d, mul(mul(x, x), mul(y, y)))
		nx := mul(mul(big.NewInt(2), mul(x, y)), inverse(mod(new(big.Int).Add(one, xy2))))
		ny := mul(mod(new(big.Int).Add(mul(y, y), mul(x, x))), inverse(mod(new(big.Int).Sub(one, xy2))))
		x, y = nx, ny
	}
	if x.Sign() == 0 && y.Cmp(one) == 0 {
		return "the key is a point of small order, under which anybody can sign"
	}
	return ""
}
