package jwt

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"time"

	lib "github.com/golang-jwt/jwt/v5"
)

// lifetime is that of tokens made for tests.
const lifetime = time.Minute

// Sign makes a token as the provider would and puts it into its header, for package webhooktest. It makes the token
// with the library's own functions and shares none of the code that verifies.
func (m *mechanism) Sign(r *http.Request, url string, body []byte, key string, at time.Time) ([]byte, error) {
	hash := func(of string) string {
		sum := sha256.Sum256([]byte(of))
		return hex.EncodeToString(sum[:])
	}
	c := lib.MapClaims{}
	first := func(name string, values []string) {
		if len(values) > 0 {
			c[name] = values[0]
		}
	}
	first("iss", m.issuers)
	first("aud", m.audiences)
	if first("email", m.emails); len(m.emails) > 0 {
		c["email_verified"] = true
	}
	if m.issued || m.time == "iat" {
		c["iat"] = at.Unix()
	}
	if m.notBefore {
		c["nbf"] = at.Unix()
	}
	if m.expires {
		c["exp"] = at.Add(lifetime).Unix()
	}
	c["jti"] = hash(at.String() + string(body))[:32]
	if m.bodyHash != "" && !(len(body) == 0 && (m.bodyOptional || m.getsOptional && r.Method == http.MethodGet)) {
		c[m.bodyHash] = hash(string(body))
		if m.bodyBase64 {
			sum := sha256.Sum256(body)
			c[m.bodyHash] = base64.StdEncoding.EncodeToString(sum[:])
		}
	}
	if m.urlHash != "" {
		c[m.urlHash] = hash(url)
	}
	if m.qsh != nil {
		canonical, _ := m.qsh.canonical(r.Method, url)
		c["qsh"] = hash(canonical)
	}
	t := lib.NewWithClaims(lib.GetSigningMethod(m.algorithms[0]), c)
	var secret any = []byte(key)
	var err error
	switch m.algorithms[0] {
	case "RS256":
		secret, err = lib.ParseRSAPrivateKeyFromPEM([]byte(key))
	case "ES256":
		secret, err = lib.ParseECPrivateKeyFromPEM([]byte(key))
	case "EdDSA":
		secret, err = lib.ParseEdPrivateKeyFromPEM([]byte(key))
	}
	if err != nil {
		return nil, err
	}
	if m.keyless {
		t.Header["kid"] = "test-key"
	}
	text, err := t.SignedString(secret)
	if err != nil {
		return nil, err
	}
	if m.scheme != "" {
		text = m.scheme + " " + text
	}
	r.Header.Set(m.header, text)
	return body, nil
}
