package provider_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/onecapture"
)

// TestNoConnectionMakesAnotherDeliveryOfACapture is the one-capture law for what a server makes of the bytes: blanks in
// headers and paths, folded lines, doubled headers, the case of names. It sends them over HTTP/1.1 and HTTP/2.
func TestNoConnectionMakesAnotherDeliveryOfACapture(t *testing.T) {
	recorded := allVectors(t)
	server := newCaptureServer(t)
	for _, wire := range []struct {
		name string
		send func(c *onecapture.Capture) error
	}{{"HTTP/1.1", server.sendHTTP1}, {"HTTP/2", server.sendHTTP2}} {
		t.Run(wire.name, func(t *testing.T) {
			for _, s := range slices.Concat(everySender(t), ownSenders(t)) {
				if s.entry.Scheme == nil {
					continue
				}
				all := capturedFrom(t, &s, recorded)
				if !fullOneCapture() {
					all = all[:1]
				}
				for n := range all {
					checkOnWire(t, server, &s, &all[n], wire.send)
				}
			}
			t.Logf("%d requests arrived", server.seen)
			require.Positive(t, server.seen, "no request arrived")
		})
	}
}

func checkOnWire(t *testing.T, server *captureServer, s *sender, c *captured, send func(c *onecapture.Capture) error) {
	t.Helper()
	if c.source.Plain {
		secure := c.source.Clone()
		secure.Plain = false
		if len(onecapture.Receive(c.guard, secure).Events) == 0 {
			return // it is signed for plain HTTP
		}
		c = &captured{c.name, &onecapture.Source{Capture: secure, Entry: s.entry}, c.guard}
	}
	changes := slices.DeleteFunc(
		onecapture.Changes(c.source),
		func(change onecapture.Change) bool { return !change.Wire },
	)
	if !fullOneCapture() {
		each := 2
		if raced {
			each = 1
		}
		changes = onecapture.Some(changes, each, seedOf(s.name, "wire"))
	}
	law := newCaptureLaw(
		t,
		s,
		c,
		&exceptionRows{all: slices.Concat(onecapture.Exceptions(), onecapture.Pending()), used: map[int]bool{}},
	)
	law.receive = func(changed *onecapture.Capture) onecapture.Outcome { return server.receive(c.guard, changed, send) }
	got := law.receive(c.source.Capture)
	require.Len(t, got.Events, len(law.genuine.Events), "%s, %s: the genuine one: %s", s.name, c.name, got.Reason)
	law.genuine = got
	for i := range changes {
		law.check(&changes[i])
	}
}

// captureServer gives each request that arrives to the guard of the moment.
type captureServer struct {
	address string
	roots   *x509.CertPool
	client  *http.Client
	conn    *bufio.ReadWriter // of HTTP/1.1; nil: not connected
	closer  io.Closer

	mu    sync.Mutex
	guard *core.Guard
	got   *onecapture.Outcome
	seen  int
}

func newCaptureServer(t *testing.T) *captureServer {
	t.Helper()
	s := &captureServer{}
	server := httptest.NewUnstartedServer(s)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	s.address = server.Listener.Addr().String()
	s.roots = x509.NewCertPool()
	s.roots.AddCert(server.Certificate())
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs:    s.roots,
			ServerName: "example.com",
			MinVersion: tls.VersionTLS12,
		}, ForceAttemptHTTP2: true,
	}
	s.client = &http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(func() {
		s.hangUp()
		transport.CloseIdleConnections()
		server.Close()
	})
	return s
}

// ServeHTTP gives a request to the guard.
func (s *captureServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := onecapture.OutcomeOf(s.guard, r)
	s.got = &out
	s.seen++
	w.WriteHeader(http.StatusNoContent)
}

// receive sends a capture, and returns what the guard made of what arrived.
func (s *captureServer) receive(
	g *core.Guard,
	c *onecapture.Capture,
	send func(c *onecapture.Capture) error,
) onecapture.Outcome {
	s.mu.Lock()
	s.guard, s.got = g, nil
	s.mu.Unlock()
	_ = send(c) // what cannot be sent does not arrive
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got == nil {
		return onecapture.Outcome{Nothing: true}
	}
	return *s.got
}

// sendHTTP1 writes the bytes of a request as they are.
func (s *captureServer) sendHTTP1(c *onecapture.Capture) error {
	if s.conn == nil {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", s.address, &tls.Config{
			RootCAs: s.roots, ServerName: "example.com", MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		})
		if err != nil {
			return err
		}
		s.conn, s.closer = bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), conn
	}
	fmt.Fprintf(s.conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", c.Method, c.Target, c.Host, len(c.Body))
	for name, values := range c.Header {
		for _, value := range values {
			if strings.ContainsAny(value, "\r\n\x00") {
				s.hangUp()
				return fmt.Errorf("a value that would be two lines")
			}
			fmt.Fprintf(s.conn, "%s\r\n", headerLine(c.Names, name, value))
		}
	}
	fmt.Fprintf(s.conn, "\r\n%s", c.Body)
	if err := s.conn.Flush(); err != nil {
		s.hangUp()
		return err
	}
	response, err := http.ReadResponse(s.conn.Reader, &http.Request{Method: c.Method})
	if err != nil {
		s.hangUp()
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err != nil || response.Close {
		s.hangUp()
	}
	return err
}

func headerLine(names onecapture.Names, name, value string) string {
	switch names {
	case onecapture.LowerNames:
		return strings.ToLower(name) + ":" + value
	case onecapture.UpperNames:
		return strings.ToUpper(name) + ": " + value
	case onecapture.FoldedNames:
		return name + ":\r\n " + value
	}
	return name + ": " + value
}

func (s *captureServer) hangUp() {
	if s.closer != nil {
		_ = s.closer.Close()
		s.conn, s.closer = nil, nil
	}
}

// sendHTTP2 sends values and paths as they are, blanks at their ends included.
func (s *captureServer) sendHTTP2(c *onecapture.Capture) error {
	r := &http.Request{
		Method: c.Method, URL: &url.URL{Scheme: "https", Host: s.address, Opaque: c.Target}, Host: c.Host,
		Header: c.Header.Clone(),
		Body:   io.NopCloser(bytes.NewReader(c.Body)), ContentLength: int64(len(c.Body)),
	}
	if len(c.Body) == 0 {
		r.Body = http.NoBody // else it would be one of no declared length
	}
	response, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.ProtoMajor != 2 {
		return fmt.Errorf("sent over %s", response.Proto)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
