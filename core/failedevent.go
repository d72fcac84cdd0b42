package core

import "github.com/sallyport-go/sallyport/core/reason"

// FailedEvent is an event of a delivery that did not end well. See [Record.Failed].
type FailedEvent struct {
	ID       string
	Type     string
	Identity Identity
	// Reason is the event's own: signal_failed, signal_panicked, permanent, undecodable, unhandled, or in_flight where
	// its claim was lost while it ran.
	Reason reason.Reason
	// Err is the app's own error; nil for an event that no receiver takes. Its text may span several lines.
	Err error
	// Stack is where a receiver panicked. Of a batch only the first 16 events that panicked have one.
	Stack []byte
}

// maxStacks is how many stacks a record keeps: a batch may have 20,000 events, which mostly fail for one reason.
const maxStacks = 16
