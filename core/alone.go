package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/core/internal/txwatch"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// ErrNoBackfill is wrapped by the error of [Guard.Backfill] for an event that cannot have the identity that its
// delivery has: it would run twice.
var ErrNoBackfill = errors.New("sallyport: the event cannot be backfilled")

// Backfill runs an event that the app has fetched from the provider's API because its delivery never came: through the
// same claim and the same receivers, and with the identity that the delivery would have had. What was delivered
// already, or is delivered later, is a duplicate. The payload is the event as a delivery's body has it.
//
// The caller vouches for the payload: fetch it over TLS from the provider, with credentials of your own. Nothing of it
// is verified, and all that it says counts as authenticated.
//
// It returns how the event ended: [reason.Accepted], [reason.Duplicate], [reason.InFlight] and so on. The error is the
// receivers' or the store's, or [ErrNoBackfill], which says why: the provider's events are remembered by more than
// their payload, the payload has no id, or the endpoint has tenants. A failure is not kept in the journal, because the
// caller has the event. Receivers in a router's own style are refused.
func (g *Guard) Backfill(ctx context.Context, s *Signals, body []byte) (reason.Reason, error) {
	if err := g.canBackfill(s); err != nil {
		return "", err
	}
	d, err := g.backfilled(ctx, body)
	if err != nil {
		return "", err
	}
	if reply := d.claim(); reply != nil {
		defer d.release()
		if reply.Rejection == nil {
			return reason.Duplicate, nil
		}
		return reply.Rejection.reported()
	}
	s.frozen.Store(true)
	total, reply, err := d.runAlone(ctx, s)
	switch {
	case err != nil:
		return "", err
	case reply != nil && reply.Rejection != nil && total.err == nil: // the store failed before anything ran
		return reply.Rejection.reported()
	default:
		return total.reason(len(d.events)), total.err
	}
}

// reported returns the rejection as the result of a call: its reason, and an error that says all of it.
func (r *Rejection) reported() (reason.Reason, error) {
	return r.Reason, errors.Join(errors.New(r.detail), r.cause)
}

// canBackfill refuses what would run twice, or not at all.
func (g *Guard) canBackfill(s *Signals) error {
	why := ""
	switch rule := &g.entry.Identity; {
	case s == nil:
		return errors.New("sallyport: the signals are nil")
	case g.tenants.key.set:
		why = "the endpoint has tenants, whose events have identities of their own"
	case g.entry.Batch != nil:
		why = g.entry.Title + " sends batches, whose events are remembered one by one"
	case g.events.identity == nil && !rule.Kind.OfPayload():
		why = "events of " + g.entry.Title + " are not remembered by an id in their payload: a delivery of the same " +
			"event would run at the same time"
	case len(rule.With) > 0 || len(rule.Apart) > 0:
		why = "events of " + g.entry.Title + " are remembered by headers too, which a payload does not have"
	case g.entry.Event.Sealed != nil && g.entry.Event.Sealed.Data:
		why = "deliveries of " + g.entry.Title + " encrypt a part of the event"
	case g.entry.Event.PayloadJSON != "" || g.entry.Event.PayloadForm != "":
		why = "deliveries of " + g.entry.Title + " wrap their payload"
	}
	if why != "" {
		return fmt.Errorf("%w: %s", ErrNoBackfill, why)
	}
	for _, r := range s.receivers {
		if r.router != nil {
			return fmt.Errorf("sallyport: the receiver for %q takes %v: a backfill has no router",
				r.pattern.Text, r.router)
		}
	}
	return nil
}

// backfilled makes the delivery of an event that no request has brought.
func (g *Guard) backfilled(ctx context.Context, body []byte) (*Delivery, error) {
	d := g.newDelivery()
	d.backfill = true
	now := time.Now()
	d.facts = facts{ctx: ctx, started: now, now: g.clock(now), body: bytes.Clone(body), proved: true}
	r := (&http.Request{
		Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)),
	}).WithContext(ctx)
	t := &eventSource{Source: payload.Source{Headers: r.Header, Body: d.facts.body, BodyProved: true}, request: r}
	d.readEvents(t)
	named := g.events.identity != nil
	if !named {
		var room [4][]byte
		_, named = g.events.Names(&t.Source, room[:0])
	}
	if !named || d.events[0].Identity.IsZero() {
		return nil, fmt.Errorf("%w: the payload has no id where events of %s have theirs (%s)", ErrNoBackfill,
			g.entry.Title, g.entry.Identity.Pointer)
	}
	d.r = r.WithContext(d.contextIn(ctx))
	return d, nil
}

// RunResult is what came of an event that [Signals.Run] ran.
type RunResult struct {
	// Handled reports whether a receiver takes the event. Of an event that none takes, and that the provider was
	// answered 2xx for, somebody has to know: park it.
	Handled bool
	// Reason is accepted, unhandled, permanent, undecodable, signal_failed or signal_panicked.
	Reason      reason.Reason
	Err         error  // nil where no receiver failed; an event that nobody takes is no error
	Permanent   bool   // another attempt would meet the same error; what the receivers did is to be committed
	Undecodable bool   // no receiver could decode the event: only another version of the app can
	Stack       []byte // of a panic
	// Finished are the named receivers that have done their part, those of the arguments included: leave them out of
	// the next attempt. A receiver that wrote into the event's transaction (sqltx.Tx) is not among them where Commits
	// is false, because what it wrote is rolled back.
	Finished []string
	// Receivers is what each receiver did, in the order of their calls: [RunResult.Entry] keeps it.
	Receivers []journal.Receiver
}

// Commits reports whether the transaction of the event is to be committed: its receivers succeeded or gave up for good.
// Otherwise it is to be rolled back. The zero RunResult does not commit.
func (r *RunResult) Commits() bool {
	return r.Reason == reason.Accepted || r.Reason == reason.Permanent
}

// Run calls the receivers of an event in a worker, as they are called for a delivery: all of them, in the order of
// registration; a panic is contained, and of their outcomes the worst decides. finished names receivers that did their
// part in an earlier attempt: they are left out. Run claims nothing and commits nothing. The caller does, and must run
// an event only once at a time. A receiver that ends its goroutine counts as one that panicked, and those behind it are
// not called.
//
// The receivers' context and [Event.Context] are ctx. For sqltx.Tx make it with sqltx.Offer: receivers of one event
// share that transaction, named ones too. [Event.Respond] does nothing.
//
// Run freezes the set, see [Freeze]: it panics where a receiver takes a router's own context.
func (s *Signals) Run(ctx context.Context, e Event, finished ...string) RunResult {
	s.freeze(reflect.TypeFor[context.Context]())
	w := workerRun{signals: s, event: &e, finished: finished}
	over := make(chan struct{})
	// In a goroutine of its own: a worker's would be gone with what a queue keeps for it, and its job would never end.
	go func() {
		defer close(over)
		defer w.cutShort()
		w.run(ctx)
	}()
	<-over
	w.total.conclude()
	out := w.total.ran(w.inTransaction)
	out.Receivers = receiversOf(w.ran)
	return out
}

// workerRun is one run of the receivers of an event in a worker.
type workerRun struct {
	signals  *Signals
	event    *Event
	finished []string // named receivers that did their part before

	total         result
	inTransaction []string // named receivers that finished, and have used the event's transaction
	ran           []ranReceiver
	ended         bool // every receiver has returned
}

// cutShort notes that a receiver has ended the goroutine, or that something panicked outside of the receivers, such as
// a method of an error that one panicked with: nobody above would recover that, and the process would end. Fails
// closed: what was done is unknown, and nothing is committed.
func (w *workerRun) cutShort() {
	cut := result{worst: outcomePanic, handled: true, err: errEndedGoroutine}
	if v := recover(); v != nil {
		cut.err, cut.stack = errors.New("the run panicked: "+httpfield.TextOf(v)), debug.Stack()
	} else if w.ended {
		return
	}
	w.total.merge(cut)
}

//lint:immutable an error value
var errEndedGoroutine = errors.New("a receiver ended its goroutine")

// run calls the receivers.
func (w *workerRun) run(ctx context.Context) {
	s, e, finished := w.signals, *w.event, w.finished
	shared := &eventRun{ctx: ctx}
	shared.answer = &shared.own
	e.run = shared
	for n := range s.receivers {
		rc := &s.receivers[n]
		if !rc.pattern.Matches(e.Type) {
			continue
		}
		// It counts as handled: otherwise an event whose receivers have all finished would look like one that nobody
		// takes.
		if rc.name != "" && slices.Contains(finished, rc.name) {
			w.total.handled = true
			w.total.finished = append(w.total.finished, rc.name)
			w.ran = append(w.ran, ranReceiver{receiver: rc, before: true})
			continue
		}
		own, used := e, func() bool { return false }
		if rc.name != "" {
			own.run = &eventRun{answer: shared.answer}
			// used reports afterwards whether the receiver asked for the event's transaction.
			own.run.ctx, used = txwatch.Start(ctx)
		}
		began := time.Now()
		res := call(func() error { return rc.call(own.run.ctx, own.run.ctx, own) })
		w.ran = append(w.ran, ranNow(rc, &res, began))
		if res.declined {
			continue
		}
		w.total.handled = true
		w.total.merge(res)
		switch {
		case rc.name == "" || !res.succeeded:
		// Not finished yet: its writes exist only once the worker commits.
		case used():
			w.inTransaction = append(w.inTransaction, rc.name)
		default:
			w.total.finished = append(w.total.finished, rc.name)
		}
		if w.total.abort {
			break
		}
	}
	s.callUnhandled(ctx, &e, &w.total)
	w.ended = true
}

// callUnhandled calls the receiver of what no other takes. Its outcome is no answer to the event.
func (s *Signals) callUnhandled(ctx context.Context, e *Event, total *result) {
	if total.handled || s.unhandled == nil {
		return
	}
	res := call(func() error { s.unhandled(ctx, *e); return nil })
	total.stack, total.err, total.abort = res.stack, res.err, res.abort
}

// ran describes the result to a worker.
func (t *result) ran(inTransaction []string) RunResult {
	r := RunResult{
		Handled: t.handled, Reason: t.reason(), Err: t.err, Stack: t.stack, Finished: t.finished,
		Permanent: t.worst == outcomePermanent, Undecodable: t.worst == outcomeUndecodable,
	}
	if r.Commits() {
		// Fails closed: what is rolled back was not done, whatever its receiver returned.
		r.Finished = append(r.Finished, inTransaction...)
	}
	return r
}

// Entry returns what a journal keeps of an event that its worker has given up: a parked entry, with the whole event,
// which [Redriver] runs again through its Inbox. attempts is how often the event was tried. The event must have been
// proved: Entry panics for one that is [Event.Unproved], because nothing unproved may stand where it could be run.
func (r *RunResult) Entry(e *Event, attempts int) *journal.Entry {
	if e.Unproved {
		panic("sallyport: an event that nothing proves must not be kept where it could be run")
	}
	entry := e.entry(r.Reason, r.Err, r.Finished)
	entry.State, entry.Kind = journal.Parked, journal.FromInbox
	entry.Attempts, entry.Last = attempts, time.Now()
	entry.Receivers = r.Receivers
	entry.Body, _ = e.MarshalBinary() // the error is always nil
	return entry
}

// runInbox runs an entry as its worker would, without a request: nothing of a delivery is in the receivers' context.
// The replay store excludes other runs, and its transaction is the one that receivers get. That the event's own key is
// done means that it was enqueued, so that the run has a key of its own: it forgets nothing, and is found done where
// the process dies behind its commit.
func (g *Guard) runInbox(t *redrive, s *Signals, e Event) {
	defer t.end("", errRunCutShort) // where nothing else has ended it
	// No request will come: the ticket must not look unused.
	t.used.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), g.signals.withMargin())
	defer cancel()
	d := g.inboxDelivery(ctx, t, e)
	if g.memory.Store != nil && t.entry.Identity != (journal.Entry{}).Identity {
		asked := time.Now()
		d.verified = asked.Sub(d.facts.started)
		d.holding.Begin(d.r.Context(), &g.memory.Rules, asked, d.limit())
		if d.claimNumbered() != nil {
			d.settle(replay.Release)
			d.release()
			return
		}
	}
	_, _, _ = d.runAlone(ctx, s)
}

// runAlone runs the receivers of a delivery that no request has brought, and ends it. The reply is nil where a receiver
// has given up the connection, of which there is none. An error means that nothing ran.
func (d *Delivery) runAlone(ctx context.Context, s *Signals) (*total, *Reply, error) {
	defer d.Abandon() // where a receiver ends the goroutine; after Finish it does nothing
	if err := d.enter(); err != nil {
		return nil, nil, err
	}
	p := &signalsRun{
		signals: s, c: ctx, d: d, parent: d.r.Context(), written: func() adapter.Written { return adapter.Written{} },
		timed: d.keeps(),
	}
	reply := func() *Reply {
		defer func() { _ = recover() }() // http.ErrAbortHandler, which is reported by then: there is no connection
		defer d.leave()
		return p.all()
	}()
	if reply != nil {
		d.Finish(adapter.Outcome{Written: adapter.Written{Status: reply.Status}})
	}
	return &p.total, reply, nil
}

// inboxDelivery makes the delivery of an event that was enqueued when its request was answered.
func (g *Guard) inboxDelivery(ctx context.Context, t *redrive, e Event) *Delivery {
	d := g.newDelivery()
	d.redrive = t
	now := time.Now()
	d.facts = facts{
		ctx: ctx, started: now, now: g.clock(now), body: e.Payload, tenant: e.Tenant, scope: t.entry.Scope,
		secret: e.Secret, proved: true,
	}
	d.setOneState()
	d.setOneEvent()
	d.events[0] = e
	d.states[0].remember(t.entry.Digest)
	if g.memory.Store != nil {
		d.holding.Request.Start(ctx, time.Time{})
		ctx = &d.holding.Request
	}
	// An empty request: code that expects one does not panic, and there is nothing of a sender in it.
	d.r = (&http.Request{Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{}}).WithContext(ctx)
	return d
}
