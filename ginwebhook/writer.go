package ginwebhook

import (
	"bufio"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/core/adapter"
)

// writer is what handlers behind the guard write to. Gin's own writer keeps a status until something is written, and
// reports it: only what is written then goes through the tracker, and from there to Gin's own writer.
type writer struct {
	sender                   // Gin's own writer
	tracker *adapter.Tracker // wraps the sender
}

// sender is Gin's own writer, which sends a status when it gets one.
type sender struct{ gin.ResponseWriter }

// WriteHeader sends the status. An informational one goes past Gin's own writer, which takes it for the answer, and
// would drop the status that follows: a failure would reach the sender as a 200.
func (s *sender) WriteHeader(status int) {
	if status >= http.StatusContinue && status < http.StatusOK && status != http.StatusSwitchingProtocols {
		if w := s.behindGin(); w != nil {
			w.WriteHeader(status)
			s.ResponseWriter.WriteHeader(http.StatusOK) // as before the first one
			return
		}
	}
	s.ResponseWriter.WriteHeader(status)
	s.WriteHeaderNow()
}

// behindGin returns the writer that Gin's own one wraps; nil: middleware's own writer does not show it.
func (s *sender) behindGin() http.ResponseWriter {
	var w http.ResponseWriter = s.ResponseWriter
	for {
		if _, is := w.(gin.ResponseWriter); !is {
			return w
		}
		over, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = over.Unwrap()
	}
}

// Unwrap is for http.ResponseController.
func (s *sender) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// newWriter puts a writer on the context. The caller must set its tracker, and restore.
func newWriter(c *gin.Context) *writer {
	w := &writer{sender: sender{c.Writer}}
	c.Writer = w
	return w
}

// restore takes the writer off again, unless somebody has put a writer of their own over it.
func (w *writer) restore(c *gin.Context) {
	if c.Writer == gin.ResponseWriter(w) {
		c.Writer = w.ResponseWriter
	}
}

// Written reports whether there is an answer. One that is held back stands: who writes another changes nothing.
func (w *writer) Written() bool { return w.tracker.Waiting() >= 0 || w.ResponseWriter.Written() }

// Size returns the length of what was written, held back or not.
func (w *writer) Size() int {
	if n := w.tracker.Waiting(); n >= 0 {
		return n
	}
	return w.ResponseWriter.Size()
}

// WriteHeader sets the status.
func (w *writer) WriteHeader(status int) {
	if !w.Written() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// WriteHeaderNow writes the status that was set.
func (w *writer) WriteHeaderNow() {
	if !w.Written() {
		w.tracker.WriteHeader(w.Status())
	}
}

// Write writes, with the status that was set.
func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeaderNow()
	return w.tracker.Write(b)
}

// WriteString writes, with the status that was set.
func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeaderNow()
	return w.tracker.WriteString(s)
}

// Flush sends what was written.
func (w *writer) Flush() {
	w.WriteHeaderNow()
	_ = w.tracker.FlushError() // as in net/http: who wants to know uses http.ResponseController
}

// Hijack hands the connection over.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.tracker.Writer()).Hijack()
}

// written returns what the app has answered, as net/http would send it.
func (w *writer) written() adapter.Written {
	is := w.tracker.Written()
	// Gin takes the first 1xx for final; net/http follows it with a 200, which the tracker has noted.
	status := w.Status()
	// Fails closed on what is no status: net/http panics for it, once the chain has ended.
	final := status >= 200 || status == http.StatusSwitchingProtocols || status < 100
	if sent := w.ResponseWriter.Written(); final && (sent || is.Held || status != http.StatusOK) {
		is.Status = status
		is.Held = !sent // a status that was only set is sent when the chain has ended
	}
	return is
}
