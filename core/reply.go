package core

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Reply is an answer that an adapter puts out in its router's own way. The app's code was not called for it, or has
// finished. It belongs to one request.
type Reply struct {
	Status int
	Body   []byte
	// Rejection is set when the delivery was refused, and nil for the answer to a handshake, a duplicate or a signal.
	Rejection *Rejection

	header []headerValues
	room   *replyRoom
	home   *refusals // takes it back once it was put out; nil: nobody does
}

// headerValues are the values of a canonical name, mostly one. Who appends to them gets a copy.
type headerValues struct {
	name   string
	values []string
}

// replyRoom is where the usual header and text, and the rejection itself, stand.
type replyRoom struct {
	header    [4]headerValues
	values    [4]string
	text      [48]byte
	rejection Rejection
}

// roomyReply is a reply with its room, made at once.
type roomyReply struct {
	Reply
	own replyRoom
}

func newReply() *Reply {
	p := &roomyReply{}
	p.room = &p.own
	return &p.Reply
}

// set is Header.Set for a canonical name.
func (p *Reply) set(name, value string) {
	for i := range p.header {
		if p.header[i].name == name {
			p.header[i].values = []string{value}
			return
		}
	}
	if p.room == nil {
		p.room = &replyRoom{}
	}
	n := len(p.header)
	if n == 0 {
		p.header = p.room.header[:0]
	}
	var values []string
	switch {
	case p.home != nil:
		values = p.home.valuesOf(value)
	case n < len(p.room.values):
		p.room.values[n] = value
		values = p.room.values[n : n+1 : n+1]
	default:
		values = []string{value}
	}
	p.header = append(p.header, headerValues{name, values})
}

// Header returns what the answer needs beside the status, made anew: the body's type, Allow, Retry-After, Connection,
// WWW-Authenticate.
func (p *Reply) Header() http.Header {
	h := make(http.Header, len(p.header))
	p.SetHeader(h)
	return h
}

// SetHeader sets what Header returns, in the place of what h holds under these names. The values may be those of other
// answers as well: append to them or replace them, but do not write into them.
func (p *Reply) SetHeader(h http.Header) {
	for i := range p.header {
		h[p.header[i].name] = p.header[i].values
	}
}

// Write puts the reply out as net/http does.
func (p *Reply) Write(w http.ResponseWriter) {
	p.SetHeader(w.Header())
	w.WriteHeader(p.Status)
	if len(p.Body) > 0 {
		_, _ = w.Write(p.Body) // the sender hung up: nobody is left to tell
	}
}

// The values of headers that answers share.
const (
	plainText = "text/plain; charset=utf-8"
	noSniff   = "nosniff"
	// anyBasic is the same challenge whatever failed.
	anyBasic = `Basic realm="webhook", charset="UTF-8"`
	closing  = "close"
)

// textReply is plain text that no browser reads as anything else, joined from its parts.
func textReply(status int, parts ...string) *Reply {
	for _, part := range parts {
		if part != "" {
			p := newReply()
			p.say(status, parts...)
			return p
		}
	}
	return &Reply{Status: status}
}

func (p *Reply) say(status int, parts ...string) {
	p.Status = status
	body := p.room.text[:0]
	for _, part := range parts {
		body = append(body, part...)
	}
	if len(body) == 0 {
		return
	}
	p.Body = body
	if p.home != nil {
		p.header = append(p.room.header[:0], p.home.ofText...)
		return
	}
	p.set("Content-Type", plainText)
	p.set("X-Content-Type-Options", noSniff)
}

// rejectionReply is the whole answer to a rejection.
func rejectionReply(r Rejection) *Reply {
	p := newReply()
	p.reject(r)
	return p
}

// reject makes the reply the answer to a rejection. It depends on the status alone, so that the outside cannot tell one
// failed authentication from another.
func (p *Reply) reject(r Rejection) {
	p.say(r.Status, http.StatusText(r.Status), "\n")
	p.room.rejection = r
	p.Rejection = &p.room.rejection
	if r.Status == http.StatusUnauthorized {
		// RFC 9110 wants a challenge with every 401, and SNS sends its credentials only after one.
		p.set("Www-Authenticate", anyBasic)
	}
	switch r.Reason {
	case ReasonBodyTooLarge:
		// What is left of the body is not worth reading.
		p.set("Connection", closing)
	case ReasonRateLimited, ReasonInFlight, ReasonStoreUnavailable, ReasonStoreFull, ReasonKeysUnavailable,
		ReasonNoActiveSecret:
		p.setRetryAfter(defaultRetryAfter)
	}
}

const defaultRetryAfter = 10 * time.Second

// setRetryAfter rounds up to whole seconds, at least one.
func (p *Reply) setRetryAfter(d time.Duration) {
	s := max(1, int64((d+time.Second-1)/time.Second))
	p.set("Retry-After", strconv.FormatInt(s, 10))
}

// refusals makes the answers to what strangers send, of which one that was put out, and that nobody can have kept, serves
// the next request: to refuse costs no memory.
//
// A response's header may be kept and read after the request, by middleware before the guard. So its values stand in no
// reply that is used again: they are one set for all answers, or the response's own.
type refusals struct {
	ofText []headerValues // of every refusal, which all are text
	usual  [][]string     // what else their headers say
	free   sync.Pool      // of *Reply
}

func newRefusals(allow string) *refusals {
	f := &refusals{ofText: []headerValues{{"Content-Type", []string{plainText}}, {"X-Content-Type-Options", []string{noSniff}}}}
	for _, value := range []string{closing, anyBasic, "10", allow} {
		f.usual = append(f.usual, []string{value})
	}
	return f
}

func (f *refusals) valuesOf(value string) []string {
	for _, values := range f.usual {
		if values[0] == value {
			return values
		}
	}
	return []string{value}
}

// borrow gives a reply to recycle.
func (f *refusals) borrow() *Reply {
	p, _ := f.free.Get().(*Reply)
	if p == nil {
		p = newReply()
	}
	p.home = f
	return p
}

// recycle takes back a reply that was put out and that nobody has seen but who calls this.
func (p *Reply) recycle() {
	home := p.home
	if home == nil {
		return
	}
	*p.room = replyRoom{}
	*p = Reply{room: p.room}
	home.free.Put(p)
}
