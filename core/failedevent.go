package core

// FailedEvent is an event of a delivery that did not end well. See [Record.Failed].
type FailedEvent struct {
	ID       string
	Type     string
	Identity Identity
	// Reason is the event's own: signal_failed, signal_panicked, permanent, undecodable, unhandled, or in_flight where
	// its claim was lost while it ran.
	Reason Reason
	// Err is the app's own error; nil for an event that no receiver takes. Its text may span several lines.
	Err error
	// Stack is where a receiver panicked. Of a batch only the first 16 failed events have one.
	Stack []byte
}

// noteFailed keeps what became of an event that did not end well, for the record of its delivery.
func (d *Delivery) noteFailed(i int, res *result) {
	reason := res.reason()
	if reason == "" || reason == ReasonInFlight && res.err == nil {
		return
	}
	e := &d.events[i]
	f := FailedEvent{ID: e.ID, Type: e.Type, Identity: e.Identity, Reason: reason, Err: res.err}
	if len(d.failed) < maxStacks {
		f.Stack = res.stack
	}
	d.failed = append(d.failed, f)
}

// maxStacks is how many of the first failed events keep a stack: a batch may have 20,000 events, which mostly fail for one reason.
const maxStacks = 16
