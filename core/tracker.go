package core

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/hold"
)

// tracker notes what a handler writes. What it hands on has exactly the optional abilities of the writer it wraps: a
// Flusher stays a Flusher, and http.ResponseController reaches the rest through Unwrap.
type tracker struct {
	http.ResponseWriter
	writer   http.ResponseWriter // the tracker with its abilities
	delivery *Delivery
	held     hold.Answer
	status   int
	hijacked bool
	over     bool // nothing is held back any more
}

// A tracker with abilities, each kind of them made at once.
type (
	flushing       struct{ tracker }
	hijacking      struct{ tracker }
	flushHijacking struct{ tracker }
	fullTracker    struct{ tracker }
)

func track(w http.ResponseWriter, d *Delivery) (t *tracker) {
	_, flush := w.(http.Flusher)
	hijack := canHijack(w)
	_, readFrom := w.(io.ReaderFrom)
	var able http.ResponseWriter
	switch {
	case flush && hijack && readFrom:
		all := &fullTracker{}
		t, able = &all.tracker, all
	case flush && hijack:
		both := &flushHijacking{}
		t, able = &both.tracker, both
	case flush:
		one := &flushing{}
		t, able = &one.tracker, one
	case hijack:
		one := &hijacking{}
		t, able = &one.tracker, one
	default:
		t = &tracker{}
		able = t
	}
	t.ResponseWriter, t.writer, t.delivery = w, able, d
	return t
}

// Flush sends what was written, with an implied 200.
func (f *flushing) Flush() { f.flush() }

// Hijack hands the connection over.
func (h *hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.hijack() }

// Flush sends what was written, with an implied 200.
func (f *flushHijacking) Flush() { f.flush() }

// Hijack hands the connection over.
func (f *flushHijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) { return f.hijack() }

// Flush sends what was written, with an implied 200.
func (f *fullTracker) Flush() { f.flush() }

// Hijack hands the connection over.
func (f *fullTracker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return f.hijack() }

// ReadFrom keeps net/http's fast path for copies.
func (f *fullTracker) ReadFrom(src io.Reader) (int64, error) { return f.readFrom(src) }

func (t *tracker) written() Written {
	return Written{Status: t.status, Hijacked: t.hijacked, Held: t.held.Held()}
}

// WriteHeader notes the final status: 1xx are not final, but for 101, after which the connection speaks another
// protocol.
func (t *tracker) WriteHeader(status int) {
	if t.delivery.NeedsSignals() {
		return
	}
	switch final := status >= 200 || status == http.StatusSwitchingProtocols; {
	case t.held.Held():
		return // superfluous, as net/http has it
	case final && t.status == 0:
		t.status = status
		if t.holds() {
			t.held.Begin(status)
			return
		}
		t.delivery.self().sent.Store(int32(status))
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracker) holds() bool { return !t.over && t.delivery.HoldsAnswer() }

// send sends what was held back. Nothing is from then on.
func (t *tracker) send() {
	t.over = true
	t.held.Send(t.ResponseWriter)
}

// Write notes the implied 200.
func (t *tracker) Write(b []byte) (int, error) {
	if t.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	t.implied()
	if t.held.Held() {
		if t.held.Write(b) {
			return len(b), nil
		}
		t.held.Send(t.ResponseWriter)
	}
	return t.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *tracker) implied() {
	if t.status != 0 {
		return
	}
	t.status = http.StatusOK
	if t.holds() {
		t.held.Begin(t.status)
		return
	}
	t.delivery.self().sent.Store(int32(t.status))
}

func (t *tracker) flush() {
	if t.delivery.NeedsSignals() {
		return
	}
	t.implied()
	t.held.Send(t.ResponseWriter)
	t.ResponseWriter.(http.Flusher).Flush() // checked when it was wrapped
}

// FlushError is for http.ResponseController, which would otherwise reach a flusher behind the writer through Unwrap,
// past what is held back and past the note of the status. The writer does not become an http.Flusher by it.
func (t *tracker) FlushError() error {
	if t.delivery.NeedsSignals() {
		return ErrBatchNeedsSignal
	}
	t.held.Send(t.ResponseWriter)
	err := http.NewResponseController(t.ResponseWriter).Flush()
	if t.status == 0 && !errors.Is(err, http.ErrNotSupported) {
		t.status = http.StatusOK
	}
	return err
}

// canHijack looks through wrappers as http.ResponseController does: one that reached the connection past us would leave
// a hijacked response looking like a silent one, which commits.
func canHijack(w http.ResponseWriter) bool {
	for {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = u.Unwrap()
	}
}

func (t *tracker) hijack() (net.Conn, *bufio.ReadWriter, error) {
	if t.delivery.NeedsSignals() {
		return nil, nil, ErrBatchNeedsSignal
	}
	t.held.Send(t.ResponseWriter)
	c, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err == nil {
		t.hijacked = true
	}
	return c, rw, err
}

func (t *tracker) readFrom(src io.Reader) (int64, error) {
	if t.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	t.implied()
	t.held.Send(t.ResponseWriter)
	return t.ResponseWriter.(io.ReaderFrom).ReadFrom(src) // checked when it was wrapped
}
