package core

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Written is what a handler has done to the response.
type Written struct {
	Status   int  // the final status; 0: none yet
	Hijacked bool // the connection was taken over
}

// Outcome is how a plain handler after the guard ended.
type Outcome struct {
	Err     error // what it returned or recorded
	Written Written
	// Request is the router's request as the handler left it, or nil. Middleware after the guard may have put a copy in
	// the place of ours; the temporary files of a form that was parsed on it are removed.
	Request *http.Request
}

// Finish settles a delivery whose plain handler has returned: committed when it had no error, did not take over the
// connection, and wrote a final 2xx, or wrote nothing while the client is still there. Everything else releases, so
// that the provider's retry runs. A delivery that a signal or the app settled is left as it is.
//
// A reply that is not nil is the answer, whatever the handler has tried to write: see [Delivery.NeedsSignals].
func (d *Delivery) Finish(o Outcome) *Reply {
	if d.again != nil {
		return nil
	}
	defer removeFiles(o.Request)
	defer d.release()
	if d.NeedsSignals() {
		d.settle(replay.Release)
		rejection := d.guard.rejection(ReasonSignalFailed, ReasonSignalFailed.Status(), ErrBatchNeedsSignal.Error(), ErrBatchNeedsSignal)
		d.report(ReasonSignalFailed, rejection.Status, ErrBatchNeedsSignal, nil)
		return rejectionReply(rejection)
	}
	status := o.Written.Status
	ok := o.Err == nil && !o.Written.Hijacked &&
		((status >= 200 && status <= 299) || (status == 0 && d.r.Context().Err() == nil))
	if status == 0 {
		status = http.StatusOK
	}
	if ok {
		d.settle(replay.Commit)
		d.report(ReasonAccepted, status, nil, nil)
		return nil
	}
	d.settle(replay.Release)
	if status < 300 && o.Err != nil {
		status = http.StatusInternalServerError
	}
	d.report(ReasonSignalFailed, status, o.Err, nil)
	return nil
}

// Abandon settles a delivery whose handler did not return: it panicked. The event is released.
func (d *Delivery) Abandon() {
	if d.again != nil {
		return
	}
	defer d.release()
	d.settle(replay.Release)
	d.report(ReasonSignalPanicked, http.StatusInternalServerError, nil, nil)
}

// release lets go of what the delivery keeps beside its claims. net/http removes the temporary files of a parsed form
// for the request that it made, not for the copy that carries our context.
func (d *Delivery) release() {
	if d.holding != nil {
		d.holding.end()
		d.holding.request.end(nil)
	}
	removeFiles(d.r)
}

func removeFiles(r *http.Request) {
	if r != nil && r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll()
	}
}

// settle settles what is undecided of the delivery and of the outer guards' proofs of the same request, once.
func (d *Delivery) settle(v replay.Verdict) {
	for p := d; p != nil; p = p.parent {
		p.settleOwn(v)
	}
}

func (d *Delivery) settleOwn(v replay.Verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settled {
		return
	}
	d.settled, d.verdict = true, v
	for i := range d.states {
		d.decideLocked(i, v)
	}
	if d.holding != nil {
		d.holding.decideAll(v)
		d.holding.flush()
		d.holding.end()
	}
}

// decide gives an event its verdict, unless it has one.
func (d *Delivery) decide(i int, v replay.Verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decideLocked(i, v)
}

func (d *Delivery) decideLocked(i int, v replay.Verdict) {
	s := &d.states[i]
	if s.verdict == 0 && s.fresh() {
		s.verdict = v
	}
	if s.claim != noClaim && s.verdict != 0 {
		d.holding.decide(s.claim, s.verdict)
	}
}

// flush puts the verdicts that are new into the store.
func (d *Delivery) flush() {
	if d.holding != nil {
		d.holding.flush()
	}
}

// outcome is what came of the verdicts.
func (d *Delivery) outcome() (ReplayState, error) {
	if d.holding == nil {
		return "", nil
	}
	return d.holding.outcome()
}

type eventKey struct{}

// Commit settles the delivery in ctx as processed, for a plain handler that knows better than its answer; in a signal
// of a batch, its event.
//
// Errors: [ErrNotVerified] where ctx carries no delivery, [ErrSettled] where it was settled the other way before,
// [ErrTransaction], and the store's error.
func Commit(ctx context.Context) error { return settleByHand(ctx, replay.Commit) }

// Release settles the delivery in ctx as not processed: the provider's retry will run; in a signal of a batch, its
// event. Errors: as [Commit].
func Release(ctx context.Context) error { return settleByHand(ctx, replay.Release) }

func settleByHand(ctx context.Context, v replay.Verdict) error {
	d := deliveryIn(ctx)
	if d == nil {
		return ErrNotVerified
	}
	d.mu.Lock()
	txn := d.txn
	d.mu.Unlock()
	if txn != nil && txn.Begun() {
		return ErrTransaction
	}
	if i, ok := ctx.Value(eventKey{}).(int); ok {
		d.decide(i, v)
		d.flush()
		d.mu.Lock()
		verdict := d.states[i].verdict
		d.mu.Unlock()
		return d.afterSettling(verdict, v)
	}
	d.settle(v)
	d.mu.Lock()
	verdict := d.verdict
	d.mu.Unlock()
	return d.afterSettling(verdict, v)
}

func (d *Delivery) afterSettling(have, want replay.Verdict) error {
	if have != want {
		return ErrSettled
	}
	if d.unclaimed != nil {
		return nil
	}
	_, err := d.outcome()
	return err
}

// report tells the observer how the delivery ended, once.
func (d *Delivery) report(reason Reason, status int, err error, stack []byte) {
	d.mu.Lock()
	if d.reported {
		d.mu.Unlock()
		return
	}
	d.reported = true
	byHand := len(d.states) > 0
	for i := range d.states {
		byHand = byHand && d.states[i].verdict != replay.Release
	}
	d.mu.Unlock()
	state, storeErr := d.outcome()
	if d.unclaimed != nil {
		state, storeErr = ReplayUnclaimed, d.unclaimed
	}
	d.mu.Lock() // the app may be asking for the identity
	now := time.Now()
	rec := d.guard.record(&d.facts, reason, status, now)
	d.describe(rec)
	d.mu.Unlock()
	if d.facts.unproved != nil {
		rec.sampled = d.guard.sample(d.r, &d.facts, d.facts.tenant, *d.facts.unproved, now)
	}
	rec.Stack, rec.Err, rec.Failed = stack, err, d.failed
	rec.RanNothing = reason == ReasonUnhandled
	if state != "" {
		rec.Replay = state
	}
	if reason == ReasonSignalFailed && byHand {
		rec.Reason = ReasonAccepted // committed by hand: the handler's answer does not undo it
	}
	if storeErr != nil {
		if rec.Err == nil {
			rec.Err = storeErr
		}
		switch state {
		case ReplayCommitFailed:
			rec.Detail = "the app's work is done but the store did not take the commit: the event may run again"
		case ReplayUnclaimed:
			rec.Detail = "the replay store failed and the endpoint accepts unclaimed deliveries: the event may run again"
		}
	}
	rec.Overrun = d.guard.ackLimit > 0 && rec.Total > d.guard.ackLimit
	d.guard.put(rec)
}

func (d *Delivery) describe(rec *Record) {
	rec.Events, rec.Verify = len(d.events), d.verified
	for i := range d.states {
		switch s := &d.states[i]; {
		case s.known == replay.Done, s.noted == replay.Done:
			rec.Duplicates++
		case s.known == replay.InFlight, s.noted == replay.InFlight:
			rec.InFlight++
		case s.verdict == replay.Release:
			rec.Released++
		}
	}
	for i := range d.states {
		if d.holding != nil && d.states[i].fresh() {
			rec.fresh = d.events[i].Identity
			break
		}
	}
	if len(d.events) > 0 {
		e := &d.events[0]
		rec.ID, rec.Type, rec.Identity = e.ID, e.Type, e.Identity
	}
}
