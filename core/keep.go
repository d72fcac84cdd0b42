package core

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/sallyport-go/sallyport/core/internal/head"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/sweep"
	"github.com/sallyport-go/sallyport/core/internal/underway"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// journaling is what a guard keeps of events that failed. The zero value keeps nothing.
type journaling struct {
	journal *journal.Journal // nil: nothing is kept
	headers map[string]bool  // that are kept for the provider's events, in addition to those that the journal allows
	secret  map[string]bool  // headers that carry a credential or a signature: never kept, whoever names them
	warned  logbook.Gate
	runs    underway.Count // redrives, sweeps, and signals behind a middleware that has returned
	sweeps  sweep.Times
	rooms   sync.Pool // of what receivers did: *[]ranReceiver
}

// wait waits for redrives, sweeps and signals that are under way, and for the hook of what is parked: otherwise a pager
// would never hear of what was parked last.
func (k *journaling) wait(ctx context.Context) error {
	if err := k.runs.Wait(ctx); err != nil || k.journal == nil {
		return err
	}
	return k.journal.Wait(ctx)
}

// failure is one event of a delivery that did not end well, as the journal keeps it.
type failure struct {
	event    int // its number; noEvent: the batch as a whole
	state    journal.State
	why      reason.Reason
	err      error
	finished []string // named receivers that had succeeded
	ran      []ranReceiver
}

// keeps reports whether what fails of the delivery is kept. Nothing unproved may stand where it could be run.
func (d *Delivery) keeps() bool {
	return d.guard.journaling.journal != nil && d.facts.proved && !d.backfill
}

// keep writes events that failed into the journal, in one call, and returns those that are parked. In a redrive it
// records the run instead. An error means that nothing was kept.
func (d *Delivery) keep(ctx context.Context, failures []failure) (parked []*journal.Entry, err error) {
	if len(failures) == 0 {
		return nil, nil
	}
	if d.redrive != nil && !d.splits() {
		return nil, d.redrive.recordFailure(ctx, d, &failures[0])
	}
	entries, uses := make([]*journal.Entry, len(failures)), d.secretUses()
	late := d.redrive == nil && d.hasSuccess()
	for i := range failures {
		// Fails closed: an open entry is the provider's to send again, and makes room for others.
		if f := &failures[i]; late && f.state == journal.Open {
			f.state = journal.Parked
		}
		entries[i] = d.entryOf(&failures[i])
		entries[i].Uses = uses
	}
	if err := d.guard.journaling.journal.Keep(ctx, entries); err != nil {
		return nil, fmt.Errorf("the journal did not keep the event: %w", err)
	}
	d.guard.sweepSometimes()
	if d.redrive != nil {
		d.redrive.noteSplit(failures)
	}
	for _, e := range entries {
		if e.State == journal.Parked {
			parked = append(parked, e)
		}
	}
	return parked, nil
}

// keepRest keeps every event of the delivery that has no verdict and is about to be released. It fails open: the answer
// is no success, so that the provider's retry has the event even where the journal has not. ran is what the app's code
// did, where no signals know it.
func (d *Delivery) keepRest(why reason.Reason, err error, ran ...ranReceiver) {
	if !d.keeps() || d.isSettled() {
		return
	}
	d.complete()
	var rest []failure
	d.mu.Lock()
	if d.takenWholeLocked() {
		d.mu.Unlock()
		d.keepOpen([]failure{{event: noEvent, state: journal.Open, why: why, err: err, ran: ran}})
		return
	}
	for i := range d.states {
		if s := &d.states[i]; s.fresh() && s.verdict == 0 && s.wish == 0 {
			rest = append(rest, failure{event: i, state: journal.Open, why: why, err: err, ran: ran})
		}
	}
	d.mu.Unlock()
	d.keepOpen(rest)
}

// keepOpen keeps events that are released. What is parked all the same, because the sender has read a success, is
// reported as such.
func (d *Delivery) keepOpen(rest []failure) {
	if parked, _ := d.keepOrWarn(d.facts.ctx, rest); len(parked) > 0 {
		d.guard.journaling.journal.Parked(context.WithoutCancel(d.facts.ctx), parked...)
	}
}

func (d *Delivery) isSettled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settled
}

// keepingContext is for calls of the journal outside of any transaction.
func (d *Delivery) keepingContext() (context.Context, context.CancelFunc) {
	return keepingIn(d.facts.ctx)
}

// keepingIn bounds a call of the journal. The sender waits: a journal that does not answer is given up. The end of the
// request is no reason to lose what failed.
func keepingIn(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
}

// keepOrWarn is keep with a bounded time. ctx is that of a transaction, or of the delivery. An error has been logged.
func (d *Delivery) keepOrWarn(ctx context.Context, failures []failure) (parked []*journal.Entry, err error) {
	ctx, cancel := keepingIn(ctx)
	defer cancel()
	if parked, err = d.keep(ctx, failures); err != nil {
		d.guard.warnNotKept(err)
	}
	return parked, err
}

// warnNotKept reports, at most once a minute, that events which failed are not in the journal. The provider's retry has
// them.
func (g *Guard) warnNotKept(err error) {
	if g.journaling.warned.Due() {
		g.logger.Error("sallyport: the journal did not keep an event that failed: only the provider's retry has it",
			"endpoint", g.endpoint, "provider", g.provider, "error", err.Error())
	}
}

// entryOf describes one event that failed, or the batch that a handler took as a whole.
func (d *Delivery) entryOf(f *failure) *journal.Entry {
	if f.event == noEvent {
		return d.wholeEntry(f)
	}
	e := &d.events[f.event]
	out := e.entry(f.why, f.err, f.finished)
	out.Receivers = receiversOf(f.ran)
	d.completeEntry(out, f)
	out.Body, out.InBatch = d.facts.body, d.batch
	if f.state == journal.Parked {
		out.Token = d.tokenOf(f.event)
	}
	if d.batch {
		out.Body = e.Payload
	}
	if d.wasChanged(f.event, out.Body) {
		out.WhyNot = changedPayload
	}
	return out
}

// changedPayload is why an entry cannot run.
const changedPayload = "a receiver has changed its payload, so that it is not what was proved"

// completeEntry sets what every entry of the delivery has.
func (d *Delivery) completeEntry(out *journal.Entry, f *failure) {
	out.State, out.Scope, out.Last = f.state, d.facts.scope, d.facts.now
	if t := d.redrive; t != nil { // whose request has lost what was not kept
		out.Request, out.Outer = t.entry.Request, slices.Clone(t.entry.Outer)
		out.Request.Header = t.entry.Request.Header.Clone()
		return
	}
	out.Request = d.requestHead()
	for p := d.parent; p != nil; p = p.parent {
		out.Outer = append(out.Outer, p.guard.endpoint)
	}
}

// wasChanged reports whether the bytes of an event are no longer those that were claimed. Fails closed: what nobody has
// proved must not run. Without a claim nothing remembers what was proved.
func (d *Delivery) wasChanged(event int, body []byte) bool {
	if d.states[event].claim == noClaim {
		return false
	}
	proved := d.states[event].digest
	if !d.batch {
		proved = d.bodyDigest()
	}
	//lint:notsecret the hash of a body that the app has
	return proved != sha256.Sum256(body)
}

// tokenOf returns the token of the claim on an event, by which a redrive tells the parking's own commit from a success.
// An entry that is open has none: "done" by its claim is the app's own doing, and nothing is to be run.
func (d *Delivery) tokenOf(event int) []byte {
	claim := d.states[event].claim
	if claim == noClaim {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, uint64(d.holding.HeldBy(claim).Token))
}

// errNotRun is the error of an event in an ordered batch that did not run, because one before it failed.
//
//lint:immutable an error value
var errNotRun = errors.New("it did not run: an event before it in the ordered batch failed")

// heldBack is an event of a run whose verdict waits until the journal has it.
type heldBack struct {
	event   int
	res     result
	verdict replay.Verdict
	state   journal.State
	ran     []ranReceiver
}

// keepAs returns how the journal keeps an event that ended so; 0: not at all. Success is not kept: it must cost
// nothing.
func (p *signalsRun) keepAs(i int, res *result) journal.State {
	d := p.d
	if !d.keeps() {
		return 0
	}
	j := d.guard.journaling.journal
	switch why := res.reason(); {
	case why == reason.Accepted:
		if j.AlsoDone() && res.worst == outcomeOK {
			return journal.Done
		}
		return 0
	case why == reason.InFlight:
		return 0
	case why == reason.Unhandled:
		if !j.AlsoUnhandled() && (d.redrive == nil || d.redrive.isBatch()) {
			return 0
		}
		return journal.Parked
	case res.worst == outcomePermanent, res.worst == outcomeUndecodable:
		return journal.Parked
	case p.committed(i):
		return 0 // by the app itself: a failure afterwards does not undo that, and nothing is left to run
	default:
		return journal.Open
	}
}

// settleHeld writes what was held back into the journal, and then gives each event its verdict. It fails closed: an
// event that would be answered 2xx, and is in no journal, is a failure, so that the provider sends it again.
func (p *signalsRun) settleHeld() {
	if len(p.held) == 0 {
		return
	}
	held := p.held
	p.held = nil
	var failures []failure
	for _, h := range held {
		if !h.res.kept {
			failures = append(failures, failure{event: h.event, state: h.state, why: h.res.reason(), err: h.res.err,
				finished: h.res.finished, ran: h.ran})
		}
	}
	parked, err := p.d.keepOrWarn(p.d.facts.ctx, failures)
	p.parked = append(p.parked, parked...)
	for i := range held {
		h := &held[i]
		if err != nil && h.state == journal.Parked && !h.res.kept {
			h.res.worst, h.res.err, h.verdict = outcomeRetry, joinErrors(h.res.err, err), replay.Release
			h.res.handled = true
		}
		if h.state != journal.Done { // which is decided
			p.decided(h.event, h.res, h.verdict)
		}
	}
}

// keepInTransaction parks an event in the transaction that its receivers have begun, where the journal is in the same
// database: their writes, the entry and "done" are then one step. A journal elsewhere writes before the commit.
func (p *signalsRun) keepInTransaction(i int, res *result, tx *transaction) {
	if !tx.open() || !res.commits() || p.keepAs(i, res) != journal.Parked {
		return
	}
	f := failure{event: i, state: journal.Parked, why: res.reason(), err: res.err, finished: res.finished,
		ran: p.ran.all()}
	if t := p.d.redrive; t != nil {
		t.was = *t.entry
	}
	parked, err := p.d.keepOrWarn(tx.ctx, []failure{f})
	if err != nil {
		res.merge(result{worst: outcomeRetry, err: err}) // fails closed: the transaction is rolled back
		return
	}
	res.kept = true
	p.parked = append(p.parked, parked...)
}

// rolledBack takes back what keepInTransaction noted: the transaction did not commit, and the entry is gone with it.
func (p *signalsRun) rolledBack(i int, res *result, parked int) {
	if !res.kept {
		return
	}
	res.kept, p.parked = false, p.parked[:parked]
	if t := p.d.redrive; t != nil {
		*t.entry = t.was
		delete(t.split, i)
	}
}

// keepBehind keeps the events of an ordered batch behind the one that failed.
func (p *signalsRun) keepBehind(from int) {
	d := p.d
	if !d.keeps() || !d.guard.signals.ordered {
		return
	}
	var rest []failure
	for i := from; i < len(d.events); i++ {
		if d.states[i].fresh() {
			rest = append(rest, failure{event: i, state: journal.Open, why: reason.SignalFailed, err: errNotRun})
		}
	}
	d.keepOpen(rest)
}

// notify reports to the journal what is parked for good, once it is committed.
func (p *signalsRun) notify() {
	if len(p.parked) > 0 {
		p.d.guard.journaling.journal.Parked(context.WithoutCancel(p.d.facts.ctx), p.parked...)
	}
}

// secretHeaders returns the headers that carry a signature or a credential. They are left out whatever else names them:
// what is kept must not be a capture that works over the network.
func (g *Guard) secretHeaders() map[string]bool {
	secret := map[string]bool{}
	if g.entry.Scheme != nil {
		for _, name := range g.entry.Scheme.Signature.Field.Headers {
			secret[http.CanonicalHeaderKey(name)] = true
		}
	}
	secret[http.CanonicalHeaderKey(g.entry.Credential.Name)] = true
	for _, place := range g.credentials {
		secret[http.CanonicalHeaderKey(place.Header())] = true
	}
	return secret
}

// isSecret reports whether a header carries a credential or a signature for a guard of the request.
func (d *Delivery) isSecret(header string) bool {
	for p := d; p != nil; p = p.parent {
		if p.guard.journaling.secret[header] {
			return true
		}
	}
	return false
}

// requestHead is the head of the request, without what could be a credential: headers are kept by name, and tokens are
// gone from the URL.
func (d *Delivery) requestHead() journal.Request {
	r, g := d.r, d.guard
	out := journal.Request{Method: r.Method, Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS != nil,
		Header: http.Header{}}
	if r.URL != nil {
		out.URL = head.URI(r)
		if proof := proofInURL(g.entry); len(proof) > 0 { // left out as one in a header is
			out.URL = head.WithoutParameters(out.URL, proof)
		}
	}
	for name, values := range r.Header {
		if (g.journaling.headers[name] || g.journaling.journal.Allowed(name)) && !d.isSecret(name) {
			out.Header[name] = slices.Clone(values)
			continue
		}
		out.Dropped = append(out.Dropped, name)
	}
	slices.Sort(out.Dropped)
	return out
}
