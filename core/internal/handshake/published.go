package handshake

import (
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxTestBody is the longest body of a request that is signed with a published secret and answered, in bytes.
//
// Genuine tests are a few hundred bytes. The body is hashed once more, for a sender who has proved
// nothing.
const maxTestBody = 4 << 10

const testedTooEarly = ", with which anybody can sign: test the webhook once it exists, with its own secret"

// PublishedTest answers a test that is signed with a published secret, where the body is that test and no event. It
// fails closed: anything else under such a secret stays refused, and the detail says why. f is what refused the
// delivery.
//
// An attacker can sign whatever they like with such a secret. All they get is the fixed answer of a
// test: no signal runs, and nothing is remembered.
func (s *Set) PublishedTest(in *Input, f fault.Failure) (*Answer, fault.Failure) {
	if f.Reason != reason.BadSignature || len(in.Body) > maxTestBody {
		return nil, f
	}
	for n := range s.list {
		h := &s.list[n]
		if h.published != nil && h.Method == in.Request.Method && h.isTest(in.Body) &&
			s.signs(h.published, in, in.Body) {
			return h.test(), fault.Failure{}
		}
	}
	for _, k := range s.published {
		if s.signs(k, in, in.Body) {
			f.Detail = "the delivery is signed with the test secret that " + s.entry.Title + " publishes" +
				testedTooEarly
			break
		}
	}
	return nil, f
}

// awaitedTest answers a published test while no secret is configured; nil: the request is not one.
//
// It reads the body only where its declared length is small. A failure to read returns nil, and the
// caller refuses.
func (s *Set) awaitedTest(in *Input, read func() ([]byte, fault.Failure)) *Answer {
	r := in.Request
	for n := range s.list {
		h := &s.list[n]
		if h.published == nil || h.Method != r.Method || r.ContentLength <= 0 || r.ContentLength > maxTestBody {
			continue
		}
		body, f := read()
		if !f.Failed() && h.isTest(body) && s.signs(h.published, in, body) {
			return h.test()
		}
		return nil
	}
	return nil
}

// test is the answer to a published test. It is fixed, so it reflects nothing of what was sent.
func (h *handshake) test() *Answer {
	answer := h.fixed()
	answer.Note = h.Note
	return answer
}

// isTest reports whether a body is the handshake's and no event's.
//
// It fails closed: what every event has must be missing, or an event under a published secret would be
// answered and lost.
func (h *handshake) isTest(body []byte) bool {
	var raw [3][]byte
	return h.challenge.Find(jsonscan.TrimMark(body), raw[:]) == nil && h.marked(&raw)
}

// signs reports whether a request is signed with a published secret.
func (s *Set) signs(k *signature.PublishedKey, in *Input, body []byte) bool {
	url := ""
	if s.Verifier != nil && k.SignsURL() {
		url = s.Verifier.SignedURL(in.Request, in.Claims.Tenant, in.Plain, in.User)
	}
	return k.Signs(
		&signature.Input{Request: in.Request, URL: url, Body: body, Claims: &signature.Claims{}, Now: in.Now},
	)
}
