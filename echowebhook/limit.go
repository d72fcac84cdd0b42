package echowebhook

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

// limitedBody tells core of a limit that Echo's BodyLimit set before the guard, in the words of net/http: Echo v4's
// error for it has no method that core could ask for the status.
type limitedBody struct{ io.ReadCloser }

// limitBody wraps a body that comes from outside, once. One that another guard has proved was read already.
func limitBody(r *http.Request) {
	switch body := r.Body.(type) {
	case nil, limitedBody, interface{ Restored() }:
	default:
		if body != http.NoBody {
			r.Body = limitedBody{body}
		}
	}
}

// Read reads on.
func (b limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var limit *echo.HTTPError
	if errors.As(err, &limit) && limit.Code == http.StatusRequestEntityTooLarge {
		err = &http.MaxBytesError{}
	}
	return n, err
}
