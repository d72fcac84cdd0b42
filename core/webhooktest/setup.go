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

// VerifyToken is the token that the setup presents for providers whose receivers choose one. Set it in
// core.Config.Setup.VerifyTokens.
const VerifyToken = "webhooktest-verify-token"

// Setup is one request that a provider sends when its URL is saved, validated or tested, and the answer that it
// expects.
type Setup struct {
	// When is the occasion, such as "when the webhook is saved".
	When string
	// Handshake is true for a request that the guard answers itself, and that reaches no signal. Any other is an event
	// of the type Type, or a delivery without events if Empty is true.
	Handshake bool
	Type      string
	Empty     bool
	// Awaiting is true for a request that comes before the provider has shown a secret. The guard then needs
	// core.Config.Setup.AwaitingSecret, and Setup.SecretSink if HandsOver is true.
	Awaiting, HandsOver bool

	Status int               // of the expected answer
	Answer string            // the body of the expected answer, for a handshake
	Header map[string]string // headers that the answer must have

	method, query, body string
	header              http.Header
	unsigned            bool // the provider does not sign it
	sealed              bool // the provider encrypts it, and does not sign it
	// check checks an answer that is the acknowledgement of a delivery; nil: the answer is Answer.
	check     func(answer []byte) error
	published string // a secret that the provider publishes, and signs it with; empty: the sender's own
}

// Setup returns the requests that the provider sends while its URL is registered and tested: its handshakes, and the
// events of its test buttons as far as they are known. Send each through the route:
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
	// A receiver's path may have a query of its own, such as a tenant.
	target := "https://" + s.host() + path
	if step.query != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		target += separator + step.query
	}
	r := httptest.NewRequest(step.method, target, strings.NewReader(step.body))
	if step.body == "" { // as a server sees a request without a body
		r.Body, r.ContentLength = http.NoBody, 0
	}
	for name, values := range step.header {
		r.Header[name] = append([]string(nil), values...)
	}
	if step.sealed {
		if err := sign.Seal(r, s.provider, s.signing, s.now()); err != nil {
			panic(err)
		}
	}
	if step.unsigned {
		return r
	}
	key := s.signing // a published secret takes its place: the provider signs this step with it
	if step.published != "" {
		key = step.published
	}
	if err := Sign(r, s.provider, key, s.now()); err != nil {
		panic(err)
	}
	return r
}

// SendSetup passes the request of a step to a router, or to any other handler, and returns the answer.
func (s *Sender) SendSetup(h http.Handler, path string, step Setup) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, s.setupRequest(path, step))
	return w
}

// Check returns an error if an answer is not the one that the provider expects.
func (step *Setup) Check(w *httptest.ResponseRecorder) error {
	switch {
	case w.Code != step.Status: // with the body, because a refusal says there what is wrong
		return fmt.Errorf("webhooktest: %s the provider expects %d, and got %d: %s", step.When, step.Status, w.Code,
			w.Body)
	case step.check != nil:
		return step.check(w.Body.Bytes())
	case step.Handshake && !isAnswer(step.Answer, w.Body.String()): // the app writes the body for an event
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

// isAnswer reports whether a text is the expected answer. A hash of the endpoint's URL, which only the endpoint knows,
// is compared by its form.
func isAnswer(want, got string) bool {
	before, after, hashed := strings.Cut(want, entry.HashedAnswer)
	if !hashed {
		return got == want
	}
	sum, begun := strings.CutPrefix(got, before)
	sum, ended := strings.CutSuffix(sum, after)
	return begun && ended && len(sum) == 64 && strings.Trim(sum, "0123456789abcdef") == ""
}

// handshake makes the request of a handshake from the provider's entry, and the expected answer. It sets every
// condition that the entry has for the handshake, and nothing else.
func (s *Sender) handshake(e *entry.Entry, h *entry.Handshake) Setup {
	step := Setup{
		When: h.When, Handshake: true, Status: h.StatusOr200(), Answer: h.Body, Header: map[string]string{},
		method: h.Method,
		header: http.Header{}, unsigned: !h.Proved && h.Published == "", published: h.Published,
		Awaiting: h.WhileAwaiting || h.HandsSecretOver(), HandsOver: h.HandsSecretOver(),
	}
	if h.AnswerAck {
		step.check = func(answer []byte) error { return sign.CheckAcknowledgement(s.provider, s.signing, answer) }
	}
	// The conditions under which the guard recognises the handshake.
	challenge := challengeOf(h)
	for _, pair := range h.WhenHeaders {
		step.header.Set(pair[0], pair[1])
	}
	query := url.Values{}
	for _, pair := range h.Query {
		query.Set(pair[0], pair[1])
	}
	// With one of these the answer depends on the challenge. Otherwise it is the fixed body of the entry.
	echoes := h.EchoQuery != "" || h.EchoSealed || h.EchoJSON != "" || h.WhenHeader != ""
	// A header is either a fixed condition or the challenge itself.
	if h.WhenHeader != "" {
		if h.WhenEquals != "" {
			challenge = h.WhenEquals
		}
		step.header.Set(h.WhenHeader, challenge)
	}
	switch {
	case h.EchoSealed: // encrypted when the request is signed
		query.Set(h.WhenQuery, challenge)
	case h.WhenQuery != "": // WebSub and its relatives: hub.mode=subscribe
		query.Set(h.WhenQuery, cmp.Or(h.QueryEquals, "subscribe"))
		query.Set(h.EchoQuery, challenge)
	}
	if h.TokenQuery != "" {
		query.Set(h.TokenQuery, cmp.Or(s.VerifyToken, VerifyToken))
	}
	step.query = query.Encode()
	step.body, step.sealed = s.handshakeBody(h, challenge), h.TokenJSON != ""
	if step.body != "" {
		step.header.Set("Content-Type", "application/json")
	}
	if h.WhenForm != "" {
		step.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	// The provider hands its secret over in a header, and wants it back.
	if h.SecretHeader != "" {
		step.header.Set(h.SecretHeader, s.configured)
		step.Header[h.SecretHeader] = s.configured
	}
	if !echoes {
		return step
	}
	// The challenge comes back in the body or in a header, never in both.
	step.Answer = challenge
	for _, pair := range h.Headers {
		step.Header[pair[0]] = strings.ReplaceAll(pair[1], "{challenge}", challenge)
		step.Answer = ""
	}
	if h.Answer != "" { // a template, such as {"challenge":"{challenge}"}
		step.Answer = s.answerTo(e, h, challenge)
	}
	return step
}

// challengeOf returns a challenge that the provider could send. It is fixed, so that failures can be repeated.
func challengeOf(h *entry.Handshake) string {
	if h.Grammar == entry.Challenge {
		return "20f9f8ed05f77439fe955c977e4c8a53" // Braintree's are hexadecimal
	}
	return "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
}

// handshakeBody returns the body of a handshake, or "" if it has none.
func (s *Sender) handshakeBody(h *entry.Handshake, challenge string) string {
	if h.WhenForm != "" {
		return url.Values{h.WhenForm: {cmp.Or(h.WhenEquals, "12")}}.Encode()
	}
	doc := any(nil) // each pointer adds a member
	if h.WhenJSON != "" {
		doc = putAt(doc, h.WhenJSON, literal(h.WhenEquals))
	}
	if h.EchoJSON != "" {
		doc = putAt(doc, h.EchoJSON, strconv.Quote(challenge))
	}
	if h.TokenJSON != "" {
		doc = putAt(doc, h.TokenJSON, strconv.Quote(cmp.Or(s.VerifyToken, VerifyToken)))
	}
	if h.SecretJSON != "" {
		doc = putAt(doc, h.SecretJSON, strconv.Quote(s.configured))
	}
	switch {
	case doc != nil:
		return encodeJSON(doc)
	case h.Proved && h.Method == http.MethodPost && h.WhenHeader != "": // a signature needs a body to cover
		return "{}"
	}
	return ""
}

// literal returns a value as JSON: a number or a boolean unchanged, and every other text in quotation marks.
func literal(text string) string {
	if _, err := strconv.Atoi(text); err == nil || text == "true" || text == "false" {
		return text
	}
	return strconv.Quote(text)
}

// answerTo computes the answer to a challenge, apart from the guard's own code: otherwise a mistake there would be in
// both.
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
	// Where a key has an id before it, the answer may carry the id.
	id, _, _ := strings.Cut(s.configured, cmp.Or(e.Scheme.Key.Named, "\x00"))
	return strings.ReplaceAll(text, "{key}", id)
}

// Signed reports whether the request is proved by the sender's own secret. The others are unsigned, or signed with a
// secret that the provider publishes. A guard answers those to every sender.
func (step *Setup) Signed() bool { return !step.unsigned && step.published == "" }
