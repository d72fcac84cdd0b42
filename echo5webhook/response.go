package echo5webhook

import (
	"bufio"
	"net"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/sallyport-go/sallyport/core/adapter"
)

// response tracks what reaches Echo's response, or what outer middleware has put over it. It is one pointer, so that an
// interface holds it without an allocation.
type response struct{ *adapter.Tracker }

// WriteHeader sends a status. Echo's response takes an informational one for the answer, and would drop the status that
// follows it: a failure would reach the sender as a 200.
func (r response) WriteHeader(status int) {
	r.Tracker.WriteHeader(status)
	if status >= http.StatusContinue && status < http.StatusOK && r.Written().Status == 0 {
		if res, err := echo.UnwrapResponse(r.ResponseWriter); err == nil {
			res.Committed, res.Status = false, 0
		}
	}
}

// Write implies the status that c.JSON has put into Echo's response, where none was written. A response that middleware
// has made holds none yet, for which net/http would panic.
func (r response) Write(b []byte) (int, error) {
	if r.Written().Status == 0 {
		if res, err := echo.UnwrapResponse(r.ResponseWriter); err == nil && res.Status >= http.StatusOK {
			r.WriteHeader(res.Status)
		}
	}
	return r.Tracker.Write(b)
}

// WriteString writes as Write does: the tracker's own would not know of that status.
func (r response) WriteString(s string) (int, error) { return r.Write([]byte(s)) }

// Flush sends what was written, with an implied 200.
func (r response) Flush() { _ = r.FlushError() }

// Hijack hands the connection over, where a writer below can.
func (r response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(r.Writer()).Hijack()
}
