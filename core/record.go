package core

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/internal/pump"
	"github.com/sallyport-go/sallyport/core/reason"
)

// Record is one outcome. Endpoint, Provider, Reason and Status come from closed sets and make safe labels of metrics;
// Type, ID and the identity come from the sender, after the proof.
type Record struct {
	Time     time.Time // by the guard's clock
	Endpoint string    // as configured; for tests of equality and labels
	Provider string    // the provider's name in logs and metrics
	Route    string    // the route's pattern, never the path
	// Tenant is the key that Config.Tenant found, where its secrets are known, whether or not the delivery was proved
	// by them; else empty, so that unverified senders cannot make values. As a label of metrics it makes a series for
	// each tenant.
	Tenant string
	// Source is the address that sent it, as far as it is known; invalid otherwise. A sender chooses among its own:
	// no label of a metric.
	Source netip.Addr
	Reason reason.Reason
	Status int // that was answered
	// SignedURL says which URL the signature was checked over; empty where the provider signs none. Where it does not
	// match, Detail names the URL, without its query, its user and a token in its path.
	SignedURL URLSource
	Secret    string // label of the signing secret that matched
	// Credentials are the labels of the credentials that matched, in the order of their places. They must not be
	// changed.
	Credentials []string
	// SecretExpires is when the secret that matched ends, of several the first; zero while that is more than a week
	// off.
	SecretExpires time.Time
	// NoneValidAfter is when no accepted secret will be valid any more; zero while that is more than a week off.
	NoneValidAfter time.Time
	// SecretsStale says that the accepted secrets are not the newest: their source failed, or gave a list that was
	// refused, and the last good one is in force. The log and [Guard.Health] say why.
	SecretsStale bool
	Events       int
	Duplicates   int // of the events: done before
	InFlight     int // of the events: another delivery is processing them
	Released     int // of the events: not committed, so that the retry runs them
	// ID and Type are those of the first event. See [NamesObserver] for when they are not read.
	ID   string
	Type string
	// Identity is what the first event is remembered by. By the body's digest and without a replay store, it is set
	// where the app has asked for the delivery's events.
	Identity  Identity
	BodyBytes int
	// BodySHA256 is set once the delivery is proved, where the SHA-256 of its body was needed: at an endpoint with a
	// journal or a shared replay store, and where an event is remembered by its body's digest, not by an id. Without a
	// replay store it is set where the app has asked for such an event.
	BodySHA256 [32]byte
	Verify     time.Duration // from the request's arrival to the end of the proof
	Total      time.Duration // from the request's arrival to the record
	Replay     ReplayState
	DoneAt     time.Time // for duplicates: when the event was processed
	Overrun    bool      // the answer came after the provider's limit
	Detail     string    // what was seen and which setting to check; no secrets
	Err        error     // the app's or the store's error; not for the outside
	Stack      []byte    // of a panic
	// Failed lists the events that did not end well, each by its own id, type and identity: those whose receivers
	// failed, panicked or gave up ([Permanent], [Undecodable]), and those that no receiver takes, in the order of the
	// delivery; then those of a batch that did not run, because their id came with another body before. It is complete
	// however long the batch is, and must not be changed. ID, Type and Identity above are those of the first event,
	// which may have succeeded.
	Failed []FailedEvent
	// RanNothing reports that the answer was 2xx although no code of the app is known to have run for any event: no
	// receiver takes their types, the set of receivers is empty, or the route has no handler that used the delivery.
	RanNothing bool
	// AnsweredEarly reports that middleware behind the guard had answered before the signals ended, as a timeout does.
	// Status is its answer. Reason and Replay are what became of the signals later.
	AnsweredEarly bool
	// WouldRefuse are the refusals that did not take place, because their checks only report.
	WouldRefuse []Reported
	// Unproved says that the delivery was let through without any proof, because a check only reports: nothing of what
	// the record says of it is authenticated.
	Unproved bool
	// Findings are what could be found out about a failed authentication: of some of them, as a sample, within a fixed
	// amount of work, whatever is sent. See [Guard.Explain] for all that can be known of one request.
	Findings []reason.Finding
	// Redrive numbers the runs of an entry of the journal, from 1; 0 for a delivery of the provider. A run is no sign
	// of life: it counts for no health, rate or rotation.
	Redrive int
	// Backfill reports that the app has fetched the event by itself ([Guard.Backfill]). It is no sign of life either.
	Backfill bool
	Dropped  int // records dropped before this one because this observer was slow
}

// pooledRecord is a record on its way to the log and the observers, with what the guard itself keeps of the outcome. It
// is reused: an observer gets a copy of the Record, which refers to nothing of it.
type pooledRecord struct {
	Record

	ctx      context.Context // of the request as it reached the guard
	lasting  *lease.Lasting  // the same without its end; nil: none was made
	sampled  *explain.Sample // to be explained; nil: it is not
	ended    time.Time       // by the real clock
	proved   bool
	emptySet bool // the set of signals has no receivers
	// of the first event that was this delivery's to run; zero: it has none, or no store remembers it
	fresh   Identity
	line    lineKind     // how the log writes it; the log's own
	unread  *Delivery    // whose events are not named here yet; nil: nothing waits
	kept    int64        // bytes that wait with it
	home    *recordPool  // where release returns it
	holders atomic.Int32 // how many queues it is in
}

// recordPool keeps records for later outcomes. Get gives one to fill in, put and forget.
type recordPool struct {
	sync.Pool
	unread atomic.Int64 // bytes that records in queues keep until they are named
}

// get returns an empty record from the pool, or a new one. The caller must set holders before it hands it on.
func (p *recordPool) get() *pooledRecord {
	r, _ := p.Get().(*pooledRecord)
	if r == nil {
		r = &pooledRecord{}
	}
	r.home = p
	return r
}

// release gives one hold of the record back. With the last one it goes back to its pool, and keeps nothing of what it
// pointed to.
func (r *pooledRecord) release() {
	// Whoever comes last clears it. A queue that read it afterwards would see the record of another request.
	if r.holders.Add(-1) > 0 {
		return
	}
	// A sample that nobody read gives its share of the work back.
	r.sampled.Forgo()
	home := r.home
	if r.unread != nil {
		home.unread.Add(-r.kept)
	}
	*r = pooledRecord{}
	home.Put(r)
}

// URLSource says where a signed URL comes from.
type URLSource string

// The sources.
const (
	URLConfigured URLSource = "configured" // Config.PublicURL
	URLRebuilt    URLSource = "rebuilt"    // from the request's host and target
)

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

// replayStates are the states by what became of a holding.
var replayStates = [...]ReplayState{ //lint:immutable a table
	lease.None: ReplayNone, lease.Released: ReplayReleased, lease.Committed: ReplayCommitted,
	lease.CommitFailed: ReplayCommitFailed,
}

// record starts the record of an outcome. The caller completes it and passes it to put.
func (g *Guard) record(i *facts, why reason.Reason, status int, now time.Time) *pooledRecord {
	rec := g.watch.records.get()
	rec.ended, rec.ctx = now, i.ctx
	rec.Time, rec.Total, rec.Route, rec.Source = i.now, now.Sub(i.started), i.route, i.source
	rec.Endpoint, rec.Provider, rec.Tenant = g.endpoint, g.provider, i.tenant
	rec.Reason, rec.Status, rec.Replay, rec.BodyBytes = why, status, ReplayNone, len(i.body)
	rec.Secret, rec.Credentials = i.secret, i.credentials
	rec.SecretExpires, rec.NoneValidAfter = keyring.TimeOf(i.match.Expires), keyring.TimeOf(i.match.NoneAfter)
	rec.SecretsStale = i.match.Stale
	rec.WouldRefuse, rec.Unproved = i.reported, i.unproved != nil
	rec.proved = i.proved
	if g.signature != nil {
		rec.SignedURL = URLSource(g.signature.Route.Source)
	}
	return rec
}

// put counts an outcome, logs it and hands it to the observers. It takes the record over.
func (g *Guard) put(rec *pooledRecord) {
	// A person's redrive must not make a silent endpoint look alive.
	if rec.Redrive == 0 && !rec.Backfill {
		g.countVitals(rec)
	}
	line := g.watch.log.take(rec)
	g.watch.boundUnread(rec)
	// Before the first put: a fast observer could otherwise release the record while it is still being handed out.
	holders := len(g.watch.outlets) // a config does not list that many observers
	if line {
		holders++
	}
	rec.holders.Store(int32(max(holders, 1)))
	if holders == 0 {
		rec.release()
		return
	}
	if line {
		g.watch.log.pump.Put(rec)
	}
	for _, o := range g.watch.outlets {
		o.pump.Put(rec)
	}
}

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

// NamesObserver is an optional interface of an [Observer] that may do without the names of events. New asks it once.
// Where it reports false, Record.ID, Type and Identity may be empty: they are set only where something else has needed
// them. Names that stand in the body are then not read for this observer. An observer without the
// method gets them: a delivery that a handler took without asking for its events is then read on the observer's own
// goroutine.
type NamesObserver interface {
	NeedsNames() bool
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
		out := newOutlet(n, o, g.watch.log)
		g.watch.outlets, g.watch.named = append(g.watch.outlets, out), g.watch.named || out.names
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
	pump     pump.Pump[*pooledRecord] // bounds what waits; its goroutine alone calls deliver
	n        int                      // its place in Config.Observers
	observer Observer
	names    bool         // it reads the names of events
	log      *guardLog    // the guard's; reports panics and lost records
	lost     atomic.Int64 // records, in all
}

func newOutlet(n int, o Observer, l *guardLog) *outlet {
	out := &outlet{n: n, observer: o, names: true, log: l}
	if asked, ok := o.(NamesObserver); ok {
		out.names = asked.NeedsNames()
	}
	out.pump.Deliver, out.pump.Drop = out.take, out.drop
	return out
}

// take hands a record to the observer, and gives it back.
func (o *outlet) take(r *pooledRecord, dropped int) {
	defer r.release() // also where the observer ends its goroutine
	r.explain()       // before the copy: all observers and the log see the same findings
	o.deliver(r, dropped)
}

// deliver contains the observer's panics: they are logged and crash nothing. One that ends the goroutine is logged too.
// The observer gets a copy, which it may keep: it refers to nothing of the request.
func (o *outlet) deliver(r *pooledRecord, dropped int) {
	returned := false
	defer func() {
		switch v := recover(); {
		case v != nil:
			o.log.observerPanicked(o, r.ctx, v)
		case !returned: // by runtime.Goexit, as a failed assertion of a test does
			o.log.observerPanicked(o, r.ctx, "it ended its goroutine")
		}
	}()
	rec := &r.Record // which other observers read as well
	if dropped > 0 || o.names && r.unread != nil {
		own := r.Record
		own.Dropped = dropped
		if o.names {
			r.unread.nameRecord(&own)
		}
		rec = &own
	}
	if fn, ok := o.observer.(ObserverFunc); ok {
		fn(r.observersContext(), *rec) // its Observe would copy the record once more
	} else {
		o.observer.Observe(r.observersContext(), *rec)
	}
	returned = true
}

// observersContext returns the context of a record. The request is over by now: a cancelled one would make exporters
// drop the record.
func (r *pooledRecord) observersContext() context.Context {
	if r.lasting != nil {
		return r.lasting
	}
	return context.WithoutCancel(r.ctx)
}

// drop counts a record for which the queue has no room.
func (o *outlet) drop(r *pooledRecord) {
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
