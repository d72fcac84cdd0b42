package httpsig

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Key takes the secret of HMAC-SHA-256, or a public key in PEM.
func (m *mechanism) Key(text string, least int) (key any, problem string) {
	if m.pair() == 0 {
		return m.secret(text, max(1, least))
	}
	public, problem := publickey.ParsePEM(text)
	if problem != "" {
		return nil, problem
	}
	return public, m.checkKey(public)
}

func (m *mechanism) secret(text string, least int) (key any, problem string) {
	raw, err := []byte(text), error(nil)
	switch m.encoding {
	case Base64:
		raw, err = base64.StdEncoding.Strict().DecodeString(text)
	case Hex:
		raw, err = hex.DecodeString(text)
	}
	switch {
	case err != nil || strings.ContainsAny(text, "\r\n") && m.encoding != Text:
		return nil, "the secret is not " + string(m.encoding) + "; copy it again, whole"
	case len(raw) < least:
		return nil, fmt.Sprintf("the secret is too short: it needs at least %d bytes after decoding", least)
	}
	return digest.NewHMACKey(raw), ""
}

// checkKey says what is wrong with a public key for the algorithm.
func (m *mechanism) checkKey(key crypto.PublicKey) (problem string) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if m.algorithm == Ed25519 {
			return publickey.CheckEd25519(k)
		}
	case *ecdsa.PublicKey:
		if m.algorithm == ECDSAP256SHA256 {
			return publickey.CheckP256(k)
		}
	case *rsa.PublicKey:
		if m.algorithm == RSAPSSSHA512 || m.algorithm == RSAv15SHA256 {
			return publickey.CheckRSA(k, publickey.MinRSABits, publickey.MaxRSABits)
		}
	}
	return "the key is of another type than the algorithm " + string(m.algorithm) + " needs"
}

// verify finds the key that made the signature: the index of a configured one, or -1 for one that the source gave.
func (m *mechanism) verify(ctx context.Context, req *entry.CustomRequest, in *input, base []byte) (int, error) {
	if req.Source == nil {
		for i, key := range req.Keys {
			if m.fits(key, base, in.signature) {
				return i, nil
			}
		}
		return 0, fault.New(reason.BadSignature, "the signature matches under none of the keys: compare Secrets with "+
			"what the sender uses, and PublicURL with the URL that it knows")
	}
	key, err := req.Source.Key(ctx, in.keyid)
	switch {
	case errors.Is(err, entry.ErrKeyRefused):
		return 0, fault.New(reason.BadSignature, "the signature names a key that is none of the sender's: "+err.Error())
	case err != nil:
		return 0, fault.New(reason.KeysUnavailable, "the key that the signature names is not available now: "+
			err.Error())
	}
	check := func(_ string, key crypto.PublicKey) string { return m.checkKey(key) }
	if problem := m.fit.Check(string(m.algorithm), key, check); problem != "" {
		return 0, fault.New(reason.BadSignature, "the key that the signature names is unfit: "+problem)
	}
	if !m.fits(key, base, in.signature) {
		return 0, fault.New(reason.BadSignature, "the signature does not match under the key that it names")
	}
	return -1, nil
}

// fits checks a signature by the configured algorithm, with the verifiers of the standard library.
func (m *mechanism) fits(key any, base []byte, signature []byte) bool {
	switch k := key.(type) {
	case *digest.HMACKey:
		return m.algorithm == HMACSHA256 && k.Fits(base, signature)
	case ed25519.PublicKey:
		return m.algorithm == Ed25519 && ed25519.Verify(k, base, signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(base)
		return m.algorithm == ECDSAP256SHA256 && publickey.VerifyRawECDSA(k, sum[:], signature)
	case *rsa.PublicKey:
		switch m.algorithm {
		case RSAPSSSHA512:
			sum := sha512.Sum512(base)
			return rsa.VerifyPSS(k, crypto.SHA512, sum[:], signature,
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		case RSAv15SHA256:
			sum := sha256.Sum256(base)
			return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
		}
	}
	return false
}
