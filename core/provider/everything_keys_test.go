package provider_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// pairs are the algorithms of the key pairs that a sender may sign with.
func (s *sender) pairs() (all []entry.Algorithm) {
	if s.entry.Scheme == nil {
		return nil
	}
	if c := s.custom(); c != nil {
		if pair := c.Traits().Pair; pair != 0 {
			all = append(all, pair)
		}
		return all
	}
	if s.entry.Scheme.Algorithm.PublicKey() {
		all = append(all, s.entry.Scheme.Algorithm)
	}
	if second := s.entry.Scheme.Second; second != nil && second.Algorithm.PublicKey() {
		all = append(all, second.Algorithm)
	}
	return all
}

func spkiPEM(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// TestUnfitKeysAreRefusedForEverySender: a key of another kind, of another curve, too short, private, cut or empty
// never makes a guard, and nothing panics.
func TestUnfitKeysAreRefusedForEverySender(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	rsaKey := privateKey(entry.RSAPKCS1SHA256, 1).(*rsa.PrivateKey)
	ed := privateKey(entry.Ed25519, 1).Public()
	short := &rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 767), big.NewInt(1)), E: 65537}
	private, err := x509.MarshalPKCS8PrivateKey(p256)
	require.NoError(t, err)
	keys := map[string]string{
		"P-384": spkiPEM(t, &p384.PublicKey), "P-256": spkiPEM(t, &p256.PublicKey),
		"RSA":     spkiPEM(t, &rsaKey.PublicKey),
		"Ed25519": spkiPEM(t, ed), "RSA of 768 bits": spkiPEM(t, short),
		"RSA with the exponent one": spkiPEM(t, &rsa.PublicKey{N: rsaKey.N, E: 1}),
		"a private key":             string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		"half a PEM":                spkiPEM(t, &p256.PublicKey)[:60], "nothing": "", "a word": "key",
		"Ed25519's neutral point":  base64.StdEncoding.EncodeToString(append([]byte{1}, make([]byte, 31)...)),
		"31 bytes":                 base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"the neutral point in hex": "01" + strings.Repeat("00", 31),
	}
	fits := map[entry.Algorithm]string{
		entry.ECDSAP256SHA256: "P-256", entry.RSAPKCS1SHA1: "RSA", entry.RSAPKCS1SHA256: "RSA",
		entry.RSAPSSSHA256: "RSA", entry.RSAPKCS1SHA512: "RSA", entry.RSAPSSSHA256AnySalt: "RSA", entry.ECDSAP256SHA1: "P-256", entry.Ed25519: "Ed25519",
	}
	checked := 0
	for _, s := range everySender(t) {
		pairs := s.pairs()
		if len(pairs) == 0 || !s.entry.Scheme.Algorithm.PublicKey() && s.custom() == nil {
			continue // Standard Webhooks tells its public keys by their prefix; what has none is a secret there
		}
		checked++
		for name, key := range keys {
			if fits[pairs[0]] == name {
				continue
			}
			_, err := core.New(core.Config{
				Endpoint: "keys", Provider: s.provider, Secrets: secrets.Static(key), Replay: core.DangerouslyNoReplay,
				Logger: slog.New(slog.DiscardHandler), DangerouslyAllowWeakSecrets: true,
			})
			require.Error(t, err, "%s with %s", s.name, name)
		}
	}
	require.GreaterOrEqual(t, checked, 8)
}

// TestDegenerateSignaturesAreRefusedForEverySender: what home-made verifiers have been seen to accept.
func TestDegenerateSignaturesAreRefusedForEverySender(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	n := elliptic.P256().Params().N
	der := func(r, s *big.Int) []byte {
		out, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		require.NoError(t, err)
		return out
	}
	zero, one := big.NewInt(0), big.NewInt(1)
	modulus := privateKey(entry.RSAPKCS1SHA256, 1).(*rsa.PrivateKey).N.FillBytes(make([]byte, 256))
	checked := 0
	for _, s := range everySender(t) {
		if s.custom() != nil || len(s.pairs()) == 0 || !s.entry.Scheme.Algorithm.PublicKey() ||
			len(s.entry.Scheme.Signature.Headers) == 0 {
			continue
		}
		checked++
		sig := s.entry.Scheme.Signature
		g := s.guard(t, now)
		genuine := s.request(t, s.body(), 1, now, nil)
		encode := func(raw []byte) string {
			if sig.Encoding == entry.Hex {
				return hex.EncodeToString(raw)
			}
			return base64.StdEncoding.EncodeToString(raw)
		}
		forged := map[string][]byte{
			"r and s of zero": der(zero, zero), "r of zero": der(zero, one), "s of zero": der(one, zero),
			"the order": der(n, n),
			"negative":  der(big.NewInt(-1), one), "64 zeros": make([]byte, ed25519.SignatureSize),
			"256 zeros": make([]byte, 256),
			"RSA's one": append(make([]byte, 255), 1), "the modulus": modulus, "one byte": {0},
			"a long one": make([]byte, 600),
		}
		if s.entry.Scheme.Algorithm == entry.ECDSAP256SHA256 {
			raw, err := base64.StdEncoding.DecodeString(genuine.Header.Get(sig.Headers[0]))
			require.NoError(t, err)
			var rs struct{ R, S *big.Int }
			_, err = asn1.Unmarshal(raw, &rs)
			require.NoError(t, err)
			forged["s beyond the order"] = der(rs.R, new(big.Int).Add(rs.S, n))
			forged["r beyond the order"] = der(new(big.Int).Add(rs.R, n), rs.S)
			forged["side by side"] = append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
		}
		for name, raw := range forged {
			r, _ := copied(t, genuine)
			r.Header.Set(sig.Headers[0], sig.Prefix+encode(raw))
			d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, d, "%s: %s", s.name, name)
			require.Equal(t, reason.ClassAuthentication, reply.Rejection.Reason.Class(), "%s: %s", s.name, name)
		}
	}
	require.GreaterOrEqual(t, checked, 5)
}

// provedElsewhere names the tests of entries whose proof is not among the vectors here: a recorded delivery, or the
// signature derived a second time from the documented formula.
func provedElsewhere() map[string]string {
	return map[string]string{
		"aws-sns":          "sns_test.go", // recorded messages, by their certificates
		"apple-app-store":  "jws/vectors_test.go",
		"constant-contact": "jws/vectors_test.go",
		"fireblocks":       "jws/vectors_test.go",
		"kinde":            "jws/vectors_test.go",
		"truelayer":        "jws/vectors_test.go",
		"wix":              "jws/vectors_test.go",
		"amazon-ses":       "sns_test.go",
		"paypal":           "published_key_test.go",
		"travis-ci":        "published_key_test.go",
		"google-eventarc":  "jwt/entries_test.go",
		"google-play":      "jwt/googleplay_test.go",
		"google-pubsub":    "jwt/entries_test.go",
		"fal":              "platforms_test.go", // recorded for a user
		"fusionauth":       "jwt/fusionauth_test.go",
		"jira-connect":     "jwt/entries_test.go",
		"jira-oauth":       "jwt/jira_oauth_test.go",
		"livekit":          "jwt/livekit_test.go",
		"messagebird":      "jwt/entries_test.go", // recorded
		"monday":           "jwt/entries_test.go",
		"scaleway-tem":     "scaleway_test.go",
		"moralis":          "keccak/keccak_test.go",
		"rfc9421":          "httpsig/httpsig_test.go", // the specification's own examples
		"netlify":          "jwt/entries_test.go",
		"plaid":            "jwt/entries_test.go",
		"vonage":           "jwt/hostile_test.go",
		"flutterwave":      "unproved/payments_test.go",
	}
}

// TestEveryEntryHasAProof lists what each entry is proved by, and fails for one that is proved by nothing but its own
// signer.
func TestEveryEntryHasAProof(t *testing.T) {
	t.Parallel()
	recorded, derived := map[string]bool{}, map[string]bool{}
	for _, v := range loadVectors(t) {
		recorded[v.Provider] = recorded[v.Provider] || v.Expect == "valid"
	}
	for _, v := range allVectors(t) {
		derived[v.Provider] = derived[v.Provider] || v.Expect == "valid"
	}
	counts := map[string]int{}
	for _, s := range everySender(t) {
		proof := "nothing"
		switch file := provedElsewhere()[s.name]; {
		case recorded[s.name]:
			proof = "a recorded delivery"
		case derived[s.name]:
			proof = "a second derivation"
		case file != "":
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			named := strings.NewReplacer("-", "", ".", "").Replace(s.name)
			if s.name == "amazon-ses" || s.name == "aws-sns" {
				named = "sns"
			}
			require.Contains(t, strings.ToLower(string(text)), named, "%s does not test %s", filepath.Base(file),
				s.name)
			proof = "a test of its own"
		}
		require.NotEqual(t, "nothing", proof,
			"%s: add a delivery to testdata/vectors/%s.json that is expected to be valid", s.name, s.name)
		counts[proof]++
	}
	t.Log(counts)
	require.GreaterOrEqual(t, counts["a recorded delivery"], 36)
}
