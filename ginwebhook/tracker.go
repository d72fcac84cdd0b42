package ginwebhook

import (
	"bufio"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/hold"
)

// tracker notes that the connection was taken over, which Gin's writer does not report. It withholds what may not be
// answered, and holds the answer of signals back. All else is the writer it wraps.
type tracker struct {
	gin.ResponseWriter
	delivery *core.Delivery // whose answer may have to be withheld
	held     hold.Answer    // of signals; zero: nothing is held back
	hijacked bool           // such a delivery is released: its answer is unknown
}

// withholds reports whether nothing may be answered. It fails closed: a plain handler must not answer for part of a
// batch.
func (t *tracker) withholds() bool { return t.delivery != nil && t.delivery.NeedsSignals() }

// holds begins to hold an answer back, if it is one of signals and nothing was sent.
func (t *tracker) holds(status int) bool {
	if !t.held.Held() && t.delivery != nil && status >= 200 && !t.ResponseWriter.Written() && t.delivery.HoldsAnswer() {
		t.held.Begin(status)
		t.ResponseWriter.WriteHeader(status) // Gin sends it later
		return true
	}
	return t.held.Held()
}

// send sends what was held back. Nothing is from then on.
func (t *tracker) send() {
	// Writes of the router after the guard go straight through.
	t.delivery = nil
	if t.held.Held() {
		t.held.Send(t.ResponseWriter)
		t.ResponseWriter.WriteHeaderNow()
	}
}

// Written reports whether there is an answer. One that is held back stands: who writes another changes nothing.
func (t *tracker) Written() bool { return t.held.Held() || t.ResponseWriter.Written() }

// Size returns the length of what was written, held back or not.
func (t *tracker) Size() int {
	if t.held.Held() {
		return t.held.Size()
	}
	return t.ResponseWriter.Size()
}

// track puts a tracker on the context's writer, or finds the one that is there. The one who put it restores.
func track(c *gin.Context) (t *tracker, outermost bool) {
	if t, ok := c.Writer.(*tracker); ok {
		return t, false
	}
	t = &tracker{ResponseWriter: c.Writer}
	c.Writer = t
	return t, true
}

// restore takes the tracker off again, unless somebody has put a writer of their own over it.
func (t *tracker) restore(c *gin.Context) {
	if c.Writer == gin.ResponseWriter(t) {
		c.Writer = t.ResponseWriter
	}
}

// WriteHeader sets the status.
func (t *tracker) WriteHeader(status int) {
	if !t.withholds() && !t.holds(status) {
		t.ResponseWriter.WriteHeader(status)
	}
}

// WriteHeaderNow writes the status that was set.
func (t *tracker) WriteHeaderNow() {
	if !t.withholds() && !t.holds(t.Status()) {
		t.ResponseWriter.WriteHeaderNow()
	}
}

// Write writes.
func (t *tracker) Write(b []byte) (int, error) {
	if t.withholds() {
		return 0, core.ErrBatchNeedsSignal
	}
	if t.holds(t.Status()) {
		// Too long to wait: memory stays bounded, and the answer can no longer be replaced.
		if t.held.Write(b) {
			return len(b), nil
		}
		t.held.Send(t.ResponseWriter)
	}
	return t.ResponseWriter.Write(b)
}

// WriteString writes.
func (t *tracker) WriteString(s string) (int, error) {
	if t.withholds() || t.holds(t.Status()) {
		return t.Write([]byte(s))
	}
	return t.ResponseWriter.WriteString(s)
}

// Flush sends what was written.
func (t *tracker) Flush() {
	if !t.withholds() {
		t.held.Send(t.ResponseWriter)
		t.ResponseWriter.Flush()
	}
}

// Hijack hands the connection over.
func (t *tracker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if t.withholds() {
		return nil, nil, core.ErrBatchNeedsSignal
	}
	t.held.Send(t.ResponseWriter)
	conn, rw, err := t.ResponseWriter.Hijack()
	t.hijacked = t.hijacked || err == nil
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// written returns what the app has answered, as net/http would send it.
func (t *tracker) written() adapter.Written {
	w := adapter.Written{Hijacked: t.hijacked, Held: t.held.Held()}
	status := t.Status()
	switch {
	case status < 200 && status != http.StatusSwitchingProtocols:
		// Gin takes the first 1xx for final; net/http follows it with a 200.
		if t.Size() > 0 {
			w.Status = http.StatusOK
		}
	case t.Written(), status != http.StatusOK: // a status that was only set is written when the chain has ended
		w.Status = status
	}
	return w
}
