package core

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/reason"
)

// Event is one thing that happened, as a verified delivery reports it. It is a value: copy it freely. Its fields hold
// the provider's own text, whole. Authenticated says which of them the signature or the credential covers.
type Event struct {
	Endpoint string    // the endpoint that received it
	Provider string    // the provider's name
	ID       string    // the provider's id of the event or delivery; may be empty
	Type     string    // the provider's name of what happened; may be empty
	Action   string    // a finer name, where the provider has one: "opened"
	Tenant   string    // whose it is: the key of Config.Tenant, else what the provider says; may be empty
	Time     time.Time // when it happened, zero where the provider does not say
	Attempt  int       // which attempt of the provider this is, from 1; 0 where it does not say
	// Payload is the whole event as sent; for a form that carries JSON in a field, that JSON. A byte order mark before
	// JSON is left out, because json.Unmarshal does not read it; the request's body has it.
	Payload  []byte
	Data     []byte   // the object the event is about, where the provider's place for it is known; else Payload
	Identity Identity // what the event is remembered by
	Redrive  int      // the number of a run out of the journal, from 1; 0 for a delivery of the provider
	Secret   string   // the label of the secret that matched

	Authenticated Authenticated
	// Unproved says that the delivery's signature or credential failed, and that it was let through because that check
	// only reports (Config.DangerouslyReportOnly): anybody may have sent it. It has no identity and is not remembered.
	Unproved bool

	run *eventRun
}

// Authenticated says which details of an event the proof covers. What it does not cover, whoever captured a delivery
// could have changed: some providers put the type, or whose event it is, into headers that no signature covers.
type Authenticated struct{ ID, Type, Time, Tenant bool }

// eventRun is one receiver's hold on its event's delivery.
type eventRun struct {
	ctx     context.Context // what Event.Context returns; nil: the background
	answer  *answer         // shared by the receivers of one event
	context signalContext
	own     answer // where the receivers' answer stands; those of one event share it
}

// answer is what the receivers of an event answered.
type answer struct {
	mu       sync.Mutex // an app may answer from a goroutine of its own
	response *response
}

// response is an answer as the app gave it, with a copy of the body.
type response struct {
	status      int
	contentType string
	body        []byte
}

// Context is the signal's context, the same in every router. It carries the request's values, and is not cancelled
// when the provider hangs up. It ends when the claim on the event ends, or at the app's own earlier deadline.
func (e Event) Context() context.Context {
	if e.run == nil || e.run.ctx == nil {
		return context.Background()
	}
	return e.run.ctx
}

// ErrBadResponse is returned by [Event.Respond] for a status that is not 200 to 299.
var ErrBadResponse = errors.New("sallyport: a signal's response needs a status of 200 to 299; " +
	"return an error to refuse the event")

// Respond sets the answer to the delivery, for providers that act on it. It is written after the event is committed,
// and not at all if any receiver fails. The last call wins.
func (e Event) Respond(status int, contentType string, body []byte) error {
	if status < 200 || status > 299 { // a failure that is answered here would not release the event: no retry would run
		return ErrBadResponse
	}
	if e.run != nil {
		a := e.run.answer
		a.mu.Lock()
		defer a.mu.Unlock()
		a.response = &response{status: status, contentType: contentType, body: append([]byte(nil), body...)}
	}
	return nil
}

// FailedEvent is an event of a delivery that did not end well. See [Record.Failed].
type FailedEvent struct {
	ID       string
	Type     string
	Identity Identity
	// Reason is the event's own: signal_failed, signal_panicked, permanent, undecodable, unhandled, in_flight where its
	// claim was lost while it ran, or conflict where it did not run, in a batch whose other events did.
	Reason reason.Reason
	// Err is the app's own error; nil for an event that no receiver takes. Its text may span several lines.
	Err error
	// Stack is where a receiver panicked. Of a batch only the first 16 events that panicked have one.
	Stack []byte
}

// maxStacks is how many stacks a record keeps: a batch may have 20,000 events, which mostly fail for one reason.
const maxStacks = 16
