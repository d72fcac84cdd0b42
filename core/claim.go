package core

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/ownership"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// eventState is the state of one event of a delivery.
type eventState struct {
	*remembered                // nil: there is no replay store, and known stays zero
	claim       int            // its number in the holding; noClaim where nothing is held
	known       replay.State   // Done or InFlight: not for this delivery to run
	noted       replay.State   // what known would be if the check did not only report
	verdict     replay.Verdict // zero: undecided. Delivery.mu guards it, and wish
	wish        replay.Verdict // what the app has released while the event runs
}

// remembered is what the replay store is asked about an event, and its answer.
type remembered struct {
	digest [32]byte      // of the event's bytes: an id that comes back with another digest is a conflict
	result replay.Result // zero: the store was not asked about this event
}

// remember sets the digest of an event.
func (s *eventState) remember(digest [32]byte) {
	if s.remembered == nil {
		s.remembered = &remembered{}
	}
	s.digest = digest
}

// noClaim stands for an event that holds nothing. It is not 0, which is the number of the first claim.
const noClaim = -1

// noEvent stands for the signed content among the owners of claims.
const noEvent = -1

// fresh reports whether the event is this delivery's to run. An event without an identity always is: nothing
// distinguishes its copy from the next event.
func (s *eventState) fresh() bool { return s.known != replay.Done && s.known != replay.InFlight }

// claim asks the store for every event of the delivery, in one round trip. It returns a reply when no event is left to
// run.
func (d *Delivery) claim() *Reply {
	g := d.guard
	d.verified = time.Since(d.facts.started)
	// An unproved delivery claims nothing: whoever forged it could have the real event answered as a duplicate.
	if g.memory.Store == nil || !d.facts.proved {
		return nil
	}
	h, asked := d.holding, d.facts.started.Add(d.verified)
	h.Begin(d.r.Context(), &g.memory.Rules, asked, d.limit())
	items, owners := d.items()
	if len(items) == 0 { // fails open: none of its events has an identity, and a copy of it runs again
		if g.reporting.replay {
			d.reportKnown()
		}
		return nil
	}
	// Before the first claim: in a shared store, another provider's events under this name would be our duplicates.
	if !g.memory.name.IsKnown() {
		reply, ok := d.checkOwnership()
		if !ok {
			return reply
		}
		asked = time.Now() // the leases count from the claim, and the question may have taken seconds
	}
	// In the same round trip: between two of them, a second body with the same signed content could come in.
	if h.signed != nil {
		signed := replay.Item{Key: replay.Key(*h.signed), Digest: replay.Digest(d.bodyDigest())}
		items, owners = append(items, signed), append(owners, noEvent)
	}
	results, err := h.Claim(items, asked)
	if err != nil { // what the store may have claimed all the same expires with its lease
		return d.storeFailed(err)
	}
	signed := d.holdClaims(items, owners, results)
	if signed != nil && signed.State != replay.Claimed && signed.Conflict {
		d.disown(signed)
	}
	if g.reporting.replay {
		d.reportKnown()
		return nil
	}
	reply := d.allKnown()
	if reply != nil && h.signed != nil {
		h.Flush() // the signed content is remembered all the same
	}
	return reply
}

// holdClaims takes in the store's answers. It returns the answer to the signed content. nil: that was not claimed.
func (d *Delivery) holdClaims(items []replay.Item, owners []int, results []replay.Result) *replay.Result {
	h := d.holding
	var signed *replay.Result
	for n := range results {
		if owners[n] == noEvent {
			signed = &results[n]
			if signed.State == replay.Claimed {
				h.AddSigned(replay.Held{Key: items[n].Key, Token: signed.Token})
			}
			continue
		}
		s := &d.states[owners[n]]
		s.result = results[n]
		// Only a claim lets an event run. Claim has refused an answer with any state but the three: it fails closed.
		switch results[n].State {
		case replay.Claimed:
			work := &h.Request
			if d.guard.reporting.replay {
				work = nil // another delivery that takes the claim over is not refused either
			}
			s.claim = h.Add(replay.Held{Key: items[n].Key, Token: results[n].Token}, work)
		default:
			s.known = results[n].State
			// A handler that reads the batch as a whole would do this event's work twice.
			d.answering.Withhold(d.batch)
		}
	}
	return signed
}

// limit returns when the app's time is over. No lease is renewed after it: a signal that hangs would otherwise keep its
// event from every retry for as long as the process lives.
func (d *Delivery) limit() time.Time {
	return d.facts.started.Add(d.verified).Add(d.guard.signals.timeout)
}

// disown refuses a body whose signed content came with another body before: whoever captured that delivery made this
// body to match. It fails closed: none of its events runs, whatever they are called, and none is held.
func (d *Delivery) disown(first *replay.Result) {
	if !d.guard.reporting.replay {
		d.holding.DecideAll(replay.Release)
	}
	for i := range d.states {
		d.states[i].known, d.states[i].result = first.State, *first
	}
}

// items returns the identities to claim, and the event of each. An event that stands twice in a batch is claimed once.
// Its repetition counts as done, and with another body as a conflict.
func (d *Delivery) items() (items []replay.Item, owners []int) {
	items, owners = d.holding.Items()
	var seen map[Identity]int
	if len(d.events) > 1 {
		seen = make(map[Identity]int, len(d.events))
	}
	for i := range d.events {
		id := d.events[i].Identity
		if id.IsZero() { // it would be one key for all such events, and only the first would ever run
			continue
		}
		if first, again := seen[id]; again {
			d.states[i].known = replay.Done
			//lint:notsecret the hashes of bodies that the sender has
			d.states[i].result.Conflict = d.states[i].digest != d.states[first].digest
			continue
		}
		if seen != nil {
			seen[id] = i
		}
		items = append(items, replay.Item{Key: replay.Key(id), Digest: replay.Digest(d.states[i].digest)})
		owners = append(owners, i)
	}
	return items, owners
}

// allKnown returns the reply where no event is this delivery's to run. nil: one is. One event in flight is enough to
// ask the provider to come back: after a success it would not, and that event may still fail.
func (d *Delivery) allKnown() *Reply {
	if len(d.events) == 0 { // an empty batch is not a duplicate: the app gets it
		return nil
	}
	var wait time.Duration
	var inFlight, conflict bool
	var last *replay.Result
	for i := range d.states {
		s := &d.states[i]
		if s.fresh() {
			return nil
		}
		if s.known == replay.InFlight {
			inFlight, wait = true, max(wait, s.result.RetryAfter)
			continue
		}
		conflict = conflict || s.result.Conflict
		if last == nil || s.result.DoneAt.After(last.DoneAt) {
			last = &s.result
		}
	}
	if inFlight {
		return d.refuseInFlight(wait)
	}
	return d.duplicate(last, conflict)
}

// refuseInFlight answers that an event is being processed. That is not a success, because the event may still fail.
func (d *Delivery) refuseInFlight(wait time.Duration) *Reply {
	f := fault.New(reason.InFlight, "another delivery of this event is being processed")
	reply := d.guard.refusal(&d.facts, f, nil)
	reply.setRetryAfter(d.guard.comeBack(wait))
	rec := d.guard.recordOf(&d.facts, reply, time.Now())
	d.describe(rec)
	rec.Replay = ReplayInFlight
	d.guard.put(rec)
	return reply
}

// comeBack returns the Retry-After of an event in flight: the rest of the lease, at most ten seconds, because the other
// delivery usually ends long before. It is never longer than the provider waits.
func (g *Guard) comeBack(rest time.Duration) time.Duration {
	return g.boundRetryAfter(reason.InFlight, min(rest, maxInFlightWait))
}

// maxInFlightWait is the longest Retry-After of an event in flight.
const maxInFlightWait = 10 * time.Second

// storeFailed returns the answer to a delivery whose claims the store did not take. nil: it runs unclaimed. It fails
// closed, unless StoreFailure or DangerouslyReportOnly says otherwise.
func (d *Delivery) storeFailed(err error) *Reply {
	// Fails closed on a name that is another's: the store did answer.
	if d.guard.memory.failOpen && !ownership.IsTaken(err) {
		d.holding.unclaimed = err
		return nil
	}
	f := storeFailure(err)
	if d.guard.reporting.replay {
		d.guard.enforce(&d.facts, CheckReplay, f)
		d.holding.unclaimed = err
		return nil
	}
	d.keepRest(f.Reason, err) // the provider may give up before the store is back
	return d.refuse(f, err)
}

// refuse answers a delivery of which nothing runs now, and reports it.
func (d *Delivery) refuse(f fault.Failure, err error) *Reply {
	reply := d.guard.refusal(&d.facts, f, err)
	rec := d.guard.recordOf(&d.facts, reply, time.Now())
	d.describe(rec)
	d.guard.put(rec)
	return reply
}

// storeFailure returns the failure for an error of the store. The engine's own text is in Record.Err only.
func storeFailure(err error) fault.Failure {
	f := fault.New(reason.StoreUnavailable, "the replay store could not answer; the provider is asked to try again")
	if errors.Is(err, replay.ErrFull) {
		f = fault.New(reason.StoreFull, "the replay store is full and forgets nothing that is live: "+
			"raise its capacity, or shorten Limits.Retention")
	}
	if ownership.IsTaken(err) {
		f.Detail = err.Error()
	}
	return f
}

// anotherBody is the detail of a refusal with reason.Conflict.
const anotherBody = "an event with this id was processed with another body: a counter the provider changes between " +
	"retries, or a forged resend"

// conflicts lists the events that did not run, because their id came with another body before: next to events that ran,
// nothing else would say so. The caller must hold mu.
func (d *Delivery) conflicts() (list []FailedEvent) {
	for i := range d.states {
		if s, e := &d.states[i], &d.events[i]; s.known == replay.Done && s.result.Conflict {
			list = append(list, FailedEvent{ID: e.ID, Type: e.Type, Identity: e.Identity, Reason: reason.Conflict})
		}
	}
	return list
}

// duplicate answers events that were all processed before. The answer is a success: otherwise the sender keeps sending,
// or disables the endpoint.
func (d *Delivery) duplicate(last *replay.Result, conflict bool) *Reply {
	g := d.guard
	why := reason.Duplicate
	text := "already processed"
	if !last.DoneAt.IsZero() {
		text += " at " + last.DoneAt.UTC().Format(time.RFC3339)
	}
	reply := textReply(http.StatusOK, text+"\n")
	if g.entry.AckBody != "" || g.entry.AckEmpty {
		reply = g.ackReply(&d.facts) // the only success that the sender accepts
	}
	detail := ""
	if conflict {
		why = reason.Conflict
		detail = anotherBody
		// By default still a success: a failure would have the provider retry what can never run.
		if g.memory.strict {
			var r Rejection
			g.describe(&r, why, http.StatusBadRequest, detail, nil)
			reply = rejectionReply(r)
		}
	}
	rec := g.record(&d.facts, why, reply.Status, time.Now())
	d.describe(rec)
	rec.Replay, rec.DoneAt, rec.Detail = ReplayDuplicate, last.DoneAt, detail
	g.put(rec)
	return reply
}

// claimReceivers claims the named receivers of every event that is to run, in one round trip. An event with one
// receiver needs no claim but its own.
func (d *Delivery) claimReceivers(plan [][]int, name func(receiver int) string) (*checkpoints, error) {
	g := d.guard
	if g.memory.Store == nil || d.unclaimed() != nil {
		return nil, nil
	}
	c := &checkpoints{at: map[[2]int]checkpoint{}}
	var items []replay.Item
	var owners [][2]int
	for event, receivers := range plan {
		if len(receivers) < 2 || d.states[event].claim == noClaim {
			continue
		}
		for _, receiver := range receivers {
			if n := name(receiver); n != "" {
				key := identity.OfReceiver(d.events[event].Identity, n)
				items = append(items, replay.Item{Key: key, Digest: replay.Digest(d.states[event].digest)})
				owners = append(owners, [2]int{event, receiver})
			}
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	results, err := d.holding.Claim(items, time.Now())
	if err != nil { // fails closed: without it, receivers that have done their part would do it again
		return nil, fmt.Errorf("claiming the named receivers: %w", err)
	}
	for n, res := range results {
		cp := checkpoint{state: res.State, claim: noClaim, wait: res.RetryAfter}
		whole := d.states[owners[n][0]].claim
		switch res.State {
		case replay.Claimed:
			cp.claim = d.holding.AddPart(replay.Held{Key: items[n].Key, Token: res.Token}, whole)
		case replay.Done:
			d.holding.AddDonePart(items[n].Key, whole)
		}
		c.at[owners[n]] = cp
	}
	return c, nil
}

// checkpoints is the progress of the named receivers of a delivery's events.
// The key is the numbers of the event and of the receiver. It is not changed once the receivers run.
type checkpoints struct{ at map[[2]int]checkpoint }

// checkpoint is what the store knows of one receiver's part in one event.
type checkpoint struct {
	state replay.State  // zero: the receiver has no claim of its own
	claim int           // its number in the holding, or noClaim
	wait  time.Duration // the rest of the lease where another delivery holds it
}

// of returns the receiver's checkpoint. A receiver without one, and any of a nil c, runs with its event.
func (c *checkpoints) of(event, receiver int) checkpoint {
	if c == nil {
		return checkpoint{claim: noClaim}
	}
	if cp, ok := c.at[[2]int{event, receiver}]; ok {
		return cp
	}
	return checkpoint{claim: noClaim}
}
