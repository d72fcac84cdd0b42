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
		p.Header.Set("Content-Type", "text/plain; charset=utf-8")
		p.Header.Set("X-Content-Type-Options", "nosniff")
		p.Body = []byte(body)
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
		p.Header.Set("WWW-Authenticate", `Basic realm="webhook", charset="UTF-8"`)
	}
	switch r.Reason {
	case ReasonBodyTooLarge:
		// What is left of the body is not worth reading.
		p.Header.Set("Connection", "close")
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
	p.Header.Set("Retry-After", strconv.FormatInt(s, 10))
}
