package core

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/handshake"
	"github.com/sallyport-go/sallyport/core/reason"
)

// handshakeInput returns what a handshake is recognised by.
func (i *inspection) handshakeInput(r *http.Request) handshake.Input {
	return handshake.Input{
		Request: r, Body: i.body, Claims: i.claims, Now: i.now, Plain: i.plain, User: i.basic, Unproved: i.unproved,
	}
}

// replyTo makes the reply of a handshake's answer; nil: there is none.
func (i *inspection) replyTo(a *handshake.Answer, f fault.Failure) (*Reply, fault.Failure) {
	if a == nil { // with a failure it is refused; without one it goes on as a delivery, which must be proved
		return nil, f
	}
	i.note = a.Note
	reply := textReply(a.Status, a.Text)
	for _, header := range a.Header {
		reply.set(header[0], header[1])
	}
	if a.Bodiless {
		reply.Body = nil
	}
	if a.ContentType != "" {
		reply.set("Content-Type", a.ContentType)
	}
	return reply, fault.Failure{}
}

// unprovedHandshake answers what providers send before a secret exists.
func (g *Guard) unprovedHandshake(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	if !g.handshakes.Any() {
		return nil, fault.Failure{}
	}
	in := i.handshakeInput(r)
	return i.replyTo(g.handshakes.Unproved(&in))
}

// unsignedHandshake answers a request without a signature that only tries the URL.
func (g *Guard) unsignedHandshake(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	defer i.leave() // also where reading panics
	in := i.handshakeInput(r)
	return i.replyTo(g.handshakes.Unsigned(&in, func() ([]byte, fault.Failure) { return g.takeBody(r, i) }))
}

// takeSecret answers while no secret is configured.
func (g *Guard) takeSecret(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	if i.trial { // fails closed: the sink takes one secret only, and an explanation must not use it up
		return nil, fault.New(reason.NoActiveSecret, "no secret yet: handshakes only")
	}
	defer i.leave()
	in := i.handshakeInput(r)
	return i.replyTo(g.handshakes.HandedOver(&in, func() ([]byte, fault.Failure) { return g.takeBody(r, i) }))
}

// provedHandshake answers a handshake that came with a valid proof.
func (g *Guard) provedHandshake(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	if !g.handshakes.Any() {
		return nil, fault.Failure{}
	}
	in := i.handshakeInput(r)
	return i.replyTo(g.handshakes.Proved(&in))
}

// publishedTest answers a test that is signed with a published secret. f is what refused it as a delivery. It fails
// closed: anybody can sign with such a secret, so that everything but the provider's own test stays refused with f.
func (g *Guard) publishedTest(r *http.Request, i *inspection, f fault.Failure) (*Reply, fault.Failure) {
	in := i.handshakeInput(r)
	return i.replyTo(g.handshakes.PublishedTest(&in, f))
}
