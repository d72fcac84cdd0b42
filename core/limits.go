package core

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/rate"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/limit"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// RateLimit bounds what one source may send to an endpoint. A source is an IPv4 address or an IPv6 /64, found as
// [Config.Sources] describes; all requests whose source is unknown share one. With [Config.Tenant] it is counted
// for each tenant by itself, and for all unknown tenants together.
//
// Two things are counted, apart from each other, so that forgeries never use up what genuine deliveries may use:
//
//   - Deliveries that were proved, at PerSecond and Burst. The one that is over is refused 429 with Retry-After, and so
//     is, before its body is read, what follows until there is room again. Default: no limit, because no provider
//     promises one.
//   - Requests that failed authentication, or whose bodies were so slow that they had to make way, at FailuresPerSecond
//     and FailureBurst. Default: PerSecond and Burst where they are given, else 100 a second and 10,000 at once. A
//     source that is over is answered 429 where it fails again, and at most 8 of its bodies are read at a time. It is
//     not shut out: whoever can make a provider send to a URL of their choice can make that provider's own addresses
//     fail.
//
// Where a 4xx loses the event at the provider, the answer is 503 in place of 429.
type RateLimit struct {
	PerSecond float64 // proved deliveries of one source, sustained; 0: no limit
	Burst     int     // at once; default: one second's worth, at least 1
	// Limiter counts deliveries in place of the guard, at its own rate, for several processes. PerSecond and Burst,
	// default 100 and 1000, then hold in this process while it fails.
	Limiter limit.Limiter

	FailuresPerSecond float64 // failed authentications of one source, sustained; default: PerSecond, else 100
	FailureBurst      int     // at once; default: Burst, else 100 seconds' worth
	// FailureLimiter counts failures in place of the guard, as Limiter does deliveries.
	FailureLimiter limit.Limiter
}

const (
	defaultFailuresPerSecond = 100
	failureBurstSeconds      = 100
	fallbackPerSecond        = 100 // with a Limiter and no PerSecond, while the Limiter fails
	fallbackBurst            = 1000
	maxPerSecond             = 1e6
	maxBurst                 = 1e9 // beyond it a limit no longer limits
)

// limiterFailed reports that a limiter of the app's own fails, once a minute: the guard counts in its own process
// meanwhile.
func (g *Guard) limiterFailed(err error) {
	// A flood while Redis is down would otherwise write a line for each request.
	if !g.rates.line.Due() {
		return
	}
	// Cleaned, because an error of a remote store may quote what a sender chose.
	attrs := g.watch.log.About(slog.String("error", httpfield.Clean(err.Error())))
	g.watch.log.Write(context.Background(), slog.LevelError, limiterFails, attrs...)
}

// rates are the limits of an endpoint.
type rates struct {
	deliveries *rate.Limit   // proved; nil: no limit
	failures   *rate.Limit   // unproved requests; never nil in a guard that New returned
	status     int           // of the answer to too much
	line       logbook.Gate  // for the failures of a limiter
	proved     sender.Proofs // who has sent genuine deliveries; see budgeted
}

// configureRates compiles RateLimit. The two limits have names of their own in a shared limiter: they must never add
// up.
func (g *Guard) configureRates(c *Config, m *fault.Mistakes) {
	rl := c.RateLimit
	deliveries := ratePair{"PerSecond", "Burst", rl.PerSecond, rl.Burst}
	if rl.Limiter != nil && rl.PerSecond == 0 && rl.Burst == 0 {
		deliveries.perSecond, deliveries.burst = fallbackPerSecond, fallbackBurst
	}
	if deliveries.valid(m) && (deliveries.perSecond > 0 || rl.Limiter != nil) {
		deliveries.burst = cmp.Or(deliveries.burst, max(1, int(math.Ceil(deliveries.perSecond))))
		g.rates.deliveries = rate.New(deliveries.perSecond, deliveries.burst,
			rl.Limiter, "deliveries|"+g.endpoint+"|", g.limiterFailed)
	}
	failures := ratePair{"FailuresPerSecond", "FailureBurst", rl.FailuresPerSecond, rl.FailureBurst}
	switch {
	// Failures are always limited, also where RateLimit is zero: forgeries are cheap to send and cost an HMAC each.
	case failures.perSecond != 0:
	case rl.PerSecond > 0:
		failures.perSecond = rl.PerSecond
		failures.burst = cmp.Or(failures.burst, deliveries.burst)
	default:
		failures.perSecond = defaultFailuresPerSecond
	}
	if failures.valid(m) {
		failures.burst = cmp.Or(failures.burst, max(1, int(math.Ceil(failures.perSecond*failureBurstSeconds))))
		g.rates.failures = rate.New(failures.perSecond, failures.burst,
			rl.FailureLimiter, "failures|"+g.endpoint+"|", g.limiterFailed)
	}
	g.rates.status = http.StatusTooManyRequests
	// For such a provider a 429 would lose the event: an attacker who uses up a limit could then suppress deliveries.
	if g.answers.status == http.StatusServiceUnavailable || g.entry.Drops4xx {
		g.rates.status = http.StatusServiceUnavailable
	}
}

// ratePair is one limit as it is configured, with the names of its fields for mistakes.
type ratePair struct {
	rateField, burstField string
	perSecond             float64
	burst                 int
}

// valid adds mistakes to m and reports whether there were none. Zero means "not configured" and is valid.
func (p *ratePair) valid(m *fault.Mistakes) bool {
	before := len(*m)
	// Written so that NaN is a mistake.
	if !(p.perSecond >= 0 && p.perSecond <= maxPerSecond) || (p.perSecond > 0 && p.perSecond < 1e-6) {
		m.Add("RateLimit."+p.rateField, strconv.FormatFloat(p.perSecond, 'g', -1, 64),
			"it must be between 0.000001 and 1000000 a second; leave it out for the default")
	}
	if p.burst < 0 || p.burst > maxBurst {
		m.Add("RateLimit."+p.burstField, strconv.Itoa(p.burst),
			"it must be between 1 and %d; leave it out for the default", int(maxBurst))
	}
	if p.perSecond == 0 && p.burst > 0 {
		m.Add("RateLimit."+p.burstField, strconv.Itoa(p.burst),
			"a burst without %s would never be refilled; give both", p.rateField)
	}
	return len(*m) == before
}

// checkRate refuses a source that has used up its deliveries, before any more work is done for it.
func (g *Guard) checkRate(ctx context.Context, i *inspection) fault.Failure {
	// Here nothing is counted, only compared: a request has to be proved before it uses up deliveries.
	if first := !i.counted; first && g.tenants.key.set {
		i.counted = true
		// It is checked again once the tenant is known: unknown tenants have sent nothing that was proved.
		return fault.Failure{}
	}
	i.counted = true
	if g.rates.deliveries == nil {
		return fault.Failure{}
	}
	return g.overRate(ctx, i, 0, i.started)
}

// countDelivery counts a proved delivery against what its source may send.
func (g *Guard) countDelivery(ctx context.Context, i *inspection) fault.Failure {
	if g.rates.deliveries == nil {
		return fault.Failure{}
	}
	return g.overRate(ctx, i, 1, time.Now())
}

// overRate takes n deliveries from what the source may send; 0 only looks. Its refusal carries when to come back.
func (g *Guard) overRate(ctx context.Context, i *inspection, n int, now time.Time) fault.Failure {
	// A limiter that fails is replaced by one in this process: neither open nor closed, but bounded.
	ok, wait := g.rates.deliveries.Allow(ctx, i.tenant, i.source, n, now)
	if ok {
		return fault.Failure{}
	}
	i.retryAfter = wait
	return fault.New(reason.RateLimited, "the source "+nameOf(i.source)+" sent more than RateLimit allows")
}

// countFailure counts an unproved request against what its source may fail. A source that is over is refused for that,
// whatever the request failed at.
func (g *Guard) countFailure(ctx context.Context, i *inspection, f fault.Failure, now time.Time) fault.Failure {
	// Only failures that a sender can cause at will. An outage of a store or of keys must not lock out the provider.
	failed := f.Reason.Class() == reason.ClassAuthentication || f.Reason == reason.BodyIncomplete || i.displaced
	// Not counted: it failed before checkRate, as from an unlisted source. Proved: a genuine sender, whatever failed
	// later.
	if !i.counted || i.proved || !failed {
		return f
	}
	ok, wait := g.rates.failures.Allow(ctx, i.tenant, i.source, 1, now)
	if ok {
		return f
	}
	i.retryAfter = wait
	return fault.New(reason.RateLimited, "the source "+nameOf(i.source)+
		" fails more often than RateLimit allows; this time "+string(f.Reason)+": "+f.Detail)
}

// throttled reports whether a source has failed so often that few of its bodies may be read at a time.
func (g *Guard) throttled(ctx context.Context, i *inspection) bool {
	// n is 0: a look must not use up what the next failure is counted against.
	ok, _ := g.rates.failures.Allow(ctx, i.tenant, i.source, 0, i.started)
	return !ok
}

// nameOf names a source in a refusal, as it is counted: an IPv6 address by its /64.
func nameOf(source netip.Addr) string {
	if !source.IsValid() {
		return "that is unknown"
	}
	return sender.Key(source).String()
}

// Budget bounds what unverified senders may use of a process, for all the guards that share it: memory for bodies that
// nobody has proved yet, and time for finding out why deliveries were refused.
//
// Guards without one share the budget of the process, so a hundred endpoints hold no more than one. Half of a budget is
// kept: each open guard has an equal part of that half, which no other guard can take. So a flood at one endpoint
// leaves the others their part. [Guard.Shutdown] and the garbage collector return a guard's part.
//
// Bodies have 64 MiB, counted by what they hold, in units of 32 KiB. When there is no room, a body that has been
// arriving for more than a second makes way, first one of the guard that holds the most beyond its part. Where none
// has, the answer is 503. One body that is alone at its endpoint may be larger than the room that is left.
//
// Diagnosis has 50 milliseconds a second by the clock, of which each explained refusal counts at least 3. Refusals
// beyond that are reported without [Record.Findings].
//
// A Budget is safe for concurrent use. Make it with [NewBudget]: New refuses the zero value.
type Budget struct {
	bodies    *intake.Room
	err       error // of the configuration
	diagnosis *explain.Allowance
}

// NewBudget returns a budget of its own, for guards that must not share with others: [Config.Budget].
func NewBudget() *Budget {
	return newBudget(intake.DefaultRoom)
}

// WithBodies returns a budget with another room for bodies, between 32 KiB and 32 GiB. It is a new one: guards that use
// b do not share it.
func (b *Budget) WithBodies(bytes int64) *Budget {
	return newBudget(bytes)
}

func newBudget(bytes int64) *Budget {
	b := &Budget{diagnosis: explain.NewAllowance()}
	b.bodies, b.err = intake.NewRoom(bytes)
	return b
}

// processBudget is shared by the guards that have none of their own: it bounds the memory and the time of the process.
var processBudget = NewBudget() //lint:immutable the pointer never changes, and what it counts decides about no proof

// share is one guard's part in a budget. It has no reference to the guard, which can be collected.
type share struct {
	bodies    *intake.Share
	diagnosis *explain.Share
	closed    atomic.Bool // the part was returned; Shutdown may be called twice
}

// join makes a guard's part.
func (b *Budget) join() *share { return &share{bodies: b.bodies.Join(), diagnosis: b.diagnosis.Join()} }

// close returns the part. The guard may go on, in the part that is common to all. A second call does nothing.
func (s *share) close() {
	if !s.closed.Swap(true) {
		s.bodies.Close()
		s.diagnosis.Close()
	}
}

// vacate gives the delivery's slot back, where it has one. It may be called more than once.
func (d *Delivery) vacate() {
	if d.slot.CompareAndSwap(true, false) {
		d.guard.signals.slots.Free()
	}
}

// begin takes a slot for the delivery and claims its events. It returns a reply where nothing is to run. A redrive does
// not come here: a person asked for it, and it runs next to the deliveries.
func (d *Delivery) begin() *Reply {
	if d.guard.signals.slots.Most == 0 {
		return d.claim()
	}
	begun := false
	defer func() {
		if !begun { // also where the store panics: nobody else would free the slot
			d.vacate()
		}
	}()
	free := d.guard.signals.slots.Take()
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
	return d.refuse(fault.New(reason.Busy, busyDetail), nil)
}

// configureSlots compiles Limits.MaxRunning.
func (g *Guard) configureSlots(c *Config, m *fault.Mistakes) {
	if c.Limits.MaxRunning < 0 {
		m.Add("Limits.MaxRunning", strconv.Itoa(c.Limits.MaxRunning), "it must not be negative; 0 means no bound")
		return
	}
	g.signals.slots.Most = int64(c.Limits.MaxRunning)
}

// announceSlots warns where a refusal loses the event.
func (g *Guard) announceSlots() {
	if g.signals.slots.Most > 0 && (g.entry.NeverRetries || g.entry.RetryHorizon == 0) {
		g.logger.Warn("sallyport: Limits.MaxRunning is set, and this provider is not known to send again: what comes "+
			"beyond it may be lost; work its events in an inbox instead",
			"endpoint", g.endpoint, "provider", g.provider)
	}
}
