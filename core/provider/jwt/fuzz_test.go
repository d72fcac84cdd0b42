package jwt_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	lib "github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/jwt"
)

// FuzzToken: what the guard accepts the library's own parser accepts, and a reader that decodes with encoding/json
// alone finds the claims that make it so.
func FuzzToken(f *testing.F) {
	const body = `{"message_uuid":"m"}`
	for _, text := range []string{
		hs256(secret, plainHeader, vonageClaims(body)), hs256(secret, `{"alg":"none"}`, vonageClaims(body)),
		hs512(secret, `{"alg":"HS512"}`, vonageClaims(body)),
		hs256(secret, `{"alg":"HS256","kid":"a","x":[1,{"y":null}]}`, vonageClaims(body)), "..", "a.b.c", "",
		hs256(secret, "", ""),
	} {
		f.Add(text, plainHeader, vonageClaims(body))
	}
	f.Add("", `{"alg":"HS256","Alg":"none"}`, `{"iss":"Vonage","iat":1772366400,"ISS":"x"}`)
	g := guardOf(f, jwt.Vonage(), []string{secret}, nil)
	f.Fuzz(func(t *testing.T, text, header, claims string) {
		for _, token := range []string{text, hs256(secret, header, claims)} {
			if strings.ContainsAny(token, "\x00\r\n") ||
				reasonOf(g, post("Authorization", "Bearer "+token, body)) != "" {
				continue
			}
			parsed, err := lib.NewParser(lib.WithValidMethods([]string{"HS256"}), lib.WithStrictDecoding(),
				lib.WithoutClaimsValidation()).
				Parse(token, func(*lib.Token) (any, error) { return []byte(secret), nil })
			require.NoError(t, err)
			require.True(t, parsed.Valid)
			raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
			require.NoError(t, err)
			var got struct {
				Iss  string
				Iat  int64
				Hash string `json:"payload_hash"`
			}
			require.NoError(t, json.Unmarshal(raw, &got))
			require.Equal(t, "Vonage", got.Iss)
			require.True(t, strings.EqualFold(hash256(body), got.Hash))
			require.LessOrEqual(t, time.Unix(now, 0).Sub(time.Unix(got.Iat, 0)).Abs(), 5*time.Minute)
		}
	})
}
