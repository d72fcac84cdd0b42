package core

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// redrive is one run of an entry of the journal through the app's handler. It is the proof of the request that is made
// for it: for one guard, one entry and one use. No request from outside can carry it, because it stands in the
// request's context.
type redrive struct {
	guard *Guard
	entry *journal.Entry // as it was loaded; of this run alone
	was   journal.Entry  // before the run was recorded in a transaction, which may not commit
	run   int            // its number
	again bool           // the person wants it also where the event is done: all receivers run
	used  atomic.Bool    // its guard has taken it; for one request only

	mu     sync.Mutex
	ended  bool
	result RedriveResult
	err    error
	done   chan struct{} // closed when result and err are set
	own    bool          // what the run holds is the event's own key
	events []Event       // of a batch that runs as a whole; nil: the entry is one event
	states []eventState  // of each event, without claims
	split  map[int]bool  // events of such a batch that have ended, or have an entry of their own
	ran    []ranReceiver // what the receivers of the event did; of the run's own goroutine
	outer  string        // the endpoint of an outer guard that has let the run pass; empty: none
}

// newRedrive makes the ticket of a run. Its number is one more than the runs that the entry knows of.
func newRedrive(g *Guard, e *journal.Entry, again bool) *redrive {
	return &redrive{guard: g, entry: e, run: e.RunCount + 1, again: again, done: make(chan struct{}),
		result: RedriveResult{ID: e.ID}}
}

// end sets the result, once.
func (r *redrive) end(why reason.Reason, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The first end counts: a run that was cut short may still be reported by its delivery.
	if r.ended {
		return
	}
	r.ended, r.result.Reason, r.err = true, why, err
	close(r.done)
}

// wantsAll reports whether every receiver runs of an event that is done, those with a name too.
func (r *redrive) wantsAll() bool { return r != nil && r.again && !r.own }

// hasFinished reports whether a named receiver has done its part of the event before.
func (r *redrive) hasFinished(name string) bool {
	return name != "" && !r.again && slices.Contains(r.entry.Finished, name)
}

// receiveAgain is Receive for a request that a redrive has made. It reports false for the ticket of another guard, and
// for a second use. Fails closed: such a request is checked like any other, and carries no signature.
func (g *Guard) receiveAgain(
	r *http.Request, in adapter.Inbound, ticket *redrive,
) (d *Delivery, reply *Reply, ours bool) {
	switch {
	// Compare and swap: middleware that sends one request into the guard twice, or in two goroutines, runs the event
	// once.
	case ticket.guard == g && ticket.used.CompareAndSwap(false, true):
		d, reply = g.rerun(r, in, ticket)
		return d, reply, true
	case ticket.guard != g && slices.Contains(ticket.entry.Outer, g.endpoint):
		// The outer guards of the delivery have proved it. They hold nothing of it, and settle nothing.
		r = ticket.withhold(g, r)
		return &Delivery{again: &Delivery{guard: g, r: r, facts: facts{ctx: r.Context(), proved: true}}, guard: g,
			r: r}, nil, true
	default:
		return nil, nil, false
	}
}

// rerun makes the delivery of an entry. It reads nothing of the request: what runs is what was proved.
func (g *Guard) rerun(r *http.Request, in adapter.Inbound, t *redrive) (*Delivery, *Reply) {
	e := t.entry
	d := g.newDelivery()
	d.redrive = t
	now := time.Now()
	// The context loses its cancellation: what follows the run must be recorded even where the caller has gone.
	d.facts = facts{
		ctx: context.WithoutCancel(r.Context()), route: in.Route, started: now, now: g.clock(now), body: e.Body,
		// proved: the entry was, when it was kept. The journal is trusted for that; with keys it detects changes.
		tenant: e.Tenant, scope: e.Scope, secret: e.Secret, proved: true,
	}
	opened, f := g.reopened(r.Context(), e, d.facts.now)
	if t.isBatch() {
		d.batch, d.events, d.states = true, t.events, t.states
	} else {
		d.setOneState()
		d.setOneEvent()
		d.events[0] = g.eventOf(e, opened)
		d.states[0].remember(e.Digest)
	}
	// The app reads the entry's body, whatever middleware did to the request's.
	d.carry(r, r.Context())
	begun := false
	defer func() {
		if !begun { // also where a store panics: nobody else would end the run
			d.settle(replay.Release)
			d.release()
		}
	}()
	defer t.endUnlessBegun(&begun)
	// Fails closed: what cannot be decrypted now would run as the ciphertext.
	if f.Failed() {
		return nil, t.refuse(d, reason.NoActiveSecret, errors.New(f.Detail))
	}
	if reply := d.claimAgain(); reply != nil {
		return nil, reply
	}
	begun = true
	return d, nil
}

// endUnlessBegun ends a run that nothing else ends.
func (r *redrive) endUnlessBegun(begun *bool) {
	if !*begun {
		r.end("", errRunCutShort)
	}
}

// eventOf rebuilds the event of an entry. Its details and its identity are those of the proof; payload and data are
// read from the bytes again.
func (g *Guard) eventOf(e *journal.Entry, opened []byte) Event {
	out := Event{
		Endpoint: g.endpoint, Provider: g.provider, Secret: e.Secret, ID: e.EventID, Type: e.Type, Action: e.Action,
		Tenant: e.Tenant, Time: e.Time, Attempt: e.Attempt, Identity: e.Identity,
		Authenticated: Authenticated(e.Authenticated), Redrive: e.RunCount + 1,
	}
	source := payload.Source{Headers: e.Request.Header, Body: e.Body, BodyProved: true, Opened: opened}
	if e.InBatch {
		source.Payload = e.Body
	} else {
		g.events.Open(&source)
	}
	var said payload.Details
	g.events.Read(&source, &said)
	out.Payload, out.Data = said.Payload, said.Data
	return out
}

// reopened decrypts the body of an entry, with the keys that are valid now.
func (g *Guard) reopened(ctx context.Context, e *journal.Entry, now time.Time) ([]byte, fault.Failure) {
	if g.opening.opener == nil {
		return nil, fault.Failure{}
	}
	plain, _, f := g.opened(ctx, &openRequest{body: e.Body, tenant: e.Tenant, now: now})
	return plain, f
}

// claimAgain claims what a run needs to run alone. The event's memory is never forgotten for it: a captured delivery
// stays a duplicate whatever becomes of the run.
func (d *Delivery) claimAgain() *Reply {
	g, t := d.guard, d.redrive
	asked := time.Now()
	d.verified = asked.Sub(d.facts.started)
	// It fails open: two runs at once are possible here. The docs of Redriver say so.
	if g.memory.Store == nil || t.entry.Identity == [32]byte{} {
		return nil // nothing is remembered of such an event, so that nothing excludes
	}
	d.holding.Begin(d.r.Context(), &g.memory.Rules, asked, d.limit())
	if t.isBatch() {
		return d.claimParts(asked)
	}
	// First the event's own key: it excludes the provider's retry, which knows no other.
	own := replay.Item{Key: t.entry.Identity, Digest: t.entry.Digest}
	res, err := d.claimOne(own, asked)
	if err != nil {
		return t.refuse(d, reason.StoreUnavailable, err)
	}
	switch {
	case res.State == replay.Claimed:
		t.own = true
		d.hold1(own.Key, res.Token)
		return t.checkFresh(d)
	case res.State == replay.InFlight:
		return t.refuse(d, reason.InFlight, journal.ErrInFlight)
	case !t.again && !isToken(t.entry.Token, res.Token):
		// Somebody else has done it since: the provider's retry, or another run that nobody recorded. Or it is parked
		// since, and then the entry says so by now.
		if reply := t.checkFresh(d); reply != nil {
			return reply
		}
		return t.close(d)
	}
	// Done by the very parking, or to be run once more: the memory stays.
	return d.claimNumbered()
}

// againKey returns the key of an entry's next run, where the event's own key is done.
func againKey(e *journal.Entry) [32]byte {
	return identity.OfAgain(e.Identity, inSeries(string(e.ID), e.Series), e.RunCount)
}

// inSeries returns what names the runs of an entry: those of an earlier entry of the same ID, which was removed, are
// others. Entries of an earlier version have no series.
func inSeries(of string, series uint64) string {
	if series == 0 {
		return of
	}
	return of + "|" + strconv.FormatUint(series, 10)
}

// claimNumbered claims the key of this run, which excludes others where the event's own key is done.
func (d *Delivery) claimNumbered() *Reply {
	t := d.redrive
	again := againKey(t.entry)
	res, err := d.claimOne(replay.Item{Key: again, Digest: t.entry.Digest}, time.Now())
	switch {
	case err != nil:
		return t.refuse(d, reason.StoreUnavailable, err)
	case res.State == replay.Claimed:
		d.hold1(again, res.Token)
		return t.checkFresh(d)
	case res.State == replay.InFlight:
		return t.refuse(d, reason.InFlight, journal.ErrInFlight)
	default:
		// A run with this number has succeeded, and its process died before it was recorded.
		if reply := t.checkFresh(d); reply != nil {
			return reply
		}
		return t.close(d)
	}
}

// checkFresh refuses a run whose entry has changed since it was loaded. It is called once the claim answered: what held
// the claim before has written what it knows into the entry by then. Without it, a run would have the number of another
// one that failed, and a later run could not see that it succeeded; and an event that was parked meanwhile would pass
// for done.
func (t *redrive) checkFresh(d *Delivery) *Reply {
	ctx, cancel := d.keepingContext()
	defer cancel()
	e, err := d.guard.journaling.journal.Load(ctx, t.entry.ID)
	switch {
	case err != nil:
		return t.refuse(d, reason.StoreUnavailable, err)
	case e.Revision == t.entry.Revision:
		return nil
	case e.State == journal.Done && !t.again:
		return t.refuse(d, reason.Duplicate, journal.ErrAlreadyDone)
	default:
		return t.refuse(d, reason.InFlight, journal.ErrChanged)
	}
}

// claimOne claims a single key. The lease counts from asked.
func (d *Delivery) claimOne(item replay.Item, asked time.Time) (replay.Result, error) {
	results, err := d.holding.Claim([]replay.Item{item}, asked)
	if err != nil {
		return replay.Result{}, err
	}
	return results[0], nil
}

// hold1 notes what the run holds.
func (d *Delivery) hold1(key replay.Key, token replay.Token) {
	d.states[0].claim = d.holding.Add(replay.Held{Key: key, Token: token}, &d.holding.Request)
}

// isToken reports whether a token is one of those that an entry was parked with.
func isToken(stored []byte, token replay.Token) bool {
	// Tokens are stored as 8 bytes each, big endian. A rest that is shorter matches nothing.
	for ; len(stored) >= 8; stored = stored[8:] {
		if binary.BigEndian.Uint64(stored) == uint64(token) {
			return true
		}
	}
	return false
}

// refuse ends a run that could not begin. Nothing of the entry changes.
func (t *redrive) refuse(d *Delivery, why reason.Reason, err error) *Reply {
	t.end(why, err)
	return d.guard.reject(why, "a redrive could not begin: "+err.Error(), err)
}

// close ends the run of an event that is done, and closes its entry.
func (t *redrive) close(d *Delivery) *Reply {
	ctx, cancel := d.keepingContext()
	defer cancel()
	run := journal.Run{At: d.facts.now, Reason: reason.Duplicate}
	err := d.guard.journaling.journal.Ran(ctx, t.entry, run, journal.Done, nil)
	t.end(reason.Duplicate, errors.Join(journal.ErrAlreadyDone, err))
	return textReply(http.StatusOK, "already processed\n")
}

// recordFailure writes a run that failed into its entry. It changes nothing else: the event's memory stands. It is
// called before the claim is released, so that the number of the next run is another one.
func (t *redrive) recordFailure(ctx context.Context, d *Delivery, f *failure) error {
	run := journal.Run{At: d.facts.now, Reason: f.why, Receivers: receiversOf(f.ran)}
	if f.err != nil {
		run.Err = httpfield.TextOf(f.err)
	}
	var token []byte
	if t.own && f.state == journal.Parked {
		token = d.tokenOf(0) // it is what commits the event's own key; under the run's key the old one stays
	}
	state := journal.State(0)
	if f.state == journal.Parked && f.why != reason.Unhandled {
		state = journal.Parked
	}
	if f.state == journal.Done {
		return nil // recorded when it is committed
	}
	if err := d.guard.journaling.journal.Ran(ctx, t.entry, run, state, token, f.finished...); err != nil {
		return fmt.Errorf("the journal did not record the run: %w", err)
	}
	return nil
}

// isClosed reports whether somebody else has closed the entry between this run's commit and its record: a second
// person, whose run found the key of this one done.
func (t *redrive) isClosed(ctx context.Context, err error) bool {
	// Any other error leaves it unknown who closed the entry: then it does not count as closed.
	if !errors.Is(err, journal.ErrChanged) {
		return false
	}
	e, err := t.guard.journaling.journal.Load(ctx, t.entry.ID)
	return err == nil && e.State == journal.Done
}

// conclude ends the run by what became of its delivery, never by the status that some middleware has answered.
func (t *redrive) conclude(d *Delivery, rec *pooledRecord) {
	// Fails closed: for any reason but accepted the entry is not closed.
	failed := rec.Reason != reason.Accepted || rec.Replay == ReplayCommitFailed
	err := rec.Err
	if failed && err == nil {
		err = fmt.Errorf("the run ended as %s", rec.Reason)
	}
	if failed {
		if d.splits() {
			err = errors.Join(err, t.recordSplit(d, rec.Reason, err))
		}
		t.end(rec.Reason, err)
		return
	}
	ctx, cancel := d.keepingContext()
	defer cancel()
	run := journal.Run{At: d.facts.now, Reason: reason.Accepted}
	if !t.isBatch() {
		run.Receivers = receiversOf(t.ran)
	}
	err = d.guard.journaling.journal.Ran(ctx, t.entry, run, journal.Done, nil)
	if err != nil && t.isClosed(ctx, err) {
		err = nil
	}
	if err != nil {
		// The receivers have succeeded: the next run finds its key done, and closes the entry.
		t.end(reason.Accepted, fmt.Errorf("the run succeeded, and the journal did not record it: %w", err))
		return
	}
	t.end(reason.Accepted, nil)
}
