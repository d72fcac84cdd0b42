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
	// Deliver takes a value, with the number of those dropped before it. It must not panic. It may end its goroutine.
	Deliver func(v T, dropped int)
	Drop    func(v T) // takes a value that does not fit

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
	go p.drain(nil)
}

// drain hands over what is left of a batch, and then until the queue is empty, and ends. A guard without traffic has no
// goroutine. Where Deliver ends the goroutine, as a failed assertion of a test does, another one goes on with the rest:
// otherwise nothing would be handed over any more, and Flush would wait for ever.
func (p *Pump[T]) drain(batch []queued[T]) {
	at, ended := 0, false
	defer func() {
		if !ended && at < len(batch) { // a panic gets here too, and ends the process
			go p.drain(batch[at+1:])
		}
	}()
	for {
		for at = 0; at < len(batch); at++ {
			q := batch[at]
			// The spare slice would otherwise keep the request's context alive until it is overwritten.
			batch[at] = queued[T]{}
			p.Deliver(q.value, q.dropped)
		}
		if batch = p.next(batch); len(batch) == 0 {
			ended = true
			return
		}
	}
}

// next returns the queue, and takes the room of the batch before for the values that come next. The two slices change
// places, so that a busy pump allocates no new queue for each batch. Where nothing is queued the goroutine must end.
func (p *Pump[T]) next(before []queued[T]) []queued[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(before) > 0 {
		p.spare = before[:0]
	}
	batch := p.queue
	if len(batch) > 0 {
		p.queue, p.spare = p.spare[:0], nil
		return batch
	}
	p.running = false
	if p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
	return nil
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
