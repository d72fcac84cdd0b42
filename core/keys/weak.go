package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

const (
	minRSABits = 2048
	maxRSABits = 8192 // beyond it one verification is work that an attacker can ask for
)

// accept returns a copy of a key that may verify signatures, or says why it may not. The standard library's verifiers
// would refuse most of these keys as well, but only when a delivery has come.
func accept(key crypto.PublicKey) (crypto.PublicKey, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return acceptRSA(k)
	case *ecdsa.PublicKey:
		return acceptECDSA(k)
	case ed25519.PublicKey:
		return acceptEd25519(k)
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return nil, errors.New("it is a private key; give its public half")
	case nil:
		return nil, errors.New("it is nil")
	default:
		return nil, fmt.Errorf("a key of type %T cannot verify here; use *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey", key)
	}
}

func acceptRSA(k *rsa.PublicKey) (crypto.PublicKey, error) {
	if k == nil || k.N == nil {
		return nil, errors.New("it is nil")
	}
	if bits := k.N.BitLen(); k.N.Sign() <= 0 || bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("an RSA key of %d bits is not between %d and %d", bits, minRSABits, maxRSABits)
	}
	if k.N.Bit(0) == 0 {
		return nil, errors.New("the RSA modulus is even")
	}
	if k.E < 3 || k.E&1 == 0 || k.E > 1<<31-1 {
		return nil, fmt.Errorf("the RSA exponent %d is not an odd number between 3 and 2147483647", k.E)
	}
	return &rsa.PublicKey{N: new(big.Int).Set(k.N), E: k.E}, nil
}

func acceptECDSA(k *ecdsa.PublicKey) (crypto.PublicKey, error) {
	//lint:ignore SA1019 Bytes would panic on a key without coordinates
	if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
		return nil, errors.New("it is nil")
	}
	if k.Curve != elliptic.P256() {
		return nil, fmt.Errorf("the curve %s is not P-256", k.Curve.Params().Name)
	}
	point, err := k.Bytes()
	if err != nil {
		return nil, errors.New("the point is not on P-256")
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func acceptEd25519(k ed25519.PublicKey) (crypto.PublicKey, error) {
	if len(k) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("an Ed25519 key of %d bytes is not one of %d", len(k), ed25519.PublicKeySize)
	}
	masked := slices.Clone(k)
	masked[31] &= 0x7f // the sign bit
	if slices.Contains(smallOrder(), hex.EncodeToString(masked)) {
		// Anyone can sign under such a key without knowing anything.
		return nil, errors.New("the Ed25519 key is a point of small order")
	}
	return slices.Clone(k), nil
}

// smallOrder lists the y coordinates, little endian, of every encoding of the eight points of small order; the test
// computes them.
func smallOrder() []string {
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
