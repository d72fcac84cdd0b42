package core

import "net/http"

// Rejection is why a delivery was refused. Its text is what the outside may read and nothing more: routers print the
// text of errors into responses. What was seen, and which setting to check, is in Detail and reaches the observer.
//
// A Rejection does not unwrap into the app's own error, because routers choose a status by errors.As; see Cause.
type Rejection struct {
	Reason   Reason
	Status   int
	Endpoint string
	Provider string

	detail string
	cause  error
}

// Error returns the outward text: the name of the status, the same for every reason with that status.
func (r *Rejection) Error() string { return http.StatusText(r.Status) }

// StatusCode returns the status of the answer. Echo v5 chooses its status by this method.
func (r *Rejection) StatusCode() int { return r.Status }

// Detail says what was seen and which setting to check. It holds no secret and no expected signature, and is meant
// for logs, never for the answer.
func (r *Rejection) Detail() string { return r.detail }

// Cause returns the app's or the store's error behind the rejection, or nil. It is for logs, never for the answer.
func (r *Rejection) Cause() error { return r.cause }
