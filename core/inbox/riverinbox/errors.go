package riverinbox

import (
	"errors"
	"strings"
)

// ErrNotEnqueued is wrapped by the error of the receiver of [Enqueue]: there is no job. The delivery is answered 500
// and released, and the provider's retry brings the event again.
var ErrNotEnqueued = errors.New("riverinbox: the event could not be enqueued")

// errTaken is why an attempt commits nothing.
//
//lint:immutable an error value
var errTaken = errors.New("riverinbox: the job is not this attempt's any more: it was completed, cancelled, or taken " +
	"over because the attempt took longer than Config.Timeout; what it did is rolled back")

const mostText = 8 << 10 // bytes of an error in a job

// attemptError is what an attempt that failed returns to River: text that PostgreSQL takes, and of the receivers' own
// errors only those whose handling is safe. A river.JobCancel among them would delete the event after a day.
type attemptError struct {
	text string
	err  error // nil, a snooze, or the end of the context
}

// Error returns the text.
func (e *attemptError) Error() string { return e.text }

// Unwrap returns what River may act on.
func (e *attemptError) Unwrap() error { return e.err }

// failed makes an error for River. What a sender wrote can be part of the text.
func failed(err, shown error) error {
	return &attemptError{text: clean(err.Error()), err: shown}
}

// clean returns text without NUL and invalid UTF-8, which PostgreSQL refuses in JSON: the failure itself would fail.
func clean(text string) string {
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + " (shortened)"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}
