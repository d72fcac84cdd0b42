package core

import (
	"crypto/sha256"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// A plain handler takes a batch as a whole: it reads the body, and nobody knows which of its events it has done. What
// fails so is one entry, which runs again as a whole.

// mostParts is how many events such an entry has at most. Each takes 64 bytes, in addition to the body.
const mostParts = 4096

// takenWholeLocked reports whether the delivery is a batch of which no event is known or decided, and that no signals
// have taken up. The caller must hold mu.
func (d *Delivery) takenWholeLocked() bool {
	if !d.batch || d.entered || len(d.events) == 0 || len(d.events) > mostParts {
		return false
	}
	for i := range d.states {
		s := &d.states[i]
		if s.verdict != 0 || s.wish != 0 ||
			s.remembered != nil && s.result.State != 0 && s.result.State != replay.Claimed {
			return false
		}
	}
	return true
}

// wholeEntry describes a batch that failed as a whole. Its retries, which bring the same events, are one entry.
func (d *Delivery) wholeEntry(f *failure) *journal.Entry {
	out := d.events[0].entry(f.why, f.err, nil)
	out.Receivers = receiversOf(f.ran)
	d.completeEntry(out, f)
	out.Kind, out.Body = journal.FromBatch, d.facts.body
	all, named := sha256.New(), false
	_, _ = all.Write([]byte("sallyport batch 1|"))
	for i := range d.events {
		part := journal.Part{Identity: d.events[i].Identity, Digest: sha256.Sum256(d.events[i].Payload)}
		named = named || part.Identity != [32]byte{}
		_, _ = all.Write(part.Identity[:])
		_, _ = all.Write(part.Digest[:])
		out.Parts = append(out.Parts, part)
		//lint:notsecret the hash of an event that the app has
		if s := &d.states[i]; s.claim != noClaim && s.digest != part.Digest {
			out.WhyNot = changedPayload
		}
	}
	out.Identity = [32]byte{}
	if named {
		all.Sum(out.Identity[:0])
	}
	return out
}

// isBatch reports whether the run is of a whole batch.
func (r *redrive) isBatch() bool { return r != nil && r.entry.Kind == journal.FromBatch }

// errOtherParts fails closed: what is no longer read as it was when it was proved does not run.
//
//lint:immutable an error value
var errOtherParts = errors.New("its body is not read as the events that were proved: the provider's entry has changed")

// readParts splits the body of a whole batch. The identities are those of the proof.
func (r *redrive) readParts() error {
	g, e := r.guard, r.entry
	source := payload.Source{Headers: e.Request.Header, Body: e.Body, BodyProved: true}
	g.events.Open(&source)
	items, ok := g.events.Split(&source)
	if !ok || len(items) != len(e.Parts) {
		return errOtherParts
	}
	r.events, r.states = make([]Event, len(items)), make([]eventState, len(items))
	r.split = map[int]bool{}
	for i, item := range items {
		//lint:notsecret the hash of a body that whoever reads the entry has
		if sha256.Sum256(item) != e.Parts[i].Digest {
			return errOtherParts
		}
		source.Payload = item
		var said payload.Details
		g.events.Read(&source, &said)
		out := &r.events[i]
		out.take(&said)
		out.Endpoint, out.Provider, out.Secret = g.endpoint, g.provider, e.Secret
		out.Identity, out.Redrive = e.Parts[i].Identity, e.RunCount+1
		out.Authenticated = Authenticated(e.Authenticated)
		if g.tenants.key.set {
			out.Tenant = e.Tenant
		}
		r.states[i].claim = noClaim
		r.states[i].remember(e.Parts[i].Digest)
	}
	return nil
}

// claimParts claims each event of a whole batch: the run excludes retries of every one. What is done since does not run
// again, and then the rest needs signals, as of a delivery.
func (d *Delivery) claimParts(asked time.Time) *Reply {
	t := d.redrive
	items, owners := d.items()
	results, err := d.holding.Claim(items, asked)
	if err != nil {
		return t.refuse(d, reason.StoreUnavailable, err)
	}
	d.holdClaims(items, owners, results)
	done := 0
	for n := range results {
		switch results[n].State {
		case replay.InFlight:
			return t.refuse(d, reason.InFlight, journal.ErrInFlight)
		case replay.Done:
			done++
		}
	}
	switch {
	case done > 0 && t.again:
		// The person wants all of it. The memory of what is done stays.
		for i := range d.states {
			d.states[i].known = 0
		}
		d.answering.Withhold(false)
		return d.claimNumbered()
	case done < len(results):
		t.own = true
		return t.checkFresh(d)
	}
	if reply := t.checkFresh(d); reply != nil {
		return reply
	}
	return t.close(d)
}

// splits reports whether the delivery is a run of a whole batch that signals have taken up, which know of each event
// what became of it. What fails gets an entry of its own.
func (d *Delivery) splits() bool {
	if !d.redrive.isBatch() {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.entered
}

// noteSplit notes the events that have entries of their own.
func (r *redrive) noteSplit(failures []failure) {
	for i := range failures {
		r.split[failures[i].event] = true
	}
}

// recordSplit records a run in which some events failed. The entry of the batch is closed where each of its events is
// done, or has an entry of its own. It fails closed: otherwise the entry stays as it is.
func (r *redrive) recordSplit(d *Delivery, why reason.Reason, cause error) error {
	state := journal.Done
	d.mu.Lock()
	for i := range d.states {
		if s := &d.states[i]; s.verdict != replay.Commit && s.known != replay.Done && !r.split[i] {
			state = 0
		}
	}
	d.mu.Unlock()
	ctx, cancel := d.keepingContext()
	defer cancel()
	run := journal.Run{At: d.facts.now, Reason: why, Err: httpfield.TextOf(cause)}
	return d.guard.journaling.journal.Ran(ctx, r.entry, run, state, nil)
}

// plainRan describes a plain handler that has ended as one receiver. nil: signals have taken the delivery up, and have
// described their own receivers, or the app never got it.
func (d *Delivery) plainRan(worst outcome, err error) []ranReceiver {
	began := d.handed.Load()
	if began == 0 || !d.keeps() || d.hasEntered() {
		return nil
	}
	took := max(1, time.Since(d.facts.started)-time.Duration(began-1)*time.Microsecond)
	ran := []ranReceiver{{took: took, err: err, worst: worst}}
	if d.redrive != nil {
		d.redrive.ran = ran // the run's own record, where it succeeds
	}
	return ran
}

func (d *Delivery) hasEntered() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.entered
}

// keepPlainSuccess keeps what a plain handler has done, where the journal keeps successes. It fails open: the work is
// done and committed, and an entry that is missing changes nothing.
func (d *Delivery) keepPlainSuccess() {
	if !d.keeps() {
		return
	}
	if d.redrive != nil {
		d.plainRan(outcomeOK, nil) // for the record of the run, which keeps the success
		return
	}
	if !d.guard.journaling.journal.AlsoDone() || d.batch && len(d.events) > mostParts {
		return
	}
	ran := d.plainRan(outcomeOK, nil)
	if ran == nil {
		return
	}
	done := d.plainEntries(replay.Commit, &failure{state: journal.Done, why: reason.Accepted, ran: ran})
	_, _ = d.keepOrWarn(d.facts.ctx, done)
}

// keepReleased parks what a plain handler has released and answered with a success all the same: the sender does not
// send it again.
func (d *Delivery) keepReleased() {
	if !d.keeps() {
		return
	}
	d.keepOpen(d.plainEntries(replay.Release,
		&failure{state: journal.Parked, why: reason.SignalFailed, err: errReleased}))
}

// plainEntries returns what is to be kept of a delivery that a plain handler has ended with a verdict, each as f says:
// a batch as a whole, unless it is too long. A batch without events has nothing to keep.
func (d *Delivery) plainEntries(v replay.Verdict, f *failure) (all []failure) {
	d.complete()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.batch && len(d.events) > 0 && len(d.events) <= mostParts {
		whole := *f
		whole.event = noEvent
		return []failure{whole}
	}
	for i := range d.states {
		if s := &d.states[i]; s.fresh() && s.verdict == v {
			one := *f
			one.event = i
			all = append(all, one)
		}
	}
	return all
}
