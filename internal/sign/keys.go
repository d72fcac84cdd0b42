package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5" // Unisender Go
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // some providers sign with HMAC-SHA-1
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"hash"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// KeyPair makes keys in the forms that webhooktest.KeyPair documents: the public key as the provider shows it, and the
// private key in PEM (PKCS #8).
func KeyPair(p entry.Provider) (public, private string) {
	e, err := entry.Of(p)
	if err != nil || e == nil || e.Scheme == nil { // or was configured wrongly
		panic("webhooktest: the provider does not sign with a key pair")
	}
	kind := entry.KeyKind{Algorithm: e.Scheme.Algorithm, Key: e.Scheme.Key}
	if e.Scheme.Custom != nil {
		kind.Algorithm = e.Scheme.Custom.Traits().Pair
	}
	if !kind.Algorithm.PublicKey() && e.Scheme.Second != nil { // the provider signs with a secret or a key pair
		kind = *e.Scheme.Second
	}
	key := newPrivateKey(kind.Algorithm)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	// Providers show Ed25519 keys as raw bytes, and others as SubjectPublicKeyInfo.
	if pub, ok := key.Public().(ed25519.PublicKey); ok && e.Scheme.Custom == nil {
		return kind.Key.Prefix + kind.Key.Encoding.Encode(pub), private
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	if e.Scheme.Custom != nil {
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})), private
	}
	return base64.StdEncoding.EncodeToString(spki), private
}

// newPrivateKey makes a private key of the size that guards accept. It panics for an algorithm without one.
func newPrivateKey(alg entry.Algorithm) crypto.Signer {
	var key crypto.Signer
	var err error
	switch alg {
	case entry.Ed25519: // a raw key of 32 bytes
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case entry.ECDSAP256SHA256, entry.ECDSAP256SHA1: // on P-256
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case entry.ECDSAP521SHA512:
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case entry.RSAPKCS1SHA1, entry.RSAPKCS1SHA256, entry.RSAPKCS1SHA512, entry.RSAPSSSHA256,
		entry.RSAPSSSHA256AnySalt: // the smallest accepted size
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		panic("webhooktest: the provider does not sign with a key pair")
	}
	if err != nil {
		panic(err)
	}
	return key
}

// Text signs a message with the scheme's key, without a request. It returns the signature in the encoding in which the
// provider sends it. Handshakes use it.
func Text(s *entry.Scheme, secret string, message []byte) (string, error) {
	key, err := newSigningKey(s, secret)
	if err != nil {
		return "", err
	}
	signature, err := key.sign(message)
	if err != nil {
		return "", err
	}
	return s.Signature.Encoding.Encode(signature), nil
}

// signingKey is the key of one request: a secret or a private key.
type signingKey struct {
	algorithm entry.Algorithm
	version   string        // the name of the signature in the header, such as "v1"
	secret    []byte        // of an HMAC or a digest
	private   crypto.Signer // nil: secret is the key
}

// newSigningKey reads a key in the form in which a test has it: PEM, a "whsk_" key of Standard Webhooks, or the secret
// as the provider's dashboard shows it.
func newSigningKey(s *entry.Scheme, text string) (signingKey, error) {
	k := signingKey{algorithm: s.Algorithm, version: s.Signature.Name}
	switch block, _ := pem.Decode([]byte(text)); {
	case block != nil: // a private key of KeyPair
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return k, err
		}
		k.private, _ = key.(crypto.Signer)
	case strings.HasPrefix(text, "whsk_"): // Standard Webhooks: the seed and the public key, or the seed
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsk_"))
		if err != nil || len(raw) < ed25519.SeedSize {
			return k, errors.New("webhooktest: the private key is malformed")
		}
		k.private = ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	}
	// A private key selects the scheme's second kind of signature, if the first is one with a secret.
	if k.private != nil {
		if !k.algorithm.PublicKey() && s.Second != nil {
			k.algorithm, k.version = s.Second.Algorithm, s.Second.Name
		}
		return k, nil
	}
	if k.algorithm.PublicKey() {
		return k, errors.New("webhooktest: the provider signs with a private key; make one with KeyPair")
	}
	key, err := keyBytes(s.Key, text)
	k.secret = key
	return k, err
}

// keyBytes returns the bytes of a secret. It is lenient with padding: the guard checks the form of secrets, and this
// code only has to sign.
func keyBytes(k entry.Key, secret string) ([]byte, error) {
	if k.Named != "" { // "id|key": only the key signs
		if _, after, ok := strings.Cut(secret, k.Named); ok {
			secret = after
		}
	}
	text := strings.TrimPrefix(secret, k.Prefix)
	if k.Normal != nil {
		text = k.Normal(text)
	}
	var key []byte
	var err error
	switch k.Encoding {
	case entry.Text: // the text itself is the key
		key = []byte(text)
	case entry.Hex:
		key, err = hex.DecodeString(text)
	case entry.Base64URL, entry.Base64URLRaw: // with or without padding
		key, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	default:
		key, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
	if k.SHA1 { // the key is the hash of the secret
		sum := sha1.Sum(key) // Braintree
		key = sum[:]
	}
	return key, err
}

// sign returns the signature of a message: a plain digest, an HMAC, or one of a private key. For a digest the secret is
// a part of the message.
func (k *signingKey) sign(message []byte) ([]byte, error) {
	newHash, id := hashes(k.algorithm)
	sum := func(h hash.Hash) []byte {
		_, _ = h.Write(message)
		return h.Sum(nil)
	}
	switch {
	case k.private == nil && k.algorithm.Digest(): // the message holds the secret
		return sum(newHash()), nil
	case k.private == nil: // an HMAC
		return sum(hmac.New(newHash, k.secret)), nil
	case k.algorithm == entry.Ed25519: // it signs the message and not its hash
		return k.private.Sign(rand.Reader, message, crypto.Hash(0))
	case k.algorithm == entry.RSAPSSSHA256:
		return k.private.Sign(rand.Reader, sum(newHash()),
			&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: id})
	case k.algorithm == entry.RSAPSSSHA256AnySalt: // as long as it can be
		return k.private.Sign(rand.Reader, sum(newHash()), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: id})
	default:
		return k.private.Sign(rand.Reader, sum(newHash()), id)
	}
}

// hashes returns the hash of an algorithm. SHA-256 is that of all others.
func hashes(a entry.Algorithm) (func() hash.Hash, crypto.Hash) {
	switch a {
	case entry.HMACSHA1, entry.DigestSHA1, entry.RSAPKCS1SHA1, entry.ECDSAP256SHA1:
		return sha1.New, crypto.SHA1
	case entry.HMACSHA384:
		return sha512.New384, crypto.SHA384
	case entry.HMACSHA512, entry.DigestSHA512, entry.RSAPKCS1SHA512:
		return sha512.New, crypto.SHA512
	case entry.DigestMD5:
		return md5.New, crypto.MD5
	default:
		return sha256.New, crypto.SHA256
	}
}
