package provider

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// PublicKeyAlgorithm is how a sender with a key pair signs.
type PublicKeyAlgorithm string

// The algorithms of key pairs. Signatures of ECDSA are ASN.1 DER, as most libraries write them.
const (
	Ed25519         PublicKeyAlgorithm = "ed25519"
	ECDSAP256SHA256 PublicKeyAlgorithm = "ecdsa-p256-sha256"
	RSASHA256       PublicKeyAlgorithm = "rsa-sha256" // PKCS #1 v1.5
	RSASHA512       PublicKeyAlgorithm = "rsa-sha512" // PKCS #1 v1.5
	RSAPSSSHA256    PublicKeyAlgorithm = "rsa-pss-sha256"
)

// PublicKeyConfig describes a sender of your own that signs with a key pair. Name, Header and Algorithm are required:
// then the header holds the base64 of the signature of the body.
//
// What is configured as secrets are public keys: PEM, or the base64 of the DER inside it; of Ed25519 also the 32 bytes
// of the key in KeyEncoding. RSA keys have 2048 to 4096 bits.
type PublicKeyConfig struct {
	Name      string // in logs and metrics: "acme"
	Header    string // the signature's header
	Parameter string // as in [HMACConfig]
	Algorithm PublicKeyAlgorithm
	Encoding  Encoding // of the signature; default base64
	Prefix    string   // stands before the signature and must be there

	KeyEncoding Encoding // of the 32 bytes of a key of Ed25519; default base64
	KeyPrefix   string   // removed before decoding: "whpk_"

	// Signed is what is signed, TimestampHeader and IDHeader are where its parts sit, and the rest is where events tell
	// what they are: all as in [HMACConfig].
	Signed             string
	TimestampHeader    string
	TimestampUnit      Unit
	IDHeader           string
	EventID, EventType string
	IdentityPointer    string

	// Methods, FormField, Handshakes and EmptyAnswers are as in [HMACConfig]; no handshake has a published secret.
	Methods      []string
	FormField    string
	Handshakes   []Handshake
	EmptyAnswers bool

	RetryHorizon time.Duration // how long the sender retries; default unknown
	AckLimit     time.Duration // how long it waits for the answer; default unknown
	MaxBody      int64         // bytes; default 1 MiB
}

// PublicKey is a sender of your own that signs with a key pair. Mistakes in the config are reported by core.New.
func PublicKey(c PublicKeyConfig) core.Provider {
	e, err := c.entry()
	return entry.NewProvider(e, err)
}

func (c *PublicKeyConfig) entry() (entry.Entry, error) {
	h := HMACConfig{
		Name: c.Name, Header: c.Header, Parameter: c.Parameter, Encoding: c.Encoding, Prefix: c.Prefix,
		Signed:          c.Signed,
		TimestampHeader: c.TimestampHeader, TimestampUnit: c.TimestampUnit, IDHeader: c.IDHeader,
		EventID: c.EventID, EventType: c.EventType, IdentityPointer: c.IdentityPointer,
		Methods: c.Methods, FormField: c.FormField, Handshakes: c.Handshakes, EmptyAnswers: c.EmptyAnswers,
		RetryHorizon: c.RetryHorizon, AckLimit: c.AckLimit, MaxBody: c.MaxBody,
	}
	h.Encoding = cmp.Or(h.Encoding, Base64)
	e, err := h.entry()
	if err != nil {
		return e, errors.New(strings.ReplaceAll(err.Error(), "HMACConfig", "PublicKeyConfig"))
	}
	algorithm, ok := map[PublicKeyAlgorithm]entry.Algorithm{
		Ed25519: entry.Ed25519, ECDSAP256SHA256: entry.ECDSAP256SHA256, RSASHA256: entry.RSAPKCS1SHA256,
		RSASHA512: entry.RSAPKCS1SHA512, RSAPSSSHA256: entry.RSAPSSSHA256,
	}[c.Algorithm]
	if !ok {
		return e, fmt.Errorf("PublicKeyConfig.Algorithm %q is not ed25519, ecdsa-p256-sha256, rsa-sha256, "+
			"rsa-sha512 or rsa-pss-sha256", c.Algorithm)
	}
	e.Scheme.Algorithm = algorithm
	if e.Scheme.Key.Encoding, ok = encodings(c.KeyEncoding, entry.Base64); !ok || e.Scheme.Key.Encoding == entry.Text {
		return e, fmt.Errorf("PublicKeyConfig.KeyEncoding %q is not an encoding of keys", c.KeyEncoding)
	}
	e.Scheme.Key.Prefix = c.KeyPrefix
	if slices.ContainsFunc(c.Handshakes, func(h Handshake) bool { return h.Published != "" }) {
		return e, errors.New("PublicKeyConfig.Handshakes: a published secret goes with HMACConfig only")
	}
	e.SecretFrom = "the sender, who publishes its public key" // no secret of ours could stand in
	return e, nil
}
