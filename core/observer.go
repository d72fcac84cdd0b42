package core

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/pump"
)

// Observer receives the record of every outcome, once. Each observer has a queue and a goroutine of its own: one that
// is slow, blocks or panics delays no answer and hurts neither the others nor the log. When it falls behind, records
// are dropped and counted ([Record.Dropped], [Health.DroppedRecords]). A guard gives an observer one record at a time;
// two guards that share an observer call it concurrently.
//
// ctx carries the values of the request as it reached the guard, such as trace ids, but not its cancellation. Observe
// runs after the answer: values that a router uses again for the next request, as Chi does with its route context, must
// not be read. With two guards on one request, ctx is that of the outer one.
type Observer interface {
	Observe(ctx context.Context, r Record)
}

// ObserverFunc is a function as an [Observer].
type ObserverFunc func(context.Context, Record)

// Observe calls the function.
func (f ObserverFunc) Observe(ctx context.Context, r Record) { f(ctx, r) }

// GuardObserver is an optional interface of an [Observer]. New calls ObserveGuard once with each guard that it returns,
// before the guard receives anything: for gauges that ask [Guard.Health] and [Guard.Rotation].
type GuardObserver interface {
	ObserveGuard(g *Guard)
}

// configureObservers checks the observers. A nil one would be a silent gap in metrics: New refuses it.
func (g *Guard) configureObservers(c *Config, m *fault.Mistakes) {
	for n, o := range c.Observers {
		// A typed nil pointer would pass a plain nil check and panic at the first record.
		if o == nil || isTypedNil(o) {
			m.Add(fmt.Sprintf("Observers[%d]", n), "",
				"the observer is nil, which would leave metrics without a record; give one, or leave it out")
			continue
		}
		g.watch.outlets = append(g.watch.outlets, newOutlet(n, o, g.watch.log))
	}
}

// introduce hands the finished guard to the observers that want it.
func (g *Guard) introduce() {
	// Called by start, so that an observer never sees a guard that New has refused to return.
	for _, o := range g.watch.outlets {
		if wants, ok := o.observer.(GuardObserver); ok {
			o.meet(wants, g)
		}
	}
}

// outlet is one observer with its queue.
type outlet struct {
	pump     pump.Pump[*Record] // bounds what waits; its goroutine alone calls deliver
	n        int                // its place in Config.Observers
	observer Observer
	log      *guardLog    // the guard's; reports panics and lost records
	copy     Record       // of the record that the observer gets; used by the pump's goroutine alone
	lost     atomic.Int64 // records, in all
}

func newOutlet(n int, o Observer, l *guardLog) *outlet {
	out := &outlet{n: n, observer: o, log: l}
	out.pump.Deliver, out.pump.Drop = out.deliver, out.drop
	return out
}

// deliver contains the observer's panics: they are logged and crash nothing. The observer gets a copy, which it may
// keep: it refers to nothing of the request.
func (o *outlet) deliver(r *Record, dropped int) {
	r.explain() // before the copy: all observers and the log see the same findings
	defer r.release()
	defer func() {
		o.copy = Record{}
		if v := recover(); v != nil {
			o.log.observerPanicked(o, r.ctx, v)
		}
	}()
	// The request is over by now. A cancelled context would make exporters drop the record.
	ctx := context.WithoutCancel(r.ctx)
	o.copy = *r
	// The pooled record is reused after release. Without these lines an observer that keeps its copy would keep
	// internals of it.
	o.copy.ctx, o.copy.sampled, o.copy.home, o.copy.holders, o.copy.Dropped = nil, nil, nil, nil, dropped
	if fn, ok := o.observer.(ObserverFunc); ok {
		fn(ctx, o.copy) // its Observe would copy the record once more
		return
	}
	o.observer.Observe(ctx, o.copy)
}

// drop counts a record for which the queue has no room.
func (o *outlet) drop(r *Record) {
	// Dropping is the safe side: a flood of refusals must cost memory for at most one queue, and must not delay
	// answers.
	o.lost.Add(1)
	o.log.observerBehind(o, r)
	r.release()
}

// meet calls ObserveGuard and contains its panic: a metrics library must not keep an app from starting.
func (o *outlet) meet(wants GuardObserver, g *Guard) {
	defer func() {
		if v := recover(); v != nil {
			o.log.observerPanicked(o, context.Background(), v)
		}
	}()
	wants.ObserveGuard(g)
}
