package core

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/internal/ownership"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
)

// memory is how an endpoint remembers events.
type memory struct {
	lease.Rules
	name       ownership.Name    // the endpoint's, in the store
	leave      func()            // takes the guard off the store's roster; may be called twice
	transactor replay.Transactor // the store, if it has transactions
	digester   replay.Digester   // the store, if its own digests tell events apart; nil: SHA-256 does
	failOpen   bool              // a delivery runs unclaimed while the store fails
	strict     bool              // an id that comes with another body is refused
}

// ClaimState is what the replay store knows of an entry of the journal.
type ClaimState struct {
	// Events are the states of the entry's event, or of each event of a whole batch. Of an inbox, done means that the
	// event was enqueued.
	Events []replay.Result
	// Redrive is the state of the next redrive's own claim: in flight while one runs of an event that is done.
	Redrive replay.Result
}

// ClaimState looks up what the replay store knows of an entry, for a page that shows it. It claims nothing, and can be
// out of date at once. Errors: [errors.ErrUnsupported] where there is no store, where it is not a [replay.Looker], and
// for an event that is not remembered; or the store's.
func (g *Guard) ClaimState(ctx context.Context, e *journal.Entry) (ClaimState, error) {
	store, ok := g.memory.Store.(replay.Looker)
	if !ok || e.Identity == (journal.Entry{}).Identity {
		return ClaimState{}, errors.ErrUnsupported
	}
	keys := []replay.Key{e.Identity}
	if e.Kind == journal.FromBatch {
		keys = keys[:0]
		for i := range e.Parts {
			keys = append(keys, e.Parts[i].Identity)
		}
	}
	keys = append(keys, againKey(e))
	results, err := store.Look(ctx, keys)
	if err != nil || len(results) != len(keys) {
		return ClaimState{}, cmp.Or(err, errors.ErrUnsupported) // a store that breaks its contract says nothing
	}
	return ClaimState{Events: results[:len(keys)-1], Redrive: results[len(keys)-1]}, nil
}

// notRedriven returns the keys but for those of events that the journal is running again, which are busy: the event
// itself is done then, and the run has a claim of its own. It fails closed where the journal does not answer.
func (g *Guard) notRedriven(
	ctx context.Context, keys []replay.Key, busy *replay.InFlightError,
) (idle []replay.Key, err error) {
	if g.journaling.journal == nil {
		return keys, nil
	}
	for _, key := range keys {
		var runs []replay.Key
		for _, kind := range []journal.Kind{journal.FromRequest, journal.FromInbox} {
			e, err := g.journaling.journal.Load(ctx, journal.IDOf(kind, key))
			if errors.Is(err, journal.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			runs = append(runs, againKey(e))
		}
		states, err := g.memory.States(ctx, runs)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(states, isInFlight); i >= 0 {
			busy.Add(states[i].RetryAfter, key)
		} else {
			idle = append(idle, key)
		}
	}
	return idle, nil
}

// forgetWork forgets that workers have worked events of which a message was published: in the same store they remember
// it for longer, and would leave out the message of the next delivery. It returns the keys but for those of events that
// a worker has in hand, which are busy.
func (g *Guard) forgetWork(
	ctx context.Context, keys []replay.Key, busy *replay.InFlightError,
) (idle []replay.Key, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	workers := workersOf(keys)
	err = g.memory.ForgetDone(ctx, workers)
	var working *replay.InFlightError
	if !errors.As(err, &working) {
		return keys, err
	}
	for i, key := range keys {
		if slices.Contains(working.Keys, workers[i]) {
			busy.Add(working.RetryAfter, key)
		} else {
			idle = append(idle, key)
		}
	}
	return idle, nil
}

// workersOf returns what workers remember events by.
func workersOf(keys []replay.Key) []replay.Key {
	workers := make([]replay.Key, len(keys))
	for i := range keys {
		workers[i] = identity.OfWorker(Identity(keys[i]).String())
	}
	return workers
}

func isInFlight(r replay.Result) bool { return r.State == replay.InFlight }

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
	g.memory.Use(c.Replay)
	// A store of one process cannot have another application's events. A shared one is asked before the first claim.
	g.memory.name.Set(c.Replay, g.endpoint, g.provider, g.logger)
	g.memory.transactor, _ = c.Replay.(replay.Transactor)
	g.memory.digester = g.digesterOf(c)
	if c.Endpoint == "" {
		m.Add("Endpoint", "", noName, cmp.Or(g.provider, "payments"))
	} else if strings.TrimSpace(c.Endpoint) == "" || len(c.Endpoint) > maxEndpointName || hasControl(c.Endpoint) {
		m.Add("Endpoint", "", badName, maxEndpointName)
	}
	g.configureRetention(m)
	g.configureStoreFailure(c.StoreFailure, m)
}

// digesterOf returns the store if its own digests may take the place of SHA-256, else nil. It fails closed: SHA-256
// stays where somebody could choose the bytes that are hashed, because the proof does not cover them, and where a
// journal keeps the digest. So it does where the digest is that of an embedded store: what the outer one keeps may
// outlive the inner one's secret, and then a retry would be a conflict.
func (g *Guard) digesterOf(c *Config) replay.Digester {
	own, ok := c.Replay.(replay.Digester)
	if !ok || lease.Embeds(own) || own.Scope() != replay.Process || c.Journal != nil || g.entry.Identity.SignedOnce ||
		!g.signature.CoversEveryBody() {
		return nil
	}
	return own
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

// checkOwnership is called before a claim until the name is known to be this guard's. It reports false where the claim
// must not be made. It fails closed: another provider's name is refused whatever StoreFailure says. An outage of the
// store is answered as any other.
func (d *Delivery) checkOwnership() (reply *Reply, ok bool) {
	g := d.guard
	err := g.memory.name.Ask(context.WithoutCancel(d.r.Context()))
	// The lease counts from the moment of asking. Without this line it would be shorter by what the marker took.
	d.holding.AskAgain(time.Now())
	if err == nil {
		return nil, true
	}
	// A nil reply with ok false: the endpoint fails open on outages, or only reports, and the delivery runs unclaimed.
	return d.storeFailed(err), false
}

// TakeOver hands the endpoint's name in a shared store over to this guard's provider. A shared store notes which
// provider an endpoint name belongs to, and a guard of another provider refuses every delivery (503,
// [reason.StoreUnavailable]): two applications with one namespace would otherwise lose events as each other's
// duplicates.
//
// Call it once, after the provider of an endpoint was changed on purpose and every process with the old one was
// stopped: from a maintenance command, not at each start, because it would then take the name from whoever has it. What
// the store remembers of events stays. Where the name is this provider's already, and with a store of one process, it
// does nothing. It returns an error where the store does not answer, and where a guard of another provider has the name
// back.
func (g *Guard) TakeOver(ctx context.Context) error { return g.memory.name.TakeOver(ctx) }

const nameInUse = "an open guard of %q has this name in the same replay store, and each would answer the other's " +
	"events as duplicates: give each endpoint a name of its own, or close the other guard first"

// enter notes the guard with the store, and returns whether another open guard has its name. Where that guard's
// provider is another one, the config is a mistake: each would answer the other's events as duplicates. A guard that
// awaits its secret claims nothing, and may be open next to the one with it.
func (g *Guard) enter(m *fault.Mistakes) (shared bool) {
	g.memory.leave = func() {}
	roster, ok := g.memory.Store.(replay.Rostered)
	if !ok || g.unknown || g.handshakes.Awaiting || g.endpoint == "" {
		return false
	}
	present, leave := roster.Enter(g.endpoint, g.provider)
	// New calls it where the config has another mistake. Otherwise a failed New would block the name for this process.
	g.memory.leave = leave
	for _, other := range present {
		// Fails closed at start: New returns the mistake. The same provider twice is a restart that overlaps, and only
		// a warning.
		if other != g.provider {
			m.Add("Endpoint", g.endpoint, nameInUse, other)
		}
	}
	return len(present) > 0
}

// announceShared warns of an open guard with the same name in the same store.
func (g *Guard) announceShared() {
	g.logger.Warn("sallyport: two open guards have one endpoint name in one replay store: what one has processed is a "+
		"duplicate for the other; give each a name of its own, or close the old guard before you make a new one",
		"endpoint", g.endpoint, "provider", g.provider)
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
