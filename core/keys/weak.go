package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
)

// accept returns a copy of a key that may verify signatures, or the reason why it may not. It fails closed on every
// type it does not know. The verifiers of the standard library refuse most weak keys too, but only at the first
// delivery: the mistake should show at start.
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
		return nil, fmt.Errorf("a key of type %T cannot verify here; use *rsa.PublicKey, *ecdsa.PublicKey or "+
			"ed25519.PublicKey", key)
	}
}

// acceptRSA returns a copy of an RSA key of an accepted size. Small keys can be factored; large ones make each
// verification expensive.
func acceptRSA(k *rsa.PublicKey) (crypto.PublicKey, error) {
	if problem := publickey.CheckRSA(k, publickey.MinRSABits, publickey.MaxRSABits); problem != "" {
		return nil, errors.New(problem)
	}
	return &rsa.PublicKey{N: new(big.Int).Set(k.N), E: k.E}, nil
}

// acceptECDSA returns a copy of a key on P-256 or P-521. It is made from the encoded point, which checks once more that
// the point is on the curve. Which of the two a delivery may be signed with is for its entry to say.
func acceptECDSA(k *ecdsa.PublicKey) (crypto.PublicKey, error) {
	check, curve := publickey.CheckP256, elliptic.P256()
	if k != nil && k.Curve == elliptic.P521() {
		check, curve = publickey.CheckP521, elliptic.P521()
	}
	if problem := check(k); problem != "" {
		return nil, errors.New(problem)
	}
	point, err := k.Bytes()
	if err != nil {
		return nil, errors.New("the key is not a point of " + curve.Params().Name)
	}
	return ecdsa.ParseUncompressedPublicKey(curve, point)
}

// acceptEd25519 returns a copy of an Ed25519 key. With a key of small order anybody can sign.
func acceptEd25519(k ed25519.PublicKey) (crypto.PublicKey, error) {
	if problem := publickey.CheckEd25519(k); problem != "" {
		return nil, errors.New(problem)
	}
	return slices.Clone(k), nil
}
