package core

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/journal"
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
	reply   Reply  // room for the answer to the delivery
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

// The first byte of an encoded event is the version of the form. A change that older readers would misread needs a new
// one: jobs and entries of the journal outlive the version of the app that wrote them.
const eventVersion = 1

// ErrEventVersion is returned by [Event.UnmarshalBinary] for what a later version of this module has encoded: the
// receiving part of the app was updated before the working part. Nothing is lost by trying again after the update.
var ErrEventVersion = errors.New("sallyport: the event was encoded by a later version of this module: " +
	"update what reads it")

// errEventForm is for what is not an encoded event. It quotes nothing of it.
//
//lint:immutable an error value
var errEventForm = errors.New("sallyport: this is not an encoded event, or it is cut short")

// What the second byte says. A bit that this version does not know makes an event unreadable: it fails closed, because
// the bit may be what says that nothing proves the event.
const (
	flagID = 1 << iota
	flagType
	flagTime
	flagTenant
	flagUnproved
	flagHappened // Event.Time is set
	flagsKnown   = 1<<iota - 1
)

// How Data is written. The values are part of the form and never change.
const (
	dataNone = iota
	dataInPayload
	dataOwn
)

const maxOffset = 24 * 60 * 60 // seconds east or west of UTC

// MarshalBinary encodes the event for a queue or a job, whole: payload, details and what the proof covers. The form has
// a version, and holds text of any kind in the sender's own bytes: NUL and invalid UTF-8 included. It is not sealed,
// and it proves nothing: whoever can write it can have anything run. Its context and the answer of [Event.Respond] are
// not part of it. The error is nil.
func (e Event) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 256+len(e.Payload))
	b = append(b, eventVersion, e.flags())
	b = append(b, e.Identity[:]...)
	b = binary.AppendVarint(b, int64(e.Attempt))
	b = binary.AppendVarint(b, int64(e.Redrive))
	if !e.Time.IsZero() {
		_, offset := e.Time.Zone()
		if offset <= -maxOffset || offset >= maxOffset {
			offset = 0 // of no real zone: the instant is what counts
		}
		b = binary.AppendVarint(b, e.Time.Unix())
		b = binary.AppendUvarint(b, uint64(e.Time.Nanosecond()))
		b = binary.AppendVarint(b, int64(offset))
	}
	for _, text := range [...]string{e.Endpoint, e.Provider, e.ID, e.Type, e.Action, e.Tenant, e.Secret} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = appendBytes(b, e.Payload)
	return e.appendData(b), nil
}

// flags returns the second byte. Each detail that the proof covers is a set bit: a byte of zero claims none.
func (e *Event) flags() (flags byte) {
	for _, f := range [...]struct {
		set  bool
		flag byte
	}{
		{e.Authenticated.ID, flagID}, {e.Authenticated.Type, flagType}, {e.Authenticated.Time, flagTime},
		{e.Authenticated.Tenant, flagTenant}, {e.Unproved, flagUnproved}, {!e.Time.IsZero(), flagHappened},
	} {
		if f.set {
			flags |= f.flag
		}
	}
	return flags
}

// appendData appends Data. Usually it is a part of Payload, and its place there is enough.
func (e *Event) appendData(b []byte) []byte {
	if e.Data == nil {
		return append(b, dataNone)
	}
	if at := bytes.Index(e.Payload, e.Data); at >= 0 && len(e.Data) > 0 {
		b = append(b, dataInPayload)
		b = binary.AppendUvarint(b, uint64(at))
		return binary.AppendUvarint(b, uint64(len(e.Data)))
	}
	return appendBytes(append(b, dataOwn), e.Data)
}

// appendBytes appends a slice, of which nil is another one than an empty one.
func appendBytes(b, value []byte) []byte {
	if value == nil {
		return binary.AppendUvarint(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(value))+1)
	return append(b, value...)
}

// UnmarshalBinary decodes what [Event.MarshalBinary] has encoded. The event shares no memory with b. It fails closed:
// what a later version wrote is [ErrEventVersion], anything else that is not whole is an error, and e is left as it is.
func (e *Event) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		return errEventForm
	}
	if b[0] > eventVersion {
		return ErrEventVersion
	}
	r := &eventReader{rest: b}
	version, flags := r.take(1), r.take(1)
	if r.failed || version[0] != eventVersion || flags[0]&^flagsKnown != 0 {
		return errEventForm
	}
	out := Event{Authenticated: Authenticated{
		ID: flags[0]&flagID != 0, Type: flags[0]&flagType != 0, Time: flags[0]&flagTime != 0,
		Tenant: flags[0]&flagTenant != 0,
	}, Unproved: flags[0]&flagUnproved != 0}
	copy(out.Identity[:], r.take(uint64(len(out.Identity))))
	out.Attempt, out.Redrive = r.count(), r.count()
	if flags[0]&flagHappened != 0 {
		out.Time = r.time()
	}
	for _, text := range [...]*string{
		&out.Endpoint, &out.Provider, &out.ID, &out.Type, &out.Action, &out.Tenant, &out.Secret,
	} {
		*text = string(r.take(r.size()))
	}
	out.Payload = r.bytes()
	out.Data = r.data(out.Payload)
	if r.failed || len(r.rest) > 0 {
		return errEventForm
	}
	*e = out
	return nil
}

// eventReader reads an encoded event. After the first failure it returns zero values. Nothing is allocated by a length
// that b does not have.
type eventReader struct {
	rest   []byte
	failed bool
}

// take returns the next n bytes. They cannot grow into what follows them.
func (r *eventReader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

// size reads a length or a count. It is as large as the writer says: take compares it with what is there.
func (r *eventReader) size() uint64 { return number(r, binary.Uvarint) }

// signed reads a number that may be negative.
func (r *eventReader) signed() int64 { return number(r, binary.Varint) }

func number[T int64 | uint64](r *eventReader, read func([]byte) (T, int)) T {
	v, n := read(r.rest)
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count reads what an int of this machine must hold.
func (r *eventReader) count() int {
	v := r.signed()
	if v < math.MinInt || v > math.MaxInt {
		r.failed = true
	}
	return int(v)
}

// time reads when the event happened. The zone keeps its offset and loses its name, which no other machine may know.
func (r *eventReader) time() time.Time {
	seconds, nanos, offset := r.signed(), r.size(), r.signed()
	// An offset of a day or more would make a zone that time.Time cannot write as JSON.
	if nanos >= uint64(time.Second) || offset <= -maxOffset || offset >= maxOffset {
		r.failed = true
		return time.Time{}
	}
	t := time.Unix(seconds, int64(nanos)).UTC()
	if offset != 0 {
		t = t.In(time.FixedZone("", int(offset)))
	}
	return t
}

// bytes reads a slice, which is copied: the caller may use the encoded form again.
func (r *eventReader) bytes() []byte {
	n := r.size()
	if n == 0 || r.failed {
		return nil
	}
	return append([]byte{}, r.take(n-1)...)
}

// data reads Data. Where it is a part of the payload, it stays one, and costs no second copy.
func (r *eventReader) data(payload []byte) []byte {
	kind := r.take(1)
	if r.failed {
		return nil
	}
	switch kind[0] {
	case dataNone:
		return nil
	case dataOwn:
		return r.bytes()
	case dataInPayload:
		at, n := r.size(), r.size()
		// The sum at+n could overflow and pass: a forged place must not reach beyond the payload.
		if size := uint64(len(payload)); at <= size && n <= size-at {
			return payload[at : at+n : at+n]
		}
	}
	r.failed = true
	return nil
}

// entry begins an entry of the journal: what the event says of itself, and what came of it.
func (e *Event) entry(why reason.Reason, err error, finished []string) *journal.Entry {
	out := &journal.Entry{
		Endpoint: e.Endpoint, Provider: e.Provider, Tenant: e.Tenant,
		EventID: e.ID, Type: e.Type, Action: e.Action, Time: e.Time, Attempt: e.Attempt,
		Identity: e.Identity, Authenticated: journal.Authenticated(e.Authenticated), Secret: e.Secret,
		Reason: why, Finished: finished,
	}
	if err != nil {
		out.Err = httpfield.TextOf(err) // the app's own code, which may panic
	}
	return out
}
