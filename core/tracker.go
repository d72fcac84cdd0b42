package core

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// tracker notes what a handler writes. What it hands on has exactly the optional abilities of the writer it wraps: a
// Flusher stays a Flusher, and http.ResponseController reaches the rest through Unwrap.
type tracker struct {
	http.ResponseWriter
	writer   http.ResponseWriter
	delivery *Delivery
	status   int
	hijacked bool

	// What writer may be, here so that it needs no place of its own.
	all     trackerOfAll
	both    trackerOfBoth
	flushes flushingTracker
	hijacks hijackingTracker
}

type (
	trackerOfAll struct {
		*tracker
		flusher
		hijacker
		readerFrom
	}
	trackerOfBoth struct {
		*tracker
		flusher
		hijacker
	}
	flushingTracker struct {
		*tracker
		flusher
	}
	hijackingTracker struct {
		*tracker
		hijacker
	}
)

func track(w http.ResponseWriter, d *Delivery) *tracker {
	t := &tracker{ResponseWriter: w, delivery: d}
	_, flush := w.(http.Flusher)
	hijack := canHijack(w)
	_, readFrom := w.(io.ReaderFrom)
	switch {
	case flush && hijack && readFrom:
		t.all = trackerOfAll{t, flusher{t}, hijacker{t}, readerFrom{t}}
		t.writer = &t.all
	case flush && hijack:
		t.both = trackerOfBoth{t, flusher{t}, hijacker{t}}
		t.writer = &t.both
	case flush:
		t.flushes = flushingTracker{t, flusher{t}}
		t.writer = &t.flushes
	case hijack:
		t.hijacks = hijackingTracker{t, hijacker{t}}
		t.writer = &t.hijacks
	default:
		t.writer = t
	}
	return t
}

func (t *tracker) written() Written { return Written{Status: t.status, Hijacked: t.hijacked} }

// WriteHeader notes the final status: 1xx are not final, but for 101, after which the connection speaks another protocol.
func (t *tracker) WriteHeader(status int) {
	if t.delivery.NeedsSignals() {
		return
	}
	if t.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write notes the implied 200.
func (t *tracker) Write(b []byte) (int, error) {
	if t.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	t.implied()
	return t.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *tracker) implied() {
	if t.status == 0 {
		t.status = http.StatusOK
	}
}

type flusher struct{ t *tracker }

// Flush sends what was written, with an implied 200.
func (f flusher) Flush() {
	if f.t.delivery.NeedsSignals() {
		return
	}
	f.t.implied()
	f.t.ResponseWriter.(http.Flusher).Flush() //nolint:forcetypeassert // checked when it was wrapped
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

type hijacker struct{ t *tracker }

// Hijack hands the connection over.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if h.t.delivery.NeedsSignals() {
		return nil, nil, ErrBatchNeedsSignal
	}
	c, rw, err := http.NewResponseController(h.t.ResponseWriter).Hijack()
	if err == nil {
		h.t.hijacked = true
	}
	return c, rw, err
}

type readerFrom struct{ t *tracker }

// ReadFrom keeps net/http's fast path for copies.
func (f readerFrom) ReadFrom(src io.Reader) (int64, error) {
	if f.t.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	f.t.implied()
	return f.t.ResponseWriter.(io.ReaderFrom).ReadFrom(src) //nolint:forcetypeassert // checked when it was wrapped
}
