package core_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// publicEntry signs the body with a key pair; signatures are hexadecimal in X-Sig, several separated by commas.
func publicEntry(alg entry.Algorithm, k entry.Key) entry.Entry {
	return entry.Entry{
		Name: "pub", Title: "Pub", Confidence: "A",
		Scheme: &entry.Scheme{
			Algorithm: alg, Key: k,
			Signature: entry.Signature{Field: entry.Field{Headers: []string{"X-Sig"}}, Layout: entry.List,
				Separator: ',', Encoding: entry.Hex},
			Signed: []entry.Part{entry.Body()},
		},
	}
}

func publicGuard(t *testing.T, alg entry.Algorithm, k entry.Key, keys ...string) (*core.Guard, *records, error) {
	t.Helper()
	c, rec := config(publicEntry(alg, k))
	c.Secrets = secrets.Static(keys...)
	g, err := core.New(c)
	return g, rec, err
}

func spki(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(der)
}

func asPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// seeded is an Ed25519 key of a seed of one repeated byte.
func seeded(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(b)), ed25519.SeedSize)))
}

func TestPublicKeysAreRefusedAtConstruction(t *testing.T) {
	t.Parallel()
	ed := seeded(1)
	edPub := ed.Public().(ed25519.PublicKey)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	rsa1024N := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 1023), big.NewInt(1))
	rsa8192N := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 8191), big.NewInt(1))
	p256DER, err := x509.MarshalPKIXPublicKey(&p256.PublicKey)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(p256)
	require.NoError(t, err)
	offCurve := slices.Clone(p256DER)
	offCurve[len(offCurve)-1] ^= 1
	goodPEM := asPEM("PUBLIC KEY", p256DER)
	edHex, edB64 := entry.Key{Encoding: entry.Hex}, entry.Key{Encoding: entry.Base64}
	small := func(first, last byte) string { // little-endian
		b := make([]byte, 32)
		b[0], b[31] = first, last
		return hex.EncodeToString(b)
	}
	const order8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
	rows := []struct {
		name string
		alg  entry.Algorithm
		key  entry.Key
		text string
		want string // "" accepts
	}{
		{"raw hexadecimal", entry.Ed25519, edHex, hex.EncodeToString(edPub), ""},
		{"raw base64", entry.Ed25519, edB64, base64.StdEncoding.EncodeToString(edPub), ""},
		{"Ed25519 in PEM", entry.Ed25519, edHex, asPEM("PUBLIC KEY", decoded(t, spki(t, edPub))), ""},
		{"base64 DER", entry.ECDSAP256SHA256, entry.Key{}, spki(t, &p256.PublicKey), ""},
		{"PEM with the newline of a file", entry.ECDSAP256SHA256, entry.Key{}, goodPEM, ""},
		{"RSA of 2048 bits", entry.RSAPKCS1SHA256, entry.Key{}, spki(t, &rsa2048.PublicKey), ""},
		{"a certificate where one is documented", entry.ECDSAP256SHA256, entry.Key{Certificate: true},
			certificate(t, p256), ""},
		{"RSA of 1024 bits where the provider has it", entry.RSAPKCS1SHA256, entry.Key{WeakRSA: true},
			spki(t, &rsa.PublicKey{N: rsa1024N, E: 65537}), ""},

		{"a short key", entry.Ed25519, edHex, hex.EncodeToString(edPub[:31]), "32 bytes"},
		{"a long key", entry.Ed25519, edHex, hex.EncodeToString(append(slices.Clone(edPub), 0)), "32 bytes"},
		{"the private key of Ed25519", entry.Ed25519, edHex, hex.EncodeToString(ed), "private"},
		{"a private key in PEM", entry.ECDSAP256SHA256, entry.Key{}, asPEM("PRIVATE KEY", pkcs8), "private"},
		{"no hexadecimal", entry.Ed25519, edHex, "no hexadecimal zz", "it is not hexadecimal"},
		{"the neutral point", entry.Ed25519, edHex, small(1, 0), "small order"},
		{"the point of order two", entry.Ed25519, edHex, "ec" + strings.Repeat("ff", 30) + "7f", "small order"},
		{"a point of order four", entry.Ed25519, edHex, small(0, 0), "small order"},
		{"the other point of order four", entry.Ed25519, edHex, small(0, 0x80), "small order"},
		{"a point of order eight", entry.Ed25519, edHex, order8, "small order"},
		{"its mirror", entry.Ed25519, edHex, order8[:62] + "fa", "small order"},
		{"a second form of the neutral point", entry.Ed25519, edHex, "ee" + strings.Repeat("ff", 30) + "7f",
			"not a point"},
		{"no point of the curve", entry.Ed25519, edHex, small(2, 0), "not a point"},
		{"another curve", entry.ECDSAP256SHA256, entry.Key{}, spki(t, &p384.PublicKey), "P-256"},
		{"a point off the curve", entry.ECDSAP256SHA256, entry.Key{}, base64.StdEncoding.EncodeToString(offCurve),
			"malformed"},
		{"RSA where ECDSA signs", entry.ECDSAP256SHA256, entry.Key{}, spki(t, &rsa2048.PublicKey), "not one of ECDSA"},
		{"ECDSA where RSA signs", entry.RSAPKCS1SHA256, entry.Key{}, spki(t, &p256.PublicKey), "not one of RSA"},
		{"ECDSA where Ed25519 signs", entry.Ed25519, edHex, goodPEM, "not one of Ed25519"},
		{"RSA of 1024 bits", entry.RSAPKCS1SHA256, entry.Key{}, spki(t, &rsa.PublicKey{N: rsa1024N, E: 65537}),
			"1024 bits"},
		{"RSA beyond the limit", entry.RSAPKCS1SHA256, entry.Key{}, spki(t, &rsa.PublicKey{N: rsa8192N, E: 65537}),
			"8192 bits"},
		{"an exponent of one", entry.RSAPKCS1SHA256, entry.Key{}, spki(t, &rsa.PublicKey{N: rsa2048.N, E: 1}),
			"exponent"},
		{"an even exponent", entry.RSAPKCS1SHA256, entry.Key{}, spki(t, &rsa.PublicKey{N: rsa2048.N, E: 4}),
			"exponent"},
		{"two keys in one PEM", entry.ECDSAP256SHA256, entry.Key{}, goodPEM + goodPEM, "follows"},
		{"text after the PEM", entry.ECDSAP256SHA256, entry.Key{}, goodPEM + "x", "follows"},
		{"a PEM that ends early", entry.ECDSAP256SHA256, entry.Key{}, goodPEM[:60], "PEM"},
		{"a PEM with headers", entry.ECDSAP256SHA256, entry.Key{},
			strings.Replace(goodPEM, "\n", "\nProc-Type: 4,ENCRYPTED\n\n", 1), "headers"},
		{"data after the DER", entry.ECDSAP256SHA256, entry.Key{},
			asPEM("PUBLIC KEY", append(slices.Clone(p256DER), 0)), "malformed"},
		{"data after the bare DER", entry.ECDSAP256SHA256, entry.Key{},
			base64.StdEncoding.EncodeToString(append(slices.Clone(p256DER), 0)), "malformed"},
		{"a certificate where none is documented", entry.ECDSAP256SHA256, entry.Key{}, certificate(t, p256),
			"certificate"},
		{"a broken certificate", entry.ECDSAP256SHA256, entry.Key{Certificate: true}, asPEM("CERTIFICATE", p256DER),
			"malformed"},
		{"PKCS #1", entry.RSAPKCS1SHA256, entry.Key{},
			asPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsa2048.PublicKey)), "openssl"},
		{"an HMAC secret", entry.ECDSAP256SHA256, entry.Key{}, testSecret, "neither PEM nor base64"},
		{"a very long text", entry.ECDSAP256SHA256, entry.Key{}, strings.Repeat("A", 1<<20), "longer"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := publicGuard(t, row.alg, row.key, row.text)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.want)
			require.NotContains(t, err.Error(), row.text)
		})
	}
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return b
}

func certificate(t *testing.T, key crypto.Signer) string {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotAfter: testTime.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	require.NoError(t, err)
	return asPEM("CERTIFICATE", der)
}

// TestDegenerateSignaturesAreRefused: what home-made verifiers have been seen to accept.
func TestDegenerateSignaturesAreRefused(t *testing.T) {
	t.Parallel()
	const body = `{"a":1}`
	sum := sha256.Sum256([]byte(body))
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good, err := ecdsa.SignASN1(rand.Reader, p256, sum[:])
	require.NoError(t, err)
	var rs struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(good, &rs)
	require.NoError(t, err)
	der := func(r, s *big.Int) []byte {
		out, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		require.NoError(t, err)
		return out
	}
	n := elliptic.P256().Params().N
	zero, one := big.NewInt(0), big.NewInt(1)
	plus := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }

	ed := seeded(1)
	edSig := ed25519.Sign(ed, []byte(body))
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989",
		10)
	plusL := slices.Clone(edSig)
	s := slices.Clone(edSig[32:])
	slices.Reverse(s)
	beyond := plus(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(beyond)
	copy(plusL[32:], beyond)

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	pkcs1, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	pss, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:],
		&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	require.NoError(t, err)
	saltless, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 0})
	require.NoError(t, err)

	sha512Sum, sha1Sum := sha512.Sum512([]byte(body)), sha1.Sum([]byte(body)) // as Fireblocks and eBay sign
	pkcs1SHA512, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA512, sha512Sum[:])
	require.NoError(t, err)
	ecSHA1, err := ecdsa.SignASN1(rand.Reader, p256, sha1Sum[:])
	require.NoError(t, err)

	edKey, ecKey, rsaKey := hex.EncodeToString(ed.Public().(ed25519.PublicKey)), spki(t, &p256.PublicKey),
		spki(t, &key.PublicKey)
	rows := []struct {
		name string
		alg  entry.Algorithm
		key  string
		sig  []byte
		want bool
	}{
		{"ECDSA", entry.ECDSAP256SHA256, ecKey, good, true},
		{"ECDSA with s mirrored, as the mathematics allow", entry.ECDSAP256SHA256, ecKey,
			der(rs.R, new(big.Int).Sub(n, rs.S)), true},
		{"r and s of zero", entry.ECDSAP256SHA256, ecKey, der(zero, zero), false},
		{"r of zero", entry.ECDSAP256SHA256, ecKey, der(zero, rs.S), false},
		{"s of zero", entry.ECDSAP256SHA256, ecKey, der(rs.R, zero), false},
		{"r and s of one", entry.ECDSAP256SHA256, ecKey, der(one, one), false},
		{"s beyond the order", entry.ECDSAP256SHA256, ecKey, der(rs.R, plus(rs.S, n)), false},
		{"r beyond the order", entry.ECDSAP256SHA256, ecKey, der(plus(rs.R, n), rs.S), false},
		{"r and s of the order", entry.ECDSAP256SHA256, ecKey, der(n, n), false},
		{"r negative", entry.ECDSAP256SHA256, ecKey, der(new(big.Int).Sub(rs.R, n), rs.S), false},
		{"data after the DER", entry.ECDSAP256SHA256, ecKey, append(slices.Clone(good), 0), false},
		{"r and s side by side", entry.ECDSAP256SHA256, ecKey,
			append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...), false},
		{"Ed25519", entry.Ed25519, edKey, edSig, true},
		{"s beyond the order of Ed25519", entry.Ed25519, edKey, plusL, false},
		{"64 zeros", entry.Ed25519, edKey, make([]byte, 64), false},
		{"a short signature of Ed25519", entry.Ed25519, edKey, edSig[:63], false},
		{"RSA", entry.RSAPKCS1SHA256, rsaKey, pkcs1, true},
		{"RSA with SHA-512", entry.RSAPKCS1SHA512, rsaKey, pkcs1SHA512, true},
		{"RSA with SHA-256 where SHA-512 is configured", entry.RSAPKCS1SHA512, rsaKey, pkcs1, false},
		{"RSA with SHA-512 where SHA-256 is configured", entry.RSAPKCS1SHA256, rsaKey, pkcs1SHA512, false},
		{"ECDSA with SHA-1", entry.ECDSAP256SHA1, ecKey, ecSHA1, true},
		{"ECDSA with SHA-256 where SHA-1 is configured", entry.ECDSAP256SHA1, ecKey, good, false},
		{"ECDSA with SHA-1 where SHA-256 is configured", entry.ECDSAP256SHA256, ecKey, ecSHA1, false},
		{"PSS", entry.RSAPSSSHA256, rsaKey, pss, true},
		{"PSS without salt", entry.RSAPSSSHA256, rsaKey, saltless, false},
		{"PSS where PKCS #1 is configured", entry.RSAPKCS1SHA256, rsaKey, pss, false},
		{"PKCS #1 where PSS is configured", entry.RSAPSSSHA256, rsaKey, pkcs1, false},
		{"SHA-256 where SHA-1 is configured", entry.RSAPKCS1SHA1, rsaKey, pkcs1, false},
		{"RSA's zero", entry.RSAPKCS1SHA256, rsaKey, make([]byte, 256), false},
		{"RSA's one", entry.RSAPKCS1SHA256, rsaKey, append(make([]byte, 255), 1), false},
		{"the modulus itself", entry.RSAPKCS1SHA256, rsaKey, key.N.FillBytes(make([]byte, 256)), false},
		{"a signature longer than the modulus", entry.RSAPKCS1SHA256, rsaKey, append(pkcs1, 0), false},
		{"a signature longer than any", entry.RSAPKCS1SHA256, rsaKey, make([]byte, 513), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g, _, err := publicGuard(t, row.alg, entry.Key{Encoding: entry.Hex}, row.key)
			require.NoError(t, err)
			w := run(g, post(body, "X-Sig", hex.EncodeToString(row.sig)), ok)
			require.Equal(t, row.want, w.Code == 200)
			require.Less(t, w.Code, 500)
		})
	}
}

func TestPublicKeysRotateAndAreBounded(t *testing.T) {
	t.Parallel()
	const body = `{}`
	hexOf := func(b byte) string { return hex.EncodeToString(seeded(b).Public().(ed25519.PublicKey)) }
	sign := func(b byte) string { return hex.EncodeToString(ed25519.Sign(seeded(b), []byte(body))) }
	g, rec, err := publicGuard(t, entry.Ed25519, entry.Key{Encoding: entry.Hex}, hexOf(1), hexOf(2))
	require.NoError(t, err)
	rows := []struct {
		name, sig string
		want      reason.Reason
	}{
		{"the first key", sign(1), reason.Accepted},
		{"the second key", sign(2), reason.Accepted},
		{"four signatures, the last is right", strings.Repeat(sign(3)+",", 3) + sign(1), reason.Accepted},
		{"a broken neighbour spoils nothing", "zz," + sign(1), reason.Accepted},
		{"five signatures", strings.Repeat(sign(3)+",", 4) + sign(1), reason.MalformedSignature},
		{"another key", sign(3), reason.BadSignature},
		{"no signature", "", reason.MissingSignature},
		{"nothing that could be one", "zz", reason.MalformedSignature},
	}
	for _, row := range rows {
		run(g, post(body, "X-Sig", row.sig), ok)
		got := rec.last(t, g).Reason
		if got == reason.Duplicate { // proved; the body is the same in each row
			got = reason.Accepted
		}
		require.Equal(t, row.want, got, row.name)
	}
}
