package core

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

func (i *inspection) pathValue(r *http.Request, name string) string {
	if i.param != nil {
		return i.param(name)
	}
	return r.PathValue(name)
}

// Receive is for adapters (see package adapter): it checks a request. It returns either a delivery, whose Request the
// adapter hands on and which it must Finish or Abandon, or a reply that the adapter writes without calling the app.
//
// The checks run from cheap to dear, and nothing is believed before it is proved: the method, transport, source, rate,
// credentials, signature header and timestamp are judged before the body is read, and the replay store is asked only
// about deliveries that are genuine. Receive never writes to w; it is there for the connection's read deadline.
func (g *Guard) Receive(w http.ResponseWriter, r *http.Request, in adapter.Inbound) (*Delivery, *Reply) {
	prior := deliveryIn(r.Context())
	for d := prior; d != nil; d = d.parent {
		if d.guard == g {
			return &Delivery{again: d, r: r}, nil // proved already: the same guard stands on a group and on its route
		}
		if d.batch {
			return nil, g.conflict(r, in, "the guard of "+d.guard.endpoint+" takes batches of events, whose receivers stand right behind it: mount it inside the other guard")
		}
		if d.guard.endpoint == g.endpoint {
			return nil, g.conflict(r, in, "two guards on this request have the endpoint name "+g.endpoint+": they would take each other's events for duplicates")
		}
	}
	j := g.judge(w, in, time.Now())
	j.inspection.ctx = contextOf(r, prior)
	d, reply := g.receive(r, &j.inspection, prior)
	g.judged(j)
	return d, reply
}

// conflict refuses a request on which another guard stands that this one does not go with.
func (g *Guard) conflict(r *http.Request, in adapter.Inbound, detail string) *Reply {
	j := g.judge(nil, in, time.Now()) // the connection's deadline is the other guard's
	j.inspection.ctx = contextOf(r, deliveryIn(r.Context()))
	reply := g.refuse(r, &j.inspection, fault.New(reason.GuardConflict, detail))
	g.judged(j)
	return reply
}

// receive is Receive with what it works with. None of that may be kept.
func (g *Guard) receive(r *http.Request, i *inspection, prior *Delivery) (*Delivery, *Reply) {
	if reply, f := g.judgeHead(r, i); f.Failed() {
		return nil, g.refuse(r, i, f)
	} else if reply != nil {
		return nil, g.answered(i, reply, prior)
	}
	if f := g.judgeBody(r, i); f.Failed() {
		reply, f := g.publishedTest(r, i, f)
		if reply != nil {
			return nil, g.answered(i, reply, prior)
		}
		return nil, g.refuse(r, i, f)
	}
	if reply, f := g.provedHandshake(r, i); f.Failed() {
		return nil, g.refuse(r, i, f)
	} else if reply != nil {
		return nil, g.answered(i, reply, prior)
	}
	if i.proved {
		i.match.Count(i.now) // not before: neither a handshake nor a test shows that a secret is in use
	}
	if f := g.enforce(&i.facts, CheckRateLimit, g.countDelivery(r.Context(), i)); f.Failed() {
		return nil, g.refuse(r, i, f)
	}
	d := g.deliver(r, i, prior)
	if reply := d.claim(); reply != nil {
		i.markRead(r, reply.Rejection != nil)
		d.release()
		return nil, reply
	}
	i.markRead(r, false)
	g.noteProof(d, i)
	return d, nil
}

// contextOf is the context that logs and observers get the values of. Behind an outer guard it is the one that reached
// that guard: the inner one carries the outer guard's delivery, with its body, and records may wait in queues.
func contextOf(r *http.Request, prior *Delivery) context.Context {
	if prior == nil {
		return r.Context()
	}
	for prior.parent != nil {
		prior = prior.parent
	}
	return prior.facts.ctx
}

// facts are what is known of a request for as long as its delivery lives.
type facts struct {
	ctx         context.Context // of the request as it reached the guard; for logs and observers
	route       string
	started     time.Time  // the real clock: for durations
	now         time.Time  // the guard's clock: for freshness
	source      netip.Addr // invalid: cannot be told
	body        []byte
	match       keyring.Matches // of the secrets that proved it
	tenant      string          // that is known; what the delivery says of it is in presented
	scope       string          // the tenant as it is part of identities
	secret      string
	credentials []string
	reported    []Reported        // what was let through because its check only reports
	unproved    *fault.Failure    // of those, the one that leaves the delivery without proof; nil: none does
	digest      [sha256.Size]byte // of the body; see bodyDigest
	digested    bool
	proved      bool
	plain       bool // plain HTTP, reported
	trial       bool // every check only reports, and nothing is touched: see Explain
	overloaded  bool
}

// inspection is what is known of a request while it is judged. But for the facts, it belongs to one call of Receive.
type inspection struct {
	facts
	param      func(name string) string // of the route; nil: the request's own
	borrowed   bool                     // the body stands in buffer
	buffer     []byte
	presented  *signature.Claims
	events     *eventSource
	stripQuery []string
	stripPath  []string
	basic      bool   // a credential of the Authorization header was accepted
	note       string // of a handshake, for the operator
	keepBody   bool   // of a refused request
	taken      takenBody
	perimeter
}

// addCredential notes the label of a credential that matched. The first one's list of one is its own, and is not
// changed.
func (i *inspection) addCredential(labels []string) {
	if i.credentials == nil {
		i.credentials = labels[:len(labels):len(labels)]
		return
	}
	i.credentials = append(i.credentials, labels...)
}

// judgeHead judges what can be judged before the body is read.
func (g *Guard) judgeHead(r *http.Request, i *inspection) (*Reply, fault.Failure) {
	if !slices.Contains(g.methods, r.Method) {
		return nil, fault.New(reason.Method, g.otherMethod(r.Method))
	}
	g.readTenant(r, i)
	if f := g.checkPerimeter(r, i); f.Failed() {
		return nil, f
	}
	if reply, f := g.unprovedHandshake(r, i); reply != nil || f.Failed() {
		return reply, f
	}
	if r.Method != http.MethodPost && !slices.Contains(g.entry.Methods, r.Method) && !g.provesHandshake(r.Method) {
		return nil, g.notAHandshake(r.Method)
	}
	if g.awaiting {
		if i.trial {
			return nil, fault.New(reason.NoActiveSecret, "no secret yet: handshakes only")
		}
		return g.takeSecret(r, i)
	}
	// Before the credentials: after them, another answer would say that those were right.
	if enc := r.Header["Content-Encoding"]; len(enc) > 1 || (len(enc) == 1 && enc[0] != "" && httpfield.LowerASCII(enc[0]) != "identity") {
		return nil, fault.New(reason.Encoding, compressed(enc))
	}
	if httpfield.AmbiguousContentType(r.Header["Content-Type"]) {
		return nil, fault.New(reason.ContentType, otherContentType(r.Header["Content-Type"]))
	}
	if r.ContentLength > g.bodies.max {
		return nil, fault.New(reason.BodyTooLarge, intake.TooLong(g.bodies.max, r.ContentLength))
	}
	if f := g.enterTenant(r.Context(), i); f.Failed() {
		return nil, f
	}
	for _, gate := range g.gates {
		if gate.member != nil {
			continue // the body holds it
		}
		labels, f := gate.check(r, i)
		if !f.Failed() {
			i.addCredential(labels)
			i.basic = i.basic || gate.basic != nil
		} else if f = g.enforceCredential(i, f); f.Failed() {
			return nil, f
		}
		if gate.query != "" {
			i.stripQuery = append(i.stripQuery, gate.query)
		}
		if gate.path != "" {
			i.stripPath = append(i.stripPath, i.pathValue(r, gate.path))
		}
	}
	if v := g.verifier; v != nil {
		i.presented.Lenient = g.reportsTime || i.trial
		in := signature.Input{Request: r, URL: g.signedURL(r, i), Claims: i.presented, Now: i.now}
		f := v.CheckHead(&in)
		if f.Reason == reason.MissingSignature {
			if reply, f := g.unsignedHandshake(r, i); reply != nil || f.Failed() {
				return reply, f
			}
		}
		if !f.Failed() {
			f = v.CheckHost(r)
		}
		return nil, g.enforceProof(i, CheckSignature, f)
	}
	return nil, fault.Failure{}
}

// judgeBody reads the body and judges the signature.
func (g *Guard) judgeBody(r *http.Request, i *inspection) fault.Failure {
	defer i.leave() // also where reading panics
	body, f := g.takeBody(r, i)
	if f.Failed() {
		return f
	}
	i.body = body
	for _, gate := range g.gates {
		if gate.member == nil {
			continue
		}
		labels, f := gate.checkBody(r.Context(), body, i)
		if !f.Failed() {
			i.addCredential(labels)
		} else if f = g.enforceCredential(i, f); f.Failed() {
			return f
		}
	}
	if v := g.verifier; v != nil && i.unproved == nil {
		in := signature.Input{Request: r, URL: g.signedURL(r, i), Body: body, Claims: i.presented, Now: i.now}
		if i.secret, f = v.CheckBody(&in); !f.Failed() {
			f = v.CheckQuery(r.URL.RawQuery)
		}
		if f = g.enforceProof(i, CheckSignature, f); f.Failed() {
			return f
		}
	}
	if f := g.enforce(&i.facts, CheckFreshness, i.presented.Late); f.Failed() {
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
	if f := g.enterScope(r.Context(), i); f.Failed() {
		return f
	}
	i.proved = true
	return fault.Failure{}
}

// bodyDigest is the digest of a body that was proved. It costs as much as the signature's, so that it is made where
// something is remembered by it, and not for the record alone.
func (i *facts) bodyDigest() [sha256.Size]byte {
	if !i.digested {
		i.digest, i.digested = sha256.Sum256(i.body), true
	}
	return i.digest
}

// newDelivery makes a handle, with what it holds in the replay store, where there is one.
func (g *Guard) newDelivery() *Delivery {
	if g.memory.Store == nil {
		return &Delivery{guard: g}
	}
	both := &struct {
		Delivery
		holding lease.Holding
	}{}
	d := &both.Delivery
	d.guard, d.holding = g, &both.holding
	return d
}

// deliver makes the handle of a proved delivery.
func (g *Guard) deliver(r *http.Request, i *inspection, prior *Delivery) *Delivery {
	d := g.newDelivery()
	d.parent = prior
	i.ownBody()
	d.facts = i.facts
	// A credential vouches for whoever sent the whole request; a signature only for what it covers.
	t := i.events
	t.Headers, t.Body, t.request = r.Header, i.body, r
	if r.URL != nil {
		t.RawQuery = r.URL.RawQuery
	}
	if i.proved {
		t.inspection, t.presented, t.Timestamp = i, i.presented, i.presented.Timestamp
		t.BodyProved, t.HeadersProved, t.SignedID = g.verifier.Covers(i.body, g.entry.Event.PayloadJSON), g.verifier == nil, i.presented.ID
	}
	d.readEvents(t)
	d.deliveryContext = deliveryContext{r.Context(), d}
	var ctx context.Context = &d.deliveryContext
	if g.memory.Store != nil {
		d.holding.Request.Start(ctx, time.Time{})
		ctx = &d.holding.Request
		if g.entry.Identity.SignedOnce && i.proved {
			in := g.proofOf(t)
			digest := g.verifier.SignedDigest(&in)
			signed := Identity(identity.OfSigned(identity.Scope{Endpoint: g.endpoint, Tenant: i.scope}, digest))
			d.signed = &signed
		}
	}
	d.r = r.WithContext(ctx)
	restoreBody(d.r, d)
	if len(i.stripQuery) > 0 || len(i.stripPath) > 0 {
		d.r.Form, d.r.PostForm = nil, nil // parsed before us from a query that held the token
		d.r.URL = stripTokens(d.r.URL, i.stripQuery, i.stripPath)
		d.r.RequestURI = d.r.URL.RequestURI()
	}
	return d
}

// unreadLimit is how much of a body net/http reads to keep a connection.
const unreadLimit = 256 << 10

// refuse makes the reply to a failure and tells the observer.
func (g *Guard) refuse(r *http.Request, i *inspection, f fault.Failure) *Reply {
	now := i.started.Add(time.Since(i.started)) // by the monotonic clock alone, which is half of a look at both
	f = g.countFailure(r.Context(), i, f, now)
	if g.rates.failures.IsShared() {
		now = time.Now() // it may have taken a while
	}
	if !i.bodyBegun { // else the body's own deadline stands
		intake.BoundDrain(i.w, r, i.started, now)
	}
	reply := g.refusal(&i.facts, f, nil)
	if f.Reason == reason.RateLimited && i.retryAfter > 0 {
		reply.setRetryAfter(g.boundRetryAfter(f.Reason, i.retryAfter))
	}
	if (r.ContentLength < 0 || r.ContentLength > unreadLimit) &&
		(f.Reason.Class() == reason.ClassAuthentication || f.Reason == reason.RateLimited) {
		// net/http closes the connection itself where much of a body was not read, which would tell the checks before
		// the body from those after it.
		reply.set("Connection", "close")
	}
	rec := g.recordOf(&i.facts, reply, now)
	rec.sampled = g.sample(r, &i.facts, i.presented.Tenant, f, now)
	i.markRead(r, true)
	g.put(rec)
	return reply
}

// refusal makes the reply to a failure. It does not report it.
func (g *Guard) refusal(i *facts, f fault.Failure, cause error) *Reply {
	reply := g.rejectionReply(g.rejection(f.Reason, g.statusOf(f.Reason, i), f.Detail, cause))
	if f.Reason == reason.Method {
		reply.set("Allow", g.allow)
	}
	return reply
}

// recordOf starts the record of a refusal.
func (g *Guard) recordOf(i *facts, reply *Reply, now time.Time) *Record {
	rejection := reply.Rejection
	rec := g.record(i, rejection.Reason, rejection.Status, now)
	rec.Detail, rec.Err = rejection.detail, rejection.cause
	return rec
}

// answered reports a handshake.
func (g *Guard) answered(i *inspection, reply *Reply, prior *Delivery) *Reply {
	if prior != nil {
		prior.settle(replay.Release) // an outer guard must not remember a handshake as an event that was processed
	}
	rec := g.record(&i.facts, reason.Handshake, reply.Status, time.Now())
	rec.Detail = i.note
	g.put(rec)
	return reply
}

// reject makes the reply to a reason with its default status. The guard's own checks answer by refusal.
func (g *Guard) reject(why reason.Reason, detail string, cause error) *Reply {
	return g.rejectionReply(g.rejection(why, why.Status(), detail, cause))
}

func (g *Guard) rejection(why reason.Reason, status int, detail string, cause error) Rejection {
	return Rejection{Reason: why, Status: status, Endpoint: g.endpoint, Provider: g.provider, detail: detail, cause: cause}
}

// record starts the record of an outcome. The caller completes it and passes it to put.
func (g *Guard) record(i *facts, why reason.Reason, status int, now time.Time) *Record {
	rec := g.records.get()
	rec.ended, rec.ctx = now, i.ctx
	rec.Time, rec.Total, rec.Route, rec.Source = i.now, now.Sub(i.started), i.route, i.source
	rec.Endpoint, rec.Provider, rec.Tenant = g.endpoint, g.provider, i.tenant
	rec.Reason, rec.Status, rec.Replay, rec.BodyBytes = why, status, ReplayNone, len(i.body)
	rec.Secret, rec.Credentials = i.secret, i.credentials
	rec.SecretExpires, rec.NoneValidAfter, rec.SecretsStale = keyring.TimeOf(i.match.Expires), keyring.TimeOf(i.match.NoneAfter), i.match.Stale
	rec.WouldRefuse, rec.Unproved = i.reported, i.unproved != nil
	if i.proved && i.digested {
		rec.BodySHA256 = i.digest
	}
	rec.proved = i.proved
	if g.verifier != nil {
		rec.SignedURL = URLSource(g.verifier.Route.Source)
	}
	return rec
}
