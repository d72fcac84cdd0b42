package echo5webhook

import (
	"bufio"
	"errors"
	"net"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/internal/hold"
)

// tracker notes what reaches the response. Echo's own Committed and Status do not tell of a connection that was taken
// over, nor of a flush, and c.JSON changes Status after another status was sent.
type tracker struct {
	http.ResponseWriter
	delivery *core.Delivery // whose answer may have to be withheld
	held     hold.Answer    // of signals
	status   int            // the first final one that was sent or held; 0: none
	hijacked bool           // such a delivery is released: its answer is unknown
}

// withholds reports whether nothing may be answered. It fails closed: a plain handler must not answer for part of a
// batch.
func (t *tracker) withholds() bool { return t.delivery != nil && t.delivery.NeedsSignals() }

// track puts a tracker on the context's response, or finds the one that is there. The one who put it restores.
func track(c *echo.Context) (t *tracker, outermost bool) {
	if t, ok := c.Response().(*tracker); ok {
		return t, false
	}
	t = &tracker{ResponseWriter: c.Response()}
	c.SetResponse(t)
	return t, true
}

// restore takes the tracker off again, unless somebody has put a writer of their own over it.
func (t *tracker) restore(c *echo.Context) {
	if c.Response() == http.ResponseWriter(t) {
		c.SetResponse(t.ResponseWriter)
	}
}

// written returns what was answered so far, sent or held back.
func (t *tracker) written() adapter.Written {
	return adapter.Written{Status: t.status, Hijacked: t.hijacked, Held: t.held.Held()}
}

// note notes the final status. It begins to hold it back, if it is the answer of signals.
func (t *tracker) note(status int) {
	if t.status != 0 || (status < 200 && status != http.StatusSwitchingProtocols) {
		return
	}
	t.status = status
	if t.delivery != nil && t.delivery.HoldsAnswer() {
		t.held.Begin(status)
	}
}

// send sends what was held back. Nothing is from then on.
func (t *tracker) send() {
	// Writes of the router after the guard go straight through.
	t.delivery = nil
	t.held.Send(t.ResponseWriter)
}

// WriteHeader notes the final status.
func (t *tracker) WriteHeader(status int) {
	if t.withholds() {
		return
	}
	if t.note(status); !t.held.Held() {
		t.ResponseWriter.WriteHeader(status)
	}
}

// Write notes the implied status: the one that c.JSON has put into Echo's response, or 200.
func (t *tracker) Write(b []byte) (int, error) {
	if t.withholds() {
		return 0, core.ErrBatchNeedsSignal
	}
	if t.status == 0 {
		if res, err := echo.UnwrapResponse(t.ResponseWriter); err == nil {
			t.note(res.Status)
		}
		t.note(http.StatusOK)
	}
	if t.held.Held() {
		// Too long to wait: memory stays bounded, and the answer can no longer be replaced.
		if t.held.Write(b) {
			return len(b), nil
		}
		t.held.Send(t.ResponseWriter)
	}
	return t.ResponseWriter.Write(b)
}

// FlushError sends what was written, with an implied 200.
func (t *tracker) FlushError() error {
	if t.withholds() {
		return core.ErrBatchNeedsSignal
	}
	t.held.Send(t.ResponseWriter)
	err := http.NewResponseController(t.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) {
		t.note(http.StatusOK)
	}
	return err
}

// Flush is FlushError for code that asks for an http.Flusher.
func (t *tracker) Flush() { _ = t.FlushError() }

// Hijack hands the connection over.
func (t *tracker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if t.withholds() {
		return nil, nil, core.ErrBatchNeedsSignal
	}
	t.held.Send(t.ResponseWriter)
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.hijacked = t.hijacked || err == nil
	return conn, rw, err
}

// Unwrap is for http.ResponseController.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }
