package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jose"
)

// TestAKeyFitsItsOwnAlgorithmsAlone tries every type of key with every algorithm.
func TestAKeyFitsItsOwnAlgorithmsAlone(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for _, row := range []struct {
		key  crypto.PublicKey
		fits []string
	}{
		{&private.PublicKey, []string{"RS256", "RS512"}},
		{&p256.PublicKey, []string{"ES256"}},
		{&p521.PublicKey, []string{"ES512"}},
		{ed, []string{"EdDSA"}},
		{private, nil},
		{"a text", nil},
		{nil, nil},
	} {
		var fits []string
		for _, alg := range []string{"RS256", "RS512", "ES256", "ES512", "EdDSA", "HS256", "none", ""} {
			if jose.CheckKey(alg, row.key) == "" {
				fits = append(fits, alg)
			}
		}
		require.Equal(t, row.fits, fits, "%T", row.key)
	}
}

func TestWhatHeadersMayNotHaveUnasked(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc", "cty"} {
		require.Equal(t, name, jose.Delicate([]byte(name)))
		require.Equal(t, name, jose.Delicate([]byte(strings.ToUpper(name))))
	}
	for _, name := range []string{"", "alg", "kid", "typ", "ts", "jku2"} {
		require.Empty(t, jose.Delicate([]byte(name)), name)
	}
}

func TestWhatMayNameAKey(t *testing.T) {
	t.Parallel()
	for _, kid := range []string{"", "a", "http://a b/\u00e9", strings.Repeat("k", 256)} {
		require.True(t, jose.IsKid([]byte(kid)), kid)
	}
	for _, kid := range []string{"a\n", "\x00", "\x7f", strings.Repeat("k", 257)} {
		require.False(t, jose.IsKid([]byte(kid)), kid)
	}
}
