package handshake

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// sinkTimeout bounds how long the app may take to store a secret.
//
// While the sink runs no other secret is taken. A sink that hangs would otherwise block the handover
// for ever.
const sinkTimeout = 5 * time.Second

const (
	noSecretYet = "no secret yet: configure Secrets with the one the provider shows now"
	noSink      = "the provider hands its secret over: configure Setup.SecretSink to take it"
	notASecret  = "what was handed over cannot be a secret: "
	secondOne   = "a secret was handed over before: configure it in Secrets"
)

// HandedOver answers while no secret is configured. It gives the provider's secret to the sink, once, and repeats it
// where the provider wants that. Everything else is refused. read reads the body.
//
// This is trust on first use: whoever sends first sets the secret. The operator opens the endpoint for
// it on purpose, by Setup.AwaitingSecret, and until then every delivery is refused.
func (s *Set) HandedOver(in *Input, read func() ([]byte, fault.Failure)) (*Answer, fault.Failure) {
	if answer := s.awaitedTest(in, read); answer != nil {
		return answer, fault.Failure{}
	}
	for n := range s.list {
		h := &s.list[n]
		// Only while no secret is configured. Later such a request is a delivery like any other, and
		// needs a proof.
		if h.WhileAwaiting && h.WhenForm != "" && h.Method == in.Request.Method {
			return h.probe(read)
		}
		text, f := h.secretHandedOver(in.Request, read)
		if f.Failed() {
			return nil, f
		}
		if text != "" {
			return s.take(h, in.Request, text)
		}
	}
	return nil, fault.New(reason.NoActiveSecret, noSecretYet)
}

// probe answers a probe that says nothing. Like a HEAD it is answered without a proof: the key exists only after it.
func (h *handshake) probe(read func() ([]byte, fault.Failure)) (*Answer, fault.Failure) {
	body, f := read()
	if f.Failed() {
		return nil, f
	}
	if text, ok := h.formText(body); ok && text == h.WhenEquals {
		return h.fixed(), fault.Failure{}
	}
	return nil, fault.New(reason.NoActiveSecret, noSecretYet)
}

// secretHandedOver returns the secret that a first request brings; empty: it brings none.
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
		// A body that is malformed, or names the secret twice, brings none. The caller then refuses it:
		// fails closed.
		if h.secret.Find(jsonscan.TrimMark(body), raw[:]) != nil {
			return "", fault.Failure{}
		}
		text, _ := jsonscan.Text(raw[0])
		return text, fault.Failure{}
	}
	return "", fault.Failure{}
}

// take passes a secret to the sink. It fails closed: a second secret is refused, because anybody could send it.
func (s *Set) take(h *handshake, r *http.Request, text string) (*Answer, fault.Failure) {
	// Fails closed: a secret that nobody stores would be lost, and the provider may not send it again.
	if s.Sink == nil {
		return nil, fault.New(reason.NoActiveSecret, noSink)
	}
	// The secret may be sent back in a header, so it has to be as harmless there as a challenge.
	if f := checkChallenge(h.Handshake, text); f.Failed() {
		return nil, f
	}
	// An attacker could hand over a short secret, or a published one, to sign with it later. It is held
	// to the rules of every other secret.
	if _, problem := s.SinkRules.Decode(text); problem != "" {
		return nil, fault.New(reason.MalformedSignature, notASecret+problem)
	}
	// Two requests at the same time must not both succeed: one of them may be the attacker's, and the
	// sink would keep the later one. After a restart the app's own check has to hold.
	if !s.handedOver.CompareAndSwap(false, true) {
		return nil, fault.New(reason.NoActiveSecret, secondOne)
	}
	// A sender that hangs up must not leave a secret half stored.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), sinkTimeout)
	defer cancel()
	taken := false
	defer func() {
		if !taken { // it failed or panicked: the provider's next try may succeed
			s.handedOver.Store(false)
		}
	}()
	if err := s.Sink(ctx, secrets.New("handed over", text)); err != nil {
		return nil, fault.New(reason.NoActiveSecret, "Setup.SecretSink failed: "+err.Error())
	}
	// From here on the secret counts. A failure before this line opens the endpoint for another try.
	taken = true
	answer := &Answer{Status: h.StatusOr200()}
	if h.SecretHeader != "" {
		answer.Header = [][2]string{{http.CanonicalHeaderKey(h.SecretHeader), text}}
	}
	return answer, fault.Failure{}
}
