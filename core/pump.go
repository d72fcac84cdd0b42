package core

import (
	"context"
	"sync"
	"time"
)

const (
	pumpCapacity = 1024 // records of one observer; what comes beyond is dropped and counted
	// gatherRecords is how long the goroutine waits for more before it hands records over. Waking it for each would
	// cost a request more than all else that is done for its record.
	gatherRecords = 250 * time.Microsecond
)

// pump hands records on in order, from a goroutine that lives only while there are any. What it holds is bounded by the
// number of records. A record keeps the request's context alive, and through it only what code outside the guard put
// there: never the guard's delivery, nor a body that the guard read.
type pump struct {
	deliver func(r *Record, dropped int) // it panics never
	drop    func(r *Record)              // counts a record that does not fit

	mu      sync.Mutex    // guards all that follows; never held while deliver runs
	queue   []queued      // in order; at most pumpCapacity
	spare   []queued      // the queue before, for the next one
	gather  *time.Timer   // starts the goroutine; nil: nothing is gathered
	turn    uint64        // how often anything was gathered
	running bool          // the goroutine
	dropped int           // since the last record that was taken
	idle    chan struct{} // closed when the goroutine ends; nil: nobody waits for that
}

// queued is a record in a queue, with the number of those that were dropped before it.
type queued struct {
	record  *Record
	dropped int
}

// put takes one of the record's holds over.
func (p *pump) put(r *Record) {
	if p.offer(r) {
		return
	}
	p.drop(r)
	r.release()
}

// offer queues a record. It reports false for a full queue.
func (p *pump) offer(r *Record) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Newest first to go: waiting would let a slow observer delay answers, which an attacker could cause by a flood.
	if len(p.queue) >= pumpCapacity {
		p.dropped++
		return false
	}
	p.queue = append(p.queue, queued{r, p.dropped})
	p.dropped = 0
	switch {
	case p.running:
	case p.gather == nil:
		p.turn++
		turn := p.turn
		p.gather = time.AfterFunc(gatherRecords, func() { p.begin(turn) })
	// A burst does not wait for the timer, because the rest of the queue could fill up before it fires.
	case len(p.queue) >= pumpCapacity/2:
		p.startLocked()
	}
	return true
}

// begin ends the gathering of a turn, unless something else has ended it before the timer's goroutine ran.
func (p *pump) begin(turn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Stop does not recall a timer whose function has started. Without the number it would cut the next gathering
	// short.
	if turn == p.turn {
		p.startLocked()
	}
}

// start hands over at once what is gathered.
func (p *pump) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.startLocked()
}

// startLocked starts the goroutine, if records are gathered. The caller must hold mu.
func (p *pump) startLocked() {
	if p.gather == nil {
		return // what was gathered is on its way
	}
	p.gather.Stop()
	p.gather, p.running = nil, true
	go p.drain()
}

// drain hands over until the queue is empty, and ends. A guard without traffic has no goroutine.
func (p *pump) drain() {
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
			// Before deliver: all observers and the log see the same findings.
			q.record.explain()
			p.deliver(q.record, q.dropped)
			q.record.release()
			// The spare slice would otherwise keep the request's context alive until it is overwritten.
			batch[i] = queued{}
		}
		p.mu.Lock()
		p.spare = batch
		p.mu.Unlock()
	}
}

// flush waits until everything so far was handed on, or until ctx ends.
func (p *pump) flush(ctx context.Context) error {
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
