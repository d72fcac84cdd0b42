package handshake

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// Unproved answers what providers send before a secret exists: with a fixed answer, or with the echo of a challenge
// next to a verify token. A nil answer without a failure: the request is not a handshake by its head.
//
// Anybody can send these requests, and gets the same answers. They must prove nothing and change
// nothing.
func (s *Set) Unproved(in *Input) (*Answer, fault.Failure) {
	r := in.Request
	for n := range s.list {
		h := &s.list[n]
		if !h.headIsEnough() || h.Method != r.Method || h.WhileAwaiting && !s.Awaiting {
			continue
		}
		if h.WhenHeader != "" {
			challenge, f := h.headerChallenge(r)
			if f.Failed() {
				return nil, f
			}
			if challenge == "" {
				continue
			}
			// Otherwise an attacker, or a proxy, could turn events into handshakes by one header: they
			// would be answered and never handled.
			if r.Method == http.MethodPost && r.ContentLength != 0 {
				continue // a delivery, which no header turns into a handshake
			}
			return s.answerChallenge(h, challenge, in)
		}
		if h.WhenQuery == "" {
			return h.fixed(), fault.Failure{}
		}
		value, f := httpfield.Query(r, h.WhenQuery)
		if f.Failed() || value == "" || h.QueryEquals != "" && value != h.QueryEquals || !h.queryHolds(r) {
			continue
		}
		if r.Method == http.MethodPost && r.ContentLength > 0 {
			continue // a delivery, which no parameter turns into a handshake
		}
		return s.echoQuery(h, in)
	}
	return nil, fault.Failure{}
}

// headIsEnough reports whether the head of a request is enough for an answer.
//
// An entry that says anything about a proof or the body is answered elsewhere. The zero value of all
// these fields means that the head decides.
func (h *handshake) headIsEnough() bool {
	return !h.Proved && !h.Unsigned && h.Published == "" && !h.HandsSecretOver() && h.WhenForm == ""
}

// echoQuery answers with the challenge in the query, after the verify token was checked.
func (s *Set) echoQuery(h *handshake, in *Input) (*Answer, fault.Failure) {
	if h.TokenQuery != "" {
		token, f := httpfield.Query(in.Request, h.TokenQuery)
		if f.Failed() {
			return nil, f
		}
		if f := s.checkToken(token, in); f.Failed() {
			return nil, f
		}
	}
	challenge, f := httpfield.Query(in.Request, h.EchoQuery)
	if f.Failed() {
		return nil, f
	}
	return s.answerChallenge(h, challenge, in)
}

// maxUnsignedBody is the longest body of a request that is answered although nothing proves it, in bytes.
const maxUnsignedBody = 1024

// Unsigned answers a request without any signature that says nothing: what is sent to try a URL. The caller must call
// it only where the signature is missing, so that a signed delivery is never treated as a test. What it answers is
// fixed, or a restricted challenge, and no signal runs. read reads the body.
func (s *Set) Unsigned(in *Input, read func() ([]byte, fault.Failure)) (*Answer, fault.Failure) {
	r := in.Request
	var body []byte
	for n := range s.list {
		h := &s.list[n]
		short := r.ContentLength > 0 && r.ContentLength <= maxUnsignedBody
		if !h.Unsigned || h.Method != r.Method || !short || !h.headersHold(r) {
			continue
		}
		// Read once for all handshakes, and only when the head fits one. The limit on the length was
		// checked before.
		if body == nil {
			var f fault.Failure
			if body, f = read(); f.Failed() {
				return nil, f
			}
		}
		if h.TokenJSON != "" {
			if answer, f := s.sealedChallenge(h, in, body); answer != nil || f.Failed() {
				return answer, f
			}
			continue
		}
		if h.WhenForm != "" {
			if text, ok := h.formText(body); ok && signature.MatchesGrammar(h.Grammar, text) {
				return h.fixed(), fault.Failure{}
			}
			continue
		}
		var raw [3][]byte
		if h.challenge.Find(jsonscan.TrimMark(body), raw[:]) != nil || !h.marked(&raw) {
			continue
		}
		if h.EchoJSON == "" {
			return h.fixed(), fault.Failure{}
		}
		if challenge, ok := jsonscan.Text(raw[1]); ok && challenge != "" {
			return s.answerChallenge(h, challenge, in)
		}
	}
	return nil, fault.Failure{}
}

// sealedChallenge answers a challenge that came encrypted and not signed, and that holds the verify token. A nil answer
// without a failure: the body is not one, and the request is refused for its missing signature.
//
// Anybody can send a ciphertext here. So all that fails is answered alike, whether the padding, the text or the token
// is wrong, and what is echoed is restricted: a changed ciphertext shows nothing of another one.
func (s *Set) sealedChallenge(h *handshake, in *Input, body []byte) (*Answer, fault.Failure) {
	if in.Open == nil { // the endpoint decrypts nothing
		return nil, fault.Failure{}
	}
	plain := in.Open(body)
	var raw [3][]byte
	var token [1][]byte
	if plain == nil || h.challenge.Find(plain, raw[:]) != nil || !h.marked(&raw) ||
		h.token.Find(plain, token[:]) != nil {
		return nil, fault.Failure{}
	}
	text, _ := jsonscan.Text(token[0])
	if f := s.checkToken(text, in); f.Failed() {
		return nil, f
	}
	challenge, _ := jsonscan.Text(raw[1])
	return s.answerChallenge(h, challenge, in)
}
