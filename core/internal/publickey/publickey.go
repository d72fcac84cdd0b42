// Package publickey parses and checks public keys, and verifies signatures with them. Keys are checked when they are
// configured or fetched: the verifiers of the standard library check signatures, and accept some keys with which
// anybody can sign.
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

// minWeakRSABits is the smallest size for entries with WeakRSA: the provider itself signs with such a key.
const minWeakRSABits = 1024

// maxKeyText is how many bytes the text of a public key may have. The longest is a certificate in PEM.
const maxKeyText = 16 << 10

// Parse reads a public key in the form in which its provider shows it: PEM, or base64 of DER, or for Ed25519 the raw
// bytes. It is strict, because a key that is misread would refuse every delivery, or accept forged ones. The problem
// does not quote the text, which may be a private key.
func Parse(alg entry.Algorithm, k *entry.Key, text string) (key crypto.PublicKey, problem string) {
	if len(text) > maxKeyText {
		return nil, "the key is longer than any public key"
	}
	// The form of the text decides how it is read, so an operator can give the key as it was copied.
	switch {
	case strings.HasPrefix(text, "-----BEGIN"):
		key, problem = parsePEM(k, text)
	case alg == entry.Ed25519:
		raw, err := entry.DecodeKey(k.Encoding, text)
		if err != nil {
			return nil, "the public key is malformed: " + err.Error()
		}
		// 32 bytes are a public key or a seed, which cannot be distinguished. 64 bytes are certainly private.
		if len(raw) == ed25519.PrivateKeySize {
			return nil, "the key has 64 bytes, so it is the private one; configure the public key, and replace this " +
				"one at the sender"
		}
		key = ed25519.PublicKey(raw)
	default:
		// Strict: two texts of one key would otherwise look like two keys.
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			return nil, "the public key is neither PEM nor base64; copy all of it again"
		}
		key, problem = parseDER(der)
	}
	if problem == "" { // parsed is not yet accepted
		problem = Check(alg, k, key)
	}
	return key, problem
}

// parsePEM reads one PEM block. A certificate is accepted only where the provider publishes one, because its dates and
// its issuer are not checked: the operator vouches for it.
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
			return nil, "the certificate is malformed; copy all of it again"
		}
		return cert.PublicKey, ""
	case block.Type == "CERTIFICATE":
		return nil, "this is a certificate, and the provider publishes a public key; configure that one"
	}
	return nil, "the PEM block is not a PUBLIC KEY; convert it: openssl pkey -pubin -outform PEM"
}

// parseDER reads a SubjectPublicKeyInfo (RFC 5280, section 4.1). x509 refuses text after it, and points that are not on
// their curve.
func parseDER(der []byte) (crypto.PublicKey, string) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, "the public key is malformed; copy all of it again"
	}
	return key, ""
}

// Check returns what is wrong with a key, or "": its type, its curve, its size, or a value with which anybody could
// make signatures. It fails closed on an algorithm that it does not know.
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
		// Stricter than CheckEd25519: a key that was copied wrongly should be reported at start.
		return checkEd25519Point(pub)
	case entry.ECDSAP256SHA256, entry.ECDSAP256SHA1:
		pub, ok := key.(*ecdsa.PublicKey)
		if !ok {
			return "the key is not one of ECDSA"
		}
		return CheckP256(pub)
	case entry.RSAPKCS1SHA1, entry.RSAPKCS1SHA256, entry.RSAPKCS1SHA512, entry.RSAPSSSHA256,
		entry.RSAPSSSHA256AnySalt:
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

// Verify reports whether a signature is valid. signed is the hash of the signed bytes, or for Ed25519 the bytes
// themselves. It fails closed if the type of the key does not belong to the algorithm.
//
// The verifiers of the standard library are strict. They refuse an r or s of 0 or beyond the order, and for Ed25519 an
// s beyond the order. They refuse every RSA padding that is not exact.
func Verify(alg entry.Algorithm, key crypto.PublicKey, signed, signature []byte) bool {
	switch pub := key.(type) {
	case ed25519.PublicKey:
		return alg == entry.Ed25519 && ed25519.Verify(pub, signed, signature)
	case *ecdsa.PublicKey:
		// signed has the length of the kind's hash, so that a signature over one hash fits no other.
		return (alg == entry.ECDSAP256SHA256 || alg == entry.ECDSAP256SHA1) &&
			ecdsa.VerifyASN1(pub, signed, signature)
	case *rsa.PublicKey:
		switch hash := digest.MethodOf(alg).Hash; alg {
		case entry.RSAPKCS1SHA1, entry.RSAPKCS1SHA256, entry.RSAPKCS1SHA512:
			return rsa.VerifyPKCS1v15(pub, hash, signed, signature) == nil
		case entry.RSAPSSSHA256:
			// The length of the salt is fixed, as the specifications of providers demand; RSA-PSS itself allows any.
			return rsa.VerifyPSS(pub, hash, signed, signature,
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		case entry.RSAPSSSHA256AnySalt:
			return rsa.VerifyPSS(pub, hash, signed, signature,
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto}) == nil
		}
	}
	return false
}

// ID returns a text that is the same for equal keys, to find keys that are configured twice. It is nil for a type that
// x509 does not know, which Check refuses.
func ID(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil
	}
	return []byte(hex.EncodeToString(der))
}
