package lease

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Flush writes every verdict that is new to the store, detached from the request. A commit is tried again until the
// lease expires: the work is done, and only the commit keeps it from being done twice. A release is not waited for once
// the lease has expired: the retry can claim the event already.
func (h *Holding) Flush() {
	h.mu.Lock()
	var settlements []replay.Settlement
	var indices []int
	if !h.flushed { // the app may settle from a goroutine of its own, while another flush runs
		h.flushed = true
		settlements, indices = h.oneSettlement[:0], h.oneIndex[:0]
	}
	try, parts := trial{until: h.until}, h.parts
	for i := range h.claims {
		c := &h.claims[i]
		switch {
		case c.verdict == 0 || c.settled:
			continue
		case c.verdict == replay.Release && (c.lost || !time.Now().Before(h.until)):
			c.settled = true // the lease has expired
			h.note(Released, nil)
			continue
		case c.verdict == replay.Commit:
			try.commits, try.events = true, try.events || !c.signed
		}
		settlements = append(settlements, replay.Settlement{
			Key: c.held.Key, Token: c.held.Token, Verdict: c.verdict, TTL: h.rules.Retention,
		})
		indices = append(indices, i)
	}
	h.mu.Unlock()
	if len(settlements) > 0 {
		h.put(settlements, indices, try)
	}
	if parts {
		h.forgetParts()
	}
}

// trial is how long a settlement is tried.
type trial struct {
	until   time.Time // when the leases expire
	commits bool      // it commits something: an attempt may last longer than the trial, and take effect all the same
	events  bool      // it commits events, which is tried until the leases expire
}

// put writes the verdicts, and notes what came of each.
//
// A commit that failed is reported and never hidden: the store may run the event again, and the
// operator has to know.
func (h *Holding) put(settlements []replay.Settlement, indices []int, try trial) {
	err := h.settle(settlements, try)
	lost, partly := lostKeys(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, i := range indices {
		c := &h.claims[i]
		c.settled = true
		c.failed = err != nil && (!partly || lost[settlements[n].Key])
		switch {
		case c.signed:
		case settlements[n].Verdict == replay.Release:
			h.note(Released, err) // where it failed, the lease ends by itself
		case c.failed:
			h.note(CommitFailed, err)
		default:
			h.note(Committed, nil)
		}
	}
}

// lostKeys returns the claims that an error names as lost. partly is false where the error is about all of them.
func lostKeys(err error) (lost map[replay.Key]bool, partly bool) {
	if err == nil {
		return nil, false
	}
	var some *replay.LeaseLostError
	if !errors.As(err, &some) {
		return nil, false
	}
	return setOf(some.Keys), true
}

// forgetParts forgets the named receivers of events that are done as a whole. The event's own entry is enough, and an
// operator who makes the store forget the event means all of its receivers.
func (h *Holding) forgetParts() {
	h.mu.Lock()
	var keys []replay.Key
	for i := range h.claims {
		c := &h.claims[i]
		if !c.part {
			continue
		}
		if w := &h.claims[c.whole]; w.settled && !w.failed && w.verdict == replay.Commit {
			keys = append(keys, c.held.Key)
			c.part = false
		}
	}
	h.mu.Unlock()
	if len(keys) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(&h.lasting, StoreTimeout)
	defer cancel()
	// What is left expires with its TTL. Until then it matters only where an operator makes the store forget the event.
	_ = h.rules.Store.Forget(ctx, keys)
}

// settle writes verdicts into the store, and tries again within the limit. Each attempt has a context of its own,
// because the store may keep it.
func (h *Holding) settle(settlements []replay.Settlement, try trial) error {
	if s := h.rules.immediate; s != nil {
		return s.SettleNow(settlements) // another try would meet the same answer
	}
	now := time.Now()
	limit := minTime(now.Add(StoreTimeout), try.until)
	if try.events {
		limit = try.until
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		attempt := &Context{}
		h.bound(attempt, now)
		if !try.commits {
			attempt.deadline = minTime(attempt.deadline, limit)
		}
		err := h.rules.Store.Settle(attempt, settlements)
		attempt.Release()
		if err == nil {
			return nil
		}
		if isFinal(err) || time.Now().Add(pause).After(limit) {
			return err
		}
		time.Sleep(pause)
		now = time.Now()
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func setOf(keys []replay.Key) map[replay.Key]bool {
	set := make(map[replay.Key]bool, len(keys))
	for _, k := range keys {
		set[k] = true
	}
	return set
}

// isFinal reports whether another try to settle would meet the same answer.
//
// Everything else may be an outage that passes. An error that is unknown is tried again, because a lost
// commit means double work.
func isFinal(err error) bool {
	return errors.Is(err, replay.ErrLeaseLost) || errors.Is(err, replay.ErrClosed)
}
