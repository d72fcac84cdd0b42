package core

import (
	"net/http"
	"time"
)

const (
	defaultBodyTimeout = 10 * time.Second
	maxBodyTimeout     = time.Hour
	// drainTimeout bounds what net/http reads of a body that was refused unread, before it answers and after.
	drainTimeout = 2 * time.Second
)

// boundReading gives the body a deadline, and says whether there is one to lift once the whole body is there. A
// server's own ReadTimeout that ends earlier stands. Where the writer knows no deadlines, nothing is bounded but by the
// server.
func (g *Guard) boundReading(w http.ResponseWriter, r *http.Request, started time.Time) bool {
	own := serverDeadline(r, started)
	deadline := started.Add(g.bodyTimeout)
	if w == nil || (!own.IsZero() && !deadline.Before(own)) {
		return false
	}
	return http.NewResponseController(w).SetReadDeadline(deadline) == nil
}

// liftBound lifts the deadline altogether, and does not set it back to ReadTimeout: net/http itself lifts that at the
// end of a body, because it goes on reading to notice a hang-up, and a deadline that passed would look like one and
// cancel the request's context while the app is at work.
func liftBound(w http.ResponseWriter) { _ = http.NewResponseController(w).SetReadDeadline(time.Time{}) }

// serverDeadline is when the server itself stops reading the request; zero: never.
func serverDeadline(r *http.Request, started time.Time) time.Time {
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ReadTimeout > 0 {
		return started.Add(s.ReadTimeout)
	}
	return time.Time{}
}

// boundDrain keeps a refused sender from holding the connection with the rest of its body, of which net/http reads some
// before it answers. It sets the deadline anew for the connection's next request. Where the body was begun, its own
// deadline stands.
func boundDrain(r *http.Request, i *inspection, now time.Time) {
	if i.w == nil || i.bodyBegun || r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	deadline := now.Add(drainTimeout)
	if own := serverDeadline(r, i.started); !own.IsZero() && own.Before(deadline) {
		return
	}
	_ = http.NewResponseController(i.w).SetReadDeadline(deadline)
}
