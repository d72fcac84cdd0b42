package core

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Reply is an answer that an adapter writes in its router's own way. The app's code was not called for it, or has
// finished. It belongs to one request.
type Reply struct {
	Status int    // the final status, after the provider's wishes
	Body   []byte // nil: no body
	// Rejection is set when the delivery was refused, and nil for the answer to a handshake, a duplicate or a signal.
	Rejection *Rejection

	headers []answerHeader
	lasting lease.Lasting // of a refusal, for its record: the observers' context needs no allocation of its own
}

// answerHeader is a header of an answer.
type answerHeader struct {
	name  string    // canonical
	value [1]string // who appends to a slice of it gets a copy
}

// roomyReply is a reply with the places of its usual header and text and of the rejection, made at once. It serves no
// second request: the response's header holds its values, and whoever wraps the response may keep them, or write into
// them.
type roomyReply struct {
	Reply
	room [usualHeaders]answerHeader
	text [32]byte // of every status that a guard answers
	own  Rejection
}

// usualHeaders is how many headers a refusal has: type, nosniff, and two of Retry-After, Connection or a challenge.
const usualHeaders = 4

// set is Header.Set for a canonical name.
func (p *Reply) set(name, value string) {
	if at := p.find(name); at >= 0 {
		p.headers[at].value[0] = value
		return
	}
	p.headers = append(p.headers, answerHeader{name, [1]string{value}})
}

// find returns the place of a header, or -1.
func (p *Reply) find(name string) int {
	return slices.IndexFunc(p.headers, func(h answerHeader) bool { return h.name == name })
}

// Header returns the headers of the answer in a new map: the body's type, Allow, Retry-After, Connection,
// WWW-Authenticate.
func (p *Reply) Header() http.Header {
	h := make(http.Header, len(p.headers))
	p.SetHeader(h)
	return h
}

// SetHeader sets what Header returns, in the place of what h holds under these names.
func (p *Reply) SetHeader(h http.Header) {
	for i := range p.headers {
		h[p.headers[i].name] = p.headers[i].value[:]
	}
}

// Write puts the reply out as net/http does.
func (p *Reply) Write(w http.ResponseWriter) {
	p.SetHeader(w.Header())
	w.WriteHeader(p.Status)
	if len(p.Body) > 0 {
		_, _ = w.Write(p.Body) // the sender hung up: nobody reads it
	}
}

// textReply is plain text that no browser reads as anything else; an empty one has no header.
func textReply(status int, text string) *Reply {
	if text == "" {
		return &Reply{Status: status}
	}
	p := &roomyReply{}
	p.setText(status, text, "")
	return &p.Reply
}

// setText makes an empty reply a text in two parts.
func (p *roomyReply) setText(status int, text, end string) {
	p.Status = status
	p.room[0].name, p.room[0].value[0] = "Content-Type", "text/plain; charset=utf-8"
	// No browser may guess another type, such as HTML, from the text.
	p.room[1].name, p.room[1].value[0] = "X-Content-Type-Options", "nosniff"
	p.headers = p.room[:2]
	p.Body = append(append(p.text[:0], text...), end...)
}

// rejectionReply returns the whole answer to a rejection.
func rejectionReply(r Rejection) *Reply {
	p := &roomyReply{own: r}
	p.refuse()
	return &p.Reply
}

// refuse makes an empty reply the whole answer to its own rejection. It depends on the status alone: senders cannot
// distinguish one failed authentication from another.
func (p *roomyReply) refuse() {
	r := &p.own
	p.setText(r.Status, http.StatusText(r.Status), "\n")
	p.Rejection = r
	if r.Status == http.StatusUnauthorized {
		// RFC 9110 wants a challenge with every 401, and SNS sends its credentials only after one. The same challenge
		// whatever failed.
		p.set("Www-Authenticate", `Basic realm="webhook", charset="UTF-8"`)
	}
	switch r.Reason {
	case reason.BodyTooLarge:
		// What is left of the body is not worth reading.
		p.set("Connection", "close")
	case reason.RateLimited, reason.Paused, reason.InFlight, reason.StoreUnavailable, reason.StoreFull,
		reason.KeysUnavailable, reason.NoActiveSecret, reason.Busy:
		p.setRetryAfter(defaultRetryAfter)
	}
}

// rejectionReply makes the answer to a reason as the provider wants it. status is the usual one. detail and cause are
// for logs and stay out of the answer.
func (g *Guard) rejectionReply(why reason.Reason, status int, detail string, cause error) *Reply {
	var want entry.Answer
	if g.answers.differ {
		want = answerTo(&g.entry.Answers, why)
		if want.Status == 0 && why == reason.BodyTooLarge && g.entry.Drops4xx {
			want.Status = http.StatusServiceUnavailable
		}
		// Only for reasons whose status the provider acts on: authentication has none here, see answerTo.
		status = cmp.Or(want.Status, status)
	}
	p := &roomyReply{}
	g.describe(&p.own, why, status, detail, cause)
	p.refuse()
	if want.RetryAfter > 0 {
		p.setRetryAfter(want.RetryAfter)
	}
	if want.Empty {
		p.clearBody()
	}
	return &p.Reply
}

// answerTo returns the wishes of a provider for the class of the reason.
func answerTo(a *entry.Answers, r reason.Reason) entry.Answer {
	switch {
	case r.Class() == reason.ClassAuthentication:
		// The status is the guard's.
		return entry.Answer{Empty: a.Authentication.Empty, RetryAfter: a.Authentication.RetryAfter}
	case r == reason.RateLimited:
		return a.TooMuch
	case r == reason.BodyTooLarge:
		return a.TooLarge
	case r.Class() == reason.ClassState:
		return a.Transient
	case r.Class() == reason.ClassApp:
		return a.App
	default:
		return entry.Answer{}
	}
}

// boundRetryAfter shortens a Retry-After that the guard has worked out to what the provider waits for.
func (g *Guard) boundRetryAfter(r reason.Reason, wait time.Duration) time.Duration {
	// Zero: the provider does not say, and the guard's own value stands.
	if most := answerTo(&g.entry.Answers, r).RetryAfter; most > 0 {
		wait = min(wait, most)
	}
	return wait
}

// clearBody takes the text and its headers back.
func (p *Reply) clearBody() {
	p.Body = nil
	for _, name := range [...]string{"Content-Type", "X-Content-Type-Options"} {
		if at := p.find(name); at >= 0 {
			p.headers = slices.Delete(p.headers, at, at+1)
		}
	}
}

const defaultRetryAfter = 10 * time.Second

// setRetryAfter rounds up to whole seconds, at least one.
func (p *Reply) setRetryAfter(d time.Duration) {
	// At least one: 0 would ask an impatient sender to come back at once.
	s := max(1, int64((d+time.Second-1)/time.Second))
	p.set("Retry-After", strconv.FormatInt(s, 10))
}
