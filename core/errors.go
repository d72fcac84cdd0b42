package core

import (
	"errors"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Errors that callers tell apart.
var (
	// ErrNotVerified is returned where a context carries no delivery that a guard proved.
	ErrNotVerified = errors.New("sallyport: no guard proved this request")
	// ErrSettled is returned by [Commit] and [Release] when the delivery was settled the other way before.
	ErrSettled = errors.New("sallyport: the delivery was settled before, the other way")
	// ErrBadIdentity is returned by [ParseIdentity] for what is not 64 hexadecimal digits.
	ErrBadIdentity = errors.New("sallyport: not an identity; it is 64 hexadecimal digits")
	// Ignore is returned by a receiver that does not want the event: 2xx, committed, not reported.
	//lint:ignore ST1012 it reads as an instruction: return core.Ignore
	Ignore = errors.New("sallyport: event ignored")
)

// permanentError is an error that no retry would mend.
type permanentError struct{ err error }

// Error returns the app's text.
func (e *permanentError) Error() string { return e.err.Error() }

// Unwrap returns the app's error.
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks an error that a retry would meet again. The event is committed and the provider told 2xx, so that
// it stops sending; the observer gets the error. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// isFinal says that trying a settlement again is of no use.
func isFinal(err error) bool {
	return errors.Is(err, replay.ErrLeaseLost) || errors.Is(err, replay.ErrClosed)
}
