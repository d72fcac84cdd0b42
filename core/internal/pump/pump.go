// Package pump hands values on in order, from a goroutine that lives only while there are any.
package pump

import (
	"context"
	"sync"
	"time"
)

const (
	capacity = 1024 // values of one pump; what comes beyond is dropped and counted
	// gatherFor is how long the goroutine waits for more before it hands values over. Waking it for each would cost a
	// request more than all else that is done for its record.
	gatherFor = 250 * time.Microsecond
)

// Pump is a queue with what takes from it. What it holds is bounded by the number of values. A queued value is kept
// alive, with all that it refers to, until it was delivered. Set Deliver and Drop before the first Put; everything else
// is ready in the zero value. It is safe for concurrent use.
type Pump[T any] struct {
	Deliver func(v T, dropped int) // takes a value, with the number of those dropped before it; it must not panic
	Drop    func(v T)              // takes a value that does not fit

	mu      sync.Mutex    // guards all that follows; never held while Deliver runs
	queue   []queued[T]   // in order; at most capacity
	spare   []queued[T]   // the queue before, for the next one
	gather  *time.Timer   // starts the goroutine; nil: nothing is gathered
	turn    uint64        // how often anything was gathered
	running bool          // the goroutine
	dropped int           // since the last value that was taken
	idle    chan struct{} // closed when the goroutine ends; nil: nobody waits for that
}

// queued is a value in a queue, with the number of those that were dropped before it.
type queued[T any] struct {
	value   T
	dropped int
}

// Put queues a value, or drops it where the queue is full.
func (p *Pump[T]) Put(v T) {
	if !p.offer(v) {
		p.Drop(v)
	}
}

// offer queues a value. It reports false for a full queue.
func (p *Pump[T]) offer(v T) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Newest first to go: waiting would let a slow observer delay answers, which an attacker could cause by a flood.
	if len(p.queue) >= capacity {
		p.dropped++
		return false
	}
	p.queue = append(p.queue, queued[T]{v, p.dropped})
	p.dropped = 0
	switch {
	case p.running:
	case p.gather == nil:
		p.turn++
		turn := p.turn
		p.gather = time.AfterFunc(gatherFor, func() { p.begin(turn) })
	// A burst does not wait for the timer, because the rest of the queue could fill up before it fires.
	case len(p.queue) >= capacity/2:
		p.startLocked()
	}
	return true
}

// begin ends the gathering of a turn, unless something else has ended it before the timer's goroutine ran.
func (p *Pump[T]) begin(turn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Stop does not recall a timer whose function has started. Without the number it would cut the next gathering
	// short.
	if turn == p.turn {
		p.startLocked()
	}
}

// Start hands over at once what is gathered.
func (p *Pump[T]) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startLocked()
}

// startLocked starts the goroutine, if values are gathered. The caller must hold mu.
func (p *Pump[T]) startLocked() {
	if p.gather == nil {
		return // what was gathered is on its way
	}
	p.gather.Stop()
	p.gather, p.running = nil, true
	go p.drain()
}

// drain hands over until the queue is empty, and ends. A guard without traffic has no goroutine.
func (p *Pump[T]) drain() {
	for {
		p.mu.Lock()
		batch := p.queue
		if len(batch) == 0 {
			p.running = false
			if p.idle != nil {
				close(p.idle)
				p.idle = nil
			}
			p.mu.Unlock()
			return
		}
		// The two slices change places, so that a busy pump allocates no new queue for each batch.
		p.queue, p.spare = p.spare[:0], nil
		p.mu.Unlock()
		for i, q := range batch {
			p.Deliver(q.value, q.dropped)
			// The spare slice would otherwise keep the request's context alive until it is overwritten.
			batch[i] = queued[T]{}
		}
		p.mu.Lock()
		p.spare = batch
		p.mu.Unlock()
	}
}

// Flush waits until everything so far was handed on, or until ctx ends.
func (p *Pump[T]) Flush(ctx context.Context) error {
	for {
		p.mu.Lock()
		p.startLocked()
		if !p.running {
			p.mu.Unlock()
			return nil
		}
		if p.idle == nil {
			p.idle = make(chan struct{})
		}
		idle := p.idle
		p.mu.Unlock()
		select {
		case <-idle:
			continue
		default:
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
