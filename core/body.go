package core

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/reason"
)

// bodies bounds the bodies that nobody has proved.
type bodies struct {
	max       int64         // bytes
	timeout   time.Duration // for the whole body, not for one read
	budget    *Budget       // never nil: the process has one
	share     *share        // this endpoint's part of it
	room      *intake.Share // of that, what bodies have
	scratches sync.Pool     // of *scratch, with a body's buffer in each
	large     sync.Pool     // of the buffers for larger bodies
}

// Bounds of Limits.MaxBody, in bytes.
const (
	defaultMaxBody = 1 << 20
	maxMaxBody     = 256 << 20
)

// configureMaxBody sets how long a body may be.
func (g *Guard) configureMaxBody(c *Config, m *fault.Mistakes) {
	g.bodies.max = cmp.Or(c.Limits.MaxBody, g.entry.MaxBody, defaultMaxBody)
	// A body is kept in memory as a whole, because a signature covers all of it. The bound keeps a typo from allowing
	// terabytes.
	if g.bodies.max < 0 || g.bodies.max > maxMaxBody {
		m.Add("Limits.MaxBody", strconv.FormatInt(g.bodies.max, 10), "it must be between 1 and %d bytes", maxMaxBody)
	}
}

// configureBodies sets how long a body may take, and what the endpoint shares with others.
func (g *Guard) configureBodies(c *Config, m *fault.Mistakes) {
	g.bodies.timeout = cmp.Or(c.Limits.BodyTimeout, intake.DefaultTimeout)
	// A negative or forgotten unit (30 is 30ns) would refuse every body. A very long one lets slow senders hold slots.
	if g.bodies.timeout < time.Millisecond || g.bodies.timeout > intake.MaxTimeout {
		m.Add("Limits.BodyTimeout", g.bodies.timeout.String(),
			"it must be between 1ms and %s; zero means %s", intake.MaxTimeout, intake.DefaultTimeout)
	}
	g.bodies.budget = c.Budget
	switch {
	case g.bodies.budget == nil:
		g.bodies.budget = processBudget
	case g.bodies.budget.err != nil:
		m.Add("Budget", "", "%v", g.bodies.budget.err)
	// Fails closed: the zero Budget has no bounds to enforce.
	case g.bodies.budget.bodies == nil:
		m.Add("Budget", "",
			"it is the zero value; make one with core.NewBudget, or leave it out to share the process' own")
	}
}

// restoredBody is the body that everything after the guard reads. Like any request body it is for one goroutine.
type restoredBody struct {
	delivery *Delivery // whose body it is; never nil
	read     int       // how many of its bytes were
}

// Read refuses while the body is a batch that is partly done and no signal has taken it up: a handler that reads it as
// a whole would do the done part again. It fails closed: no byte of such a body is given out.
func (b *restoredBody) Read(p []byte) (int, error) {
	b.delivery.touch()
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	rest := b.rest()
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, rest)
	b.read += n
	return n, nil
}

// rest returns what was not read yet.
func (b *restoredBody) rest() []byte { return b.delivery.facts.body[b.read:] }

// WriteTo is Read for io.Copy.
func (b *restoredBody) WriteTo(w io.Writer) (int64, error) {
	b.delivery.touch()
	if b.delivery.NeedsSignals() {
		return 0, ErrBatchNeedsSignal
	}
	rest := b.rest()
	if len(rest) == 0 {
		return 0, nil
	}
	n, err := w.Write(rest)
	b.read += min(n, len(rest))
	if n < len(rest) && err == nil {
		err = io.ErrShortWrite
	}
	return int64(n), err
}

// Close does nothing: the connection's own body was read to its end.
func (*restoredBody) Close() error { return nil }

// Restored marks a body that a guard has read and proved. Adapters do not wrap it again, and an inner guard does not
// count it as unproved.
func (*restoredBody) Restored() {}

// restoreBody gives the request the proved bytes, and makes its length agree with them. The sender chose the framing:
// a request that came in chunks must not say so any more, because code that forwards it would trust that.
func restoreBody(r *http.Request, d *Delivery) {
	d.restored.delivery = d
	r.Body = &d.restored
	r.ContentLength = int64(len(d.facts.body))
	r.TransferEncoding = nil
	r.GetBody = d.openBody
}

// openBody returns the body from its start. Each reader has its own position and the same rule for batches.
func (d *Delivery) openBody() (io.ReadCloser, error) { return &restoredBody{delivery: d}, nil }

// markRead marks in a request that the guard itself has read the body: otherwise a second guard would report that
// middleware did. It keeps the body where the delivery is refused and somebody asked for it. A borrowed body is copied,
// because the next request uses its buffer.
//
// A body that broke off stays as it is unless it is to be kept: by its type net/http decides whether to read the rest.
func (i *inspection) markRead(r *http.Request, refused bool) {
	t, keep := &i.taken, refused && i.keepBody
	// Explain leaves the request as it found it.
	if !t.done || i.trial {
		return
	}
	if _, here := r.Body.(*restoredBody); here && !keep {
		return // the outer guard's delivery has it still
	}
	switch {
	case keep && t.failure.Failed():
		r.Body = intake.Keep(r.Body, r.Body, t.failure)
	case keep:
		body := t.body
		if i.borrowed {
			body = bytes.Clone(body)
		}
		r.Body = intake.Keep(bytes.NewReader(body), r.Body, fault.Failure{})
	case !t.failure.Failed():
		r.Body = intake.Drained{}
	}
}

// takenBody is the result of reading a body.
type takenBody struct {
	done    bool // the body was read, or failed to be
	body    []byte
	failure fault.Failure
}

// bodyToExplain reads the body of a request for Explain, whoever has read it before.
func (g *Guard) bodyToExplain(r *http.Request) ([]byte, fault.Failure) {
	if b, ok := r.Body.(*restoredBody); ok {
		return b.delivery.facts.body, fault.Failure{} // a handler may have read it
	}
	// The limit holds here too: Explain may be called for requests of unverified senders.
	return intake.Read(r, g.bodies.max, nil, &intake.Buffer{})
}

// overloadRetry is how long a provider is asked to wait when there is no room for a body.
const overloadRetry = 2 * time.Second

// takeBody reads the body of a sender that nobody has proved: within the limit, the time and the room there are. The
// caller must call i.leave once the body is proved or dropped: until then it counts as unproved.
func (g *Guard) takeBody(r *http.Request, i *inspection) ([]byte, fault.Failure) {
	body, f := g.takeBodyWithin(r, i)
	if r.Body != nil && r.Body != http.NoBody {
		i.taken = takenBody{true, body, f}
	}
	return body, f
}

func (g *Guard) takeBodyWithin(r *http.Request, i *inspection) ([]byte, fault.Failure) {
	_, here := r.Body.(*restoredBody) // an outer guard has read and proved it
	// These need no slot: the body is proved or empty, or the app itself has called Explain.
	if here || r.Body == nil || r.Body == http.NoBody || i.trial {
		return i.read(r, g.bodies.max)
	}
	i.leave()
	// A source that fails often is not shut out, because an attacker can make a shared address fail.
	throttled := g.throttled(r.Context(), i)
	// Fails closed: without room the body is not read. Slow uploads from many addresses would otherwise exhaust memory.
	if !g.bodies.room.Enter(i.place, i.w, i.source, throttled, i.started) {
		// Not overloaded where the source itself is to blame: then it is answered by its own limit.
		i.overloaded, i.retryAfter = !throttled, overloadRetry
		if throttled {
			return nil, fault.New(reason.RateLimited, "the source "+nameOf(i.source)+
				" fails more often than RateLimit allows, and others of its bodies are being read")
		}
		return nil, noRoom()
	}
	i.slot, i.bodyBegun = i.place, true
	// A sender that trickles bytes would otherwise keep the slot for as long as it likes.
	bounded := intake.Bound(i.w, r, i.started, g.bodies.timeout)
	body, f := i.read(r, g.bodies.max)
	// Fails closed: a body that had to make way is incomplete, even where reading it returned no error.
	if displaced := !i.slot.Finish(); displaced || f.Reason == reason.RateLimited {
		i.displaced = displaced
		i.overloaded, i.retryAfter = true, overloadRetry
		return nil, noRoom()
	}
	if f.Failed() {
		return nil, f // the deadline stands, for what net/http still reads of the body
	}
	// Lifted for a body that is read to its end: the app's handler must not inherit our deadline.
	if bounded {
		intake.LiftBound(i.w)
	}
	return body, fault.Failure{}
}

// read reads the body, and notes whether it stands in the buffer: the next request uses that as soon as Receive
// returns.
func (i *inspection) read(r *http.Request, limit int64) ([]byte, fault.Failure) {
	body, f := intake.Read(r, limit, i.slot, i.buffer)
	i.borrowed = i.buffer.Holds(body)
	return body, f
}

// noRoom returns the refusal of a body for which the budget has no room.
func noRoom() fault.Failure {
	return fault.New(reason.RateLimited, noRoomText)
}

const noRoomText = "too many bodies are being read that nobody has proved yet (Config.Budget): " +
	"the provider is asked to send it again"

// leave gives the body's place back.
func (i *inspection) leave() {
	if i.slot != nil {
		i.slot.Leave()
		i.slot = nil
	}
}
