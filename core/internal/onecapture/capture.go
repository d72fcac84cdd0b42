// Package onecapture checks the one-capture law: whoever captured one genuine delivery, and has no secret, can make no
// second event of it, and can change no detail that the guard calls authenticated.
//
// It changes a delivery in every way that needs no secret, and compares what a guard makes of each change with what it
// made of the genuine delivery. What a sender leaves unsigned is in its entry's data or in [Exceptions], with the
// reason; docs/one-capture.md says it to users.
package onecapture

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Capture is a delivery as somebody on its way sees it. It is never changed: changes are made on a Clone.
type Capture struct {
	Method string
	Host   string
	Target string // the path and the query, as they are sent
	Plain  bool   // it came over plain HTTP
	Header http.Header
	Body   []byte
	Names  Names // how the headers' names are written on the wire
}

// Names is how the names of headers are written, which only a connection shows.
type Names uint8

// The forms.
const (
	CanonicalNames Names = iota
	LowerNames
	UpperNames
	FoldedNames // each value stands in a line of its own behind its name
)

// CaptureOf reads a request. The request's body is read and lost.
func CaptureOf(r *http.Request) (*Capture, error) {
	c := &Capture{
		Method: r.Method, Host: r.Host, Target: r.URL.RequestURI(), Plain: r.TLS == nil, Header: r.Header.Clone(),
		Body: []byte{},
	}
	if r.Body == nil {
		return c, nil
	}
	var err error
	c.Body, err = io.ReadAll(r.Body)
	return c, err
}

// Clone returns a copy that may be changed.
func (c *Capture) Clone() *Capture {
	out := *c
	out.Header = c.Header.Clone()
	out.Body = bytes.Clone(c.Body)
	return &out
}

// Request makes the request that net/http would hand to a handler. It returns nil for what no server of net/http lets
// through: the guard never sees it.
func (c *Capture) Request() *http.Request {
	if !strings.HasPrefix(c.Target, "/") || !validHost(c.Host) {
		return nil
	}
	u, err := url.ParseRequestURI(c.Target)
	if err != nil {
		return nil
	}
	for name, values := range c.Header {
		for _, value := range values {
			if name == "" ||
				strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return nil
			}
		}
	}
	r := &http.Request{
		Method: c.Method, URL: u, RequestURI: c.Target, Host: c.Host, Header: c.Header.Clone(), Proto: "HTTP/2.0",
		ProtoMajor: 2,
		Body:       io.NopCloser(bytes.NewReader(c.Body)), ContentLength: int64(len(c.Body)),
		RemoteAddr: "192.0.2.1:1234",
	}
	if !c.Plain {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	return r
}

// validHost reports whether HTTP/2 has the authority: a server of net/http lets any text through that a header may
// hold.
func validHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// url is the URL that the request came to.
func (c *Capture) url() string {
	if c.Plain {
		return "http://" + c.Host + c.Target
	}
	return "https://" + c.Host + c.Target
}

// setURL makes the URL that the request comes to; it reports false for a text that is none of the same scheme.
func (c *Capture) setURL(text string) bool {
	scheme := "https://"
	if c.Plain {
		scheme = "http://"
	}
	rest, ok := strings.CutPrefix(text, scheme)
	at := strings.IndexByte(rest, '/')
	if !ok || at < 0 {
		return false
	}
	c.Host, c.Target = rest[:at], rest[at:]
	return true
}

func (c *Capture) query() string {
	_, query, _ := strings.Cut(c.Target, "?")
	return query
}

func (c *Capture) setQuery(query string) {
	path, _, _ := strings.Cut(c.Target, "?")
	c.Target = path
	if query != "" {
		c.Target += "?" + query
	}
}

// isForm reports whether the body is sent as a form.
func (c *Capture) isForm() bool {
	kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), formType)
}

const formType = "application/x-www-form-urlencoded"

// Source is a genuine delivery and what is known of its sender.
type Source struct {
	*Capture
	Entry *entry.Entry
}

// with changes a copy.
func (s *Source) with(change func(c *Capture)) func() *Capture {
	return func() *Capture {
		c := s.Clone()
		change(c)
		return c
	}
}
