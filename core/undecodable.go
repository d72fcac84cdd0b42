package core

// undecodableError is a payload that a receiver of [Typed] could not decode.
type undecodableError struct{ err error }

// Error returns what the decoder said.
func (e *undecodableError) Error() string { return "decoding the event's data: " + e.err.Error() }

// Unwrap returns the decoder's error.
func (e *undecodableError) Unwrap() error { return e.err }
