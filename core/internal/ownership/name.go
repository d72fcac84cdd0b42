// Package ownership knows whose an endpoint's name is in a shared replay store. Two applications with one namespace and
// one endpoint name would otherwise lose each other's events as duplicates.
package ownership

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Name is an endpoint's name in a store. The fields that are exported are set before its first use and not changed
// afterwards. It must not be copied. Its methods are safe for concurrent use.
type Name struct {
	Store              replay.Store // nil: nothing is remembered, and no name can be taken
	Endpoint, Provider string
	Logger             *slog.Logger

	markers [2]replay.Key // what says whose the name is

	known  atomic.Bool               // the name is this provider's; or nobody else can have it
	denied atomic.Pointer[takenName] // the name is another provider's
	lines  logbook.Gate              // one log line a minute, for all that concerns the name
}

// IsKnown reports whether the name is known to be this provider's. A store of one process cannot have another
// application's events.
func (n *Name) IsKnown() bool { return n.known.Load() }

// Set sets the store, and what the name is in it.
func (n *Name) Set(store replay.Store, endpoint, provider string, logger *slog.Logger) {
	n.Store, n.Endpoint, n.Provider, n.Logger = store, endpoint, provider, logger
	n.markers = [...]replay.Key{markerKey(endpoint, markerOwner), markerKey(endpoint, markerFormat)}
	n.known.Store(store.Scope() != replay.Shared)
}

// takenName is the error of an endpoint's name that belongs to another provider in the store.
type takenName struct {
	holder string    // the provider's name, or how it begins; empty: the store does not say
	until  time.Time // the store is not asked again before
}

const (
	// askPause is how long a refusal stands before the store is asked again, so that an operator's fix is noticed
	// without a restart.
	askPause = 3 * time.Second

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

// IsTaken reports whether the store was reachable and said that the name is another provider's.
func IsTaken(err error) bool {
	var taken *takenName
	return errors.As(err, &taken)
}

// Ask asks the store whose the name is, unless it has refused the name a moment ago. It is called before a claim until
// the name is known. It fails closed: the claim must not be made on an error. One that IsTaken is final whatever an
// endpoint does while its store is down.
func (n *Name) Ask(ctx context.Context) error {
	was := n.denied.Load()
	if was != nil {
		// One delivery at a time asks; for the others the refusal stands meanwhile.
		again := &takenName{holder: was.holder, until: time.Now().Add(askPause)}
		if time.Now().Before(was.until) || !n.denied.CompareAndSwap(was, again) {
			n.logTaken(was)
			return was
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lease.StoreTimeout) // for all of it: the provider waits
	defer cancel()
	err := n.claimName(ctx)
	// Fails closed: otherwise an outage would turn a refused name into one that StoreFailure may let through.
	if err != nil && was != nil && !IsTaken(err) {
		return was // an outage does not change whose the name is
	}
	return err
}

// claimName writes the marker, or reads it, and notes whose the name is.
func (n *Name) claimName(ctx context.Context) error {
	owner, err := n.claimMarker(ctx, markerOwner, n.Provider)
	if err != nil {
		return err
	}
	if owner.State != replay.Claimed && owner.Conflict {
		// Fails closed: another provider's marker stands. Two endpoints under one name would drop each other's events.
		taken := &takenName{holder: n.readMarker(ctx, markerOwner), until: time.Now().Add(askPause)}
		n.denied.Store(taken)
		n.known.Store(false)
		n.logTaken(taken)
		return taken
	}
	// The marker is ours, or free, or being written by one of ours: an old refusal is over.
	n.denied.Store(nil)
	switch owner.State {
	case replay.InFlight:
		return nil // another guard of this provider writes it just now; the next delivery looks again
	case replay.Claimed:
		err := n.commitMarker(ctx, markerOwner, owner)
		if errors.Is(err, replay.ErrLeaseLost) {
			return err // it took so long that another guard may have the name: fail closed, and look again
		}
		if err != nil {
			// The claim keeps the name for a moment. Where the store is down the delivery's own claim says so.
			n.warn("sallyport: the store did not keep the marker of the endpoint: "+
				"an application with the same endpoint name would not be noticed", "error", err.Error())
			return nil
		}
	}
	n.checkVersions(ctx)
	// From here on a delivery pays nothing for the check. A later TakeOver by another guard is not noticed.
	n.known.Store(true)
	return nil
}

// checkVersions warns where another version of this library has written for the endpoint, and notes this one. It does
// not refuse deliveries: the store itself refuses values that it cannot read.
func (n *Name) checkVersions(ctx context.Context) {
	now := n.versions()
	have, err := n.claimMarker(ctx, markerFormat, now)
	// A warning, not a refusal: a rolling upgrade runs both versions for a while, and must not stop deliveries.
	if err == nil && have.State != replay.Claimed && have.Conflict {
		n.Logger.Warn("sallyport: another version has written to the store for this endpoint: "+
			"what it remembers under another derivation of identities runs again when it is sent again",
			"endpoint", n.Endpoint, "provider", n.Provider, "now", now,
			"before", cmp.Or(n.readMarker(ctx, markerFormat), "unknown"))
		if err = n.forgetMarkers(ctx, markerFormat); err == nil {
			have, err = n.claimMarker(ctx, markerFormat, now)
		}
	}
	if err == nil && have.State == replay.Claimed {
		err = n.commitMarker(ctx, markerFormat, have)
	}
	if err != nil && !errors.Is(err, replay.ErrLeaseLost) {
		n.warn("sallyport: the store did not keep the versions of the endpoint: a change would not be noticed",
			"error", err.Error())
	}
}

// logTaken reports the refused name, at most once a minute.
func (n *Name) logTaken(taken *takenName) {
	if n.lines.Due() {
		n.Logger.Error("sallyport: the endpoint's name belongs to another provider in the replay store, "+
			"and its deliveries are refused: "+takenAdvice,
			"endpoint", n.Endpoint, "provider", n.Provider, "holder", cmp.Or(taken.holder, "unknown"))
	}
}

// warn writes a warning about the name. It shares the gate with logTaken: together at most one line a minute.
func (n *Name) warn(message string, attrs ...any) {
	if n.lines.Due() {
		about := []any{slog.String("endpoint", n.Endpoint), slog.String("provider", n.Provider)}
		n.Logger.Warn(message, append(about, attrs...)...)
	}
}

// TakeOver hands the name over to this provider. It returns an error where the store does not answer, and where a guard
// of another provider has the name back.
func (n *Name) TakeOver(ctx context.Context) error {
	// A store of one process has no other application in it.
	if n.Store == nil || n.Store.Scope() != replay.Shared {
		return nil
	}
	err := n.claimName(ctx)
	var taken *takenName
	if !errors.As(err, &taken) {
		return err
	}
	// Between this line and the next claim the name is free. Whoever claims it first has it: the error below says so.
	if err := n.forgetMarkers(ctx, markerOwner, markerFormat); err != nil {
		return err
	}
	if err := n.claimName(ctx); err != nil {
		return fmt.Errorf("the name of the endpoint could not be taken over: %w", err)
	}
	n.Logger.Warn("sallyport: the endpoint's name in the replay store was taken over",
		"endpoint", n.Endpoint, "provider", n.Provider, "from", cmp.Or(taken.holder, "unknown"))
	return nil
}
