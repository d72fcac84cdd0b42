package core

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/handshake"
	"github.com/sallyport-go/sallyport/core/internal/head"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
)

// Receive is for adapters (see package adapter): it checks a request. It returns either a delivery, whose Request the
// adapter hands on and which it must Finish or Abandon, or a reply that the adapter writes without calling the app.
//
// The checks run from cheap to expensive, and nothing is trusted before it is proved. The method, transport, source,
// rate, credentials, signature header and timestamp are checked before the body is read. The replay store is asked
// about genuine deliveries only. Receive never writes to w: it is there for the connection's read deadline, and for a
// header that a proved sender wants back.
func (g *Guard) Receive(w http.ResponseWriter, r *http.Request, in adapter.Inbound) (*Delivery, *Reply) {
	// Only code of this package can put a delivery into a context: no header and no URL of a sender can.
	prior := carriedBy(r.Context())
	if prior != nil && prior.ticket {
		d, reply, ours := g.receiveAgain(r, in, prior.redrive)
		if ours {
			return d, reply
		}
		// Fails closed: a used or misdirected ticket counts for nothing, and the request is checked from the start.
		prior = nil
	}
	for d := prior; d != nil; d = d.parent {
		if d.guard == g {
			return &Delivery{again: d, r: r}, nil // proved already: the same guard stands on a group and on its route
		}
		// Fails closed: see innerGuard.
		if d.batch {
			return nil, g.conflict(r, in, "the guard of "+d.guard.endpoint+innerGuard)
		}
		// Fails closed at run time, because New cannot see how guards are mounted.
		if d.guard.endpoint == g.endpoint {
			return nil, g.conflict(r, in, "two guards on this request have the endpoint name "+g.endpoint+sameName)
		}
	}
	s := g.prepare(w, in, time.Now())
	s.inspection.ctx = contextOf(r, prior)
	// No defer: after a panic the scratch space may still be in use, and must not reach another request.
	d, reply := g.receive(r, &s.inspection, prior)
	// Only what a proved request presented is repeated, and to nobody else.
	if name := g.entry.AckEcho; name != "" && s.inspection.proved && (reply == nil || reply.Rejection == nil) {
		w.Header().Set(name, r.Header.Get(name))
	}
	g.giveBack(s)
	return d, reply
}

// Why two guards on one request do not go together.
const (
	innerGuard = " takes batches of events, whose receivers stand right behind it: mount it inside the other guard"
	sameName   = ": they would take each other's events for duplicates"
)

// receive is Receive with its scratch space. Nothing may keep a pointer into that.
func (g *Guard) receive(r *http.Request, i *inspection, prior *Delivery) (*Delivery, *Reply) {
	if reply, f := g.checkHead(r, i); f.Failed() {
		return nil, g.refuse(r, i, f)
	} else if reply != nil {
		return nil, g.answered(i, reply, prior)
	}
	if f := g.checkBody(r, i); f.Failed() {
		// Some providers sign test requests with published values. Such a request gets an answer, never a delivery.
		reply, f := g.publishedTest(r, i, f)
		if reply != nil {
			return nil, g.answered(i, reply, prior)
		}
		return nil, g.refuse(r, i, f)
	}
	if reply, f := g.provedHandshake(r, i); f.Failed() {
		// Fails closed: a captured delivery that is sent as a handshake is no sign of life, and counts as a failure.
		i.proved = i.proved && f.Reason.Class() != reason.ClassAuthentication
		return nil, g.refuse(r, i, f)
	} else if reply != nil {
		return nil, g.answered(i, reply, prior)
	}
	if i.proved {
		i.matches.Count(i.now) // not before: neither a handshake nor a test shows that a secret is in use
	}
	// Counted after the proof: otherwise forgeries would use up what genuine deliveries may use.
	if f := g.enforce(&i.facts, CheckRateLimit, g.countDelivery(r.Context(), i)); f.Failed() {
		return nil, g.refuse(r, i, f)
	}
	if f := g.checkPause(); f.Failed() {
		return nil, g.refuse(r, i, f)
	}
	// From here on the request is proved, or a check that only reports let it through.
	d := g.deliver(r, i, prior)
	// Not before: what the signature covers may be a part of the body in the buffer. Not later: the replay store may
	// take its time, and other bodies need the memory.
	i.buffer.Release()
	if reply := d.begin(); reply != nil {
		i.markRead(r, reply.Rejection != nil)
		// A refused delivery reaches no handler: nobody else would free what it holds.
		d.release()
		d.request = http.Request{} // its record may wait for an observer: whoever sends a copy chooses the headers
		return nil, reply
	}
	i.markRead(r, false)
	// After the claim: only then it is known whether the event is new.
	g.noteProof(d, i)
	return d, nil
}

// contextOf returns the context whose values logs and observers get. Behind an outer guard it is the context that
// reached that guard. The inner one carries the outer guard's delivery, with its body, and records may wait in queues.
func contextOf(r *http.Request, prior *Delivery) context.Context {
	if prior == nil {
		return r.Context()
	}
	for prior.parent != nil {
		prior = prior.parent
	}
	return prior.facts.ctx
}

// checkHead checks everything that does not need the body. It returns the reply to a handshake that needs none.
func (g *Guard) checkHead(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	if r.Method != http.MethodPost { // which every endpoint takes
		if f := g.methods.Check(r.Method); f.Failed() {
			return nil, f
		}
	}
	// It reads only. An unknown tenant is not refused here, so that it costs and answers the same as a known one.
	g.readTenant(r, i)
	// Before anything is hashed: what an attacker can send in bulk has to be cheap to refuse.
	if f := g.checkPerimeter(r, i); f.Failed() {
		return nil, f
	}
	if reply, f := g.unprovedHandshake(r, i); reply != nil || f.Failed() {
		return reply, f
	}
	// A handshake's method without a handshake. It fails closed: past this line it would count as a delivery.
	if !g.handshakes.Method(r.Method) {
		return nil, g.handshakes.NotOne(r.Method)
	}
	// Fails closed: without a secret nothing can be proved, so that no request gets any further.
	if g.handshakes.Awaiting {
		return g.takeSecret(r, i)
	}
	// Before the credentials: after them, another answer would say that those were right.
	if f := head.CheckContent(r, g.bodies.max); f.Failed() {
		return nil, f
	}
	if f := g.enterTenant(r.Context(), i); f.Failed() {
		return nil, f
	}
	if f := g.checkCredentials(r, i); f.Failed() {
		return nil, f
	}
	if g.signature == nil {
		return nil, fault.Failure{}
	}
	return g.checkSignatureHead(r, i)
}

// checkSignatureHead checks what the headers and the URL say of the signature. A request without one may be a
// handshake.
func (g *Guard) checkSignatureHead(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	v := g.signature
	// A stale timestamp is then noted and not refused at once: the signature still has to match.
	i.claims.Lenient = g.reporting.time || i.trial
	in := signature.Input{Request: r, URL: g.signedURL(r, i), Claims: i.claims, Now: i.now}
	f := v.CheckHead(&in)
	// Only a missing signature: a wrong one must never be answered as a handshake.
	if f.Reason == reason.MissingSignature {
		if reply, f := g.unsignedHandshake(r, i); reply != nil || f.Failed() {
			return reply, f
		}
	}
	if !f.Failed() {
		// The sender chooses the host. The beginning of a signed path, moved into it, would reach another route.
		f = v.CheckHost(r)
	}
	return nil, g.enforceProof(i, CheckSignature, f)
}

// checkCredentials checks those that are not in the body.
func (g *Guard) checkCredentials(r *http.Request, i *inspection) fault.Failure {
	for _, place := range g.credentials {
		if place.InBody() {
			continue
		}
		in := i.credentialInput(r)
		labels, f := place.Check(&in)
		if !f.Failed() {
			i.addCredential(labels)
			i.basic = i.basic || place.TakesBasic()
		} else if f = g.enforceCredential(i, f); f.Failed() {
			return f
		}
		// Whether it matched or not: the app, its logs and its proxies must not see a token, not even a wrong one.
		if name := place.Query(); name != "" {
			i.stripQuery = append(i.stripQuery, name)
		}
		if name := place.Path(); name != "" {
			i.stripPath = append(i.stripPath, i.pathValue(r, name))
		}
	}
	return fault.Failure{}
}

// checkBodyCredentials checks those that the body holds.
func (g *Guard) checkBodyCredentials(r *http.Request, i *inspection) fault.Failure {
	for _, place := range g.credentials {
		if !place.InBody() {
			continue
		}
		in := i.credentialInput(r)
		labels, f := place.CheckBody(i.body, &in)
		if !f.Failed() {
			i.addCredential(labels)
		} else if f = g.enforceCredential(i, f); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// checkBody reads the body and checks the signature.
func (g *Guard) checkBody(r *http.Request, i *inspection) fault.Failure {
	defer i.leave() // also where reading panics
	body, f := g.takeBody(r, i)
	if f.Failed() {
		return f
	}
	// Kept before the proof, for samples of refused signatures.
	i.body = body
	if f := g.checkBodyCredentials(r, i); f.Failed() {
		return f
	}
	// A head that failed and only reports leaves nothing to verify: unproved stays unproved.
	if v := g.signature; v != nil && i.unproved == nil {
		in := signature.Input{Request: r, URL: g.signedURL(r, i), Body: body, Claims: i.claims, Now: i.now}
		if i.secret, f = v.CheckBody(&in); !f.Failed() {
			// A signature over a configured URL covers no other query: an attacker could append one to a captured
			// delivery.
			f = v.CheckQuery(r.URL.RawQuery)
		}
		if f = g.enforceProof(i, CheckSignature, f); f.Failed() {
			return f
		}
	}
	if f := g.enforce(&i.facts, CheckFreshness, i.claims.StaleNote); f.Failed() {
		return f
	}
	if i.unproved != nil {
		return fault.Failure{}
	}
	if f := g.enforce(&i.facts, CheckSignature, g.provedForNobody(i)); f.Failed() {
		return f
	}
	if f := g.enforceProof(i, CheckSignature, g.provedForOthers(r, body)); f.Failed() || i.unproved != nil {
		return f
	}
	if g.opening.opener != nil { // hardly any provider encrypts
		if f := g.enforceProof(i, CheckSignature, g.open(r, i)); f.Failed() || i.unproved != nil {
			return f
		}
	}
	if f := g.enterScope(r.Context(), i); f.Failed() {
		return f
	}
	// The only place where a request of a provider becomes proved. All checks above have passed.
	i.proved = true
	return fault.Failure{}
}

// handshakeInput returns what a handshake is recognised by.
func (i *inspection) handshakeInput(r *http.Request) handshake.Input {
	return handshake.Input{
		Request: r, Body: i.body, Opened: i.opened, Claims: i.claims, Now: i.now, Plain: i.plain, User: i.basic,
		Unproved: i.unproved,
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
	if !g.handshakes.Any() {
		return nil, fault.Failure{}
	}
	defer i.leave() // also where reading panics
	in := i.handshakeInput(r)
	if g.opening.opener != nil { // a function costs memory, and hardly any provider encrypts
		in.Open = func(body []byte) []byte { return g.openUnsigned(r, i, body) }
	}
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
	answer, f := g.handshakes.Proved(&in)
	if answer != nil && answer.Ack {
		i.note = answer.Note
		return g.ackReply(&i.facts), fault.Failure{}
	}
	return i.replyTo(answer, f)
}

// publishedTest answers a test that is signed with a published secret. f is what refused it as a delivery. It fails
// closed: anybody can sign with such a secret, so that everything but the provider's own test stays refused with f.
func (g *Guard) publishedTest(r *http.Request, i *inspection, f fault.Failure) (*Reply, fault.Failure) {
	in := i.handshakeInput(r)
	return i.replyTo(g.handshakes.PublishedTest(&in, f))
}
