package httpsig

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Sign signs what the config asks for, for package webhooktest. It writes the signed text by itself and shares what a
// component's value is with the code that verifies.
func (m *mechanism) Sign(r *http.Request, url string, body []byte, key string, at time.Time) ([]byte, error) {
	if m.coversBody {
		sum := sha256.Sum256(body)
		r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	}
	var base strings.Builder
	var names []string
	parsed := parsedURL{text: url}
	for _, c := range m.required {
		if c.name[0] != '@' && r.Header.Get(c.name) == "" {
			r.Header.Set(c.name, "test")
		}
		value, err := c.value(r.Method, &parsed, r.Header)
		if err != nil {
			return nil, err
		}
		name := `"` + c.name + `"`
		if c.param != "" {
			name += `;name="` + c.param + `"`
		}
		names = append(names, name)
		base.WriteString(name + ": " + value + "\n")
	}
	params := fmt.Sprintf(`(%s);created=%d;keyid="test-key"`, strings.Join(names, " "), at.Unix())
	if m.nonce {
		params += fmt.Sprintf(`;nonce="%d"`, at.UnixNano())
	}
	if m.tag != "" {
		params += `;tag="` + m.tag + `"`
	}
	base.WriteString(`"@signature-params": ` + params)
	signature, err := m.sign(key, []byte(base.String()))
	if err != nil {
		return nil, err
	}
	label := cmp.Or(m.label, "sig1")
	r.Header.Set(inputHeader, label+"="+params)
	r.Header.Set(signatureHeader, label+"=:"+base64.StdEncoding.EncodeToString(signature)+":")
	return body, nil
}

func (m *mechanism) sign(key string, base []byte) ([]byte, error) {
	sum := sha256.Sum256(base)
	if m.algorithm == HMACSHA256 {
		secret := []byte(key)
		var err error
		switch m.encoding {
		case Base64:
			secret, err = base64.StdEncoding.DecodeString(key)
		case Hex:
			secret, err = hex.DecodeString(key)
		}
		h := hmac.New(sha256.New, secret)
		_, _ = h.Write(base)
		return h.Sum(nil), err
	}
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return nil, errors.New("httpsig: the private key is not in PEM; make one with webhooktest.KeyPair")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	switch k := private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(k, base), nil
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
	case *rsa.PrivateKey:
		if m.algorithm == RSAPSSSHA512 {
			long := sha512.Sum512(base)
			return rsa.SignPSS(rand.Reader, k, crypto.SHA512, long[:],
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	default:
		return nil, errors.New("httpsig: the private key is of another type")
	}
}
