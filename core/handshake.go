package core

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxChallenge is the longest challenge that is echoed.
const maxChallenge = 512

// handshake is an entry's handshake with its pointers compiled.
type handshake struct {
	*entry.Handshake
	challenge *jsonscan.Paths // the marker, the challenge and what the handshake lacks
	secret    *jsonscan.Paths
	form      *formscan.Names         // the field of a form that marks it
	mark      []byte                  // stands in every body that brings the handshake, as it is or escaped; nil: nothing that can be looked for
	published *signature.PublishedKey // nil: it is not signed with a published secret
}

func compileHandshakes(e *entry.Entry) []handshake {
	out := make([]handshake, len(e.Handshakes))
	for i := range e.Handshakes {
		h := &e.Handshakes[i]
		out[i] = handshake{
			Handshake: h, challenge: jsonscan.Compile(h.WhenJSON, h.EchoJSON, h.LacksJSON), secret: jsonscan.Compile(h.SecretJSON),
			form: formscan.Compile(h.WhenForm), mark: markOf(h), published: signature.NewPublishedKey(e, h.Published),
		}
	}
	return out
}

// markOf is the marker's value, where JSON can spell each of its characters in two ways only, and where it is long
// enough to be rare.
func markOf(h *entry.Handshake) []byte {
	const plain, rare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", 8
	other := func(c rune) bool { return !strings.ContainsRune(plain, c) }
	if h.WhenJSON == "" || len(h.WhenEquals) < rare || strings.ContainsFunc(h.WhenEquals, other) {
		return nil
	}
	return []byte(h.WhenEquals)
}

// formText returns the value of the field that marks the handshake, if it comes once.
func (h *handshake) formText(body []byte) (string, bool) {
	var field [1]formscan.Field
	if h.form.Find(body, field[:]) != nil {
		return "", false
	}
	return field[0].Once()
}

// mayBring says whether a body can bring the handshake, which most deliveries do not: to search for the marker is much
// cheaper than to read the body.
func (h *handshake) mayBring(body []byte) bool {
	return h.mark == nil || bytes.Contains(body, h.mark) || bytes.Contains(body, []byte(`\u00`))
}

// unprovedHandshake answers what providers send before a secret exists: a fixed answer, or the echo of a challenge
// beside a verify token.
func (g *Guard) unprovedHandshake(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	for n := range g.handshakes {
		h := g.handshakes[n].Handshake
		if !answersUnproved(h) || h.Method != r.Method || h.WhileAwaiting && !g.awaiting {
			continue
		}
		if h.WhenHeader != "" {
			challenge, f := headerChallenge(r, h)
			if f.Failed() {
				return nil, f
			}
			if challenge == "" {
				continue
			}
			if r.Method == http.MethodPost && r.ContentLength != 0 {
				continue // a delivery, which no header turns into a handshake
			}
			return g.answerChallenge(r.Context(), h, challenge, i)
		}
		if h.WhenQuery == "" {
			return fixed(h), fault.Failure{}
		}
		value, f := httpfield.Query(r, h.WhenQuery)
		if f.Failed() || value == "" || h.QueryEquals != "" && value != h.QueryEquals || !queryHolds(r, h.Query) {
			continue
		}
		if r.Method == http.MethodPost && r.ContentLength > 0 {
			continue // a delivery, which no parameter turns into a handshake
		}
		if h.TokenQuery != "" {
			token, f := httpfield.Query(r, h.TokenQuery)
			if f.Failed() {
				return nil, f
			}
			if g.verifyTokens == nil {
				return nil, fault.New(reason.MissingCredential,
					"a handshake came and Setup.VerifyTokens is not configured")
			}
			in := i.credentialInput(r)
			in.Matches = nil // a handshake does not show that a secret is in use
			if _, f := g.verifyTokens.Check(r.Context(), token, &in); f.Failed() {
				return nil, f
			}
		}
		challenge, f := httpfield.Query(r, h.EchoQuery)
		if f.Failed() {
			return nil, f
		}
		return g.answerChallenge(r.Context(), h, challenge, i)
	}
	return nil, fault.Failure{}
}

// headerChallenge returns what the header says that brings a handshake; empty: the request does not bring it.
func headerChallenge(r *http.Request, h *entry.Handshake) (string, fault.Failure) {
	challenge, f := httpfield.Header(r, http.CanonicalHeaderKey(h.WhenHeader))
	if h.WhenEquals != "" && challenge != h.WhenEquals {
		return "", f
	}
	return challenge, f
}

// answersUnproved reports whether the head of a request is enough for an answer.
func answersUnproved(h *entry.Handshake) bool {
	return !h.Proved && !h.Unsigned && h.Published == "" && !h.HandsSecretOver() && h.WhenForm == ""
}

// fixed is an answer that depends on nothing that was sent.
func fixed(h *entry.Handshake) *Reply {
	reply := textReply(h.StatusOr200(), h.Body)
	if h.ContentType != "" {
		reply.set("Content-Type", h.ContentType)
	}
	return reply
}

// answerChallenge answers with the challenge, or with what the entry makes of it.
func (g *Guard) answerChallenge(ctx context.Context, h *entry.Handshake, challenge string, i *inspection) (*Reply, fault.Failure) {
	reply, f := echo(h, challenge)
	if f.Failed() {
		return nil, f
	}
	for _, header := range h.Headers {
		reply.set(http.CanonicalHeaderKey(header[0]), strings.ReplaceAll(header[1], "{challenge}", challenge))
		reply.Body = nil
	}
	if h.Answer == "" {
		return reply, fault.Failure{}
	}
	text := strings.ReplaceAll(h.Answer, "{challenge}", challenge)
	if strings.Contains(text, "{hmac}") {
		signature, key, f := g.signChallenge(ctx, challenge, i)
		if f.Failed() {
			return nil, f
		}
		if signature == "" || key == "" && strings.Contains(text, "{key}") {
			return nil, fault.New(reason.NoActiveSecret, "no secret is valid now to answer the handshake with, or its id is not configured before it: see Secrets")
		}
		text = strings.ReplaceAll(text, "{hmac}", signature)
		text = strings.ReplaceAll(text, "{key}", key)
	}
	reply.Body = []byte(text)
	if h.ContentType != "" {
		reply.set("Content-Type", h.ContentType)
	}
	return reply, fault.Failure{}
}

// signChallenge signs a challenge with the first keyed secret that is valid now; empty: there is none. Whoever asks gets
// that signature. The challenge's grammar keeps it from being one of a delivery, and it is one of the entry's choosing
// that no delivery has.
func (g *Guard) signChallenge(ctx context.Context, challenge string, i *inspection) (signature, key string, f fault.Failure) {
	if g.verifier == nil {
		return "", "", fault.Failure{}
	}
	return g.verifier.SignText(ctx, challenge, i.presented, i.now)
}

// takeSecret hands the provider's secret to the sink, once, and repeats it where the provider wants that.
func (g *Guard) takeSecret(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	defer i.leave()
	waiting := fault.New(reason.NoActiveSecret, "no secret yet: configure Secrets with the one the provider shows now")
	if reply := g.awaitedTest(r, i); reply != nil {
		return reply, fault.Failure{}
	}
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if h.WhileAwaiting && h.WhenForm != "" && h.Method == r.Method {
			// A probe that says nothing is answered without a proof, as a HEAD is: the key exists only after it.
			body, f := g.takeBody(r, i)
			if f.Failed() {
				return nil, f
			}
			if text, ok := h.formText(body); ok && text == h.WhenEquals {
				return fixed(h.Handshake), fault.Failure{}
			}
			return nil, waiting
		}
		text, f := h.secretHandedOver(r, func() ([]byte, fault.Failure) { return g.takeBody(r, i) })
		if f.Failed() {
			return nil, f
		}
		if text == "" {
			continue
		}
		if g.sink == nil {
			return nil, fault.New(reason.NoActiveSecret,
				"the provider hands its secret over: configure Setup.SecretSink to take it")
		}
		if _, f := echo(h.Handshake, text); f.Failed() {
			return nil, f
		}
		if _, problem := g.sinkRules.Decode(text); problem != "" {
			return nil, fault.New(reason.MalformedSignature, "what was handed over cannot be a secret: "+problem)
		}
		if !g.handedOver.CompareAndSwap(false, true) {
			return nil, fault.New(reason.NoActiveSecret, "a secret was handed over before: configure it in Secrets")
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
		defer cancel()
		taken := false
		defer func() {
			if !taken { // it failed or panicked: the provider's next try may succeed
				g.handedOver.Store(false)
			}
		}()
		if err := g.sink(ctx, secrets.New("handed over", text)); err != nil {
			return nil, fault.New(reason.NoActiveSecret, "Setup.SecretSink failed: "+err.Error())
		}
		taken = true
		reply := textReply(h.StatusOr200(), "")
		if h.SecretHeader != "" {
			reply.set(http.CanonicalHeaderKey(h.SecretHeader), text)
		}
		return reply, fault.Failure{}
	}
	return nil, waiting
}

// secretHandedOver reads the secret that a first request brings, if it brings one.
func (h *handshake) secretHandedOver(r *http.Request, read func() ([]byte, fault.Failure)) (string, fault.Failure) {
	switch {
	case h.SecretHeader != "":
		return httpfield.Header(r, http.CanonicalHeaderKey(h.SecretHeader))
	case h.SecretJSON != "":
		body, f := read()
		if f.Failed() {
			return "", f
		}
		var raw [1][]byte
		if h.secret.Find(body, raw[:]) != nil {
			return "", fault.Failure{}
		}
		text, _ := jsonscan.Text(raw[0])
		return text, fault.Failure{}
	}
	return "", fault.Failure{}
}

// marked reports whether the members of a body mark the handshake: what is wanted is there, and what every event has
// is not. In doubt the delivery is an event, so that none is lost as a handshake.
func (h *handshake) marked(raw *[3][]byte) bool {
	marker := raw[0]
	if h.WhenJSON == "" {
		marker = raw[1] // a challenge is marked by being there
	}
	text, ok := jsonscan.Text(marker)
	return ok && (h.WhenEquals == "" || text == h.WhenEquals) && raw[2] == nil
}

// headersHold reports whether each header of the handshake comes once and is what it must be.
func (h *handshake) headersHold(r *http.Request) bool {
	for _, want := range h.WhenHeaders {
		if values := r.Header[http.CanonicalHeaderKey(want[0])]; len(values) != 1 || values[0] != want[1] {
			return false
		}
	}
	return true
}

// provedHandshake answers a challenge that came with a valid signature.
func (g *Guard) provedHandshake(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	if i.unproved != nil {
		if reply, _ := g.publishedTest(r, i, *i.unproved); reply != nil {
			return reply, fault.Failure{} // let through as a delivery, and known as a test
		}
	}
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if !h.Proved || h.Method != r.Method {
			continue
		}
		if h.WhenHeader != "" {
			challenge, f := headerChallenge(r, h.Handshake)
			if f.Failed() {
				return nil, f
			}
			if challenge == "" {
				continue
			}
			if i.unproved != nil {
				return nil, *i.unproved // let through as a delivery, never answered as a challenge
			}
			return g.answerChallenge(r.Context(), h.Handshake, challenge, i)
		}
		var raw [3][]byte
		if !h.headersHold(r) || !h.mayBring(i.body) || h.challenge.Decide(i.body, raw[:]) != nil || !h.marked(&raw) {
			continue
		}
		if i.unproved != nil {
			return nil, *i.unproved
		}
		if h.EchoJSON == "" {
			return g.doHandshake(r, h.Handshake, i)
		}
		challenge, _ := jsonscan.Text(raw[1])
		return g.answerChallenge(r.Context(), h.Handshake, challenge, i)
	}
	if r.Method != http.MethodPost && !slices.Contains(g.entry.Methods, r.Method) {
		return nil, g.notAHandshake(r.Method)
	}
	return nil, fault.Failure{}
}

// doHandshake does what a proved handshake asks for, if anything, and gives its fixed answer.
func (g *Guard) doHandshake(r *http.Request, h *entry.Handshake, i *inspection) (*Reply, fault.Failure) {
	i.note = h.Note
	if h.Do == nil {
		return fixed(h), fault.Failure{}
	}
	// It outlives a provider that hangs up: what has begun is ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), handshakeTimeout)
	defer cancel()
	i.ownBody()
	if err := h.Do(ctx, i.body); err != nil {
		return nil, fault.New(reason.KeysUnavailable, "what the handshake asks for could not be done: "+err.Error())
	}
	return fixed(h), fault.Failure{}
}

// handshakeTimeout bounds what is done before a handshake is answered.
const handshakeTimeout = 10 * time.Second

func (g *Guard) notAHandshake(method string) fault.Failure {
	return fault.New(reason.Method, "the request came with "+method+" and is not a handshake that "+g.entry.Title+
		" sends; its deliveries come with "+g.deliveryMethods()+": see who calls this URL")
}

// deliveryMethods are the methods of deliveries in words.
func (g *Guard) deliveryMethods() string {
	return strings.Join(append([]string{http.MethodPost}, g.entry.Methods...), " or ")
}

// provesHandshake says whether a method other than a delivery's may bring a handshake that has to be proved.
func (g *Guard) provesHandshake(method string) bool {
	return slices.ContainsFunc(g.entry.Handshakes, func(h entry.Handshake) bool { return h.Proved && h.Method == method })
}

// maxUnsignedBody is the longest body of a request that is answered although nothing proves it.
const maxUnsignedBody = 1024

// unsignedHandshake answers a request without any signature that says nothing: what is sent to try a URL. It is asked
// only where the signature is missing, so that a signed delivery is never taken for one; what it answers is fixed, or a
// restricted challenge, and no signal hears of it.
func (g *Guard) unsignedHandshake(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	var body []byte
	for n := range g.handshakes {
		h := &g.handshakes[n]
		short := r.ContentLength > 0 && r.ContentLength <= maxUnsignedBody
		if !h.Unsigned || h.Method != r.Method || !short || !h.headersHold(r) {
			continue
		}
		if body == nil {
			defer i.leave() // also where reading panics
			var f fault.Failure
			if body, f = g.takeBody(r, i); f.Failed() {
				return nil, f
			}
		}
		if h.WhenForm != "" {
			if text, ok := h.formText(body); ok && signature.MatchesGrammar(h.Grammar, text) {
				return fixed(h.Handshake), fault.Failure{}
			}
			continue
		}
		var raw [3][]byte
		if h.challenge.Find(body, raw[:]) != nil || !h.marked(&raw) {
			continue
		}
		if h.EchoJSON == "" {
			return fixed(h.Handshake), fault.Failure{}
		}
		if challenge, ok := jsonscan.Text(raw[1]); ok && challenge != "" {
			return g.answerChallenge(r.Context(), h.Handshake, challenge, i)
		}
	}
	return nil, fault.Failure{}
}

// echo answers with the challenge as plain text, if it is one: a restricted charset and a bounded length, so that the
// endpoint reflects nothing a browser could run, and signs nothing.
func echo(h *entry.Handshake, challenge string) (*Reply, fault.Failure) {
	if challenge == "" || len(challenge) > maxChallenge {
		return nil, fault.New(reason.MalformedSignature, "the handshake's challenge is missing or too long")
	}
	for i := range len(challenge) {
		c := challenge[i]
		ok := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == '~' || c == '=' || c == '+' || c == '/'
		if h.Grammar == entry.Sentence {
			ok = ok || c == ' ' || c == ':' || c == ','
		}
		if !ok {
			return nil, fault.New(reason.MalformedSignature, "the handshake's challenge has characters that challenges never have")
		}
	}
	if !signature.MatchesGrammar(h.Grammar, challenge) {
		return nil, fault.New(reason.MalformedSignature, "the handshake's challenge is not one that this provider sends")
	}
	return textReply(h.StatusOr200(), challenge), fault.Failure{}
}

// queryHolds says whether each parameter comes once and is what it must be.
func queryHolds(r *http.Request, want [][2]string) bool {
	for _, pair := range want {
		if value, f := httpfield.Query(r, pair[0]); f.Failed() || value != pair[1] {
			return false
		}
	}
	return true
}
