// Package publickey parses, checks and verifies with public keys.
package publickey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// minWeakRSABits is for entries whose provider's own key is so small.
const minWeakRSABits = 1024

// maxKeyText is the longest text of a public key: a certificate in PEM.
const maxKeyText = 16 << 10

// Parse reads a public key as its provider shows it. It is strict, because a key that is misread would refuse
// everything, or accept what it should not. Its problems do not quote the text.
func Parse(alg entry.Algorithm, k *entry.Key, text string) (key crypto.PublicKey, problem string) {
	if len(text) > maxKeyText {
		return nil, "the key is longer than any public key"
	}
	switch {
	case strings.HasPrefix(text, "-----BEGIN"):
		key, problem = parsePEM(k, text)
	case alg == entry.Ed25519:
		raw, err := entry.DecodeKey(k.Encoding, text)
		if err != nil {
			return nil, "the public key is malformed: " + err.Error()
		}
		if len(raw) == ed25519.PrivateKeySize {
			return nil, "the key has 64 bytes, so it is the private one; configure the public key, and replace this " +
				"one at the sender"
		}
		key = ed25519.PublicKey(raw)
	default:
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			return nil, "the public key is neither PEM nor base64; copy it again, whole"
		}
		key, problem = parseDER(der)
	}
	if problem == "" {
		problem = Check(alg, k, key)
	}
	return key, problem
}

func parsePEM(k *entry.Key, text string) (crypto.PublicKey, string) {
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return nil, "the PEM is malformed; copy it again, from -----BEGIN to -----END"
	case strings.TrimSpace(string(rest)) != "":
		return nil, "something follows the first PEM block; give one key, each further one as a secret of its own"
	case len(block.Headers) > 0:
		return nil, "the PEM block has headers, as encrypted keys do; give the plain public key"
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, "this is a private key; configure the public one, and replace this one at the sender"
	}
	switch {
	case block.Type == "PUBLIC KEY":
		return parseDER(block.Bytes)
	case block.Type == "CERTIFICATE" && k.Certificate:
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "the certificate is malformed; copy it again, whole"
		}
		return cert.PublicKey, ""
	case block.Type == "CERTIFICATE":
		return nil, "this is a certificate, and the provider publishes a public key; configure that one"
	}
	return nil, "the PEM block is no PUBLIC KEY; convert it: openssl pkey -pubin -outform PEM"
}

func parseDER(der []byte) (crypto.PublicKey, string) {
	key, err := x509.ParsePKIXPublicKey(der) // it refuses trailing data and points that are not on their curve
	if err != nil {
		return nil, "the public key is malformed; copy it again, whole"
	}
	return key, ""
}

// Check says what is wrong with a key: its type, its curve, its size, or a value under which signatures could
// be made by anybody.
func Check(alg entry.Algorithm, k *entry.Key, key crypto.PublicKey) (problem string) {
	switch alg {
	case entry.Ed25519:
		pub, ok := key.(ed25519.PublicKey)
		if !ok {
			return "the key is not one of Ed25519"
		}
		if len(pub) != ed25519.PublicKeySize {
			return CheckEd25519(pub)
		}
		return checkEd25519Point(pub) // more than fitkey asks: a key that was copied wrong is told at start
	case entry.ECDSAP256SHA256:
		pub, ok := key.(*ecdsa.PublicKey)
		if !ok {
			return "the key is not one of ECDSA"
		}
		return CheckP256(pub)
	case entry.RSAPKCS1SHA1, entry.RSAPKCS1SHA256, entry.RSAPSSSHA256:
		pub, ok := key.(*rsa.PublicKey)
		if !ok {
			return "the key is not one of RSA"
		}
		if k.WeakRSA {
			return CheckRSA(pub, minWeakRSABits, digest.MaxRSABits)
		}
		return CheckRSA(pub, digest.MinRSABits, digest.MaxRSABits)
	default:
		return "the provider's entry names an unknown algorithm"
	}
}

// Verify verifies one signature over the hash of the signed bytes, or over themselves for Ed25519. The library's
// verifiers refuse r or s of 0 or beyond the order, s beyond the order of Ed25519, and paddings that are not exact.
func Verify(alg entry.Algorithm, key crypto.PublicKey, signed, signature []byte) bool {
	switch pub := key.(type) {
	case ed25519.PublicKey:
		return alg == entry.Ed25519 && ed25519.Verify(pub, signed, signature)
	case *ecdsa.PublicKey:
		return alg == entry.ECDSAP256SHA256 && ecdsa.VerifyASN1(pub, signed, signature)
	case *rsa.PublicKey:
		switch hash := digest.MethodOf(alg).Hash; alg {
		case entry.RSAPKCS1SHA1, entry.RSAPKCS1SHA256:
			return rsa.VerifyPKCS1v15(pub, hash, signed, signature) == nil
		case entry.RSAPSSSHA256:
			return rsa.VerifyPSS(pub, hash, signed, signature,
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
	}
	return false
}

// ID is the key in one spelling, to fold those that are configured twice.
func ID(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil
	}
	return []byte(hex.EncodeToString(der))
}
