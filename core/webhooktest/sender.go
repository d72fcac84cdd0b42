package webhooktest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Sender sends deliveries as a provider would, with new keys of its own: a test never needs a real secret. It is safe
// for concurrent use while its fields do not change. The example in the package comment shows how to use it.
type Sender struct {
	// Host is the host of the requests' URLs, with https. Default: example.com.
	Host string
	// Now is the clock for the timestamps in signatures. Default: time.Now.
	Now func() time.Time
	// VerifyToken is what the set-up presents to a receiver that chose its token. Empty: the constant [VerifyToken].
	VerifyToken string

	provider   core.Provider
	configured string // the secret or the public key, for the guard
	signing    string // the secret or the private key
}

// NewSender makes a sender of the provider's deliveries. It panics for a provider that was configured wrongly, and
// cannot be signed for.
func NewSender(p core.Provider) *Sender {
	configured, signing, err := newKeys(p)
	if err != nil {
		panic(err)
	}
	return &Sender{provider: p, configured: configured, signing: signing}
}

// Secret returns the sender's secret as the provider's dashboard would show it, for core.Config.Secrets. For a provider
// that signs with a key pair it is the public key.
func (s *Sender) Secret() string { return s.configured }

// Samples returns the provider's [Samples].
func (s *Sender) Samples() []Sample { return Samples(s.provider) }

// Request makes a delivery of the sample to a path of the host, signed now. A second request of the same sample is a
// retry of the same event, with one exception: an id that the scheme signs is different each time, unless the sample's
// Header sets it.
func (s *Sender) Request(path string, sample Sample) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://"+s.host()+path, strings.NewReader(string(sample.Body)))
	// Copied: a handler may change the headers of its request, and the sample may be sent again.
	for name, values := range sample.Header {
		r.Header[name] = append([]string(nil), values...)
	}
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if err := Sign(r, s.provider, s.signing, s.now()); err != nil {
		panic(err)
	}
	return r
}

func (s *Sender) host() string {
	if s.Host == "" {
		return "example.com"
	}
	return s.Host
}

func (s *Sender) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Send passes a delivery of the sample to a router, or to any other handler, and returns the answer.
func (s *Sender) Send(h http.Handler, path string, sample Sample) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, s.Request(path, sample))
	return w
}

// newKeys makes a key in the form of the provider's: configured is for the guard, and signing for the sender. They
// differ only for key pairs.
func newKeys(p core.Provider) (configured, signing string, err error) {
	e, err := entry.Of(p)
	if err != nil {
		return "", "", err
	}
	if e == nil {
		return "", "", errors.New("webhooktest: no provider")
	}
	// A custom scheme may use a pair too, whatever its algorithm is.
	if s := e.Scheme; s != nil && (s.Algorithm.PublicKey() || s.Custom != nil && s.Custom.Traits().Pair != 0) {
		configured, signing = KeyPair(p)
		return configured, signing, nil
	}
	configured = newSecret(e)
	return configured, configured, nil
}

// newSecret makes a random secret of 32 bytes, in the encoding and with the prefixes that the provider's secrets have.
// Without a scheme it is a credential.
func newSecret(e *entry.Entry) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	if e.Scheme == nil { // a credential; hexadecimal digits need no escape anywhere
		if e.Credential.Kind == entry.Basic {
			return "webhooktest:" + hex.EncodeToString(b)
		}
		return hex.EncodeToString(b)
	}
	text := hex.EncodeToString(b) // also for secrets that are used as text
	switch e.Scheme.Key.Encoding {
	case entry.Base64, entry.Base64Raw, entry.Base64Any:
		text = base64.StdEncoding.EncodeToString(b)
	case entry.Base64URL, entry.Base64URLRaw:
		text = base64.RawURLEncoding.EncodeToString(b)
	}
	text = e.Scheme.Key.Prefix + e.Scheme.Key.Whole + text
	if e.Scheme.Key.Named != "" { // the key has an id before it
		text = "webhooktest" + e.Scheme.Key.Named + text
	}
	return text
}
