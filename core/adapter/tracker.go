package adapter

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// Tracker records what the app writes, and withholds or holds back what the delivery's [State] says. It is a part of
// the delivery's handle: core.Delivery.Track makes it ready. Like any http.ResponseWriter, it belongs to one goroutine
// at a time.
type Tracker struct {
	http.ResponseWriter            // what it wraps
	state               *State     // the delivery's; other goroutines change it
	held                heldAnswer // zero: nothing is held back
	status              int        // the final one; 0: nothing was written
	able                abilities  // of the wrapped writer
	hijacked            bool       // the connection was taken over
	released            bool       // Release or Replace was called: nothing is held any more
}

// abilities are the optional interfaces of a writer that its tracker has as well.
type abilities struct{ flush, hijack, readFrom bool }

// A tracker with abilities. Each is one pointer, so that an interface holds it without an allocation.
type (
	flushing       struct{ *Tracker }
	hijacking      struct{ *Tracker }
	flushHijacking struct{ *Tracker }
	fullTracker    struct{ *Tracker }
)

// Wrap makes the tracker ready for a writer. Adapters call core.Delivery.Track, which knows the state.
func (t *Tracker) Wrap(w http.ResponseWriter, state *State) {
	_, flush := w.(http.Flusher)
	_, readFrom := w.(io.ReaderFrom)
	*t = Tracker{ResponseWriter: w, state: state, able: abilities{flush, canHijack(w), readFrom}}
}

// Flush sends what was written, with an implied 200.
func (f flushing) Flush() { f.flush() }

// Hijack hands the connection over.
func (h hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.hijack() }

// Flush sends what was written, with an implied 200.
func (f flushHijacking) Flush() { f.flush() }

// Hijack hands the connection over.
func (f flushHijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) { return f.hijack() }

// Flush sends what was written, with an implied 200.
func (f fullTracker) Flush() { f.flush() }

// Hijack hands the connection over.
func (f fullTracker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return f.hijack() }

// ReadFrom keeps net/http's fast path for copies.
func (f fullTracker) ReadFrom(src io.Reader) (int64, error) { return f.readFrom(src) }

// Writer returns what the app writes to: the tracker, with exactly the optional abilities of the writer that it wraps.
// A Flusher stays a Flusher, and http.ResponseController reaches the rest through Unwrap.
func (t *Tracker) Writer() http.ResponseWriter {
	switch able := t.able; {
	case able.flush && able.hijack && able.readFrom:
		return fullTracker{t}
	case able.flush && able.hijack:
		return flushHijacking{t}
	case able.flush:
		return flushing{t}
	case able.hijack:
		return hijacking{t}
	}
	return t
}

// own finds the tracker behind what Writer returned.
func (t *Tracker) own() *Tracker { return t }

// TrackerFor returns the tracker whose Writer w is. Where w is something else, such as middleware's own writer over a
// tracker, it returns a new one around w, which notes what is written and withholds nothing. It is for handlers whose
// receivers can write to the router's writer.
func TrackerFor(w http.ResponseWriter) *Tracker {
	if v, ok := w.(interface{ own() *Tracker }); ok {
		return v.own()
	}
	t := &Tracker{}
	t.Wrap(w, &State{})
	return t
}

// trackerOf returns the innermost tracker that w is, or that it wraps (as http.ResponseController unwraps writers), and
// nil where there is none.
func trackerOf(w http.ResponseWriter) *Tracker {
	for {
		switch v := w.(type) {
		// The method is unexported: only a writer that embeds a tracker has it.
		case interface{ own() *Tracker }:
			return v.own()
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// WrittenTo returns what core.Signals.Serve asks to learn whether a receiver has answered by itself: the Written of the
// tracker that w is or wraps. Without a tracker nothing is known to be written.
func WrittenTo(w http.ResponseWriter) func() Written {
	if t := trackerOf(w); t != nil {
		return t.Written
	}
	return func() Written { return Written{} }
}

// Written returns what has been written so far.
func (t *Tracker) Written() Written {
	return Written{Status: t.status, Hijacked: t.hijacked, Held: t.held.held()}
}

// WriteHeader notes the final status: 1xx are not final, but for 101, after which the connection speaks another
// protocol.
func (t *Tracker) WriteHeader(status int) {
	if t.state.Withholds() {
		return
	}
	switch final := status >= 200 || status == http.StatusSwitchingProtocols; {
	case t.held.held():
		return // superfluous, as net/http has it
	case final && t.status == 0:
		t.status = status
		if t.holds() {
			t.held.begin(status)
			return
		}
		// Before the wrapped writer gets it: whoever replaces answers must see that this one is on its way.
		t.state.sent.Store(int32(status))
	}
	t.ResponseWriter.WriteHeader(status)
}

// holds reports whether what is written from now on waits for Finish.
func (t *Tracker) holds() bool { return !t.released && t.state.Holds() }

// Release sends what was held back. From then on nothing is held back. Call it when core.Delivery.Finish has returned
// nil, and after a panic. Calling it again does nothing.
func (t *Tracker) Release() {
	t.released = true
	t.held.send(t.ResponseWriter)
}

// Replace forgets what was held back and returns the wrapped writer, for an answer that takes its place.
func (t *Tracker) Replace() http.ResponseWriter {
	t.released = true
	t.held.drop()
	return t.ResponseWriter
}

// Write notes the implied 200.
func (t *Tracker) Write(b []byte) (int, error) {
	if t.state.Withholds() {
		return 0, ErrBatchNeedsSignal
	}
	t.implied()
	if t.held.held() {
		// Too long to wait: memory stays bounded, and the answer can no longer be replaced.
		if t.held.write(b) {
			return len(b), nil
		}
		t.held.send(t.ResponseWriter)
	}
	return t.ResponseWriter.Write(b)
}

// WriteString writes a text without a copy of it, where the wrapped writer can.
func (t *Tracker) WriteString(s string) (int, error) {
	if t.state.Withholds() || t.held.held() || t.holds() {
		return t.Write([]byte(s))
	}
	t.implied()
	return io.WriteString(t.ResponseWriter, s)
}

// Waiting returns the length of the body that is held back; -1: nothing is.
func (t *Tracker) Waiting() int {
	if !t.held.held() {
		return -1
	}
	return t.held.size()
}

// Unwrap is for http.ResponseController.
func (t *Tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// implied notes the 200 that net/http sends where no status was set. The caller writes a body, or flushes.
func (t *Tracker) implied() {
	if t.status != 0 {
		return
	}
	t.status = http.StatusOK
	if t.holds() {
		t.held.begin(t.status)
		return
	}
	t.state.sent.Store(int32(t.status))
}

// flush sends what is held back. It fails closed for a batch that needs signals: nothing of it reaches the sender.
func (t *Tracker) flush() {
	if t.state.Withholds() {
		return
	}
	t.implied()
	t.held.send(t.ResponseWriter)
	t.ResponseWriter.(http.Flusher).Flush() // checked when it was wrapped
}

// FlushError is for http.ResponseController, which would otherwise reach a flusher behind the writer through Unwrap,
// past what is held back and past the note of the status. The writer does not become an http.Flusher by it.
func (t *Tracker) FlushError() error {
	if t.state.Withholds() {
		return ErrBatchNeedsSignal
	}
	t.held.send(t.ResponseWriter)
	err := http.NewResponseController(t.ResponseWriter).Flush()
	// Where flushing is not supported nothing was sent, and the status is still open.
	if t.status == 0 && !errors.Is(err, http.ErrNotSupported) {
		t.status = http.StatusOK
		t.state.sent.Store(http.StatusOK) // what signals answer from now on comes too late
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

// hijack hands the connection over, and notes it: such a delivery is released, because its answer is unknown.
func (t *Tracker) hijack() (net.Conn, *bufio.ReadWriter, error) {
	if t.state.Withholds() {
		return nil, nil, ErrBatchNeedsSignal
	}
	t.held.send(t.ResponseWriter)
	c, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err == nil {
		t.hijacked = true
	}
	return c, rw, err
}

// readFrom copies without a buffer of ours. What was held back goes first, so that the order of bytes stays.
func (t *Tracker) readFrom(src io.Reader) (int64, error) {
	if t.state.Withholds() {
		return 0, ErrBatchNeedsSignal
	}
	t.implied()
	t.held.send(t.ResponseWriter)
	return t.ResponseWriter.(io.ReaderFrom).ReadFrom(src) // checked when it was wrapped
}
