package signature

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// decoys returns keys that nobody has, one of each kind. Deliveries for unknown tenants are checked with them, at the
// cost of any other. Where a custom mechanism takes no text that can be made up, there is no decoy.
//
// The keys are random and forgotten at the end of the process. Should a signature ever match one, the
// list is still marked as unknown, and the delivery is refused: fails closed.
func (v *Verifier) decoys() (list []keyring.Checked) {
	if v.scheme.Custom != nil {
		key, problem := v.scheme.Custom.Key(secrets.Generate(), keyring.MinSecretBytes)
		if problem != "" {
			// Such a mechanism answers unknown tenants faster. Whoever measures that learns a tenant's
			// name, and no secret.
			return nil
		}
		return []keyring.Checked{{Secret: secrets.New("", ""), Key: keyring.Key{Custom: key}}}
	}
	// Without the sharing, an unknown tenant would cost one verification more than a known one with a
	// single key.
	shared := false // one public key serves every kind that no prefix tells apart
	for n := range v.kinds {
		if v.kinds[n].Algorithm.PublicKey() && v.kinds[n].Key.Prefix == "" {
			if shared {
				continue
			}
			shared = true
		}
		d := keyring.Key{Kind: n}
		switch v.kinds[n].Algorithm {
		case entry.Ed25519:
			d.Public, _, _ = ed25519.GenerateKey(rand.Reader) // with this reader it never fails, nor do the others
		case entry.ECDSAP256SHA256, entry.ECDSAP256SHA1:
			if private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
				d.Public = &private.PublicKey
			}
		case entry.RSAPKCS1SHA1, entry.RSAPKCS1SHA256, entry.RSAPKCS1SHA512, entry.RSAPSSSHA256,
			entry.RSAPSSSHA256AnySalt:
			if private, err := rsa.GenerateKey(rand.Reader, digest.MinRSABits); err == nil {
				d.Public = &private.PublicKey
			}
		// A random key of 32 bytes costs what a configured one does: an HMAC hashes its key once,
		// before any delivery (RFC 2104).
		default:
			d.Bytes = keyring.RandomKey()
		}
		list = append(list, keyring.Checked{Secret: secrets.New("", ""), Key: d})
	}
	return list
}
