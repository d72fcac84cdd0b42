package core

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Observer is told of every outcome, once. It is called from one goroutine of the guard, after the fact: it neither
// delays an answer nor can break one; when it falls behind, records are dropped and counted.
type Observer interface {
	Observe(Record)
}

// ObserverFunc is a function as an [Observer].
type ObserverFunc func(Record)

// Observe calls the function.
func (f ObserverFunc) Observe(r Record) { f(r) }

// Record is one outcome. Endpoint, Provider, Reason and Status come from closed sets and make safe labels of metrics;
// Type, ID and the identity come from the sender, after the proof.
type Record struct {
	Time     time.Time // by the guard's clock
	Endpoint string
	Provider string
	Route    string // the route's pattern, never the path
	// Tenant is the key that Config.Tenant found, where its secrets are known, whether or not the delivery was proved by
	// them; else empty, so that strangers cannot make values. As a label of metrics it makes a series for each tenant.
	Tenant string
	// Source is the address that sent it, as far as it can be told; invalid otherwise. A sender chooses among its own:
	// no label of a metric.
	Source netip.Addr
	Reason Reason
	Status int
	Secret string // label of the signing secret that matched
	// Credentials are the labels of the credentials that matched, in the order of the gates. They must not be changed.
	Credentials []string
	// SecretExpires is when the secret that matched ends, of several the first; zero while that is more than a week off.
	SecretExpires time.Time
	// NoneValidAfter is when no accepted secret will be valid any more; zero while that is more than a week off.
	NoneValidAfter time.Time
	// SecretsStale says that the accepted secrets are not the newest: their source failed, or gave a list that was
	// refused, and the last good one is in force. The log and [Guard.Health] say why.
	SecretsStale bool
	Events       int
	Duplicates   int    // of the events: done before
	InFlight     int    // of the events: another delivery is processing them
	Released     int    // of the events: not committed, so that the retry runs them
	ID           string // of the first event
	Type         string
	// Identity is what the first event is remembered by. By the body's digest and without a replay store, it is set where
	// the app has asked for the delivery's events.
	Identity  Identity
	BodyBytes int
	// BodySHA256 is set once the delivery is proved, where something is remembered by it: with a replay store, or where
	// the app has asked for the delivery's events.
	BodySHA256 [32]byte
	Verify     time.Duration
	Total      time.Duration
	Replay     ReplayState
	DoneAt     time.Time // for duplicates: when the event was processed
	Overrun    bool      // the answer came after the provider's limit
	Detail     string    // what was seen and which setting to check; no secrets
	Err        error     // the app's or the store's error; not for the outside
	Stack      []byte    // of a panic
	// Failed lists the events that did not end well, each by its own id, type and identity: those whose receivers
	// failed, panicked or gave up ([Permanent], or data that [Typed] cannot decode), and those that no receiver takes. It is in the order of
	// the delivery, is complete however long the batch is, and must not be changed. ID, Type and Identity above are
	// those of the first event, which may have succeeded.
	Failed []FailedEvent
	// RanNothing reports that the answer was 2xx although no receiver takes the type of any event, or the set of receivers
	// is empty.
	RanNothing bool
	// WouldRefuse are the refusals that did not take place, because their checks only report.
	WouldRefuse []Reported
	// Unproved says that the delivery was let through without any proof, because a check only reports: nothing of what
	// the record says of it is authenticated.
	Unproved bool
	// Findings are what could be found out about a failed authentication: of some of them, as a sample, within a fixed
	// amount of work, whatever is sent. See [Guard.Explain] for all that can be known of one request.
	Findings []Finding
	Dropped  int // records dropped before this one because the observer was slow

	sampled *sampled // to be explained
	ended   time.Time
	proved  bool
}

// ReplayState says what the replay store had to do with an outcome.
type ReplayState string

// The states.
const (
	ReplayNone         ReplayState = "none"      // not asked: refused before, or no replay protection
	ReplayUnclaimed    ReplayState = "unclaimed" // the store failed and the endpoint fails open
	ReplayCommitted    ReplayState = "committed"
	ReplayReleased     ReplayState = "released"
	ReplayDuplicate    ReplayState = "duplicate"
	ReplayInFlight     ReplayState = "in_flight"
	ReplayCommitFailed ReplayState = "commit_failed" // the app's work is done and may run again
)

const (
	pumpCapacity = 1024
	// gatherRecords is how long the goroutine waits for more before it hands records over. Waking it for each would cost a
	// request more than all else that is done for its record.
	gatherRecords = 250 * time.Microsecond
)

// pump hands records to an observer in order, from a goroutine that lives only while there are any.
type pump struct {
	observer Observer
	logger   *slog.Logger

	records sync.Pool // of *Record: those that the observer has been told

	mu      sync.Mutex
	queue   []*Record
	spare   []*Record     // the queue before, for the next one
	gather  *time.Timer   // starts the goroutine; nil: nothing is gathered
	turn    uint64        // how often anything was gathered
	running bool          // the goroutine
	dropped int           // since the last record that was taken
	lost    atomic.Int64  // in all
	idle    chan struct{} // closed when the goroutine ends; nil: nobody waits for that
}

func newPump(o Observer, l *slog.Logger) *pump { return &pump{observer: o, logger: l} }

// blank gives a record to fill in and put.
func (p *pump) blank() *Record {
	if r, _ := p.records.Get().(*Record); r != nil {
		return r
	}
	return &Record{}
}

// recycle takes a record back, and keeps nothing of what it points to.
func (p *pump) recycle(r *Record) {
	*r = Record{}
	p.records.Put(r)
}

// put takes the record over.
func (p *pump) put(r *Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) >= pumpCapacity {
		p.dropped++
		p.lost.Add(1)
		r.forgo()
		p.recycle(r)
		return
	}
	r.Dropped, p.dropped = p.dropped, 0
	p.queue = append(p.queue, r)
	switch {
	case p.running:
	case p.gather == nil:
		p.turn++
		turn := p.turn
		p.gather = time.AfterFunc(gatherRecords, func() { p.begin(turn) })
	case len(p.queue) >= pumpCapacity/2:
		p.startLocked()
	}
}

// begin ends the gathering of a turn, unless something else has ended it before the timer's goroutine ran.
func (p *pump) begin(turn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if turn == p.turn {
		p.startLocked()
	}
}

func (p *pump) startLocked() {
	if p.gather == nil {
		return // what was gathered is on its way
	}
	p.gather.Stop()
	p.gather, p.running = nil, true
	go p.drain()
}

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
		p.queue, p.spare = p.spare[:0], nil
		p.mu.Unlock()
		for i, r := range batch {
			p.observe(r)
			p.recycle(r)
			batch[i] = nil
		}
		p.mu.Lock()
		p.spare = batch
		p.mu.Unlock()
	}
}

// observe contains the observer's panics: they are ours to log and nobody's to crash on. The observer gets a copy, which it
// may keep.
func (p *pump) observe(r *Record) {
	defer func() {
		if v := recover(); v != nil {
			p.logger.Error("sallyport: the observer panicked", "endpoint", r.Endpoint, "panic", v)
		}
	}()
	r.explain()
	if fn, ok := p.observer.(ObserverFunc); ok {
		fn(*r) // its Observe would copy the record once more
		return
	}
	p.observer.Observe(*r)
}

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
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
