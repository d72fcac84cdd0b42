//go:build !race

package core_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// publicCase is a delivery that a public key verifies, and the plain operation: the same bytes, a key that is
// ready, a signature that is decoded.
type publicCase struct {
	name         string
	verify, bare func() bool
}

func publicCases(t testing.TB) []publicCase {
	t.Helper()
	body := []byte(strings.Repeat("x", 1<<10))
	sum := sha256.Sum256(body)
	ed := seeded(1)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	edSignature := ed25519.Sign(ed, body)
	ecSignature, err := ecdsa.SignASN1(rand.Reader, ec, sum[:])
	require.NoError(t, err)
	rsSignature, err := rsa.SignPKCS1v15(nil, rs, crypto.SHA256, sum[:])
	require.NoError(t, err)
	public := func(key crypto.PublicKey) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		require.NoError(t, err)
		return base64.StdEncoding.EncodeToString(der)
	}
	of := func(alg entry.Algorithm, k entry.Key, key string, signature []byte) func() bool {
		c, _ := config(publicEntry(alg, k))
		c.Secrets = secrets.Static(key)
		g := mustNew(t, c)
		r := post(string(body), "X-Sig", hex.EncodeToString(signature))
		return verifies(g, r, body)
	}
	edPublic := ed.Public().(ed25519.PublicKey)
	return []publicCase{
		{
			"Ed25519", of(entry.Ed25519, entry.Key{Encoding: entry.Hex}, hex.EncodeToString(edPublic), edSignature),
			func() bool { return ed25519.Verify(edPublic, body, edSignature) },
		},
		{"ECDSA", of(entry.ECDSAP256SHA256, entry.Key{}, public(&ec.PublicKey), ecSignature), func() bool {
			sum := sha256.Sum256(body)
			return ecdsa.VerifyASN1(&ec.PublicKey, sum[:], ecSignature)
		}},
		{"RSA", of(entry.RSAPKCS1SHA256, entry.Key{}, public(&rs.PublicKey), rsSignature), func() bool {
			sum := sha256.Sum256(body)
			return rsa.VerifyPKCS1v15(&rs.PublicKey, crypto.SHA256, sum[:], rsSignature) == nil
		}},
	}
}

func verifies(g *core.Guard, r *http.Request, body []byte) func() bool {
	return func() bool { return g.VerifySignature(r, body, testTime) }
}

// TestVerifyingAPublicSignatureAllocatesLittle: the decoded signature, the list of those presented, and the hash that
// the keys of a kind share, beside what the operation itself allocates.
func TestVerifyingAPublicSignatureAllocatesLittle(t *testing.T) {
	for _, c := range publicCases(t) {
		require.True(t, c.verify(), c.name)
		require.True(t, c.bare(), c.name)
		added := testing.AllocsPerRun(100, func() { c.verify() }) - testing.AllocsPerRun(100, func() { c.bare() })
		t.Logf("%s: %v more than the bare operation", c.name, added)
		require.LessOrEqual(t, added, 3.0, c.name)
	}
}

// BenchmarkVerifyPublic states the cost of a verification as a multiple of the bare operation.
func BenchmarkVerifyPublic(b *testing.B) {
	for _, c := range publicCases(b) {
		b.Run(c.name, func(b *testing.B) {
			ours, bare := takeTurns(b, func() { c.verify() }, nil, func() { c.bare() })
			b.ReportMetric(ours, "ns/verification")
			b.ReportMetric(ours/bare, "x-bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}
