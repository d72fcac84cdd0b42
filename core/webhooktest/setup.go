package webhooktest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/sign"
)

// VerifyToken is what the setup of a provider presents that asks for a token of the receiver's choosing. Give it to
// core.Config.Setup.VerifyTokens.
const VerifyToken = "webhooktest-verify-token"

// Setup is one request that a provider sends when its URL is saved, validated or tested, and the answer that it
// expects.
type Setup struct {
	// When says on which occasion it comes: "when the webhook is saved".
	When string
	// Handshake is set for a request that is answered and reaches no signal. Any other is an event, of the type Type,
	// or a delivery without events, if Empty is set.
	Handshake bool
	Type      string
	Empty     bool
	// Awaiting is set for what comes before the provider has shown a secret: core.Config.Setup.AwaitingSecret has to be
	// set, and Setup.SecretSink where HandsOver is.
	Awaiting, HandsOver bool

	Status int               // of the answer
	Answer string            // the body of the answer to a handshake
	Header map[string]string // of the answer

	method, query, body string
	header              http.Header
	unsigned            bool
	published           string
}

// Setup returns what the provider sends while its URL is registered and tested: its handshakes, and the events of its
// test buttons as far as they are known. Send each through the route:
//
//	for _, step := range sender.Setup() {
//		w := sender.SendSetup(router, "/webhooks/acme", step)
//		require.NoError(t, step.Check(w))
//	}
func (s *Sender) Setup() []Setup {
	e, err := entry.Of(s.provider)
	if err != nil || e == nil {
		return nil
	}
	var all []Setup
	for i := range e.Handshakes {
		all = append(all, s.handshake(e, &e.Handshakes[i]))
	}
	return append(all, testEvents(s.provider.Name())...)
}

// setupRequest makes the request of a step of [Sender.Setup], signed as the provider does at this moment.
func (s *Sender) setupRequest(path string, step Setup) *http.Request {
	target := "https://" + s.host() + path
	if step.query != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		target += separator + step.query
	}
	r := httptest.NewRequest(step.method, target, strings.NewReader(step.body))
	if step.body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	for name, values := range step.header {
		r.Header[name] = append([]string(nil), values...)
	}
	if step.unsigned {
		return r
	}
	key := s.signing
	if step.published != "" {
		key = step.published
	}
	if err := Sign(r, s.provider, key, s.now()); err != nil {
		panic(err)
	}
	return r
}

// SendSetup gives the request of a step to a router, or to any other handler, and returns its answer.
func (s *Sender) SendSetup(h http.Handler, path string, step Setup) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, s.setupRequest(path, step))
	return w
}

// Check compares an answer with the one that the provider expects.
func (step *Setup) Check(w *httptest.ResponseRecorder) error {
	switch {
	case w.Code != step.Status:
		return fmt.Errorf("webhooktest: %s the provider expects %d, and got %d: %s", step.When, step.Status, w.Code,
			w.Body)
	case step.Handshake && w.Body.String() != step.Answer:
		return fmt.Errorf("webhooktest: %s the provider expects the answer %q, and got %q", step.When, step.Answer,
			w.Body)
	}
	for name, value := range step.Header {
		if got := w.Header().Get(name); got != value {
			return fmt.Errorf("webhooktest: %s the provider expects %q in %s, and got %q", step.When, value, name, got)
		}
	}
	return nil
}

// handshake makes the request of a handshake, and the answer to it.
func (s *Sender) handshake(e *entry.Entry, h *entry.Handshake) Setup {
	step := Setup{
		When: h.When, Handshake: true, Status: h.StatusOr200(), Answer: h.Body, Header: map[string]string{},
		method: h.Method,
		header: http.Header{}, unsigned: !h.Proved && h.Published == "", published: h.Published,
		Awaiting: h.WhileAwaiting || h.HandsSecretOver(), HandsOver: h.HandsSecretOver(),
	}
	challenge := challengeOf(h)
	for _, pair := range h.WhenHeaders {
		step.header.Set(pair[0], pair[1])
	}
	query := url.Values{}
	for _, pair := range h.Query {
		query.Set(pair[0], pair[1])
	}
	echoes := h.EchoQuery != "" || h.EchoJSON != "" || h.WhenHeader != ""
	if h.WhenHeader != "" {
		if h.WhenEquals != "" {
			challenge = h.WhenEquals
		}
		step.header.Set(h.WhenHeader, challenge)
	}
	if h.WhenQuery != "" {
		query.Set(h.WhenQuery, cmp.Or(h.QueryEquals, "subscribe"))
		query.Set(h.EchoQuery, challenge)
	}
	if h.TokenQuery != "" {
		query.Set(h.TokenQuery, VerifyToken)
	}
	step.query = query.Encode()
	step.body = s.handshakeBody(h, challenge)
	if step.body != "" {
		step.header.Set("Content-Type", "application/json")
	}
	if h.WhenForm != "" {
		step.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if h.SecretHeader != "" {
		step.header.Set(h.SecretHeader, s.configured)
		step.Header[h.SecretHeader] = s.configured
	}
	if !echoes {
		return step
	}
	step.Answer = challenge
	for _, pair := range h.Headers {
		step.Header[pair[0]] = strings.ReplaceAll(pair[1], "{challenge}", challenge)
		step.Answer = ""
	}
	if h.Answer != "" {
		step.Answer = s.answerTo(e, h, challenge)
	}
	return step
}

// challengeOf makes up a challenge that the provider could send.
func challengeOf(h *entry.Handshake) string {
	if h.Grammar == entry.Challenge {
		return "20f9f8ed05f77439fe955c977e4c8a53" // Braintree's are hexadecimal
	}
	return "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
}

// handshakeBody is the body of a handshake; empty: it has none.
func (s *Sender) handshakeBody(h *entry.Handshake, challenge string) string {
	if h.WhenForm != "" {
		return url.Values{h.WhenForm: {cmp.Or(h.WhenEquals, "12")}}.Encode()
	}
	doc := any(nil)
	if h.WhenJSON != "" {
		doc = putAt(doc, h.WhenJSON, literal(h.WhenEquals))
	}
	if h.EchoJSON != "" {
		doc = putAt(doc, h.EchoJSON, strconv.Quote(challenge))
	}
	if h.SecretJSON != "" {
		doc = putAt(doc, h.SecretJSON, strconv.Quote(s.configured))
	}
	switch {
	case doc != nil:
		return encodeJSON(doc)
	case h.Proved && h.Method == http.MethodPost && h.WhenHeader != "":
		return "{}"
	}
	return ""
}

// literal is a value as JSON writes it: a number or a boolean as it is, and text in quotation marks.
func literal(text string) string {
	if _, err := strconv.Atoi(text); err == nil || text == "true" || text == "false" {
		return text
	}
	return strconv.Quote(text)
}

// answerTo computes the answer to a challenge, apart from the guard's own code.
func (s *Sender) answerTo(e *entry.Entry, h *entry.Handshake, challenge string) string {
	text := strings.ReplaceAll(h.Answer, "{challenge}", challenge)
	if !strings.Contains(text, "{hmac}") {
		return text
	}
	signature, err := sign.Text(e.Scheme, s.signing, []byte(challenge))
	if err != nil {
		panic(err)
	}
	text = strings.ReplaceAll(text, "{hmac}", signature)
	id, _, _ := strings.Cut(s.configured, cmp.Or(e.Scheme.Key.Named, "\x00"))
	return strings.ReplaceAll(text, "{key}", id)
}

// Signed reports whether the request is proved by the sender's own secret. What is not, or is signed with a secret
// that the provider publishes, is answered whoever sends it.
func (step *Setup) Signed() bool { return !step.unsigned && step.published == "" }
