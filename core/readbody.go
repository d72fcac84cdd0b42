package core

import (
	"bytes"
	"io"
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
)

// readByGuard is the body of a request after a guard has read it. It reads as what is left of one: as nothing.
type readByGuard struct{}

func (readByGuard) Read([]byte) (int, error) { return 0, io.EOF }
func (readByGuard) Close() error             { return nil }

// keptBody is the body of a refused request that [Inbound.KeepBody] asked to keep.
type keptBody struct {
	io.Reader
	io.Closer
	failure fault.Failure // why it could not be read whole; none: the reader has all of it
}

const readByGuardText = "a guard has read this request before: to examine it afterwards, call Explain in OnReject, " +
	"or set Inbound.KeepBody for Receive"

// markRead notes in a request that the guard itself has read the body, so that nobody takes that for the work of
// middleware, and keeps the body where the delivery is refused and somebody asked for it. The buffer that the body may
// stand in is the next request's.
//
// A body that broke off is left alone unless it is to be kept: net/http looks at its type to tell whether the rest is
// too long to be waited for.
func (i *inspection) markRead(r *http.Request, refused bool) {
	t, keep := &i.taken, refused && i.keepBody
	if !t.done || i.trial {
		return
	}
	if _, here := r.Body.(*restoredBody); here && !keep {
		return // the outer guard's delivery has it still
	}
	switch {
	case keep && t.failure.Failed():
		r.Body = &keptBody{r.Body, r.Body, t.failure}
	case keep:
		body := t.body
		if i.borrowed {
			body = bytes.Clone(body)
		}
		r.Body = &keptBody{bytes.NewReader(body), r.Body, fault.Failure{}}
	case !t.failure.Failed():
		r.Body = readByGuard{}
	}
}

// takenBody is what a guard has read of a body.
type takenBody struct {
	done    bool
	body    []byte
	failure fault.Failure
}

// bodyToExplain reads the body of a request for Explain, whoever has read it before.
func (g *Guard) bodyToExplain(r *http.Request) ([]byte, fault.Failure) {
	if b, ok := r.Body.(*restoredBody); ok {
		return b.delivery.facts.body, fault.Failure{} // a handler may have read it
	}
	return readBody(r, g.maxBody, nil, make([]byte, 0, bodyUnit))
}
