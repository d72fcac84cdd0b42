package keys_test

import (
	"context"
	"crypto"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

// FuzzPin: whatever the reference, a request goes to the one pinned host and a path of the grammar, or nowhere.
func FuzzPin(f *testing.F) {
	for _, u := range hostileURLs() {
		f.Add(u)
	}
	f.Add(snsURL(1))
	pin, err := keys.SNS("eu-west-1")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, ref string) {
		h := &host{answer: func(r *http.Request) (*http.Response, error) {
			u, err := url.Parse(ref)
			require.NoError(t, err)
			require.Equal(t, u.String(), r.URL.String())
			require.Equal(t, "https", r.URL.Scheme)
			require.Equal(t, "sns.eu-west-1.amazonaws.com", r.URL.Host)
			require.Regexp(t, `\A/SimpleNotificationService-[0-9a-f]{32}\.pem\z`, r.URL.EscapedPath())
			require.Empty(t, r.URL.RawQuery+r.URL.Fragment)
			require.Nil(t, r.URL.User)
			return always(http.StatusNotFound, "")(r)
		}}
		r, err := keys.Certificates(pin, keys.Options{RoundTripper: h})
		require.NoError(t, err)
		_, err = r.Key(context.Background(), ref)
		if h.count() == 0 {
			require.ErrorIs(t, err, keys.ErrNotAllowed)
		} else {
			require.ErrorIs(t, err, keys.ErrUnknownKey)
		}
	})
}

// FuzzJWKS: whatever the set, there is no panic, and a key that is found is one that Static accepts.
func FuzzJWKS(f *testing.F) {
	a, b := ecJWK(f, "a", &newKey(f).PublicKey, `,"use":"sig","alg":"ES256"`), ecJWK(f, "b", &newKey(f).PublicKey, "")
	f.Add(jwks(a, b), "a")
	f.Add(jwks(a), "")
	f.Add(jwks(a, strings.Replace(b, `"b"`, `"a"`, 1)), "a")
	f.Add(jwks(`{"kty":"OKP","crv":"Ed25519","kid":"o","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), "o")
	f.Add(jwks(`{"kty":"RSA","kid":"r","n":"`+strings.Repeat("v", 342)+`","e":"AQAB","key_ops":["verify"]}`), "r")
	f.Add(`{"keys":[{"kty":"EC","KTY":"RSA"}]}`, "x")
	f.Add(`{"keys":[{}],"keys":null}`, "x")
	f.Fuzz(func(t *testing.T, body, kid string) {
		s, err := keys.StaticJWKS([]byte(body), "RS256", "ES256", "EdDSA")
		if err != nil {
			return
		}
		key, err := s.Key(context.Background(), kid)
		if err != nil {
			require.Nil(t, key)
			require.NotErrorIs(t, err, keys.ErrUnavailable)
			return
		}
		_, err = keys.Static(map[string]crypto.PublicKey{kid: key})
		require.NoError(t, err)
	})
}
