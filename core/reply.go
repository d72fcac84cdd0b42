package core

import (
	"net/http"
	"strconv"
	"time"
)

// Reply is an answer that an adapter puts out in its router's own way. The app's code was not called for it, or has
// finished.
type Reply struct {
	Status int
	// Header holds what the answer needs beside the body's type: Allow, Retry-After, Connection, WWW-Authenticate.
	Header http.Header
	Body   []byte
	// Rejection is set when the delivery was refused, and nil for the answer to a handshake, a duplicate or a signal.
	Rejection *Rejection

	// The usual values and text, here so that they need no places of their own. A reply belongs to one request.
	values [4]string
	n      int
	text   [48]byte
}

// set is Header.Set for a canonical name.
func (p *Reply) set(name, value string) {
	if p.n == len(p.values) {
		p.Header[name] = []string{value}
		return
	}
	p.values[p.n] = value
	p.n++
	p.Header[name] = p.values[p.n-1 : p.n : p.n] // who appends to it gets a copy
}

// Write puts the reply out as net/http does.
func (p *Reply) Write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range p.Header {
		h[name] = values
	}
	w.WriteHeader(p.Status)
	if len(p.Body) > 0 {
		_, _ = w.Write(p.Body) // the sender hung up: nobody is left to tell
	}
}

// textReply is plain text that no browser reads as anything else.
func textReply(status int, body string) *Reply {
	p := &Reply{Status: status, Header: make(http.Header, 4)}
	if body != "" {
		p.set("Content-Type", "text/plain; charset=utf-8")
		p.set("X-Content-Type-Options", "nosniff")
		p.Body = append(p.text[:0], body...)
	}
	return p
}

// rejectionReply is the whole answer to a rejection. It depends on the status alone, so that the outside cannot tell
// one failed authentication from another.
func rejectionReply(r *Rejection) *Reply {
	p := textReply(r.Status, http.StatusText(r.Status)+"\n")
	p.Rejection = r
	if r.Status == http.StatusUnauthorized {
		// RFC 9110 wants a challenge with every 401, and SNS sends its credentials only after one. The same challenge
		// whatever failed.
		p.set("Www-Authenticate", `Basic realm="webhook", charset="UTF-8"`)
	}
	switch r.Reason {
	case ReasonBodyTooLarge:
		// What is left of the body is not worth reading.
		p.set("Connection", "close")
	case ReasonRateLimited, ReasonInFlight, ReasonStoreUnavailable, ReasonStoreFull, ReasonKeysUnavailable,
		ReasonNoActiveSecret:
		p.setRetryAfter(defaultRetryAfter)
	}
	return p
}

const defaultRetryAfter = 10 * time.Second

// setRetryAfter rounds up to whole seconds, at least one.
func (p *Reply) setRetryAfter(d time.Duration) {
	s := max(1, int64((d+time.Second-1)/time.Second))
	p.set("Retry-After", strconv.FormatInt(s, 10))
}
