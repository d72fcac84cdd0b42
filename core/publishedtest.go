package core

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxTestBody is the longest body of a request that is signed with a published secret, and answered.
const maxTestBody = 4 << 10

// publishedTest answers a test that is signed with a published secret, where the body is that test and no event.
// Anything else under such a secret stays refused, and the detail says why. It fails closed: f is what refused the
// delivery.
func (g *Guard) publishedTest(r *http.Request, i *inspection, f fault.Failure) (*Reply, fault.Failure) {
	if f.Reason != reason.BadSignature || len(i.body) > maxTestBody {
		return nil, f
	}
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if h.published != nil && h.Method == r.Method && h.isTest(i.body) && h.published.Signs(g.testInput(h.published, r, i, i.body)) {
			i.note = h.Note
			return fixed(h.Handshake), fault.Failure{}
		}
	}
	for _, k := range g.published {
		if k.Signs(g.testInput(k, r, i, i.body)) {
			f.Detail = "the delivery is signed with the test secret that " + g.entry.Title + " publishes" + testedTooEarly
			break
		}
	}
	return nil, f
}

const testedTooEarly = ", with which anybody can sign: test the webhook once it exists, with its own secret"

// isTest reports whether a body is the handshake's and no event's.
func (h *handshake) isTest(body []byte) bool {
	var raw [3][]byte
	return h.challenge.Find(body, raw[:]) == nil && h.marked(&raw)
}

// awaitedTest answers a published test while no secret is configured; nil: the request is none.
func (g *Guard) awaitedTest(r *http.Request, i *inspection) *Reply {
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if h.published == nil || h.Method != r.Method || r.ContentLength <= 0 || r.ContentLength > maxTestBody {
			continue
		}
		body, f := g.takeBody(r, i)
		if f.Failed() {
			return nil
		}
		if h.isTest(body) && h.published.Signs(g.testInput(h.published, r, i, body)) {
			i.note = h.Note
			return fixed(h.Handshake)
		}
		return nil
	}
	return nil
}

// compilePublished compiles the published secrets that prove no handshake. They only explain a refusal.
func compilePublished(e *entry.Entry) (all []*signature.PublishedKey) {
	for _, text := range e.PublishedSecrets {
		if k := signature.NewPublishedKey(e, text); k != nil {
			all = append(all, k)
		}
	}
	return all
}

// testInput returns what a published secret is tried on.
func (g *Guard) testInput(k *signature.PublishedKey, r *http.Request, i *inspection, body []byte) *signature.Input {
	url := ""
	if g.verifier != nil && k.SignsURL() {
		url = g.signedURL(r, i)
	}
	return &signature.Input{Request: r, URL: url, Body: body, Claims: &signature.Claims{}, Now: i.now}
}
