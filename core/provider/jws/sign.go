package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Sign signs a request as the provider would, for package webhooktest. It shares none of the code that verifies. The
// body of a request whose payload is inside the JWS is the payload to sign.
func (m *mechanism) Sign(r *http.Request, target string, body []byte, key string, at time.Time) ([]byte, error) {
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return nil, errors.New("webhooktest: the private key is not in PEM")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	header := map[string]any{"alg": m.algorithm}
	if m.names == byKid || m.names == configured {
		header["kid"] = "test-key"
	}
	if m.names == byChain { // a configured key takes the chain's place
		header["x5c"] = [3]string{"AAAA", "AAAA", "AAAA"}
	}
	if m.detached == plain {
		header["b64"], header["crit"] = false, []string{"b64"}
	}
	if m.time.member != "" {
		header[m.time.member] = at.Unix()
	}
	payload, inside := body, ""
	switch m.detached {
	case attached:
		payload = m.completed(body, at)
		inside = base64.RawURLEncoding.EncodeToString(payload)
	case request:
		header["tl_version"], header["tl_headers"], header["jku"] = "2", timestampHeader, m.jku[0]
		u, err := url.Parse(target)
		if err != nil {
			return nil, err
		}
		r.Header.Set(timestampHeader, at.UTC().Format(time.RFC3339))
		lines := r.Method + " " + u.RequestURI() + "\n" +
			timestampHeader + ": " + r.Header.Get(timestampHeader) + "\n"
		payload = append([]byte(lines), body...)
	}
	first, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	text := base64.RawURLEncoding.EncodeToString(first)
	input := text + "." + base64.RawURLEncoding.EncodeToString(payload)
	if m.detached == plain {
		input = text + "." + string(payload)
	}
	signature, err := signText(m.algorithm, private, input)
	if err != nil {
		return nil, err
	}
	text += "." + inside + "." + base64.RawURLEncoding.EncodeToString(signature)
	switch {
	case m.header != "":
		r.Header.Set(m.header, text)
		return body, nil
	case m.wrap != "":
		return json.Marshal(map[string]string{m.wrap: text})
	default:
		r.Header.Set("Content-Type", "application/jwt")
		return []byte(text), nil
	}
}

// completed adds to a payload what the provider always sends. What is not an object stays as it is.
func (m *mechanism) completed(body []byte, at time.Time) []byte {
	members := map[string]json.RawMessage{}
	if m.complete == nil || json.Unmarshal(body, &members) != nil || members == nil {
		return body
	}
	m.complete(members, at.Unix())
	text, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return text
}

// signText signs a text in the form that a JWS has (RFC 7518, sections 3.3 and 3.4).
func signText(alg string, private any, input string) ([]byte, error) {
	kind, sum := crypto.SHA256, make([]byte, 0, sha512.Size)
	if alg == rs512 || alg == es512 { //lint:notsecret names of algorithms
		long := sha512.Sum512([]byte(input))
		kind, sum = crypto.SHA512, append(sum, long[:]...)
	} else {
		short := sha256.Sum256([]byte(input))
		sum = append(sum, short[:]...)
	}
	switch k := private.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(rand.Reader, k, kind, sum)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum)
		if err != nil {
			return nil, err
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		both := make([]byte, 2*size)
		r.FillBytes(both[:size])
		s.FillBytes(both[size:])
		return both, nil
	default:
		return nil, errors.New("webhooktest: the private key is of another type than the provider's")
	}
}
