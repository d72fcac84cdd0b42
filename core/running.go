package core

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Signals and the guard's middleware may run at once: a timeout between them answers in its own goroutine, and the
// guard's middleware returns while the signals go on. Whoever comes last ends the delivery. It fails closed: while
// signals run, nothing else releases their claims, so that no retry can run at the same time.

// enter notes that signals run on the delivery, and on the outer guards' proofs of the same request.
func (d *Delivery) enter() error {
	for p := d; p != nil; p = p.parent {
		if err := p.enterOwn(); err != nil {
			for below := d; below != p; below = below.parent {
				below.leaveOwn()
			}
			return err
		}
	}
	// From here on the signals answer for the batch, which nobody else may do.
	d.answering.Withhold(false)
	return nil
}

func (d *Delivery) enterOwn() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	// Fails closed: a second dispatch would run every receiver twice.
	case d.entered:
		return ErrSignalsTwice
	// Fails closed: the verdict is out, and whatever ran now could be neither committed nor retried.
	case d.finished, d.settled:
		return ErrSignalsLate
	}
	d.entered, d.running = true, true
	return nil
}

// leave ends the run. It also ends the deliveries whose middleware has returned meanwhile.
func (d *Delivery) leave() {
	for p := d; p != nil; p = p.parent {
		early := p.leaveOwn()
		if early == nil {
			if p == d {
				d.concludeRun()
			}
			continue
		}
		p.endEarly(early)
	}
}

// endEarly ends a delivery whose middleware has returned before its signals.
func (d *Delivery) endEarly(early *earlyEnd) {
	defer d.guard.journaling.runs.End()
	d.keepRest(reason.SignalFailed, errRunCutShort)
	d.settle(replay.Release) // where the run did not come to its end: a receiver ended the goroutine
	e := ending{reason: reason.Accepted, status: http.StatusOK}
	d.mu.Lock()
	released := d.verdict == replay.Release
	d.mu.Unlock()
	if released {
		e = d.whole(reason.SignalFailed, e.status, nil)
	}
	d.report(e)
	d.release()
	removeFiles(early.Request)
}

//lint:immutable an error value
var errRunCutShort = errors.New("the signals did not come to their end: " +
	"a receiver ended its goroutine, or the replay store panicked")

// concludeRun fails closed where the run did not come to its end, and middleware may be waiting for it: the event is
// left to the retry, and the answer is a 500 whatever middleware makes of it.
func (d *Delivery) concludeRun() {
	d.mu.Lock()
	reported := d.reported
	d.mu.Unlock()
	// The usual case: the run reached its end and reported itself.
	if reported {
		return
	}
	reply := d.guard.reject(reason.SignalFailed, failedDetail, errRunCutShort)
	d.owe(reply)
	d.keepRest(reason.SignalFailed, errRunCutShort)
	d.settle(replay.Release)
	d.reportFailure(reply)
}

func (d *Delivery) leaveOwn() (early *earlyEnd) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = false
	return d.early
}

// earlyEnd is how middleware behind the guard ended while the signals ran.
type earlyEnd struct {
	adapter.Outcome
	unanswered bool // nothing was written
}

// hasEnded reports whether Finish or Abandon was called.
func (d *Delivery) hasEnded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.finished
}

// departure is what is known of a delivery when the guard's middleware returns.
type departure struct {
	running bool   // signals still run, which then end the delivery
	refusal *Reply // what replaces the answer of the first signals; nil: nothing does
	owed    *Reply // the signals' answer, where they failed
	// a plain handler has released the delivery: a success would keep the provider from sending it again
	released bool
}

// depart notes that the guard's middleware returns.
func (d *Delivery) depart(o adapter.Outcome) departure {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finished = true
	if !d.running {
		return departure{
			refusal: d.refusal, owed: d.owed, released: d.byHand && !d.entered && d.verdict == replay.Release,
		}
	}
	early := earlyEnd{Outcome: o} // on the heap, which the parameter need not be
	switch {
	// Middleware has answered, and its answer stands.
	case o.Written.Status != 0 || o.Written.Hijacked:
	case o.Err != nil:
		early.Written.Status = cmp.Or(o.ErrStatus, http.StatusInternalServerError)
	default:
		// Fails closed: not a success, because nobody knows yet what becomes of the signals.
		early.Written.Status, early.unanswered = http.StatusServiceUnavailable, true
	}
	d.early = &early
	d.guard.journaling.runs.Begin() // http.Server.Shutdown does not wait for these signals any more
	return departure{running: true}
}

// answeredEarly returns how the middleware behind the guard ended, if it did not wait for the signals.
func (d *Delivery) answeredEarly() *earlyEnd {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.early
}

const unansweredDetail = "middleware behind the guard returned without an answer while the signals ran"

// unanswered is the reply where middleware returned without an answer while signals run. The router would answer 200,
// and what fails later would be lost: the provider asks again instead, and then learns what became of it.
func (d *Delivery) unanswered() *Reply {
	if !d.early.unanswered {
		return nil
	}
	return d.guard.reject(reason.InFlight, unansweredDetail, nil)
}

// Track (for adapters) wraps the writer of the answer that the app gets. See package adapter.
func (d *Delivery) Track(w http.ResponseWriter) *adapter.Tracker {
	t := &d.tracker
	if d.tracked.Swap(true) { // an adapter that wraps twice gets two
		t = &adapter.Tracker{}
	}
	t.Wrap(w, &d.self().answering)
	return t
}

// hold notes that the signals' answer is coming. It reports false where nobody is left to send it to.
func (d *Delivery) hold(reply *Reply) bool {
	if reply == nil || d.answeredEarly() != nil || d.sentStatus() != 0 {
		return false
	}
	for p := d; p != nil; p = p.parent {
		p.answering.Hold()
	}
	return true
}

// owe notes the answer of signals that failed before anybody is given it. From then on what middleware writes is held
// back, so that it can be replaced: see owedTo.
func (d *Delivery) owe(reply *Reply) {
	// Successes are not owed: middleware may turn one into an error, and the provider sends the event again.
	if reply.Rejection == nil || d.answeredEarly() != nil {
		return
	}
	for p := d; p != nil; p = p.parent {
		p.answering.Hold()
		p.mu.Lock()
		p.owed = reply
		p.mu.Unlock()
	}
}

// owedTo returns the answer of signals that failed, where middleware has dropped it and made a success of it, by
// writing one or nothing: the provider would never send the event again. What was sent before the signals ended stands.
func (d *departure) owedTo(o *adapter.Outcome) *Reply {
	switch status := o.Written.Status; {
	// Nothing can be replaced on a taken connection, and an error becomes a failure without help.
	case o.Written.Hijacked, status == 0 && o.Err != nil:
		return nil
	case status == 0, o.Written.Held && status >= 200 && status <= 299:
		return d.owed
	}
	return nil
}

// sentStatus returns the status that middleware has sent already.
func (d *Delivery) sentStatus() int {
	for p := d; p != nil; p = p.parent {
		if status := p.answering.Sent(); status != 0 {
			return status
		}
	}
	return 0
}

// hasSuccess reports whether the sender has been sent a success: it does not send the event again, whatever becomes of
// it.
func (d *Delivery) hasSuccess() bool {
	status := d.sentStatus()
	if early := d.answeredEarly(); early != nil {
		status = early.Written.Status
	}
	return status >= 200 && status <= 299
}

// refuseSignals fails closed: nothing runs, and the answer is a 500, so that the mistake shows at the first delivery.
// What the first signals have done stays as it is.
func (d *Delivery) refuseSignals(cause error, w adapter.Written) *Reply {
	reply := d.guard.reject(reason.SignalFailed, cause.Error(), cause)
	e := d.whole(reason.SignalFailed, reply.Status, cause)
	d.mu.Lock()
	d.refused = true
	finished, before := d.finished, d.reported || d.running
	d.mu.Unlock()
	for p := d; p != nil; p = p.parent {
		p.mu.Lock()
		if p.answering.Holds() {
			p.refusal = reply
		}
		p.mu.Unlock()
	}
	if before {
		d.mu.Lock()
		rec := d.newRecord(e)
		d.mu.Unlock()
		d.guard.put(rec) // the first signals have, or will have, a record of their own
	} else {
		d.keepRest(reason.SignalFailed, cause)
		d.settle(replay.Release)
		d.report(e)
		if !finished {
			d.owe(reply)
		}
	}
	if finished || (!d.self().answering.Holds() && (w.Hijacked || w.Status != 0)) {
		return nil
	}
	return reply
}
