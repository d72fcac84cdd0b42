package jwt_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestHostileTokens is the table of what tokens have been forged by, over the entry of Vonage, whose tokens have a
// secret, an issuer, a time and the body's hash.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	const body = `{"message_uuid":"m"}`
	good := hs256(secret, plainHeader, vonageClaims(body))
	header := func(text string) string { return hs256(secret, text, vonageClaims(body)) }
	with := func(changes ...string) string { return hs256(secret, plainHeader, vonageClaims(body, changes...)) }
	parts := strings.Split(good, ".")
	flipped := func(i int) string {
		raw, err := base64.RawURLEncoding.DecodeString(parts[2])
		require.NoError(t, err)
		raw[i] ^= 1
		return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(raw)
	}
	public := publicPEM(t, rsaOnce()[0].Public())
	const (
		bad, malformed, missing, repeated = reason.BadSignature, reason.MalformedSignature, reason.MissingSignature,
			reason.RepeatedHeader
		recipient, stale, early, noTime = reason.WrongRecipient, reason.Stale, reason.Early, reason.MissingTimestamp
	)
	rows := []struct {
		name, value string
		want        reason.Reason
	}{
		{"genuine", "Bearer " + good, ""},
		{"the scheme in another case", "bearer " + good, ""},
		{"a header without typ", "Bearer " + header(`{"alg":"HS256"}`), ""},
		{"members in another order", "Bearer " + header(`{"typ":"jwt","alg":"HS256"}`), ""},
		{"a kid that is not needed", "Bearer " + header(`{"alg":"HS256","kid":"1"}`), ""},
		{"claims that nobody knows", "Bearer " + with(`"jti"`, `"x":{"y":[1,2]},"jti"`), ""},

		// Algorithms.
		{"alg none, no signature", "Bearer " + b64(`{"alg":"none"}`) + "." + b64(vonageClaims(body)) + ".", malformed},
		{"alg none, the right signature", "Bearer " + header(`{"alg":"none"}`), malformed},
		{"alg None", "Bearer " + header(`{"alg":"None"}`), malformed},
		{"alg NONE", "Bearer " + header(`{"alg":"NONE"}`), malformed},
		{"alg hs256", "Bearer " + header(`{"alg":"hs256"}`), malformed},
		{"alg HS512, signed so", "Bearer " + hs512(secret, `{"alg":"HS512"}`, vonageClaims(body)), malformed},
		{"alg HS512, signed with SHA-256", "Bearer " + header(`{"alg":"HS512"}`), malformed},
		{"alg HS256, signed with SHA-512", "Bearer " + hs512(secret, plainHeader, vonageClaims(body)), bad},
		{"alg RS256, the public key as a secret", "Bearer " + hs256(public, `{"alg":"RS256"}`, vonageClaims(body)),
			malformed},
		{"alg RS256", "Bearer " + rs256(t, rsaOnce()[0], `{"alg":"RS256"}`, vonageClaims(body)), malformed},
		{"no alg", "Bearer " + header(`{"typ":"JWT"}`), malformed},
		{"alg null", "Bearer " + header(`{"alg":null}`), malformed},
		{"alg a number", "Bearer " + header(`{"alg":256}`), malformed},
		{"alg a list", "Bearer " + header(`{"alg":["HS256"]}`), malformed},
		{"alg twice", "Bearer " + header(`{"alg":"HS256","alg":"HS256"}`), malformed},
		{"alg twice, none last", "Bearer " + header(`{"alg":"HS256","alg":"none"}`), malformed},
		{"alg and Alg", "Bearer " + header(`{"alg":"HS256","Alg":"none"}`), malformed},
		{"ALG alone", "Bearer " + header(`{"ALG":"HS256"}`), malformed},

		// Keys of the sender's choice, and other readings.
		{"jwk", "Bearer " + header(`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}`), malformed},
		{"jku", "Bearer " + header(`{"alg":"HS256","jku":"https://evil.example/jwks.json"}`), malformed},
		{"x5u", "Bearer " + header(`{"alg":"HS256","x5u":"https://evil.example/cert.pem"}`), malformed},
		{"x5c", "Bearer " + header(`{"alg":"HS256","x5c":["AAAA"]}`), malformed},
		{"JKU in upper case", "Bearer " + header(`{"alg":"HS256","JKU":"https://evil.example/"}`), malformed},
		{"crit", "Bearer " + header(`{"alg":"HS256","crit":["exp"],"exp":1}`), malformed},
		{"crit, empty", "Bearer " + header(`{"alg":"HS256","crit":[]}`), malformed},
		{"b64", "Bearer " + header(`{"alg":"HS256","b64":false,"crit":["b64"]}`), malformed},
		{"b64 alone", "Bearer " + header(`{"alg":"HS256","b64":true}`), malformed},
		{"zip", "Bearer " + header(`{"alg":"HS256","zip":"DEF"}`), malformed},
		{"enc", "Bearer " + header(`{"alg":"HS256","enc":"A256GCM"}`), malformed},
		{"a token in a token", "Bearer " + header(`{"alg":"HS256","cty":"JWT"}`), malformed},
		{"another type", "Bearer " + header(`{"alg":"HS256","typ":"at+jwt"}`), malformed},
		{"a kid that is a path", "Bearer " +
			hs256("", `{"alg":"HS256","kid":"../../../../dev/null"}`, vonageClaims(body)), bad},
		{"a kid that is a query", "Bearer " +
			hs256("x", `{"alg":"HS256","kid":"' UNION SELECT 'x"}`, vonageClaims(body)), bad},
		{"a kid with a line feed", "Bearer " + header(`{"alg":"HS256","kid":"a\nb"}`), malformed},
		{"a kid that is long", "Bearer " + header(`{"alg":"HS256","kid":"`+strings.Repeat("a", 300)+`"}`), malformed},
		{"a kid that is an object", "Bearer " + header(`{"alg":"HS256","kid":{}}`), malformed},

		// The compact form.
		{"no header", "", missing},
		{"an empty header", "", missing},
		{"no scheme", good, missing},
		{"another scheme", "Basic " + good, missing},
		{"the scheme alone", "Bearer", missing},
		{"the scheme and nothing", "Bearer ", malformed},
		{"two spaces", "Bearer  " + good, malformed},
		{"a space after it", "Bearer " + good + " ", malformed},
		{"two tokens", "Bearer " + good + "," + good, malformed},
		{"two parts", "Bearer " + parts[0] + "." + parts[1], malformed},
		{"four parts", "Bearer " + good + ".AAAA", malformed},
		{"no signature", "Bearer " + parts[0] + "." + parts[1] + ".", bad},
		{"dots alone", "Bearer ..", malformed},
		{"a hundred thousand dots", "Bearer " + strings.Repeat(".", 100_000), malformed},
		{"nine kilobytes", "Bearer " +
			hs256(secret, plainHeader, vonageClaims(body, `"jti":"j"`, `"jti":"`+strings.Repeat("j", 9000)+`"`)),
			malformed},
		{"padding", "Bearer " + good + "=", malformed},
		{"the other alphabet", "Bearer " +
			strings.NewReplacer("-", "+", "_",
				"/").Replace(hs256(secret, plainHeader, vonageClaims(body, `"j"`, `"~~~???"`))), malformed},
		{"stray bits", "Bearer " + good[:len(good)-1] + string(strays(good[len(good)-1])), malformed},
		{"a line break inside", "Bearer " + parts[0] + "." + parts[1] + "." + parts[2][:4] + "\n" + parts[2][4:],
			malformed},
		{"JSON that is no object", "Bearer " + header(`["HS256"]`), malformed},
		{"JSON after the header", "Bearer " + header(plainHeader+`{}`), malformed},
		{"a header that is no JSON", "Bearer " + header(`alg=HS256`), malformed},
		{"bytes that are not UTF-8", "Bearer " + header("{\"alg\":\"HS256\",\"kid\":\"\xff\"}"), malformed},
		{"a deep header", "Bearer " +
			header(`{"alg":"HS256","x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`), malformed},

		// Signatures.
		{"the first byte of the signature changed", "Bearer " + flipped(0), bad},
		{"the last byte of the signature changed", "Bearer " + flipped(31), bad},
		{"another secret", "Bearer " + hs256(otherSecret, plainHeader, vonageClaims(body)), bad},
		{"the empty secret", "Bearer " + hs256("", plainHeader, vonageClaims(body)), bad},
		{"the claims of another token", "Bearer " + parts[0] + "." + b64(vonageClaims(body, `"k"`, `"l"`)) + "." +
			parts[2], bad},

		// Claims.
		{"another issuer", "Bearer " + with("Vonage", "Vonag"), recipient},
		{"the issuer in another case", "Bearer " + with("Vonage", "vonage"), recipient},
		{"no issuer", "Bearer " + with(`"iss":"Vonage",`, ""), recipient},
		{"the issuer a list", "Bearer " + with(`"Vonage"`, `["Vonage"]`), malformed},
		{"the issuer null", "Bearer " + with(`"Vonage"`, `null`), malformed},
		{"the issuer twice", "Bearer " + with(`"iss"`, `"iss":"Vonage","iss"`), malformed},
		{"iss and ISS", "Bearer " + with(`"iss"`, `"ISS":"x","iss"`), malformed},
		{"no iat", "Bearer " + with(fmt.Sprintf(`"iat":%d,`, now), ""), noTime},
		{"iat too old", "Bearer " + with(fmt.Sprint(now), fmt.Sprint(now-301)), stale},
		{"iat of the future", "Bearer " + with(fmt.Sprint(now), fmt.Sprint(now+301)), early},
		{"iat at the edge", "Bearer " + with(fmt.Sprint(now), fmt.Sprint(now-300)), ""},
		{"iat a text", "Bearer " + with(fmt.Sprint(now), fmt.Sprintf("%q", fmt.Sprint(now))), malformed},
		{"iat a fraction", "Bearer " + with(fmt.Sprint(now), fmt.Sprint(now)+".5"), malformed},
		{"iat with an exponent", "Bearer " + with(fmt.Sprint(now), "1.7723664e9"), malformed},
		{"iat negative", "Bearer " + with(fmt.Sprint(now), "-1"), malformed},
		{"iat 0", "Bearer " + with(fmt.Sprint(now), "0"), malformed},
		{"iat beyond an int64", "Bearer " + with(fmt.Sprint(now), "99999999999999999999"), malformed},
		{"iat null", "Bearer " + with(fmt.Sprint(now), "null"), malformed},
		{"iat twice", "Bearer " + with(`"iat"`, fmt.Sprintf(`"iat":%d,"iat"`, now)), malformed},
		{"an exp that has passed, though none is needed", "Bearer " +
			with(`"jti"`, fmt.Sprintf(`"exp":%d,"jti"`, now-31)), stale},
		{"an nbf that has not come, though none is needed", "Bearer " +
			with(`"jti"`, fmt.Sprintf(`"nbf":%d,"jti"`, now+31)), early},
		{"a number that no reader holds", "Bearer " + with(`"jti"`, `"x":1e999,"jti"`), malformed},
		{"no hash of the body", "Bearer " + with("payload_hash", "other_hash"), bad},
		{"the hash of another body", "Bearer " + hs256(secret, plainHeader, vonageClaims(body+" ")), bad},
		{"an empty hash", "Bearer " + with(hash256(body), ""), bad},
		{"half of the hash", "Bearer " + with(hash256(body), hash256(body)[:32]), bad},
		{"the hash and more", "Bearer " + with(hash256(body), hash256(body)+"00"), bad},
		{"the hash in base64", "Bearer " + with(hash256(body), "AAAA"), bad},
		{"the hash a number", "Bearer " + with(fmt.Sprintf("%q", hash256(body)), "1"), malformed},
		{"the hash twice", "Bearer " + with(`"payload_hash"`, `"payload_hash":"","payload_hash"`), malformed},
		{"claims that are no object", "Bearer " + hs256(secret, plainHeader, `[]`), malformed},
		{"claims that are null", "Bearer " + hs256(secret, plainHeader, `null`), malformed},
		{"claims that are empty", "Bearer " + hs256(secret, plainHeader, ``), malformed},
		{"claims and more", "Bearer " + hs256(secret, plainHeader, vonageClaims(body)+" x"), malformed},
	}
	g := guardOf(t, jwt.Vonage(), []string{secret}, nil)
	for _, row := range rows {
		r := post("Authorization", row.value, body)
		if row.name == "no header" {
			r.Header.Del("Authorization")
		}
		require.Equal(t, row.want, reasonOf(g, r), row.name)
	}
	require.Greater(t, len(rows), 61)
	r := post("Authorization", "Bearer "+good, body)
	r.Header.Add("Authorization", "Bearer "+good)
	require.Equal(t, repeated, reasonOf(g, r))
}

// strays changes the bits of a base64 character that decode to nothing.
func strays(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

// TestNoChangedBitOfATokenVerifies is the law over every entry: neither of the token nor, where the token covers it, of
// the body.
func TestNoChangedBitOfATokenVerifies(t *testing.T) {
	t.Parallel()
	for _, p := range all() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			const body = `{"id":"evt_1","message":{"messageId":"1"}}`
			k := keysOf(p)
			g := guardOf(t, p, []string{k.configured}, nil)
			r := signedRequest(t, p, k.right, body)
			name := traits(p).Headers[0]
			value := r.Header.Get(name)
			require.Empty(t, reasonOf(g, r))
			scheme := strings.IndexByte(value, ' ') + 1
			step := 1
			if len(value) > 500 {
				step = 3 // signatures of RSA are long
			}
			for i := scheme; i < len(value); i += step {
				for bit := range 8 {
					changed := []byte(value)
					changed[i] ^= 1 << bit
					require.NotEmpty(t, reasonOf(g, post(name, string(changed), body)), "bit %d of byte %d", bit, i)
				}
			}
			for i := range body {
				changed := []byte(body)
				changed[i] ^= 1
				require.Equal(t, !traits(p).Body, reasonOf(g, post(name, value, string(changed))) == "",
					"byte %d of the body", i)
			}
			for why, values := range map[string][]string{
				"none": nil, "empty": {""}, "twice": {value, value}, "empty, and then right": {"", value},
				"shortened": {value[:len(value)-1]}, "lengthened": {value + "A"},
			} {
				r := post(name, "", body)
				r.Header[name] = values
				require.NotEmpty(t, reasonOf(g, r), why)
			}
			require.NotEmpty(t, reasonOf(g, signedRequest(t, p, k.wrong, body)), "another key")
			rotated := guardOf(t, p, []string{k.other, k.configured}, nil)
			require.Empty(t, reasonOf(rotated, signedRequest(t, p, k.right, body)), "any key of the list")
		})
	}
}

// TestOddBodiesAreOneEvent: what is odd in the body of a proved delivery is one event, with the raw payload.
func TestOddBodiesAreOneEvent(t *testing.T) {
	t.Parallel()
	for _, p := range all() {
		k := keysOf(p)
		g := guardOf(t, p, []string{k.configured}, nil)
		for _, body := range []string{"", "x", "[", `{"message":[]}`, `{"a":1,"a":2}`, "\xff",
			strings.Repeat("[", 10_000), `{"event":{"type":1e999}}`, "null"} {
			require.Empty(t, reasonOf(g, signedRequest(t, p, k.right, body)), "%s: %.20q", p.Name(), body)
		}
	}
}
