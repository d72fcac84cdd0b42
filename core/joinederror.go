package core

import (
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

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
		b.WriteString(httpfield.OneLine(err.Error()))
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
func (e *eventError) Error() string { return e.label + ": " + httpfield.OneLine(e.err.Error()) }

// Unwrap returns the app's error.
func (e *eventError) Unwrap() error { return e.err }
