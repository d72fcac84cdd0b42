package handshake

import (
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxChallenge is the longest challenge that is echoed, in bytes.
//
// Whoever calls the endpoint chooses the text. Without a limit the answer could be as large as a header
// may be.
const maxChallenge = 512

const noSigningKey = "no secret is valid now to answer the handshake with, or its id is not configured before it: " +
	"see Secrets"

// answerChallenge answers with the challenge, or with what the entry makes of it.
//
// An attacker would send markup here, to have it run under the app's host, or a text to be signed. It
// fails closed: every challenge is checked before anything is made of it.
func (s *Set) answerChallenge(h *handshake, challenge string, in *Input) (*Answer, fault.Failure) {
	if f := checkChallenge(h.Handshake, challenge); f.Failed() {
		return nil, f
	}
	answer := &Answer{Status: h.StatusOr200(), Text: challenge}
	// The challenge holds no line break after the check, so it cannot add a header of its own.
	for _, header := range h.Headers {
		value := strings.ReplaceAll(header[1], "{challenge}", challenge)
		answer.Header = append(answer.Header, [2]string{http.CanonicalHeaderKey(header[0]), value})
		answer.Bodiless = true
	}
	if h.Answer == "" {
		return answer, fault.Failure{}
	}
	text := strings.ReplaceAll(h.Answer, "{challenge}", challenge)
	if h.HashesToken() {
		sum, f := s.hash(challenge, in)
		if f.Failed() {
			return nil, f
		}
		text = strings.ReplaceAll(text, entry.HashedAnswer, sum)
	}
	if strings.Contains(text, "{hmac}") {
		mac, key, f := s.sign(challenge, in)
		if f.Failed() {
			return nil, f
		}
		// Fails closed: an answer without a signature would end the handshake at the provider as
		// failed, and without a hint why.
		if mac == "" || key == "" && strings.Contains(text, "{key}") {
			return nil, fault.New(reason.NoActiveSecret, noSigningKey)
		}
		// A challenge has no braces, so these words can only come from the entry.
		text = strings.ReplaceAll(text, "{hmac}", mac)
		text = strings.ReplaceAll(text, "{key}", key)
	}
	answer.Text, answer.ContentType, answer.Bodiless = text, h.ContentType, false
	return answer, fault.Failure{}
}

// sign signs a challenge with the first keyed secret that is valid now; empty: there is none. Whoever asks gets that
// signature. The challenge's grammar keeps it from being one of a delivery, and it is one of the entry's choosing that
// no delivery has.
func (s *Set) sign(challenge string, in *Input) (mac, key string, f fault.Failure) {
	if s.Verifier == nil {
		return "", "", fault.Failure{}
	}
	return s.Verifier.SignText(in.Request.Context(), challenge, in.Claims, in.Now)
}

// checkChallenge refuses a challenge with characters or a length that challenges never have. It fails closed: the
// endpoint reflects nothing that a browser could run, and signs nothing else.
func checkChallenge(h *entry.Handshake, challenge string) fault.Failure {
	if challenge == "" || len(challenge) > maxChallenge {
		return fault.New(reason.MalformedSignature, "the handshake's challenge is missing or too long")
	}
	for i := range len(challenge) {
		c := challenge[i]
		// The characters of base64, base64url and UUIDs. No quotation mark, bracket or ampersand:
		// nothing of it means anything in HTML or JSON.
		ok := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
			strings.IndexByte("-_.~=+/", c) >= 0
		if h.Grammar == entry.Sentence {
			ok = ok || c == ' ' || c == ':' || c == ','
		}
		if !ok {
			return fault.New(reason.MalformedSignature,
				"the handshake's challenge has characters that challenges never have")
		}
	}
	// This is what keeps a signed challenge from being a delivery. Whoever asks gets a signature over
	// any text that passes here.
	if !signature.MatchesGrammar(h.Grammar, challenge) {
		return fault.New(reason.MalformedSignature, "the handshake's challenge is not one that this provider sends")
	}
	return fault.Failure{}
}
