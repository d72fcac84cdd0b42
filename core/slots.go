package core

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// slots bounds how many deliveries of one endpoint the app's code works on at once. The zero value is no bound.
type slots struct {
	most  int64 // 0: no bound
	taken atomic.Int64
}

// take reports whether there is a free slot, and takes it.
func (s *slots) take() bool {
	for {
		n := s.taken.Load()
		if n >= s.most {
			return false
		}
		// Compare and swap, not add and take back: two that come too late would keep a slot from each other.
		if s.taken.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// vacate gives the delivery's slot back, where it has one. It may be called more than once.
func (d *Delivery) vacate() {
	if d.slot.CompareAndSwap(true, false) {
		d.guard.signals.slots.taken.Add(-1)
	}
}

// begin takes a slot for the delivery and claims its events. It returns a reply where nothing is to run. A redrive does
// not come here: a person asked for it, and it runs beside the deliveries.
func (d *Delivery) begin() *Reply {
	if d.guard.signals.slots.most == 0 {
		return d.claim()
	}
	begun := false
	defer func() {
		if !begun { // also where the store panics: nobody else would free the slot
			d.vacate()
		}
	}()
	free := d.guard.signals.slots.take()
	d.slot.Store(free)
	if !free && !d.isKnown() {
		return d.refuseBusy()
	}
	reply := d.claim()
	if reply == nil && !free {
		// It was known a moment ago, or the store cannot look. Fails closed: what was claimed is given back.
		d.settleOwn(replay.Release)
		return d.refuseBusy()
	}
	begun = reply == nil
	return reply
}

// isKnown reports whether a claim would find every event done or in flight: such a delivery runs nothing, and its
// answer needs no slot. A store that cannot look is asked by the claim itself.
func (d *Delivery) isKnown() bool {
	g := d.guard
	if g.memory.Store == nil || !d.facts.proved || g.reporting.replay || len(d.events) == 0 {
		return false // all of it runs
	}
	keys := make([]replay.Key, len(d.events))
	for i := range d.events {
		if d.events[i].Identity.IsZero() {
			return false // it always runs
		}
		keys[i] = replay.Key(d.events[i].Identity)
	}
	looker, ok := g.memory.Store.(replay.Looker)
	if !ok {
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.r.Context()), storeTimeout)
	defer cancel()
	results, err := looker.Look(ctx, keys)
	if err != nil || len(results) != len(keys) {
		return false // refused for want of a slot: the provider asks again
	}
	for i := range results {
		if s := results[i].State; s != replay.Done && s != replay.InFlight {
			return false
		}
	}
	return true
}

const busyDetail = "the app is working on as many deliveries as Limits.MaxRunning allows; the provider is asked to " +
	"send this one again"

// refuseBusy answers a delivery for which there is no slot. Nothing of it is claimed, remembered or kept in the
// journal: the provider's retry has all of it.
func (d *Delivery) refuseBusy() *Reply {
	reply := d.guard.refusal(&d.facts, fault.New(reason.Busy, busyDetail), nil)
	rec := d.guard.recordOf(&d.facts, reply, time.Now())
	d.describe(rec)
	d.guard.put(rec)
	return reply
}

// configureSlots compiles Limits.MaxRunning.
func (g *Guard) configureSlots(c *Config, m *fault.Mistakes) {
	if c.Limits.MaxRunning < 0 {
		m.Add("Limits.MaxRunning", strconv.Itoa(c.Limits.MaxRunning), "it must not be negative; 0 means no bound")
		return
	}
	g.signals.slots.most = int64(c.Limits.MaxRunning)
}

// announceSlots warns where a refusal loses the event.
func (g *Guard) announceSlots() {
	if g.signals.slots.most > 0 && (g.entry.NeverRetries || g.entry.RetryHorizon == 0) {
		g.logger.Warn("sallyport: Limits.MaxRunning is set, and this provider is not known to send again: what comes "+
			"beyond it may be lost; work its events in an inbox instead", "endpoint", g.endpoint, "provider", g.provider)
	}
}
