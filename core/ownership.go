package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/replay"
)

// ownership is what a guard knows of its endpoint's name in a shared store: whether the name belongs to the guard's
// provider. Two applications with one namespace and one endpoint name would otherwise lose each other's events as
// duplicates.
type ownership struct {
	known   atomic.Bool               // the name is this guard's; or nobody else can have it
	denied  atomic.Pointer[takenName] // the name is another provider's
	lines   logbook.Gate              // one log line a minute, for all that concerns the name
	leave   func()                    // takes the guard off the store's roster; may be called twice
	markers [2]replay.Key             // what says whose the name is
}

// takenName is the error of an endpoint's name that belongs to another provider in the store.
type takenName struct {
	holder string    // the provider's name, or how it begins; empty: the store does not say
	until  time.Time // the store is not asked again before
}

const (
	// ownershipPause is how long a refusal stands before the store is asked again, so that an operator's fix is noticed
	// without a restart.
	ownershipPause = 3 * time.Second

	takenAdvice = "give this application a namespace of its own in the store, or give the endpoint another name; " +
		"where the provider of this endpoint was changed on purpose, call Guard.TakeOver"
)

// Error names the holder, and what to change.
func (e *takenName) Error() string {
	return "in this replay store the endpoint's name belongs to " + e.owner() + ": " + takenAdvice
}

// owner describes the holder for the error. The name comes from the store, so %q keeps its control characters out of
// logs.
func (e *takenName) owner() string {
	if e.holder == "" {
		return "another provider"
	}
	return fmt.Sprintf("the provider %q", e.holder)
}

// isTaken reports whether the store was reachable and said that the name is another provider's.
func isTaken(err error) bool {
	var taken *takenName
	return errors.As(err, &taken)
}

// checkOwnership is called before a claim until the name is known to be this guard's. It reports false where the claim
// must not be made. It fails closed: another provider's name is refused whatever StoreFailure says. An outage of the
// store is answered as any other.
func (d *Delivery) checkOwnership() (reply *Reply, ok bool) {
	g := d.guard
	err := g.askOwnership(context.WithoutCancel(d.r.Context()))
	// The lease counts from the moment of asking. Without this line it would be shorter by what the marker took.
	d.holding.AskAgain(time.Now())
	if err == nil {
		return nil, true
	}
	// A nil reply with ok false: the endpoint fails open on outages, or only reports, and the delivery runs unclaimed.
	return d.storeFailed(err), false
}

// askOwnership asks the store whose the name is, unless it has refused the name a moment ago.
func (g *Guard) askOwnership(ctx context.Context) error {
	o := &g.ownership
	was := o.denied.Load()
	if was != nil {
		// One delivery at a time asks; for the others the refusal stands meanwhile.
		again := &takenName{holder: was.holder, until: time.Now().Add(ownershipPause)}
		if time.Now().Before(was.until) || !o.denied.CompareAndSwap(was, again) {
			g.logTaken(was)
			return was
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout) // for all of it: the provider waits
	defer cancel()
	err := g.claimName(ctx)
	// Fails closed: otherwise an outage would turn a refused name into one that StoreFailure may let through.
	if err != nil && was != nil && !isTaken(err) {
		return was // an outage does not change whose the name is
	}
	return err
}

// claimName writes the marker, or reads it, and notes whose the name is.
func (g *Guard) claimName(ctx context.Context) error {
	owner, err := g.claimMarker(ctx, markerOwner, g.provider)
	if err != nil {
		return err
	}
	if owner.State != replay.Claimed && owner.Conflict {
		// Fails closed: another provider's marker stands. Two endpoints under one name would drop each other's events.
		taken := &takenName{holder: g.readMarker(ctx, markerOwner), until: time.Now().Add(ownershipPause)}
		g.ownership.denied.Store(taken)
		g.ownership.known.Store(false)
		g.logTaken(taken)
		return taken
	}
	// The marker is ours, or free, or being written by one of ours: an old refusal is over.
	g.ownership.denied.Store(nil)
	switch owner.State {
	case replay.InFlight:
		return nil // another guard of this provider writes it just now; the next delivery looks again
	case replay.Claimed:
		err := g.commitMarker(ctx, markerOwner, owner)
		if errors.Is(err, replay.ErrLeaseLost) {
			return err // it took so long that another guard may have the name: fail closed, and look again
		}
		if err != nil {
			// The claim keeps the name for a moment. Where the store is down the delivery's own claim says so.
			g.warnOwnership("sallyport: the store did not keep the marker of the endpoint: "+
				"an application with the same endpoint name would not be noticed", "error", err.Error())
			return nil
		}
	}
	g.checkVersions(ctx)
	// From here on a delivery pays nothing for the check. A later TakeOver by another guard is not noticed.
	g.ownership.known.Store(true)
	return nil
}

// checkVersions warns where another version of this library has written for the endpoint, and notes this one. It does
// not refuse deliveries: the store itself refuses values that it cannot read.
func (g *Guard) checkVersions(ctx context.Context) {
	now := g.versions()
	have, err := g.claimMarker(ctx, markerFormat, now)
	// A warning, not a refusal: a rolling upgrade runs both versions for a while, and must not stop deliveries.
	if err == nil && have.State != replay.Claimed && have.Conflict {
		g.logger.Warn("sallyport: another version has written to the store for this endpoint: "+
			"what it remembers under another derivation of identities runs again when it is sent again",
			"endpoint", g.endpoint, "provider", g.provider, "now", now,
			"before", cmp.Or(g.readMarker(ctx, markerFormat), "unknown"))
		if err = g.forgetMarkers(ctx, markerFormat); err == nil {
			have, err = g.claimMarker(ctx, markerFormat, now)
		}
	}
	if err == nil && have.State == replay.Claimed {
		err = g.commitMarker(ctx, markerFormat, have)
	}
	if err != nil && !errors.Is(err, replay.ErrLeaseLost) {
		g.warnOwnership("sallyport: the store did not keep the versions of the endpoint: a change would not be noticed",
			"error", err.Error())
	}
}

// logTaken reports the refused name, at most once a minute.
func (g *Guard) logTaken(taken *takenName) {
	if g.ownership.lines.Due() {
		g.logger.Error("sallyport: the endpoint's name belongs to another provider in the replay store, "+
			"and its deliveries are refused: "+takenAdvice,
			"endpoint", g.endpoint, "provider", g.provider, "holder", cmp.Or(taken.holder, "unknown"))
	}
}

// warnOwnership writes a warning about the name. It shares the gate with logTaken: together at most one line a minute.
func (g *Guard) warnOwnership(message string, attrs ...any) {
	if g.ownership.lines.Due() {
		about := []any{slog.String("endpoint", g.endpoint), slog.String("provider", g.provider)}
		g.logger.Warn(message, append(about, attrs...)...)
	}
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
func (g *Guard) TakeOver(ctx context.Context) error {
	// A store of one process has no other application in it.
	if g.memory.Store == nil || g.memory.Store.Scope() != replay.Shared {
		return nil
	}
	err := g.claimName(ctx)
	var taken *takenName
	if !errors.As(err, &taken) {
		return err
	}
	// Between this line and the next claim the name is free. Whoever claims it first has it: the error below says so.
	if err := g.forgetMarkers(ctx, markerOwner, markerFormat); err != nil {
		return err
	}
	if err := g.claimName(ctx); err != nil {
		return fmt.Errorf("the name of the endpoint could not be taken over: %w", err)
	}
	g.logger.Warn("sallyport: the endpoint's name in the replay store was taken over",
		"endpoint", g.endpoint, "provider", g.provider, "from", cmp.Or(taken.holder, "unknown"))
	return nil
}

const nameInUse = "an open guard of %q has this name in the same replay store, and each would answer the other's " +
	"events as duplicates: give each endpoint a name of its own, or close the other guard first"

// enter notes the guard with the store, and returns whether another open guard has its name. Where that guard's
// provider is another one, the config is a mistake: each would answer the other's events as duplicates. A guard that
// awaits its secret claims nothing, and may be open next to the one with it.
func (g *Guard) enter(m *fault.Mistakes) (shared bool) {
	g.ownership.leave = func() {}
	roster, ok := g.memory.Store.(replay.Rostered)
	if !ok || g.unknown || g.handshakes.Awaiting || g.endpoint == "" {
		return false
	}
	present, leave := roster.Enter(g.endpoint, g.provider)
	// New calls it where the config has another mistake. Otherwise a failed New would block the name for this process.
	g.ownership.leave = leave
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
