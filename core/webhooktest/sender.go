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

// Sender sends deliveries as a provider would, with keys that are made anew for it. It is safe for concurrent use as
// long as its fields are left alone.
//
//	stripe := webhooktest.NewSender(provider.Stripe())
//	router := newRouter(stripe.Secret()) // the app's own: it gives the secret to core.Config.Secrets
//	for _, sample := range stripe.Samples() {
//		require.Equal(t, 200, stripe.Send(router, "/webhooks/stripe", sample).Code)
//	}
type Sender struct {
	// Host is the host that requests are sent to, over https. Default: example.com.
	Host string
	// Now is the clock that deliveries are signed by. Default: time.Now.
	Now func() time.Time

	provider            core.Provider
	configured, signing string
}

// NewSender makes a sender of the provider's deliveries. It panics for a provider that cannot be signed for: one that
// was configured wrongly.
func NewSender(p core.Provider) *Sender {
	configured, signing, err := newKeys(p)
	if err != nil {
		panic(err)
	}
	return &Sender{provider: p, configured: configured, signing: signing}
}

// Secret is the sender's secret as the provider's dashboard would show it, for core.Config.Secrets; of a provider that
// signs with a key pair it is the public key.
func (s *Sender) Secret() string { return s.configured }

// Samples are the provider's [Samples].
func (s *Sender) Samples() []Sample { return Samples(s.provider) }

// Request makes a delivery of the sample to a path of the host, signed at this moment. A second one of the same sample
// is what the provider would send again, but for an id that the scheme signs: that is another each time, unless the
// sample's Header holds it.
func (s *Sender) Request(path string, sample Sample) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://"+s.host()+path, strings.NewReader(string(sample.Body)))
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

// Send gives a delivery of the sample to a router, or to any other handler, and returns its answer.
func (s *Sender) Send(h http.Handler, path string, sample Sample) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, s.Request(path, sample))
	return w
}

// newKeys makes a key of the form that the provider's have: what is configured, and what signs.
func newKeys(p core.Provider) (configured, signing string, err error) {
	e, err := entry.Of(p)
	if err != nil {
		return "", "", err
	}
	if e == nil {
		return "", "", errors.New("webhooktest: no provider")
	}
	if s := e.Scheme; s != nil && (s.Algorithm.PublicKey() || s.Custom != nil && s.Custom.Traits().Pair != 0) {
		configured, signing = KeyPair(p)
		return configured, signing, nil
	}
	configured = newSecret(e)
	return configured, configured, nil
}

func newSecret(e *entry.Entry) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	if e.Scheme == nil {
		if e.Credential.Kind == entry.Basic {
			return "webhooktest:" + hex.EncodeToString(b)
		}
		return hex.EncodeToString(b)
	}
	text := hex.EncodeToString(b)
	switch e.Scheme.Key.Encoding {
	case entry.Base64, entry.Base64Raw, entry.Base64Any:
		text = base64.StdEncoding.EncodeToString(b)
	case entry.Base64URL, entry.Base64URLRaw:
		text = base64.RawURLEncoding.EncodeToString(b)
	}
	text = e.Scheme.Key.Prefix + e.Scheme.Key.Whole + text
	if e.Scheme.Key.Named != "" {
		text = "webhooktest" + e.Scheme.Key.Named + text
	}
	return text
}
