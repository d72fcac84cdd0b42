package keys_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

func p521JWK(t testing.TB, kid string, key *ecdsa.PublicKey, cut bool, extra string) string {
	t.Helper()
	point, err := key.Bytes()
	require.NoError(t, err)
	x, y := point[1:67], point[67:]
	for cut && x[0] == 0 {
		x = x[1:]
	}
	return fmt.Sprintf(`{"kty":"EC","crv":"P-521","kid":%q,"x":%q,"y":%q%s}`, kid, b64(x), b64(y), extra)
}

// TestKeysOnP521: for ES512 alone, also as TrueLayer has published them.
func TestKeysOnP521(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	for key.X.BitLen() > 520 { // the coordinate has to begin with a zero byte
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
		require.NoError(t, err)
	}
	public, small := &key.PublicKey, &newKey(t).PublicKey
	point, err := public.Bytes()
	require.NoError(t, err)
	for _, row := range []struct {
		name, jwk string
		algs      []string
		ok        bool
	}{
		{"genuine", p521JWK(t, "k", public, false, `,"alg":"ES512"`), []string{"ES512"}, true},
		{"without an alg", p521JWK(t, "k", public, false, ""), []string{"ES256", "ES512"}, true},
		{"without leading zeros", p521JWK(t, "k", public, true, ""), []string{"ES512"}, true},
		{"the type as the alg", p521JWK(t, "k", public, false, `,"alg":"EC"`), []string{"ES512"}, true},
		{"for ES256", p521JWK(t, "k", public, false, ""), []string{"ES256"}, false},
		{"that says ES256", p521JWK(t, "k", public, false, `,"alg":"ES256"`), []string{"ES256", "ES512"}, false},
		{"the type as the alg, for ES256", ecJWK(t, "k", small, `,"alg":"EC"`), []string{"ES256", "ES512"}, false},
		{"P-256 for ES512", ecJWK(t, "k", small, ""), []string{"ES512"}, false},
		{"P-256 that says ES512", ecJWK(t, "k", small, `,"alg":"ES512"`), []string{"ES256", "ES512"}, false},
		{"a long coordinate", fmt.Sprintf(`{"kty":"EC","crv":"P-521","kid":"k","x":%q,"y":%q}`,
			b64(append([]byte{0}, point[1:67]...)), b64(point[67:])), []string{"ES512"}, false},
		{"a point off the curve", fmt.Sprintf(`{"kty":"EC","crv":"P-521","kid":"k","x":%q,"y":%q}`, b64(point[1:67]),
			b64(point[1:67])), []string{"ES512"}, false},
	} {
		source, err := keys.StaticJWKS([]byte(jwks(row.jwk)), row.algs...)
		require.Equal(t, row.ok, err == nil, "%s: %v", row.name, err)
		if err == nil {
			got, err := source.Key(t.Context(), "k")
			require.NoError(t, err, row.name)
			require.True(t, public.Equal(got), row.name)
		}
	}
}

// TestKeysThatAreNotNamed: a sender that names no key has its few keys tried, and new ones are looked for as rarely as
// for an unknown name.
func TestKeysThatAreNotNamed(t *testing.T) {
	t.Parallel()
	var all []crypto.PublicKey
	var list []string
	for i := range 5 {
		key := &newKey(t).PublicKey
		all = append(all, key)
		list = append(list, ecJWK(t, fmt.Sprint(i), key, ""))
	}
	h := serving(jwks(list[0], list[1]))
	now := time.Unix(1_790_000_000, 0)
	source, err := keys.JWKS("https://example.com/jwks", []string{"ES256"}, keys.Options{
		RoundTripper: h, Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, source.Close()) })
	ctx := context.Background()
	first, err := source.Candidates(ctx, nil)
	require.NoError(t, err)
	require.Len(t, first, 2)
	require.Equal(t, 1, h.count())
	h.set(always(http.StatusOK, jwks(list[1], list[2])))
	none, err := source.Candidates(ctx, first)
	require.NoError(t, err)
	require.Empty(t, none, "a second fetch right after the first is not made")
	now = now.Add(time.Hour)
	more, err := source.Candidates(ctx, first)
	require.NoError(t, err)
	require.Equal(t, []crypto.PublicKey{all[2]}, more)
	h.set(always(http.StatusOK, jwks(list...)))
	now = now.Add(48 * time.Hour)
	_, err = source.Candidates(ctx, nil)
	require.ErrorIs(t, err, keys.ErrInvalidKey, "which of many keys count would depend on their order")
	pem, err := keys.TravisCI(keys.Options{RoundTripper: h})
	require.NoError(t, err)
	_, err = pem.Candidates(ctx, nil)
	require.ErrorIs(t, err, keys.ErrInvalidKey)
	require.NoError(t, pem.Close())
	fixed, err := keys.Static(map[string]crypto.PublicKey{"a": all[0], "b": all[1]})
	require.NoError(t, err)
	one, err := fixed.Candidates(ctx, all[:1])
	require.NoError(t, err)
	require.Equal(t, []crypto.PublicKey{all[1]}, one)
}

// TestSendersKeysComeFromTheirHosts: from the addresses that the senders document.
func TestSendersKeysComeFromTheirHosts(t *testing.T) {
	t.Parallel()
	for want, source := range map[string]func(keys.Options) (*keys.Remote, error){
		"https://acme.kinde.com/.well-known/jwks": func(o keys.Options) (*keys.Remote, error) {
			return keys.Kinde("acme.kinde.com", o)
		},
		"https://developer.constantcontact.com/.well-known/jwks.json": keys.ConstantContact,
		"https://keys.fireblocks.io/.well-known/jwks.json": func(o keys.Options) (*keys.Remote, error) {
			return keys.Fireblocks("us", o)
		},
		"https://eu2-keys.fireblocks.io/.well-known/jwks.json": func(o keys.Options) (*keys.Remote, error) {
			return keys.Fireblocks("eu2", o)
		},
		"https://webhooks.truelayer.com/.well-known/jwks": func(o keys.Options) (*keys.Remote, error) {
			return keys.TrueLayer(false, o)
		},
		"https://webhooks.truelayer-sandbox.com/.well-known/jwks": func(o keys.Options) (*keys.Remote, error) {
			return keys.TrueLayer(true, o)
		},
	} {
		h := serving("")
		s, err := source(keys.Options{RoundTripper: h})
		require.NoError(t, err)
		_, err = s.Key(t.Context(), "k")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.Equal(t, []string{want}, h.urls)
		require.NoError(t, s.Close())
	}
	for _, domain := range []string{"", "acme", "https://acme.kinde.com", "acme.kinde.com/x", "a@b.com", "a b.com"} {
		_, err := keys.Kinde(domain, keys.Options{})
		require.Error(t, err, domain)
	}
	_, err := keys.Fireblocks("", keys.Options{})
	require.Error(t, err)
	_, err = keys.Fireblocks("evil.example/", keys.Options{})
	require.Error(t, err)
}
