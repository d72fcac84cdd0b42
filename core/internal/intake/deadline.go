package intake

import (
	"net/http"
	"time"
)

const (
	// DefaultTimeout is how long a body may take.
	DefaultTimeout = 10 * time.Second
	// MaxTimeout is the most that can be configured.
	MaxTimeout = time.Hour
	// drainTimeout bounds what net/http reads of a body that was refused unread, before it answers and after.
	drainTimeout = 2 * time.Second
)

// Bound sets a deadline for the body, and reports whether the caller must lift it once the whole body is there. A
// server's own ReadTimeout that ends earlier stands. Where the writer does not support deadlines, only the server
// bounds the time.
//
// Without a deadline, an attacker who sends one byte a minute holds a connection and its memory. Where
// none can be set it fails open, and Room still bounds the memory.
func Bound(w http.ResponseWriter, r *http.Request, started time.Time, timeout time.Duration) bool {
	own := serverDeadline(r, started)
	deadline := started.Add(timeout)
	if w == nil || (!own.IsZero() && !deadline.Before(own)) {
		return false
	}
	return setReadDeadline(w, deadline)
}

// LiftBound lifts the deadline altogether, and does not set it back to ReadTimeout: net/http itself lifts that at the
// end of a body, because it goes on reading to notice a hang-up, and a deadline that passed would look like one and
// cancel the request's context while the app is at work.
func LiftBound(w http.ResponseWriter) { setReadDeadline(w, time.Time{}) }

// serverDeadline returns when the server itself stops reading the request. Zero: never.
func serverDeadline(r *http.Request, started time.Time) time.Time {
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ReadTimeout > 0 {
		return started.Add(s.ReadTimeout)
	}
	return time.Time{}
}

// BoundDrain limits how long net/http reads the rest of a refused body before it answers: otherwise a refused sender
// could hold the connection. net/http resets the deadline for the next request. The caller must not use it where Bound
// has set one: that deadline stands.
func BoundDrain(w http.ResponseWriter, r *http.Request, started, now time.Time) {
	if w == nil || r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	deadline := now.Add(drainTimeout)
	if own := serverDeadline(r, started); !own.IsZero() && own.Before(deadline) {
		return
	}
	setReadDeadline(w, deadline)
}

// setReadDeadline sets the connection's deadline, and reports whether the writer, or one that it wraps, has taken it.
// It finds the same writer as http.ResponseController, which formats an error where there is none: three allocations
// for each request.
func setReadDeadline(w http.ResponseWriter, deadline time.Time) bool {
	for {
		switch v := w.(type) {
		case interface{ SetReadDeadline(time.Time) error }:
			return v.SetReadDeadline(deadline) == nil
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}
