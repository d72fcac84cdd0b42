package core

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/sallyport-go/sallyport/core/reason"
)

// Rejection says why a delivery was refused. However it is printed, it shows the name of its status and nothing more,
// because routers print errors into responses. What was seen, and which setting to check, is in Detail and reaches the
// observer.
//
// A Rejection unwraps into the error behind it, so that errors.As and errors.Is in a router's error handling, and in
// error reporters mounted there, reach the app's own error. An error handler that chooses a status by the app's errors
// must look for a *Rejection first and keep its Status: for some providers a 404 is the end of the webhook.
type Rejection struct {
	Reason   reason.Reason
	Status   int    // that is answered
	Endpoint string // the name of the guard that refused
	Provider string

	detail string // for logs; see Detail
	cause  error  // nil: the guard itself refused; see Cause
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

// Unwrap returns what Cause returns. Its text never becomes part of the rejection's own.
func (r *Rejection) Unwrap() error { return r.cause }

// Format prints the outward text for every verb: fields must not show how a check ended.
func (r Rejection) Format(f fmt.State, verb rune) {
	// A value receiver, because %+v of a copy would print the fields otherwise.
	text := r.Error()
	if verb == 'q' || f.Flag('#') {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(f, text)
}

// MarshalJSON writes the outward text in the form of Echo's own errors. It is there because encoding/json would
// otherwise write all exported fields, the reason among them.
func (r Rejection) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Message string `json:"message"`
	}{r.Error()})
}
