package core

import (
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// maxChallenge is the longest challenge that is echoed.
const maxChallenge = 512

// unprovedHandshake answers what providers send before a secret exists: a fixed answer, or the echo of a challenge
// beside a verify token.
func (g *Guard) unprovedHandshake(r *http.Request, now time.Time) (*Reply, failure) {
	for i := range g.entry.Handshakes {
		h := &g.entry.Handshakes[i]
		if h.Proved || h.Method != r.Method {
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

// provedHandshake answers a challenge that came with a valid signature.
func (g *Guard) provedHandshake(r *http.Request, i *inspection) (*Reply, failure) {
	for n := range g.entry.Handshakes {
		h := &g.entry.Handshakes[n]
		if !h.Proved || h.Method != r.Method {
			continue
		}
		var raw [2][]byte
		if jsonscan.Compile(h.WhenJSON, h.EchoJSON).Find(i.body, raw[:]) != nil {
			continue
		}
		if marker, ok := jsonscan.Text(raw[0]); !ok || marker != h.WhenEquals {
			continue
		}
		challenge, _ := jsonscan.Text(raw[1])
		return echo(h, challenge)
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
