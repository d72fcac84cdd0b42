package core

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core/internal/fault"
)

// Observer receives the record of every outcome, once. Each observer has a queue and a goroutine of its own: one that
// is slow, blocks or panics delays no answer and hurts neither the others nor the log. When it falls behind, records
// are dropped and counted ([Record.Dropped], [Health.DroppedRecords]).
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
		if o == nil || isTypedNil(o) {
			m.Add(fmt.Sprintf("Observers[%d]", n), "",
				"the observer is nil, which would leave metrics without a record; give one, or leave it out")
			continue
		}
		g.outlets = append(g.outlets, newOutlet(n, o, g.log))
	}
}

// introduce hands the finished guard to the observers that want it.
func (g *Guard) introduce() {
	for _, o := range g.outlets {
		if wants, ok := o.observer.(GuardObserver); ok {
			o.meet(wants, g)
		}
	}
}

// outlet is one observer with its queue.
type outlet struct {
	pump     pump
	n        int // its place in Config.Observers
	observer Observer
	log      *guardLog
	copy     Record       // of the record that the observer gets; used by the pump's goroutine alone
	lost     atomic.Int64 // records, in all
}

func newOutlet(n int, o Observer, l *guardLog) *outlet {
	out := &outlet{n: n, observer: o, log: l}
	out.pump.deliver, out.pump.drop = out.deliver, out.drop
	return out
}

// deliver contains the observer's panics: they are logged and crash nothing. The observer gets a copy, which it may
// keep: it refers to nothing of the request.
func (o *outlet) deliver(r *Record, dropped int) {
	defer func() {
		o.copy = Record{}
		if v := recover(); v != nil {
			o.log.observerPanicked(o, r.ctx, v)
		}
	}()
	ctx := context.WithoutCancel(r.ctx)
	o.copy = *r
	o.copy.ctx, o.copy.sampled, o.copy.home, o.copy.holders, o.copy.Dropped = nil, nil, nil, nil, dropped
	if fn, ok := o.observer.(ObserverFunc); ok {
		fn(ctx, o.copy) // its Observe would copy the record once more
		return
	}
	o.observer.Observe(ctx, o.copy)
}

// drop counts a record for which the queue has no room.
func (o *outlet) drop(r *Record) {
	o.lost.Add(1)
	o.log.observerBehind(o, r)
}

func (o *outlet) meet(wants GuardObserver, g *Guard) {
	defer func() {
		if v := recover(); v != nil {
			o.log.observerPanicked(o, context.Background(), v)
		}
	}()
	wants.ObserveGuard(g)
}
