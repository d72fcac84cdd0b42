// Package hold keeps the answer of a delivery's signals back until the middleware of its guard is through: until then
// another answer can take its place.
package hold

import "net/http"

// room is what a usual answer takes, which then needs no memory of its own.
const room = 32

// most is how long an answer may be that is held back. A longer one is sent at once.
const most = 64 << 10

// Answer is a status and a body that wait. Its zero value holds nothing. Like a response's writer, it belongs to one
// goroutine at a time.
type Answer struct {
	status int
	body   []byte
	room   [room]byte
}

// Held reports whether there is an answer that waits.
func (a *Answer) Held() bool { return a.status != 0 }

// Size returns the length of the body.
func (a *Answer) Size() int { return len(a.body) }

// Begin holds an answer with that status back.
func (a *Answer) Begin(status int) { a.status, a.body = status, a.room[:0] }

// Write adds to the body. It reports false where the answer has become too long to wait: it has to be sent.
func (a *Answer) Write(b []byte) bool {
	if len(a.body)+len(b) > most {
		return false
	}
	a.body = append(a.body, b...)
	return true
}

// Drop forgets the answer.
func (a *Answer) Drop() { a.status, a.body = 0, nil }

// Send writes the answer, if there is one, and forgets it.
func (a *Answer) Send(w http.ResponseWriter) {
	if !a.Held() {
		return
	}
	status, body := a.status, a.body
	a.Drop()
	w.WriteHeader(status)
	if len(body) > 0 {
		_, _ = w.Write(body) // the sender hung up: nobody is left to read it
	}
}
