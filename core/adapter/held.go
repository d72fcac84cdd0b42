package adapter

import "net/http"

// most is how long an answer may be that is held back. A longer one is sent at once.
const most = 64 << 10

// heldAnswer is a status and a body that wait until the middleware of the guard has ended. Until then another answer
// can take their place. Its zero value holds nothing.
type heldAnswer struct {
	status int
	body   []byte // usually empty: the answer to a success has no text
}

// held reports whether there is an answer that waits.
func (a *heldAnswer) held() bool { return a.status != 0 }

// size returns the length of the body.
func (a *heldAnswer) size() int { return len(a.body) }

// begin holds an answer with that status back.
func (a *heldAnswer) begin(status int) { a.status, a.body = status, nil }

// write adds to the body. It reports false where the answer has become too long to wait: it has to be sent.
func (a *heldAnswer) write(b []byte) bool {
	if len(a.body)+len(b) > most {
		return false
	}
	a.body = append(a.body, b...)
	return true
}

// drop forgets the answer.
func (a *heldAnswer) drop() { a.status, a.body = 0, nil }

// send writes the answer, if there is one, and forgets it.
func (a *heldAnswer) send(w http.ResponseWriter) {
	if !a.held() {
		return
	}
	status, body := a.status, a.body
	a.drop()
	w.WriteHeader(status)
	if len(body) > 0 {
		_, _ = w.Write(body) // the sender hung up: nobody is left to read it
	}
}
