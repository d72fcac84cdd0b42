package core

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/replay"
)

// memory is how an endpoint remembers events.
type memory struct {
	lease.Rules
	transactor replay.Transactor // the store, if it has transactions
	failOpen   bool              // a delivery runs unclaimed while the store fails
	strict     bool              // an id that comes with another body is refused
}

const (
	defaultLease     = time.Minute
	defaultSignal    = 15 * time.Minute
	defaultRetention = 72 * time.Hour
	retentionMargin  = time.Minute
	maxEndpointName  = 200 // bytes
)

// What is wrong with a config that remembers too little, or for too short a time.
const (
	noStore = "nothing remembers what was processed; use memstore.New() for one process or a shared store for " +
		"several, or core.DangerouslyNoReplay"
	noName      = "the endpoint needs a name, because it is part of what is remembered; for example %q"
	badName     = "the name is blank, longer than %d bytes or holds control characters"
	signalShort = "it is shorter than the lease of %s, which a crashed signal holds in any case; raise it, or " +
		"shorten Limits.Lease"
	signalLong = "a signal may hold its event for %s and a lease of %s more, and %s stops retrying after %s: " +
		"after a failure no retry would come"
	forgetsFresh = "a delivery stays fresh for %s, plus a lease of %s and a margin of %s: remember at least %s"
	forgetsSent  = "%s sends an event again for up to %s: remember at least as long"
	leaseLong    = "%s stops retrying after %s: after a crash no retry would come when the lease has ended"
	mustChoose   = "%s never sends a delivery again by itself, so choose: RefuseDelivery (503; lost unless somebody " +
		"resends it) or DangerouslyAcceptUnclaimed (runs, perhaps twice)"
)

// configureReplay compiles how the endpoint remembers events, and for how long.
func (g *Guard) configureReplay(c *Config, m *fault.Mistakes) {
	g.memory.Lease, g.memory.Retention = g.leaseFor(c.Limits.Lease), c.Limits.Retention
	if g.memory.Lease < time.Second {
		m.Add("Limits.Lease", g.memory.Lease.String(), "it must be at least 1s")
	}
	if horizon := g.entry.RetryHorizon; g.memory.Lease > maxLease && (horizon == 0 || g.memory.Lease <= horizon) {
		// An event whose process has died waits for as long.
		m.Add("Limits.Lease", g.memory.Lease.String(), "it must be at most %s", maxLease)
	}
	g.configureSignalTimeout(c, m)
	if c.Replay == nil {
		m.Add("Replay", "", noStore)
		return
	}
	if _, none := c.Replay.(noReplay); none { // fails open, by its name: every delivery runs, however often it comes
		return
	}
	g.memory.Store = c.Replay
	// A store of one process cannot have another application's events. A shared one is asked before the first claim.
	g.ownership.known.Store(c.Replay.Scope() != replay.Shared)
	g.memory.transactor, _ = c.Replay.(replay.Transactor)
	if c.Endpoint == "" {
		m.Add("Endpoint", "", noName, cmp.Or(g.provider, "payments"))
	} else if strings.TrimSpace(c.Endpoint) == "" || len(c.Endpoint) > maxEndpointName || hasControl(c.Endpoint) {
		m.Add("Endpoint", "", badName, maxEndpointName)
	}
	g.configureRetention(m)
	g.configureStoreFailure(c.StoreFailure, m)
}

// configureSignalTimeout sets how long a signal may hold its event. By default a retry comes after it.
func (g *Guard) configureSignalTimeout(c *Config, m *fault.Mistakes) {
	horizon, held := g.entry.RetryHorizon, g.memory.Lease
	g.signals.timeout = c.Limits.SignalTimeout
	add := func(text string, args ...any) {
		m.Add("Limits.SignalTimeout", c.Limits.SignalTimeout.String(), text, args...)
	}
	switch {
	case c.Limits.SignalTimeout != 0 && c.Limits.SignalTimeout < time.Second:
		add("it must be at least 1s, written with its unit: 5 * time.Minute")
	case g.signals.timeout == 0:
		g.signals.timeout = defaultSignal
		if horizon > 0 {
			g.signals.timeout = min(g.signals.timeout, horizon/2)
		}
		g.signals.timeout = max(g.signals.timeout, held)
	case g.signals.timeout < held:
		add(signalShort, held)
	case horizon > 0 && g.signals.timeout > horizon-held:
		add(signalLong, g.signals.timeout, held, g.entry.Title, horizon)
	}
}

// configureRetention sets how long an event is remembered. It fails closed: a claim may begin at the edge of the window
// in which a delivery is fresh, and last for its lease. What is forgotten earlier could be replayed.
func (g *Guard) configureRetention(m *fault.Mistakes) {
	// A timestamp from the future is fresh for both sides of the window. Without a signed timestamp a delivery never
	// gets too old. That fails open, because nothing shows its age: once it is forgotten, a captured one can run again.
	window, horizon := time.Duration(0), g.entry.RetryHorizon
	if g.signature != nil && g.signature.SignsTime {
		window = g.signature.Past + g.signature.Future
	}
	least := window + min(g.memory.Lease, maxLease) + retentionMargin // a longer lease is refused
	add := func(text string, args ...any) { m.Add("Limits.Retention", g.memory.Retention.String(), text, args...) }
	switch {
	case g.memory.Retention == 0:
		g.memory.Retention = max(least, horizon, defaultRetention)
	case g.memory.Retention < time.Second:
		add("it must be at least %s, written with its unit: 72 * time.Hour", least)
	case g.memory.Retention < least:
		add(forgetsFresh, window, g.memory.Lease, retentionMargin, least)
	case horizon > 0 && g.memory.Retention < horizon:
		add(forgetsSent, g.entry.Title, horizon)
	}
	if horizon > 0 && g.memory.Lease > horizon {
		m.Add("Limits.Lease", g.memory.Lease.String(), leaseLong, g.entry.Title, horizon)
	}
}

// configureStoreFailure sets what becomes of a delivery while the store fails. The zero value fails closed.
func (g *Guard) configureStoreFailure(choice StoreFailure, m *fault.Mistakes) {
	switch choice {
	case StoreFailureUnset:
		if g.entry.NeverRetries { // no default is safe here: one loses events, the other may run them twice
			m.Add("StoreFailure", "", mustChoose, g.entry.Title)
		}
	case RefuseDelivery:
	case DangerouslyAcceptUnclaimed:
		g.memory.failOpen = true
	default:
		m.Add("StoreFailure", strconv.Itoa(int(choice)), "not one of the choices")
	}
}

// lastRetry returns when the last retry comes that the lease must leave time for. 0: unknown.
func (g *Guard) lastRetry() time.Duration {
	return cmp.Or(g.entry.LastQuickRetry, g.entry.RetryHorizon)
}

// leaseFor returns the configured lease, or the default: one minute, and at most half the time in which retries come. A
// process that dies keeps its events from the retries until the lease expires.
func (g *Guard) leaseFor(configured time.Duration) time.Duration {
	if configured != 0 {
		return configured
	}
	held := defaultLease
	if last := g.lastRetry(); last > 0 {
		held = max(time.Second, min(held, last/2))
	}
	return held
}

// announceLease warns of a configured lease that the provider's quick retries do not outlive. It is not refused: the
// retries may be set at the provider to go on for longer.
func (g *Guard) announceLease() {
	last := g.entry.LastQuickRetry
	if g.memory.Store == nil || last == 0 || g.memory.Lease < last {
		return
	}
	g.logger.Warn("sallyport: after a crash the lease may outlive the provider's retries: "+
		"shorten Limits.Lease, or have the provider retry for longer",
		"endpoint", g.endpoint, "provider", g.provider, "lease", g.memory.Lease.String(), "last_retry", last.String())
}

// DangerouslyNoReplay turns replay protection off: every verified delivery runs, however often it comes. Retries of
// the provider run the app's code again, and a captured delivery can be replayed while its timestamp is fresh, or for
// ever where the scheme has none.
//
//lint:immutable it is compared by its type
var DangerouslyNoReplay replay.Store = noReplay{}

// noReplay marks the switched-off protection. New recognises its type, and no guard calls it on a delivery.
type noReplay struct{}

// Claim grants everything.
func (noReplay) Claim(_ context.Context, items []replay.Item, _ time.Duration) ([]replay.Result, error) {
	out := make([]replay.Result, len(items))
	for i := range out {
		out[i] = replay.Result{State: replay.Claimed, Token: 1}
	}
	return out, nil
}

// Settle does nothing.
func (noReplay) Settle(context.Context, []replay.Settlement) error { return nil }

// Extend does nothing.
func (noReplay) Extend(context.Context, []replay.Held, time.Duration) error { return nil }

// Forget does nothing.
func (noReplay) Forget(context.Context, []replay.Key) error { return nil }

// Scope is the process.
func (noReplay) Scope() replay.Scope { return replay.Process }

// Close does nothing.
func (noReplay) Close() error { return nil }
