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
		// NoBody has to stay itself: core compares with it to know that there is nothing to read.
		if body != http.NoBody {
			r.Body = limitedBody{body}
		}
	}
}

// Read reads on.
func (b limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { // the usual end: whoever looks into an error allocates
		err = netHTTPError(err)
	}
	return n, err
}

// netHTTPError returns net/http's error for the one of Echo's limit, and every other error as it is.
func netHTTPError(err error) error {
	var limit *echo.HTTPError
	if errors.As(err, &limit) && limit.Code == http.StatusRequestEntityTooLarge {
		// Fails closed either way. With net/http's error the answer is a 413, and not that of a broken connection.
		return &http.MaxBytesError{}
	}
	return err
}
