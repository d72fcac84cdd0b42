// Package rerun makes the request of an entry of the journal, and keeps what the app answers to it.
package rerun

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/core/journal"
)

// Request rebuilds the request of an entry. It carries no signature and no credential.
func Request(e *journal.Entry) (*http.Request, error) {
	u, err := url.ParseRequestURI(e.Request.URL)
	if err != nil {
		return nil, errors.New("its URL cannot be read")
	}
	r := &http.Request{
		Method: e.Request.Method, URL: u, Host: e.Request.Host, RemoteAddr: e.Request.RemoteAddr,
		RequestURI: e.Request.URL,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: e.Request.Header.Clone(),
		Body: io.NopCloser(bytes.NewReader(e.Body)), ContentLength: int64(len(e.Body)),
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	// Middleware that redirects plain HTTP would answer before the guard.
	if e.Request.TLS {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	return r, nil
}

// mostAnswer is how much of the app's answer is kept.
const mostAnswer = 4 << 10

// Answer is the writer of a run, which keeps the answer: it goes to the person who asked, and to no provider.
type Answer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

// NewAnswer returns an empty answer.
func NewAnswer() *Answer { return &Answer{header: http.Header{}} }

// Body returns the beginning of what was answered.
func (w *Answer) Body() []byte { return w.body.Bytes() }

// Header returns the header.
func (w *Answer) Header() http.Header { return w.header }

// WriteHeader notes the final status.
func (w *Answer) WriteHeader(code int) {
	if w.code == 0 && code >= 200 {
		w.code = code
	}
}

// Write keeps the beginning.
func (w *Answer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if room := mostAnswer - w.body.Len(); room > 0 {
		w.body.Write(b[:min(room, len(b))])
	}
	// All of it counts as written, because a short write would look like an error to the app.
	return len(b), nil
}

// Flush does nothing: nobody waits.
func (w *Answer) Flush() {}

// Status returns the status that was answered; 200 where none was.
func (w *Answer) Status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}
