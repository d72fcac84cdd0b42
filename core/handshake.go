package core

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// maxChallenge is the longest challenge that is echoed.
const maxChallenge = 512

// handshake is an entry's handshake with its pointers compiled.
type handshake struct {
	*entry.Handshake
	challenge *jsonscan.Paths // the marker and the challenge
	secret    *jsonscan.Paths
}

func compileHandshakes(e *entry.Entry) []handshake {
	out := make([]handshake, len(e.Handshakes))
	for i := range e.Handshakes {
		h := &e.Handshakes[i]
		out[i] = handshake{h, jsonscan.Compile(h.WhenJSON, h.EchoJSON), jsonscan.Compile(h.SecretJSON)}
	}
	return out
}

// unprovedHandshake answers what providers send before a secret exists: a fixed answer, or the echo of a challenge
// beside a verify token.
func (g *Guard) unprovedHandshake(r *http.Request, now time.Time) (*Reply, failure) {
	for i := range g.handshakes {
		h := g.handshakes[i].Handshake
		if h.Proved || h.Method != r.Method || h.HandsSecretOver() {
			continue
		}
		if h.WhenQuery == "" {
			return textReply(h.StatusOr200(), h.Body), failure{}
		}
		value, f := oneQuery(r, h.WhenQuery)
		if f.failed() || value == "" {
			continue
		}
		if h.TokenQuery != "" {
			token, f := oneQuery(r, h.TokenQuery)
			if f.failed() {
				return nil, f
			}
			if g.verifyTokens == nil {
				return nil, failure{ReasonMissingCredential, "a handshake came and VerifyTokens is not configured"}
			}
			if _, f := matchIn(token, now, "the handshake's verify token", g.verifyTokens); f.failed() {
				return nil, f
			}
		}
		challenge, f := oneQuery(r, h.EchoQuery)
		if f.failed() {
			return nil, f
		}
		return echo(h, challenge)
	}
	return nil, failure{}
}

// takeSecret hands the provider's secret to the sink, once, and repeats it where the provider wants that.
func (g *Guard) takeSecret(r *http.Request, i *inspection) (*Reply, failure) {
	defer i.leave()
	waiting := failure{ReasonNoActiveSecret, "no secret yet: configure Secrets with the one the provider shows now"}
	for n := range g.handshakes {
		h := &g.handshakes[n]
		text, f := h.secretHandedOver(r, func() ([]byte, failure) { return g.takeBody(r, i) })
		if f.failed() {
			return nil, f
		}
		if text == "" {
			continue
		}
		if g.sink == nil {
			return nil, failure{ReasonNoActiveSecret, "the provider hands its secret over: configure SecretSink to take it"}
		}
		if _, f := echo(h.Handshake, text); f.failed() {
			return nil, f
		}
		if _, problem := g.sinkRules.decode(text); problem != "" {
			return nil, failure{ReasonMalformedSignature, "what was handed over cannot be a secret: " + problem}
		}
		if !g.handedOver.CompareAndSwap(false, true) {
			return nil, failure{ReasonNoActiveSecret, "a secret was handed over before: configure it in Secrets"}
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
		defer cancel()
		if err := g.sink(ctx, NewSecret("handed over", text)); err != nil {
			g.handedOver.Store(false)
			return nil, failure{ReasonNoActiveSecret, "SecretSink failed: " + err.Error()}
		}
		reply := textReply(h.StatusOr200(), "")
		if h.SecretHeader != "" {
			reply.Header.Set(h.SecretHeader, text)
		}
		return reply, failure{}
	}
	return nil, waiting
}

// secretHandedOver reads the secret that a first request brings, if it brings one.
func (h *handshake) secretHandedOver(r *http.Request, read func() ([]byte, failure)) (string, failure) {
	switch {
	case h.SecretHeader != "":
		return single(r, http.CanonicalHeaderKey(h.SecretHeader))
	case h.SecretJSON != "":
		body, f := read()
		if f.failed() {
			return "", f
		}
		var raw [1][]byte
		if h.secret.Find(body, raw[:]) != nil {
			return "", failure{}
		}
		text, _ := jsonscan.Text(raw[0])
		return text, failure{}
	}
	return "", failure{}
}

// provedHandshake answers a challenge that came with a valid signature.
func (g *Guard) provedHandshake(r *http.Request, i *inspection) (*Reply, failure) {
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if !h.Proved || h.Method != r.Method {
			continue
		}
		var raw [2][]byte
		if h.challenge.Find(i.body, raw[:]) != nil {
			continue
		}
		if marker, ok := jsonscan.Text(raw[0]); !ok || marker != h.WhenEquals {
			continue
		}
		challenge, _ := jsonscan.Text(raw[1])
		return echo(h.Handshake, challenge)
	}
	return nil, failure{}
}

// echo answers with the challenge as plain text, if it is one: a restricted charset and a bounded length, so that the
// endpoint reflects nothing a browser could run, and signs nothing.
func echo(h *entry.Handshake, challenge string) (*Reply, failure) {
	if challenge == "" || len(challenge) > maxChallenge {
		return nil, failure{ReasonMalformedSignature, "the handshake's challenge is missing or too long"}
	}
	for i := range len(challenge) {
		c := challenge[i]
		ok := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == '~' || c == '=' || c == '+' || c == '/'
		if !ok {
			return nil, failure{ReasonMalformedSignature, "the handshake's challenge has characters that challenges never have"}
		}
	}
	return textReply(h.StatusOr200(), challenge), failure{}
}

func oneQuery(r *http.Request, name string) (string, failure) {
	values, err := queryValues(r.URL.RawQuery, name)
	if err != nil || len(values) > 1 {
		return "", failure{ReasonBadCredential, "the query is malformed, or repeats a parameter of the handshake"}
	}
	if len(values) == 0 {
		return "", failure{}
	}
	return values[0], failure{}
}
