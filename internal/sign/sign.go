// Package sign signs requests as providers do. It is for tests, and for the examples that send deliveries. Its public
// API is package webhooktest.
//
// It builds the signed bytes from a provider's entry with its own code, and shares none with the guard. So a mistake in
// one of the two shows as a refused delivery. It makes requests and never verifies any: it has no security decision to
// take.
package sign

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Request signs a request in place, as webhooktest.Sign documents.
func Request(r *http.Request, p entry.Provider, secret string, at time.Time) error {
	e, err := entry.Of(p)
	if err != nil {
		return err
	}
	if e == nil { // the zero Provider
		return errors.New("webhooktest: no provider")
	}
	if r.Header == nil { // a request that was written as a literal
		r.Header = http.Header{}
	}
	if e.Scheme == nil { // a credential and no signature
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
	if e.Event.Sealed != nil { // the ciphertext is what is signed
		if body, err = seal(r, e, body, secret, at); err != nil {
			return err
		}
	}
	s := &signer{entry: e, scheme: e.Scheme, r: r, body: body, at: stamp(e.Scheme.Timestamp.Unit, at)}
	if e.Scheme.Custom != nil {
		own, ok := e.Scheme.Custom.(entry.CustomSigner)
		if !ok { // a mechanism that only verifies
			return errors.New("webhooktest: the provider's mechanism cannot sign")
		}
		body, err = own.Sign(r, s.url().String(), body, secret, at)
	} else {
		body, err = s.sign(secret)
	}
	if err != nil {
		return err
	}
	// GetBody lets an http.Client send the request again after a redirect.
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// present adds the credential of a provider that does not sign.
func present(r *http.Request, c entry.Credential, secret string) error {
	switch c.Kind {
	case entry.Basic: // "user:password"
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(secret)))
	case entry.Bearer: // RFC 6750
		r.Header.Set("Authorization", "Bearer "+secret)
	case entry.HeaderToken: // in a header of the provider
		r.Header.Set(c.Name, secret)
	case entry.QueryToken: // in the URL
		setQuery(r, c.Name, secret)
	case entry.BodyToken: // in a member of the body
		return presentInBody(r, c, secret)
	default:
		return errors.New("webhooktest: the provider neither signs nor presents a credential")
	}
	return nil
}

// stamp returns a time in the unit of the provider's timestamps.
func stamp(unit entry.Unit, at time.Time) string {
	switch unit {
	case entry.Milliseconds: // since 1970
		return strconv.FormatInt(at.UnixMilli(), 10)
	case entry.RFC3339: // with as many digits of the second as are needed
		return at.UTC().Format(time.RFC3339Nano)
	case entry.HTTPDate: // as the header Date
		return at.UTC().Format(http.TimeFormat)
	case entry.RFC3339InUTC: // without a zone, with milliseconds
		return at.UTC().Format("2006-01-02T15:04:05.000")
	default:
		return strconv.FormatInt(at.Unix(), 10)
	}
}

// signer is the state of one call of Request.
type signer struct {
	entry  *entry.Entry
	scheme *entry.Scheme
	r      *http.Request // headers and URL get the parts of the proof
	body   []byte        // as it will be sent
	at     string        // the timestamp, in the provider's unit
	id     string        // the signed id
	key    signingKey
}

// sign signs the request and returns the body to send. It writes the proof into headers, the URL or the body.
func (s *signer) sign(secret string) ([]byte, error) {
	sch := s.scheme
	var err error
	if s.key, err = newSigningKey(sch, secret); err != nil {
		return nil, err
	}
	// The id of the key goes into a header of its own.
	if k := sch.Key; k.NamedIn != "" {
		if id, _, ok := strings.Cut(secret, k.Named); ok {
			s.r.Header.Set(k.NamedIn, id)
		}
	}
	s.makeForm()
	if needsJSON(sch) || needsForm(sch) { // the body itself changes
		return s.signInside()
	}
	s.id = s.makeID(nil)
	message, err := s.message(nil)
	if err != nil {
		return nil, err
	}
	signature, err := s.key.sign(message)
	if err != nil {
		return nil, err
	}
	if h := sch.Signature.Headers; len(h) > 0 { // the first one, where a provider has several
		s.r.Header.Set(h[0], s.layout(signature))
	}
	setQuery(s.r, sch.Signature.Query, s.layout(signature))
	s.setHeaders()
	return s.body, nil
}

// setQuery writes a parameter of the URL; nothing where it has no name.
func setQuery(r *http.Request, name, value string) {
	if name == "" {
		return
	}
	q := r.URL.Query()
	q.Set(name, value)
	r.URL.RawQuery = q.Encode()
	if r.RequestURI != "" { // a client's request has none
		r.RequestURI = r.URL.RequestURI()
	}
}

// setHeaders writes the timestamp, the id and the version into their headers or parameters, if they have some.
func (s *signer) setHeaders() {
	set := func(f entry.Field, value string) {
		if len(f.Headers) > 0 { // otherwise it is in the body, in the signature, or absent
			s.r.Header.Set(f.Headers[0], value)
		}
		setQuery(s.r, f.Query, value)
	}
	set(s.scheme.Timestamp.Field, s.at)
	set(s.scheme.ID, s.id)
	set(s.scheme.Signature.Version, s.key.version)
}

// makeID returns the id that the test has set, in a header or in the body. Otherwise it makes a random one, of the
// grammar that the scheme needs.
func (s *signer) makeID(c carrier) string {
	if h := s.scheme.ID.Headers; len(h) > 0 && s.r.Header.Get(h[0]) != "" {
		return s.r.Header.Get(h[0])
	}
	if q := s.scheme.ID.Query; q != "" && s.r.URL.Query().Has(q) {
		return s.r.URL.Query().Get(q)
	}
	if c != nil { // the body may have it
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

// layout returns the value of the signature's header or field: the encoded signature with what the provider writes
// around it.
func (s *signer) layout(raw []byte) string {
	sig := s.scheme.Signature
	signature := sig.Encoding.Encode(raw)
	switch sig.Layout {
	case entry.Pairs: // "t=123,v1=abc"
		equals := "="
		if sig.Equals != 0 {
			equals = string(sig.Equals)
		}
		pair := s.key.version + equals + signature
		for i := range s.scheme.Signed { // signed pairs stand in the list, too
			if p := &s.scheme.Signed[i]; p.Kind == entry.PartPair {
				pair += string(sig.Separator) + p.Text + equals + madeUp(p)
			}
		}
		if k := s.scheme.Timestamp.Key; k != "" {
			pair = k + equals + s.at + string(sig.Separator) + pair
		}
		return pair
	case entry.Parameters: // `keyid="a", signature="abc"`
		text := `keyid="test-key-1", ` + sig.Name + `="` + signature + `"`
		for _, fixed := range sig.Fixed {
			text += ", " + fixed[0] + `="` + fixed[1] + `"`
		}
		return text
	case entry.Packed: // base64 of an object
		object, _ := json.Marshal(map[string]string{s.scheme.KeyRef.Key: "test-key-1", sig.Name: signature})
		return base64.StdEncoding.EncodeToString(object)
	case entry.Versioned: // "v1,abc"
		return s.key.version + "," + signature
	case entry.AuthScheme: // "Scheme key:abc"
		return sig.Prefix + " test-key:" + signature
	case entry.List: // signatures with a separator between them, and perhaps the time before them
		if s.scheme.Timestamp.First {
			return s.at + string(sig.Separator) + signature
		}
		return signature
	default:
		return sig.Prefix + signature
	}
}
