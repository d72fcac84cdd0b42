package core

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/lease"
)

// Errors that callers tell apart.
var (
	// ErrNotVerified is returned where a context carries no delivery that a guard proved.
	ErrNotVerified = errors.New("sallyport: no guard proved this request")
	// ErrSettled is returned by [Commit] and [Release] when the delivery was settled the other way before.
	ErrSettled = errors.New("sallyport: the delivery was settled before, the other way")
	// ErrTransaction is returned by [Commit] inside a signal that has asked for a transaction: that is what commits the
	// event.
	ErrTransaction = errors.New("sallyport: the signal's transaction commits the event; return nil or an error")
	// ErrBatchNeedsSignal is what the body of a batch that is partly done reads as, outside of a signal.
	ErrBatchNeedsSignal = adapter.ErrBatchNeedsSignal
	// ErrSignalsTwice is reported where one delivery reaches a second Signal or Dispatch. Nothing of it runs.
	ErrSignalsTwice = errors.New("sallyport: the delivery reached a second Signal or Dispatch, which ran nothing: " +
		"mount one on a route, and register several receivers in one set")
	// ErrSignalsLate is reported where a delivery reaches its signals after it was answered or settled. Nothing runs.
	ErrSignalsLate = errors.New("sallyport: the delivery was answered or settled before it reached its signals, " +
		"which ran nothing: see what stands between the guard and the signals")
	// ErrBadIdentity is returned by [ParseIdentity] for what is not 64 hexadecimal digits.
	ErrBadIdentity = errors.New("sallyport: not an identity; it is 64 hexadecimal digits")
)

// ErrLeaseLost is the cause of a signal's cancelled context (context.Cause) when its claim on the event is gone: the
// lease could not be renewed, or an operator forgot the event. Another delivery may be running it.
//
//lint:immutable an error value
var ErrLeaseLost = lease.ErrLost

// Ignore is returned by a receiver that does not want the event: 2xx, committed, not reported.
//
//lint:ignore ST1012 it reads as an instruction: return core.Ignore
var Ignore = errors.New("sallyport: event ignored")

// Unhandled is returned, as it is, by a receiver that is registered for more events than it takes: as if it were not
// registered for this one. Where no receiver takes an event it is unhandled: answered 2xx and not committed. A resend
// runs once there is a receiver.
//
//lint:ignore ST1012 it reads as an instruction: return core.Unhandled
var Unhandled = errors.New("sallyport: the receiver does not take the event")

// permanentError is an error that a retry would meet again.
type permanentError struct{ err error }

// Error returns the app's text.
func (e *permanentError) Error() string { return e.err.Error() }

// Unwrap returns the app's error.
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks an error that a retry would meet again. The event is committed and the answer is 2xx, so that the
// provider stops sending. The record's reason is [reason.Permanent], and [Record.Failed] has the event's own id, type
// and identity with the error. Another receiver that wants a retry outweighs it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// undecodableError is an error of decoding a payload.
type undecodableError struct{ err error }

// Error returns the text of the decoder.
func (e *undecodableError) Error() string { return e.err.Error() }

// Unwrap returns the decoder's error.
func (e *undecodableError) Unwrap() error { return e.err }

// Undecodable marks an error of decoding an event's payload, as [Typed] does: the sender's form is not the one that the
// app expects, and only another version of the app can change that. The answer is 2xx, because retries would meet the
// same code. If every receiver that ran returned that or [Ignore], the record's reason is [reason.Undecodable] and the
// event is released: sent again after the fix, it runs. If another receiver has succeeded, the event is committed as
// with [Permanent]. Undecodable(nil) is nil.
func Undecodable(err error) error {
	if err == nil {
		return nil
	}
	return &undecodableError{err}
}

// joinedErrors are several errors that print on one line.
type joinedErrors struct{ errs []error }

// shownErrors is how many of them the text shows. Unwrap gives all. A batch of 20,000 events would otherwise fail with
// a line of megabytes.
const shownErrors = 10

// joinErrors adds an error to those of before, if there are any. Many in turn cost no more than each by itself.
func joinErrors(before, err error) error {
	if before == nil {
		return err
	}
	joined, ok := before.(*joinedErrors) // our own, as made below; a wrapped one is somebody else's
	if !ok {
		joined = &joinedErrors{errs: []error{before}}
	}
	joined.errs = append(joined.errs, err)
	return joined
}

// Error returns their texts, separated by semicolons.
func (j *joinedErrors) Error() string {
	var b strings.Builder
	for i, err := range j.errs {
		if i == shownErrors {
			_, _ = fmt.Fprintf(&b, "; and %d more", len(j.errs)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(httpfield.OneLine(httpfield.TextOf(err)))
	}
	return b.String()
}

// Unwrap is for errors.Is and errors.As.
func (j *joinedErrors) Unwrap() []error { return j.errs }

// eventError says which event of a batch an error is of.
type eventError struct {
	label string // the event's id, or what else names it
	err   error
}

// Error returns the app's text behind the event's id.
func (e *eventError) Error() string {
	return e.label + ": " + httpfield.OneLine(httpfield.TextOf(e.err))
}

// Unwrap returns the app's error.
func (e *eventError) Unwrap() error { return e.err }
