package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/keys"
)

func rsaJWK(kid string, key *rsa.PublicKey, extra string) string {
	return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":%q%s}`, kid, b64(key.N.Bytes()),
		b64(big.NewInt(int64(key.E)).Bytes()), extra)
}

func okpJWK(kid string, key ed25519.PublicKey, extra string) string {
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q%s}`, kid, b64(key), extra)
}

func TestEveryKindOfKey(t *testing.T) {
	t.Parallel()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ec := &newKey(t).PublicKey
	data := jwks(rsaJWK("r", &r.PublicKey, `,"use":"sig","alg":"RS256","x5c":["AA=="]`),
		ecJWK(t, "e", ec, `,"key_ops":["verify"]`),
		okpJWK("o", ed, `,"alg":"EdDSA"`))
	s, err := keys.StaticJWKS([]byte(data), "RS256", "ES256", "EdDSA")
	require.NoError(t, err)
	requireKey(t, s, "r", &r.PublicKey)
	requireKey(t, s, "e", ec)
	requireKey(t, s, "o", ed)
	for _, kid := range []string{"", "R", "r ", "x"} {
		_, err := ask(t, s, kid)
		require.ErrorIs(t, err, keys.ErrUnknownKey, kid)
	}

	s, err = keys.StaticJWKS([]byte(data), "ES256")
	require.NoError(t, err)
	requireKey(t, s, "e", ec)
	requireKey(t, s, "", ec)
	_, err = ask(t, s, "r")
	require.ErrorIs(t, err, keys.ErrInvalidKey, "the algorithm is the receiver's choice")
}

func TestUnusableKeysAreLeftOutAndTheOthersServe(t *testing.T) {
	t.Parallel()
	good := &newKey(t).PublicKey
	other := &newKey(t).PublicKey
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	n := strong.N
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	point, err := p384.PublicKey.Bytes()
	require.NoError(t, err)
	x, y := b64(point[1:49]), b64(point[49:])
	p256, err := good.Bytes()
	require.NoError(t, err)
	gx, gy := b64(p256[1:33]), b64(p256[33:])
	ec := func(x, y string) string {
		return fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":"bad","x":%q,"y":%q}`, x, y)
	}
	rs := func(n, e []byte) string {
		return fmt.Sprintf(`{"kty":"RSA","kid":"bad","n":%q,"e":%q}`, b64(n), b64(e))
	}
	zero32 := make([]byte, 32)
	even := new(big.Int).Sub(n, big.NewInt(1))
	for name, jwk := range map[string]string{
		"RSA of 1024 bits":              rsaJWK("bad", &weak.PublicKey, ""),
		"RSA of 8200 bits":              rs(new(big.Int).SetBit(n, 8199, 1).Bytes(), []byte{1, 0, 1}),
		"RSA with an even modulus":      rs(even.Bytes(), []byte{1, 0, 1}),
		"RSA with a leading zero in n":  rs(append([]byte{0}, n.Bytes()...), []byte{1, 0, 1}),
		"RSA with a leading zero in e":  rs(n.Bytes(), []byte{0, 1, 0, 1}),
		"RSA with e 1":                  rs(n.Bytes(), []byte{1}),
		"RSA with e 2":                  rs(n.Bytes(), []byte{2}),
		"RSA with an even e":            rs(n.Bytes(), []byte{1, 0, 0}),
		"RSA with e of 32 bits":         rs(n.Bytes(), []byte{0x80, 0, 0, 1}),
		"RSA with e of 5 bytes":         rs(n.Bytes(), []byte{1, 0, 0, 0, 1}),
		"RSA with empty e":              rs(n.Bytes(), nil),
		"RSA without n":                 `{"kty":"RSA","kid":"bad","e":"AQAB"}`,
		"RSA private":                   rsaJWK("bad", &strong.PublicKey, `,"d":"AQAB"`),
		"RSA private, a prime":          rsaJWK("bad", &strong.PublicKey, `,"p":null`),
		"for encryption":                ecJWK(t, "bad", other, `,"use":"enc"`),
		"with an empty use":             ecJWK(t, "bad", other, `,"use":""`),
		"with a use of another case":    ecJWK(t, "bad", other, `,"use":"SIG"`),
		"with a use that is no string":  ecJWK(t, "bad", other, `,"use":["sig"]`),
		"with a null use":               ecJWK(t, "bad", other, `,"use":null`),
		"with key_ops sign":             ecJWK(t, "bad", other, `,"key_ops":["sign"]`),
		"with key_ops deriveKey":        ecJWK(t, "bad", other, `,"key_ops":["verify","deriveKey"]`),
		"with empty key_ops":            ecJWK(t, "bad", other, `,"key_ops":[]`),
		"with null key_ops":             ecJWK(t, "bad", other, `,"key_ops":null`),
		"with key_ops of text":          ecJWK(t, "bad", other, `,"key_ops":"verify"`),
		"with another alg":              ecJWK(t, "bad", other, `,"alg":"ES384"`),
		"with alg none":                 ecJWK(t, "bad", other, `,"alg":"none"`),
		"with alg HS256":                ecJWK(t, "bad", other, `,"alg":"HS256"`),
		"with an empty alg":             ecJWK(t, "bad", other, `,"alg":""`),
		"with the alg of another type":  ecJWK(t, "bad", other, `,"alg":"RS256"`),
		"with an alg not configured":    rsaJWK("bad", &strong.PublicKey, `,"alg":"PS256"`),
		"P-384":                         fmt.Sprintf(`{"kty":"EC","crv":"P-384","kid":"bad","x":%q,"y":%q}`, x, y),
		"P-384 that calls itself P-256": ec(x, y),
		"secp256k1": fmt.Sprintf(`{"kty":"EC","crv":"secp256k1","kid":"bad","x":%q,"y":%q}`, gx,
			gy),
		"without crv":                  fmt.Sprintf(`{"kty":"EC","kid":"bad","x":%q,"y":%q}`, gx, gy),
		"a point off the curve":        ec(gx, gx),
		"the point 0, 0":               ec(b64(zero32), b64(zero32)),
		"a short coordinate":           ec(b64(p256[1:32]), gy),
		"a long coordinate":            ec(b64(append([]byte{0}, p256[1:33]...)), gy),
		"padding":                      ec(gx+"=", gy),
		"a line break":                 ec(gx[:8]+"\n"+gx[8:], gy),
		"base64 of the other alphabet": ec(strings.Repeat("+", 43), gy),
		"stray bits in base64":         ec(gx[:42]+stray(gx[42]), gy),
		"X25519":                       `{"kty":"OKP","crv":"X25519","kid":"bad","x":"` + b64(zero32) + `"}`,
		"Ed25519 of 31 bytes":          okpJWK("bad", zero32[1:], ""),
		"Ed25519 of small order":       okpJWK("bad", zero32, ""),
		"symmetric":                    `{"kty":"oct","kid":"bad","k":"AAAA"}`,
		"an unknown type":              `{"kty":"LWE","kid":"bad"}`,
		"no type":                      `{"kid":"bad"}`,
		"a type of another case":       strings.Replace(ecJWK(t, "bad", other, ""), `"EC"`, `"ec"`, 1),
		"members of another case":      strings.Replace(ecJWK(t, "bad", other, ""), `"kty"`, `"KTY"`, 1),
	} {
		s, err := keys.StaticJWKS([]byte(jwks(jwk, ecJWK(t, "good", good, ""))), "ES256", "RS256", "EdDSA")
		require.NoError(t, err, name)
		requireKey(t, s, "good", good)
		_, err = ask(t, s, "bad")
		require.ErrorIs(t, err, keys.ErrInvalidKey, name)
		require.NotErrorIs(t, err, keys.ErrUnknownKey, name)
		_, err = keys.StaticJWKS([]byte(jwks(jwk)), "ES256", "RS256", "EdDSA")
		require.Error(t, err, name)
	}
}

// stray returns the character with one of the two bits set that 32 bytes leave over.
func stray(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)|1])
}

func TestMalformedSetsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	good := ecJWK(t, "good", &newKey(t).PublicKey, "")
	for name, body := range map[string]string{
		"empty":                              "",
		"null":                               "null",
		"HTML":                               "<!doctype html><title>Sign in</title>",
		"an array":                           "[" + good + "]",
		"a single key":                       good,
		"no keys":                            "{}",
		"an empty set":                       jwks(),
		"null keys":                          `{"keys":null}`,
		"keys of another case":               `{"KEYS":[` + good + `]}`,
		"an object of keys":                  `{"keys":{"good":` + good + `}}`,
		"a key that is null":                 jwks(good, "null"),
		"a key that is text":                 jwks(good, `"x"`),
		"trailing text":                      jwks(good) + "x",
		"a second document":                  jwks(good) + jwks(good),
		"a byte order mark":                  "\ufeff" + jwks(good),
		"cut off":                            jwks(good)[:40],
		"a comma too many":                   `{"keys":[` + good + `,]}`,
		"a comment":                          `{/**/"keys":[` + good + `]}`,
		"keys twice":                         `{"keys":[` + good + `],"keys":[]}`,
		"keys twice in two cases":            `{"keys":[` + good + `],"Keys":[]}`,
		"keys twice, one with a Kelvin sign": `{"keys":[` + good + `],"\u212aeys":[]}`,
		"keys twice, one escaped":            `{"keys":[` + good + `],"\u006beys":[]}`,
		"a member of a key twice":            jwks(strings.Replace(good, `"kid"`, `"kid":"evil","kid"`, 1)),
		"a member of a key in two cases":     jwks(strings.Replace(good, `"kid"`, `"KID":"evil","kid"`, 1)),
		"a member twice deep in something":   `{"x":{"y":[{"a":1,"a":2}]},"keys":[` + good + `]}`,
		"no UTF-8":                           `{"x":"` + "\xff" + `","keys":[` + good + `]}`,
		"deep nesting": `{"x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) +
			`,"keys":[` + good + `]}`,
		"very deep nesting": `{"x":` + strings.Repeat("[", 30000) + strings.Repeat("]", 30000) + `,"keys":[` + good +
			`]}`,
		"too many keys": jwks(append(strings.Split(strings.Repeat("{}|", 64), "|")[:64], good)...),
		"NUL in it":     jwks(good) + "\x00",
	} {
		_, err := keys.StaticJWKS([]byte(body), "ES256")
		require.Error(t, err, name)
		h := serving(body)
		r := newJWKS(t, keys.Options{RoundTripper: h})
		_, err = ask(t, r, "good")
		require.ErrorIs(t, err, keys.ErrUnavailable, name)
	}
}

func TestKidsAreCheckedIndependentlyOfTheirOrder(t *testing.T) {
	t.Parallel()
	a, b := &newKey(t).PublicKey, &newKey(t).PublicKey
	find := func(kid string, all ...string) (crypto.PublicKey, error) {
		s, err := keys.StaticJWKS([]byte(jwks(all...)), "ES256")
		require.NoError(t, err)
		return ask(t, s, kid)
	}
	ja, jb := ecJWK(t, "k", a, ""), ecJWK(t, "k", b, "")
	for _, all := range [][]string{{ja, jb}, {jb, ja}, {ja, jb, ja}, {ja, ja, jb}, {jb, ja, ja}} {
		_, err := find("k", all...)
		require.ErrorIs(t, err, keys.ErrInvalidKey)
		_, err = find("", all...)
		require.Error(t, err)
	}
	got, err := find("k", ja, ja)
	require.NoError(t, err, "the same key twice is one")
	require.Equal(t, a, got)

	enc := ecJWK(t, "k", b, `,"use":"enc"`)
	for _, all := range [][]string{{ja, enc}, {enc, ja}} {
		got, err := find("k", all...)
		require.NoError(t, err, "a key for another purpose may have the same kid")
		require.Equal(t, a, got)
	}

	nameless := strings.Replace(ja, `"kid":"k",`, "", 1)
	got, err = find("", nameless)
	require.NoError(t, err)
	require.Equal(t, a, got)
	_, err = find("", nameless, jb)
	require.Error(t, err, "which of two?")
	_, err = find("k", strings.Replace(ja, `"kid":"k"`, `"kid":7`, 1), ecJWK(t, "other", b, ""))
	require.ErrorIs(t, err, keys.ErrUnknownKey, "a kid that is no text is none")
}

func TestStaticKeys(t *testing.T) {
	t.Parallel()
	ec := newKey(t)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ed, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	s, err := keys.Static(map[string]crypto.PublicKey{"e": &ec.PublicKey, "r": &r.PublicKey, "o": ed})
	require.NoError(t, err)
	requireKey(t, s, "e", &ec.PublicKey)
	requireKey(t, s, "r", &r.PublicKey)
	requireKey(t, s, "o", ed)
	_, err = ask(t, s, "")
	require.ErrorIs(t, err, keys.ErrUnknownKey)

	s, err = keys.Static(map[string]crypto.PublicKey{"o": ed})
	require.NoError(t, err)
	before := append(ed25519.PublicKey(nil), ed...)
	ed[0] ^= 1
	requireKey(t, s, "", before)

	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "private RSA": r, "private EC": ec, "private Ed25519": edPrivate, "a secret": []byte("secret"),
		"P-384":        &p384.PublicKey,
		"an RSA value": r.PublicKey, "nil RSA": (*rsa.PublicKey)(nil), "empty RSA": &rsa.PublicKey{},
		"nil EC":   (*ecdsa.PublicKey)(nil),
		"empty EC": &ecdsa.PublicKey{}, "EC without a point": &ecdsa.PublicKey{Curve: elliptic.P256()},
		"short Ed25519": ed[:31],
		"negative RSA":  &rsa.PublicKey{N: new(big.Int).Neg(r.N), E: 65537},
		"RSA with e 1":  &rsa.PublicKey{N: r.N, E: 1},
		//lint:ignore SA1019 a caller can still make one
		"EC off the curve": &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)},
	} {
		_, err := keys.Static(map[string]crypto.PublicKey{"good": &ec.PublicKey, "bad": key})
		require.ErrorContains(t, err, `"bad"`, name)
	}
	_, err = keys.Static(nil)
	require.Error(t, err)
}

// TestSmallOrder computes the y coordinates of all points whose order divides 8, by arithmetic of its own.
func TestSmallOrder(t *testing.T) {
	t.Parallel()
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	inv := func(x *big.Int) *big.Int { return new(big.Int).ModInverse(x, p) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	one := big.NewInt(1)
	d := mul(new(big.Int).Sub(p, big.NewInt(121665)), inv(big.NewInt(121666)))
	// A point (x, y) of order 8 doubles to one with y = 0: the numerator y² + x² (a = -1) vanishes, so x² = -y², and
	// the curve's equation -x² + y² = 1 + d x² y² becomes 2 y² = 1 - d y⁴: a quadratic equation in y².
	want := map[string]bool{}
	encode := func(y *big.Int) {
		b := y.FillBytes(make([]byte, 32))
		for i, j := 0, 31; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		want[fmt.Sprintf("%x", b)] = true
	}
	// Orders 1, 2 and 4 have y = 1, -1 and 0; encodings of 0 and 1 that are not reduced fit below 2^255 as well.
	for _, y := range []*big.Int{one, new(big.Int).Sub(p, one), big.NewInt(0), p, new(big.Int).Add(p, one)} {
		encode(y)
	}
	root := new(big.Int).ModSqrt(mod(new(big.Int).Add(one, d)), p) // of 1 + d
	require.NotNil(t, root)
	for _, r := range []*big.Int{root, new(big.Int).Sub(p, root)} {
		y2 := mul(mod(new(big.Int).Sub(r, one)), inv(d))
		y := new(big.Int).ModSqrt(y2, p)
		if y == nil {
			continue
		}
		encode(y)
		encode(new(big.Int).Sub(p, y))
	}
	var got []string
	got = append(got, publickey.SmallOrder()...)
	require.Len(t, want, len(got))
	for _, e := range got {
		require.True(t, want[e], e)
	}
	for e := range want {
		var key []byte
		_, err := fmt.Sscanf(e, "%x", &key)
		require.NoError(t, err)
		for _, sign := range []byte{0, 0x80} {
			k := append([]byte(nil), key...)
			k[31] |= sign
			_, err = keys.Static(map[string]crypto.PublicKey{"k": ed25519.PublicKey(k)})
			require.ErrorContains(t, err, "small order")
		}
	}
}
