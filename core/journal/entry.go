package journal

import (
	"bytes"
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/reason"
)

// Entry is one event that was proved and failed, with its history. Of its fields the sender wrote those
// of the request, the body, and the details of the event: show them as text, never as markup or
// commands.
type Entry struct {
	ID       ID
	Revision uint64 // of the row that it was loaded from, or kept as; 0: it is not stored
	State    State
	Kind     Kind
	Endpoint string
	Provider string
	Tenant   string
	// Scope separates the memory of endpoints that share a name, such as those of two tenants. The
	// guard sets it.
	Scope string

	// The event's details, as the guard read them when the delivery was proved.
	EventID       string
	Type          string
	Action        string
	Time          time.Time // when it happened; zero: unknown
	Attempt       int       // the provider's own count; 0: unknown
	Identity      [32]byte  // what the event is remembered by; zero: it is not
	Authenticated Authenticated
	Secret        string // the label of the secret that matched

	// Token is the token of the claim that parked the event, of 8 bytes, and those of earlier parkings
	// behind it. A redrive tells by them a success from the parking itself. An open entry has none.
	Token    []byte
	Reason   reason.Reason
	Err      string   // the newest error's text, at most 8 KiB
	Finished []string // named receivers that had succeeded; a redrive leaves them out
	// Receivers is what each receiver did in the newest delivery, in the order of their calls; at most 50. nil: none
	// was called.
	Receivers []Receiver
	Outer     []string // endpoints of the guards around this one

	First    time.Time // the first failure
	Last     time.Time // the newest failure
	Changed  time.Time // the newest change, runs and closing included: lists are ordered by it
	Attempts int       // deliveries that failed

	Request Request // zero for an entry of an inbox
	// Body is the request's body, of a batch the item, unless the entry is of the whole batch; for an
	// entry of an inbox, the encoded event. Of a long one it is the beginning: see Length.
	Body    []byte
	InBatch bool     // Body is one item of a batch
	Length  int64    // bytes of the whole body
	Digest  [32]byte // SHA-256 of the whole body
	Parts   []Part   // the events of a whole batch, in order; nil: the entry is one event

	Runnable bool   // whether the entry holds all that a run needs
	WhyNot   string // why it does not; empty where it does

	// Uses is how the process that kept the newest failure has used the endpoint's secrets until then, or the tenant's;
	// at most 64. It holds no secret. nil: nothing was recorded, as for an entry of an inbox.
	Uses []SecretUse

	Runs     []Run // out of the journal, the newest last; at most 50
	RunCount int   // runs ever recorded
	// Series tells the entry from an earlier one of the same ID, which was removed: their runs are not the same. Keep
	// sets it. 0: an earlier version has made the entry.
	Series uint64
}

// members is the table of the fields of an entry, but for the body.
func (e *Entry) members() []member {
	return []member{
		// The row's own values, which decode compares with the row: a blob in another row is found out.
		{"id", &e.ID, always | fixed},
		{"revision", &e.Revision, always | fixed}, // the one after the write
		{"state", &e.State, always | fixed},
		{"kind", &e.Kind, fixed},
		{"endpoint", (*text)(&e.Endpoint), always | fixed | whole}, // the row's is shortened where no column takes it
		// Whose event it is. All of it is the sender's text, or the app's configuration.
		{"provider", (*text)(&e.Provider), 0},
		{"tenant", (*text)(&e.Tenant), 0},
		{"scope", (*text)(&e.Scope), fixed},
		{"event_id", (*text)(&e.EventID), 0},
		{"type", (*text)(&e.Type), 0},
		{"action", (*text)(&e.Action), 0},
		{"time", (*stamp)(&e.Time), always},
		{"attempt", &e.Attempt, 0},
		{"identity", (*hash)(&e.Identity), always | fixed},
		{"authenticated", &e.Authenticated, always | fixed},
		{"secret", (*text)(&e.Secret), 0},
		// What became of it.
		{"token", &e.Token, fixed}, // merge adds those of a parked entry
		{"reason", (*text)(&e.Reason), 0},
		{"err", (*text)(&e.Err), 0},
		{"finished", (*texts)(&e.Finished), fixed},
		{"receivers", &e.Receivers, 0},
		{"outer", (*texts)(&e.Outer), fixed},
		{"first", (*stamp)(&e.First), always | merged | fixed},
		{"last", (*stamp)(&e.Last), always | merged | fixed},
		{"changed", (*stamp)(&e.Changed), always | fixed},
		{"attempts", &e.Attempts, always | merged | fixed},
		// What a run needs, in addition to the body, and whether it has all of it.
		{"request", &e.Request, always},
		{"length", &e.Length, always | fixed},
		{"digest", (*hash)(&e.Digest), always | fixed},
		{"runnable", &e.Runnable, always | fixed},
		{"why_not", (*text)(&e.WhyNot), fixed},
		{"in_batch", &e.InBatch, 0},
		{"parts", (*parts)(&e.Parts), fixed},
		{"uses", &e.Uses, 0},
		{"runs", &e.Runs, merged | fixed},
		{"run_count", &e.RunCount, merged | fixed},
		{"series", &e.Series, merged | fixed},
	}
}

// Authenticated says which details of the event the proof covers.
type Authenticated struct{ ID, Type, Time, Tenant bool }

// Part is one event of a batch that a handler took as a whole.
type Part struct {
	Identity [32]byte // what the event is remembered by; zero: it is not
	Digest   [32]byte // SHA-256 of its bytes
}

// Request is the head of the request that is rebuilt for a run.
type Request struct {
	Method     string
	URL        string // without tokens
	Host       string
	RemoteAddr string
	TLS        bool
	Header     http.Header // only what the provider's entry, [Journal.Allowed] and Config.Headers name
	Dropped    []string    // names of the headers that were not kept
}

func (r *Request) members() []member {
	return []member{
		{"method", (*text)(&r.Method), 0},
		{"url", (*text)(&r.URL), 0},
		{"host", (*text)(&r.Host), 0},
		{"remote_addr", (*text)(&r.RemoteAddr), 0},
		{"tls", &r.TLS, 0},
		{"header", (*headers)(&r.Header), 0},
		{"dropped", (*texts)(&r.Dropped), 0},
	}
}

// Run is one recorded run out of the journal.
type Run struct {
	At     time.Time
	Reason reason.Reason
	Err    string // at most 2 KiB; empty: it succeeded
	// Receivers is what each receiver did. Only the newest run keeps them.
	Receivers []Receiver
}

func (r *Run) members() []member {
	return []member{
		{"at", (*stamp)(&r.At), always},
		{"reason", (*text)(&r.Reason), 0},
		{"err", (*text)(&r.Err), 0},
		{"receivers", &r.Receivers, 0},
	}
}

// Receiver is what one receiver did with an event. Of a plain handler, without signals, both Name and Pattern are
// empty, and Took is the time until it returned, with that of the middleware between the guard and it.
type Receiver struct {
	Name    string        // of its registration; empty: it has none
	Pattern string        // the event types that it is registered for; empty: it is a plain handler
	Took    time.Duration // zero: it was not called
	// Reason is the reason that the event would have if this receiver were the only one: accepted, signal_failed,
	// permanent and so on; unhandled: it declined the event; in_flight: another delivery had its part in hand.
	// Duplicate: it had done its part in an earlier attempt, and was left out.
	Reason reason.Reason
	Err    string // at most 1 KiB; empty: it returned none
}

func (r *Receiver) members() []member {
	return []member{
		{"name", (*text)(&r.Name), 0},
		{"pattern", (*text)(&r.Pattern), 0},
		{"took_ns", &r.Took, 0},
		{"reason", (*text)(&r.Reason), 0},
		{"err", (*text)(&r.Err), 0},
	}
}

// Cursor returns the entry's place in a list: [Query].Before begins the next page there.
func (e *Entry) Cursor() Cursor { return Cursor{At: e.Changed, ID: e.ID} }

// Clone returns a copy that shares nothing with e.
func (e *Entry) Clone() *Entry {
	c := *e
	c.Token, c.Body = bytes.Clone(e.Token), bytes.Clone(e.Body)
	c.Finished, c.Outer, c.Runs = slices.Clone(e.Finished), slices.Clone(e.Outer), slices.Clone(e.Runs)
	c.Receivers, c.Uses = slices.Clone(e.Receivers), slices.Clone(e.Uses)
	for i := range c.Runs {
		c.Runs[i].Receivers = slices.Clone(c.Runs[i].Receivers)
	}
	c.Parts = slices.Clone(e.Parts)
	c.Request.Header, c.Request.Dropped = e.Request.Header.Clone(), slices.Clone(e.Request.Dropped)
	return &c
}

// shallow returns a copy whose slices and maps can be replaced and appended to without a change of e.
func (e *Entry) shallow() *Entry {
	c := *e
	c.Finished, c.Outer, c.Runs = slices.Clip(e.Finished), slices.Clip(e.Outer), slices.Clip(e.Runs)
	c.Request.Header = maps.Clone(e.Request.Header)
	return &c
}

// unrunnable notes why the entry cannot run. The first reason stays.
func (e *Entry) unrunnable(why string) {
	e.WhyNot = cmp.Or(e.WhyNot, why)
	e.Runnable = false
}
