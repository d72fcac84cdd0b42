package provider_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// secretFor is a secret of a provider as its dashboard would show it.
func secretFor(p core.Provider) string { return configured(p, 1) }

// signerFor is what the provider signs with under that secret.
func signerFor(p core.Provider) string { return signing(p, 1) }

// configured gives the nth key of a provider as a user would configure it.
func configured(p core.Provider, n int) string {
	e, _ := entry.Of(p)
	if e.Scheme == nil || !e.Scheme.Algorithm.PublicKey() {
		return signing(p, n)
	}
	public := privateKey(e.Scheme.Algorithm, n).Public()
	if raw, ok := public.(ed25519.PublicKey); ok {
		if e.Scheme.Key.Encoding == entry.Base64 {
			return base64.StdEncoding.EncodeToString(raw)
		}
		return hex.EncodeToString(raw)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// signing gives what the provider signs with under its nth key: the secret itself, or the private key.
func signing(p core.Provider, n int) string {
	letter := string("_abc"[n])
	e, _ := entry.Of(p)
	switch {
	case e.Scheme != nil && e.Scheme.Algorithm.PublicKey():
		der, err := x509.MarshalPKCS8PrivateKey(privateKey(e.Scheme.Algorithm, n))
		if err != nil {
			panic(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	case e.Credential.Kind == entry.Basic:
		return "user:" + letter + "-long-enough-password"
	case e.Scheme != nil && e.Scheme.Key.Encoding == entry.Base64:
		return e.Scheme.Key.Prefix + strings.Replace(ownKey, "a", letter, 1)
	case e.Scheme != nil && e.Scheme.Key.Encoding == entry.Hex:
		return strings.Repeat("0123456789abcde"+letter, 4)
	case e.Scheme != nil && e.Scheme.Key.Named != "":
		return "test-key-1" + e.Scheme.Key.Named + letter + "n-accepted-secret-of-32-bytes!!"
	default:
		return letter + "n-accepted-secret-of-32-bytes!!"
	}
}

func privateKey(alg entry.Algorithm, n int) crypto.Signer {
	name := "rsa"
	switch alg {
	case entry.Ed25519:
		return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n)}, ed25519.SeedSize))
	case entry.ECDSAP256SHA256, entry.ECDSAP256SHA1:
		name = "ecdsa"
	case entry.ECDSAP521SHA512:
		name = "p521"
	}
	text, err := os.ReadFile(fmt.Sprintf("testdata/keys/%s-%d.pem", name, n))
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key.(crypto.Signer)
}

const noHash = crypto.Hash(0)

func sha512Hex(text string) string {
	sum := sha512.Sum512([]byte(text))
	return hex.EncodeToString(sum[:])
}
