package publickey_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
)

// That small orders are recognised is tested in package keys, which computes them.
func TestWhatKeysAreFit(t *testing.T) {
	t.Parallel()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	modulus := func(n *big.Int) *rsa.PublicKey { return &rsa.PublicKey{N: n, E: r.E} }
	exponent := func(e int) *rsa.PublicKey { return &rsa.PublicKey{N: r.N, E: e} }
	ofRSA := func(k *rsa.PublicKey) string {
		return publickey.CheckRSA(k, publickey.MinRSABits, publickey.MaxRSABits)
	}
	for _, row := range []struct{ name, problem, want string }{
		{"an RSA key", ofRSA(&r.PublicKey), ""},
		{"no RSA key", ofRSA(nil), "no modulus"},
		{"an RSA key without a modulus", ofRSA(&rsa.PublicKey{E: 3}), "no modulus"},
		{"a negative modulus", ofRSA(modulus(new(big.Int).Neg(r.N))), "no modulus"},
		{"a short modulus", ofRSA(modulus(new(big.Int).Rsh(r.N, 1))), "2047 bits"},
		{"a long modulus", ofRSA(modulus(new(big.Int).Lsh(r.N, 8192))), "10240 bits"},
		{"an even modulus", ofRSA(modulus(new(big.Int).Sub(r.N, big.NewInt(1)))), "exponent or modulus"},
		{"an exponent of 1", ofRSA(exponent(1)), "exponent or modulus"},
		{"an even exponent", ofRSA(exponent(65536)), "exponent or modulus"},
		{"an exponent that no library takes", ofRSA(exponent(1<<31 + 1)), "exponent or modulus"},
		{"a key on P-256", publickey.CheckP256(&p256.PublicKey), ""},
		{"no key on P-256", publickey.CheckP256(nil), "no point"},
		{"a key without anything", publickey.CheckP256(&ecdsa.PublicKey{}), "no point"},
		{"a key without a point", publickey.CheckP256(&ecdsa.PublicKey{Curve: elliptic.P256()}), "no point"},
		{"a key on P-384", publickey.CheckP256(&p384.PublicKey), "another curve"},
		//lint:ignore SA1019 a caller can still make one
		{"a point off the curve", publickey.CheckP256(&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}), "not a point of P-256"},
		{"a key of Ed25519", publickey.CheckEd25519(ed), ""},
		{"a short key of Ed25519", publickey.CheckEd25519(ed[:31]), "31"},
		{"the neutral point", publickey.CheckEd25519(append(ed25519.PublicKey{1}, make([]byte, 31)...)), "small order"},
	} {
		if row.want == "" {
			require.Empty(t, row.problem, row.name)
			continue
		}
		require.Contains(t, row.problem, row.want, row.name)
	}
}
