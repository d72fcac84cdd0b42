package handshake

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
)

// actionTimeout bounds what is done before a handshake is answered.
//
// An action may ask another host, such as to confirm a subscription. The provider waits for the answer
// meanwhile.
const actionTimeout = 10 * time.Second

// Proved answers a handshake that came with a valid proof. A nil answer without a failure: the request is a delivery.
// It fails closed: what was let through without a proof is never answered as a challenge.
func (s *Set) Proved(in *Input) (*Answer, fault.Failure) {
	r := in.Request
	// A check that only reports let the delivery through. Its proof failed, so nothing may be confirmed
	// because of it.
	if in.Unproved != nil {
		if answer, _ := s.PublishedTest(in, *in.Unproved); answer != nil {
			return answer, fault.Failure{} // let through as a delivery, and known as a test
		}
	}
	if s.isNoEvent(in) {
		return &Answer{Status: http.StatusOK}, fault.Failure{}
	}
	for n := range s.list {
		h := &s.list[n]
		// Handshakes without a proof were answered before. Here they are not known any more.
		if !h.Proved || h.Method != r.Method {
			continue
		}
		challenge, brings, f := h.provedChallenge(in)
		switch {
		case f.Failed():
			return nil, f
		case !brings:
			continue
		case in.Unproved != nil:
			return nil, *in.Unproved
		case h.WhenHeader == "" && h.EchoJSON == "" && !h.EchoSealed:
			return h.act(in)
		}
		return s.answerChallenge(h, challenge, in)
	}
	// Fails closed: a proved request with another method is not a delivery of this provider.
	if r.Method != http.MethodPost && !slices.Contains(s.entry.Methods, r.Method) {
		return nil, s.NotOne(r.Method)
	}
	return nil, fault.Failure{}
}

// isNoEvent reports whether what was decrypted is one of the provider's own texts, such as an acknowledgement that
// somebody captured and sends back. It is answered once more, without another acknowledgement, and is no event.
func (s *Set) isNoEvent(in *Input) bool {
	sealed := s.entry.Event.Sealed
	return sealed != nil && in.Request.Method == http.MethodPost && slices.Contains(sealed.Texts, string(in.Opened))
}

// provedChallenge reports whether a request brings the handshake, and returns its challenge, if it has one.
//
// In doubt it reports false: the request is a delivery then, and no event is lost.
func (h *handshake) provedChallenge(in *Input) (challenge string, brings bool, f fault.Failure) {
	if h.WhenHeader != "" {
		challenge, f = h.headerChallenge(in.Request)
		return challenge, challenge != "", f
	}
	// The whole plaintext is the answer. What checkChallenge lets through is never an event: every event begins with a
	// bracket, which no challenge has. Otherwise whoever captured a delivery could have it decrypted here.
	if h.EchoSealed {
		return string(in.Opened), true, fault.Failure{}
	}
	body := in.payload()
	// A GET has no body to read a marker from. What was proved is that the provider asks.
	if h.Method == http.MethodGet && h.WhenJSON == "" && h.EchoJSON == "" && h.LacksJSON == "" {
		return "", h.headersHold(in.Request) && len(in.Body) == 0, fault.Failure{}
	}
	var raw [3][]byte
	if !h.headersHold(in.Request) || !h.mayBring(body) || h.challenge.Decide(body, raw[:]) != nil ||
		!h.marked(&raw) {
		return "", false, fault.Failure{}
	}
	challenge, _ = jsonscan.Text(raw[1])
	return challenge, true, fault.Failure{}
}

// act does what a proved handshake asks for, if anything, and returns its fixed answer.
func (h *handshake) act(in *Input) (*Answer, fault.Failure) {
	answer := h.fixed()
	answer.Note, answer.Ack = h.Note, h.AnswerAck
	// Most proved handshakes only want an answer.
	if h.Do == nil {
		return answer, fault.Failure{}
	}
	// It outlives a provider that hangs up: what has begun is ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(in.Request.Context()), actionTimeout)
	defer cancel()
	if err := h.Do(ctx, bytes.Clone(in.Body)); err != nil { // it may keep the body, whose buffer is the next request's
		return nil, fault.New(reason.KeysUnavailable, "what the handshake asks for could not be done: "+err.Error())
	}
	return answer, fault.Failure{}
}
