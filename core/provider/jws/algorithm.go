package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// The algorithms of the entries (RFC 7518, section 3.1). A header's "alg" must be the entry's own.
const (
	rs256 = "RS256"
	rs512 = "RS512"
	es256 = "ES256"
	es512 = "ES512"
)

// newHash starts the hash that an algorithm signs.
func newHash(alg string) hash.Hash {
	if alg == rs512 || alg == es512 { //lint:notsecret names of algorithms
		return sha512.New()
	}
	return sha256.New()
}

// pairOf returns an algorithm of the same kind of key pair.
func pairOf(alg string) entry.Algorithm {
	switch alg {
	case es256:
		return entry.ECDSAP256SHA256
	case es512:
		return entry.ECDSAP521SHA512
	default:
		return entry.RSAPKCS1SHA256
	}
}

// fits reports whether a signature of a hash is a key's. The key must have passed jose.CheckKey.
func fits(alg string, key crypto.PublicKey, sum, signature []byte) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		kind := crypto.SHA256
		if alg == rs512 { //lint:notsecret the name of an algorithm
			kind = crypto.SHA512
		}
		return rsa.VerifyPKCS1v15(k, kind, sum, signature) == nil
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return publickey.VerifyRawECDSA(k, sum, signature)
		}
		return fitsP521(k, sum, signature)
	default:
		return false
	}
}

// halfP521 is the length of each of the two numbers of a signature on P-521 (RFC 7518, section 3.4), in bytes.
const halfP521 = 66

// fitsP521 reports whether the two numbers of a signature, side by side, are a key's. Another length fails closed; the
// standard library refuses numbers of 0 or beyond the order.
func fitsP521(k *ecdsa.PublicKey, sum, signature []byte) bool {
	if len(signature) != 2*halfP521 {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:halfP521]), new(big.Int).SetBytes(signature[halfP521:])
	return ecdsa.Verify(k, sum, r, s)
}
