// Package webhooktest makes deliveries as providers send them, for tests of the code that receives them.
//
// [Sign] signs a request as a provider would; send it through the real guard. [Fake] makes a request that a guard has
// proved, to test a signal on its own.
package webhooktest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // some providers sign with HMAC-SHA-1
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// NewRequest makes a signed POST of a JSON body, as httptest.NewRequest makes one. It panics where [Sign] fails. For
// other headers, such as a type or another Content-Type, make the request yourself and Sign it.
func NewRequest[B string | []byte](p core.Provider, secret, target string, body B, at time.Time) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, bytes.NewReader([]byte(body)))
	r.Header.Set("Content-Type", "application/json")
	if err := Sign(r, p, secret, at); err != nil {
		panic(err)
	}
	return r
}

// Sign signs a request in place as the provider would, with the secret as the provider's dashboard shows it and the
// time of the attempt. It reads the body and puts it back; for a provider that signs in the body (Mailgun) it writes
// the signature into the JSON object or the form, whose members may change their order. An id that the scheme signs is
// kept where it is set, and made up where it is not: sign twice with one id for a retry. Credential-only providers get
// their credential, Basic as "user:password". Where the URL is signed it is the request's own; give it as the provider
// knows it.
func Sign(r *http.Request, p core.Provider, secret string, at time.Time) error {
	e, err := core.EntryOf(p)
	if err != nil {
		return err
	}
	if e == nil {
		return errors.New("webhooktest: no provider")
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if e.Scheme == nil {
		return present(r, e.Credential, secret)
	}
	var body []byte
	if r.Body != nil {
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return err
		}
	}
	s := &signer{scheme: e.Scheme, r: r, body: body, at: stamp(e.Scheme.Timestamp.Unit, at)}
	body, err = s.sign(secret)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

func present(r *http.Request, c entry.Credential, secret string) error {
	switch c.Kind {
	case entry.Basic:
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(secret)))
	case entry.Bearer:
		r.Header.Set("Authorization", "Bearer "+secret)
	case entry.HeaderToken:
		r.Header.Set(c.Name, secret)
	case entry.QueryToken:
		q := r.URL.Query()
		q.Set(c.Name, secret)
		r.URL.RawQuery = q.Encode()
	default:
		return errors.New("webhooktest: the provider neither signs nor presents a credential")
	}
	return nil
}

func stamp(unit entry.Unit, at time.Time) string {
	switch unit {
	case entry.Milliseconds:
		return strconv.FormatInt(at.UnixMilli(), 10)
	case entry.RFC3339:
		return at.UTC().Format(time.RFC3339Nano)
	default:
		return strconv.FormatInt(at.Unix(), 10)
	}
}

type signer struct {
	scheme *entry.Scheme
	r      *http.Request
	body   []byte
	at     string
	id     string
}

// sign gives the body to send. It assembles the signed bytes on its own, not as the guard does, so that each is a
// check of the other.
func (s *signer) sign(secret string) ([]byte, error) {
	sch := s.scheme
	key, err := keyBytes(sch.Key, secret)
	if err != nil {
		return nil, err
	}
	inBody := len(sch.Signature.Headers) == 0
	var holder carrier
	if inBody {
		if holder, err = s.openBody(); err != nil {
			return nil, err
		}
	}
	s.id = s.makeID(holder)
	var message []byte
	for _, part := range sch.Signed {
		switch part.Kind {
		case entry.PartBody:
			message = append(message, s.body...)
		case entry.PartTimestamp:
			message = append(message, s.at...)
		case entry.PartID:
			message = append(message, s.id...)
		case entry.PartLiteral:
			message = append(message, part.Text...)
		case entry.PartHeader:
			message = append(message, s.r.Header.Get(part.Text)...)
		case entry.PartURL:
			u := *s.r.URL
			if u.Host == "" {
				u.Host = s.r.Host
			}
			if u.Scheme == "" {
				u.Scheme = "https"
			}
			message = append(message, u.String()...)
		case entry.PartMethod:
			message = append(message, s.r.Method...)
		case entry.PartPath:
			message = append(message, s.r.URL.RequestURI()...)
		}
	}
	mac := hmac.New(hashes(sch.Algorithm), key)
	mac.Write(message)
	signature := s.layout(encode(sch.Signature.Encoding, mac.Sum(nil)))
	if inBody {
		return holder.with(sch, signature, s.at, s.id)
	}
	s.r.Header.Set(sch.Signature.Headers[0], signature)
	if h := sch.Timestamp.Headers; len(h) > 0 {
		s.r.Header.Set(h[0], s.at)
	}
	if h := sch.ID.Headers; len(h) > 0 {
		s.r.Header.Set(h[0], s.id)
	}
	return s.body, nil
}

func (s *signer) makeID(c carrier) string {
	if h := s.scheme.ID.Headers; len(h) > 0 && s.r.Header.Get(h[0]) != "" {
		return s.r.Header.Get(h[0])
	}
	if c != nil {
		if id := c.id(s.scheme); id != "" {
			return id
		}
	}
	b := make([]byte, 25) // as long as Mailgun's tokens
	_, _ = rand.Read(b)
	if s.scheme.ID.Grammar == entry.HexText {
		return hex.EncodeToString(b)
	}
	return "msg_" + hex.EncodeToString(b[:13])
}

func (s *signer) layout(signature string) string {
	sig := s.scheme.Signature
	switch sig.Layout {
	case entry.Pairs:
		pair := sig.Name + "=" + signature
		if k := s.scheme.Timestamp.Key; k != "" {
			pair = k + "=" + s.at + string(sig.Separator) + pair
		}
		return pair
	case entry.Versioned:
		return sig.Name + "," + signature
	default:
		return sig.Prefix + signature
	}
}

func keyBytes(k entry.Key, secret string) ([]byte, error) {
	text := strings.TrimPrefix(secret, k.Prefix)
	switch k.Encoding {
	case entry.Text:
		return []byte(secret[len(secret)-len(text):]), nil
	case entry.Hex:
		return hex.DecodeString(text)
	case entry.Base64URL, entry.Base64URLRaw:
		return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	default:
		return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
}

func encode(enc entry.Encoding, mac []byte) string {
	switch enc {
	case entry.Hex:
		return hex.EncodeToString(mac)
	case entry.Base64Raw:
		return base64.RawStdEncoding.EncodeToString(mac)
	case entry.Base64URL:
		return base64.URLEncoding.EncodeToString(mac)
	case entry.Base64URLRaw:
		return base64.RawURLEncoding.EncodeToString(mac)
	default:
		return base64.StdEncoding.EncodeToString(mac)
	}
}

func hashes(a entry.Algorithm) func() hash.Hash {
	switch a {
	case entry.HMACSHA1:
		return sha1.New
	case entry.HMACSHA384:
		return sha512.New384
	case entry.HMACSHA512:
		return sha512.New
	default:
		return sha256.New
	}
}
