package core

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Finish (for adapters) settles a delivery whose plain handler has returned: committed when it had no error, did not
// take over the connection, and wrote a final 2xx, or wrote nothing while the client is still there. Everything else
// releases, so that the provider's retry runs. A delivery that a signal or the app settled is left as it is. One whose
// signals still run, because middleware behind the guard did not wait for them, is left to them, claim and lease
// included.
//
// A reply that is not nil is the answer, whatever the handler has tried to write: see [Delivery.NeedsSignals] and
// [adapter.State.Holds]. Where it is nil, the adapter sends what it held back.
func (d *Delivery) Finish(o adapter.Outcome) *Reply {
	if d.again != nil {
		return nil
	}
	// Fails closed: the claim stays held while signals run, so that no retry runs at the same time.
	left := d.depart(o)
	if left.running {
		return d.unanswered()
	}
	defer removeFiles(o.Request)
	defer d.release()
	// A plain handler cannot say which events of a batch it did. Released, the retry runs those that are left.
	if d.NeedsSignals() {
		d.keepRest(reason.SignalFailed, ErrBatchNeedsSignal, d.plainRan(outcomeRetry, ErrBatchNeedsSignal)...)
		d.settle(replay.Release)
		return d.reportFailure(d.guard.reject(reason.SignalFailed, ErrBatchNeedsSignal.Error(), ErrBatchNeedsSignal))
	}
	if left.refusal != nil {
		return left.refusal
	}
	// The router would answer 200, and the provider would never send what the app has released.
	if o.Written.Status == 0 && o.Err == nil && !o.Written.Hijacked && left.released {
		return d.reportFailure(d.guard.reject(reason.SignalFailed, errReleased.Error(), errReleased))
	}
	if owed := left.owedTo(&o); owed != nil {
		d.keepRest(owed.Rejection.Reason, owed.Rejection.cause, d.plainRan(outcomeRetry, owed.Rejection.cause)...)
		d.settle(replay.Release)
		return d.reportFailure(owed)
	}
	d.finishPlain(o, left.released)
	return nil
}

// oweFailure is for an outer guard within which a handler failed: middleware between the guards makes no success of it.
func (d *Delivery) oweFailure(cause error) {
	if d == nil {
		return
	}
	d.owe(d.guard.reject(reason.SignalFailed, failedDetail, cause))
}

// finishPlain settles by what a plain handler did. After signals it changes nothing.
func (d *Delivery) finishPlain(o adapter.Outcome, released bool) {
	status := o.Written.Status
	// Fails closed: a taken connection, an error, or a client that hung up before an answer all release the event.
	ok := o.Err == nil && !o.Written.Hijacked &&
		((status >= 200 && status <= 299) || (status == 0 && d.r.Context().Err() == nil))
	silent := ok && status == 0
	// Nothing was written: the router answers 200.
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case silent && o.NoHandler:
		// As with an event that no receiver takes: a resend runs once there is a handler.
		d.settle(replay.Release)
		e := d.whole(reason.Unhandled, status, nil)
		e.ranNothing = true
		d.report(e)
	// The app's wish wins over its own answer, and the record says so.
	case ok && released:
		if !silent {
			d.keepReleased()
		}
		d.report(d.whole(reason.SignalFailed, status, errReleased))
	// The usual end: the event is remembered before its record is written.
	case ok:
		d.settle(replay.Commit)
		d.keepPlainSuccess()
		d.report(ending{reason: reason.Accepted, status: status, ranNothing: silent && !d.touched.Load()})
	default:
		err := cmp.Or(o.Err, errAnswered(status))
		d.keepRest(reason.SignalFailed, err, d.plainRan(outcomeRetry, err)...)
		d.settle(replay.Release)
		// Nothing was sent: the record must show what the router's error handler answers.
		if status < 300 && o.Err != nil && (o.Written.Status == 0 || o.Written.Held) {
			status = cmp.Or(o.ErrStatus, http.StatusInternalServerError)
		}
		d.parent.oweFailure(o.Err)
		d.report(d.whole(reason.SignalFailed, status, o.Err))
	}
}

// errHandlerPanicked is why an event failed whose handler did not return.
//
//lint:immutable an error value
var errHandlerPanicked = errors.New("the handler panicked, or ended its goroutine")

// errAnswered is why an event failed whose handler answered so.
func errAnswered(status int) error { return fmt.Errorf("the handler answered %d", status) }

// Abandon (for adapters) settles a delivery whose handler did not return, because it panicked. The event is
// released, unless its signals still run elsewhere: see [Delivery.Finish], after which it does nothing.
func (d *Delivery) Abandon() {
	failed := adapter.Outcome{Written: adapter.Written{Status: http.StatusInternalServerError}}
	if d.again != nil || d.hasEnded() || d.depart(failed).running {
		return
	}
	defer d.release()
	d.parent.oweFailure(nil)
	d.keepRest(reason.SignalPanicked, errHandlerPanicked, d.plainRan(outcomePanic, errHandlerPanicked)...)
	d.settle(replay.Release)
	d.report(d.whole(reason.SignalPanicked, cmp.Or(d.sentStatus(), http.StatusInternalServerError), nil))
}

// release frees what the delivery keeps in addition to its claims: its slot among those that run, too. net/http removes
// the temporary files of a parsed form for the request that it made, not for the copy that carries our context.
func (d *Delivery) release() {
	if d.redrive != nil {
		d.redrive.end("", errRunCutShort) // where nothing else has ended it
	}
	d.vacate()
	if d.holding != nil {
		d.holding.End()
		d.holding.Request.End(nil)
	}
	removeFiles(d.r)
}

func removeFiles(r *http.Request) {
	// Files of forms would otherwise stay on the disk, and a busy provider would fill it.
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
	// What the app has asked for while signals ran comes before the guard's own verdict.
	if d.wish != 0 {
		v = d.wish
	}
	d.settled, d.verdict = true, v
	for i := range d.states {
		d.decideLocked(i, v)
	}
	if d.holding != nil {
		// Also claims of named receivers and of the signed content: a forgotten one would block retries for a lease.
		d.holding.DecideAll(v)
		d.holding.Flush()
		d.holding.End()
	}
}

// decide gives an event its verdict, unless it has one, and returns the one that it has.
func (d *Delivery) decide(i int, v replay.Verdict) replay.Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decideLocked(i, v)
	return d.states[i].verdict
}

// decideLocked is decide for a caller that holds mu.
func (d *Delivery) decideLocked(i int, v replay.Verdict) {
	s := &d.states[i]
	// The first verdict stands. An event that was known before is not this delivery's to decide.
	if s.verdict == 0 && s.fresh() {
		if s.verdict = v; s.wish != 0 || d.wish != 0 {
			s.verdict = cmp.Or(s.wish, d.wish)
		}
	}
	if s.claim != noClaim && s.verdict != 0 {
		d.holding.Decide(s.claim, s.verdict)
	}
}

// flush puts the verdicts that are new into the store.
func (d *Delivery) flush() {
	if d.holding != nil {
		d.holding.Flush()
	}
}

// outcome is what came of the verdicts.
func (d *Delivery) outcome() (ReplayState, error) {
	if d.holding == nil {
		return "", nil
	}
	o := d.holding.Outcome()
	return replayStates[o.State], o.Err
}

// ending is how a delivery ended.
type ending struct {
	reason     reason.Reason
	status     int
	err        error
	stack      []byte
	failed     []FailedEvent
	ranNothing bool
	emptySet   bool // of signals
}

// whole is the ending of a delivery whose events fared alike. Those that are not this delivery's to run are left out.
func (d *Delivery) whole(why reason.Reason, status int, err error) ending {
	e := ending{reason: why, status: status, err: err}
	d.mu.Lock() // the app may be asking for the events
	defer d.mu.Unlock()
	d.read(false)
	for i := range d.events {
		// Known events have, or will have, the record of the delivery that ran them.
		if event := &d.events[i]; d.states[i].fresh() {
			e.failed = append(e.failed, FailedEvent{
				ID: event.ID, Type: event.Type, Identity: event.Identity, Reason: why, Err: err,
			})
		}
	}
	return e
}

// reportFailure reports that all of the delivery failed as the reply says, and returns the reply.
func (d *Delivery) reportFailure(reply *Reply) *Reply {
	d.report(d.whole(reply.Rejection.Reason, reply.Status, reply.Rejection.cause))
	return reply
}

// report gives the observer the delivery's record, once.
func (d *Delivery) report(e ending) {
	d.mu.Lock()
	// One record for each delivery, although Finish, leave and refuseSignals may all come to report.
	if d.reported {
		d.mu.Unlock()
		return
	}
	d.reported = true
	byHand := len(d.states) > 0 && !d.refused
	for i := range d.states {
		byHand = byHand && d.states[i].verdict != replay.Release
	}
	if e.reason == reason.SignalFailed && byHand {
		e.reason, e.failed = reason.Accepted, nil // committed by the app itself: the handler's answer does not undo it
	}
	if d.early != nil {
		e.status = cmp.Or(d.early.Written.Status, e.status)
	}
	rec := d.newRecord(e)
	rec.AnsweredEarly = d.early != nil
	d.mu.Unlock()
	if d.redrive != nil {
		d.redrive.conclude(d, rec)
	}
	// It was let through, so that refuse made no sample of it.
	if d.facts.unproved != nil {
		rec.sampled = d.guard.sample(d.r, &d.facts, d.facts.tenant, *d.facts.unproved, time.Now())
	}
	d.guard.put(rec)
}

// newRecord describes the delivery as it ended. The caller must hold mu.
func (d *Delivery) newRecord(e ending) *pooledRecord {
	state, storeErr := d.outcome()
	// The store failed before anything was held: its error explains why the event may run again.
	if err := d.unclaimed(); err != nil {
		state, storeErr = ReplayUnclaimed, err
	}
	rec := d.guard.record(&d.facts, e.reason, e.status, d.facts.present())
	d.describe(rec)
	rec.Failed = e.failed
	if d.batch && d.entered { // a plain handler has got the batch as a whole
		rec.Failed = append(rec.Failed, d.conflicts()...)
	}
	rec.Stack, rec.Err, rec.RanNothing = e.stack, e.err, e.ranNothing
	rec.emptySet = e.emptySet
	if state != "" {
		rec.Replay = state
	}
	if storeErr != nil {
		if rec.Err == nil {
			rec.Err = storeErr
		}
		switch state {
		// The answer stays as it is: the work is done, and a refusal would not undo it.
		case ReplayCommitFailed:
			rec.Detail = "the app's work is done but the store did not take the commit: the event may run again"
		case ReplayUnclaimed:
			rec.Detail = "the replay store failed and the endpoint accepts unclaimed deliveries: the event may run " +
				"again"
		}
	}
	rec.Overrun = d.guard.signals.ackLimit > 0 && rec.Total > d.guard.signals.ackLimit
	return rec
}

// describe fills in what the record says of the events. The caller must hold mu, once the app has the delivery.
func (d *Delivery) describe(rec *pooledRecord) {
	rec.Events, rec.Verify, rec.Backfill = len(d.states), d.verified, d.backfill
	if d.redrive != nil {
		rec.Redrive = d.redrive.run
	}
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
	waits := d.mayWait()
	if !waits {
		d.read(false)
	}
	if d.name(&rec.Record); waits && d.unread.event {
		rec.unread, rec.kept = d, int64(d.unread.headBytes)
	}
}
