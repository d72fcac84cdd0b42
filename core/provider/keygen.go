package provider

import (
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Keygen is the webhooks of a Keygen account that sign with Ed25519, the default. The secret is the account's public
// key, 64 hexadecimal digits. Endpoints that sign in another way are [KeygenWith].
//
// What is signed is the method, the path, the host, the date and the digest of the body, in this order; a signature
// over anything else is refused. The digest is made of the body, and the header Digest is not read. Each attempt is
// signed again. Keygen-Date counts before Date, which proxies rewrite.
//
// https://keygen.sh/docs/api/signatures/
// https://github.com/keygen-sh/keygen-go
func Keygen() core.Provider { return KeygenWith(Ed25519) }

// KeygenWith is [Keygen] for an endpoint that signs with another key of the account: [RSAPSSSHA256], [RSASHA256] or
// [ECDSAP256SHA256]. The secret is that public key, in PEM or as the base64 of the DER inside it.
func KeygenWith(algorithm PublicKeyAlgorithm) core.Provider {
	e := entry.Entry{
		Name: "keygen", Title: "Keygen", Confidence: "A",
		Docs:       "https://keygen.sh/docs/api/signatures/",
		SecretFrom: "Settings > Keys and tokens > the public key of the algorithm that the endpoint signs with",
		Scheme: &entry.Scheme{
			Key: entry.Key{Encoding: entry.Hex},
			Signature: entry.Signature{
				Field: headers("Keygen-Signature"), Layout: entry.Parameters, Name: "signature", Encoding: entry.Base64,
				Fixed: [][2]string{{"headers", "(request-target) host date digest"}},
			},
			Timestamp: entry.Timestamp{
				Field: headers("Keygen-Date"), Else: "Date", Unit: entry.HTTPDate, Resigned: true,
			},
			Signed: []entry.Part{
				entry.Literal("(request-target): "), {Kind: entry.PartMethod, Lower: true}, entry.Literal(" "),
				{Kind: entry.PartPath}, entry.Literal("\nhost: "), {Kind: entry.PartHost}, entry.Literal("\ndate: "),
				entry.TimestampText(), entry.Literal("\ndigest: sha-256="), {Kind: entry.PartBodySHA256Base64},
			},
		},
		Unsigned: []string{"key id and algorithm in Keygen-Signature", "Digest, which is made of the body"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/data/id"},
		Event: entry.Event{
			ID: pointer("/data/id"), Type: pointer("/data/attributes/event"), Time: pointer("/data/attributes/created"),
			TimeUnit: entry.RFC3339, Data: "/data",
		},
		// Fifteen retries, the nth after n to the fourth seconds and up to 100 minutes.
		RetryHorizon: 75 * time.Hour, AckLimit: 15 * time.Second,
	}
	var ok bool
	e.Scheme.Algorithm, ok = map[PublicKeyAlgorithm]entry.Algorithm{
		Ed25519: entry.Ed25519, RSAPSSSHA256: entry.RSAPSSSHA256AnySalt, RSASHA256: entry.RSAPKCS1SHA256,
		ECDSAP256SHA256: entry.ECDSAP256SHA256,
	}[algorithm]
	if !ok {
		return entry.NewProvider(e, fmt.Errorf("KeygenWith: %q is not ed25519, rsa-pss-sha256, rsa-sha256 or "+
			"ecdsa-p256-sha256", algorithm))
	}
	return of(e)
}
