package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/handshake"
	"github.com/sallyport-go/sallyport/core/internal/head"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/internal/origin"
	"github.com/sallyport-go/sallyport/core/internal/ownership"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/internal/sweep"
	"github.com/sallyport-go/sallyport/core/internal/underway"
	"github.com/sallyport-go/sallyport/core/internal/vitals"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Guard holds one endpoint's checks, compiled. It is safe for concurrent use: after New only counts, and
// what Pause sets, change.
type Guard struct {
	name

	// The steps, in the order of a delivery.
	methods     head.Methods
	origin      origin.Policy
	rates       rates
	tenants     tenants
	credentials credential.Places
	bodies      bodies
	signature   *signature.Verifier // nil: nothing is signed
	opening     opening
	handshakes  *handshake.Set
	events      events
	memory      memory
	journaling  journaling
	signals     signalRules
	answers     answers

	reporting reporting
	watch     watch
}

// name is what a guard is called, with its entry, its log and its clock.
type name struct {
	endpoint string
	provider string
	entry    *entry.Entry
	logger   *slog.Logger
	now      func() time.Time
	hasClock bool // now is the app's own
	unknown  bool // there is no provider: New fails, and looks for further mistakes
}

// watch is what tells the operator how the endpoint is doing.
type watch struct {
	log       *guardLog
	outlets   []*outlet  // of the observers
	named     bool       // one of them reads the names of events
	records   recordPool // for both
	vitals    vitals.Vitals
	diagnosis *explain.Endpoint
}

// signalRules is how signals run.
type signalRules struct {
	timeout   time.Duration  // how long a signal may hold its event
	ordered   bool           // an event runs after those before it
	ackLimit  time.Duration  // how long the provider waits for the answer; 0: unknown
	cancelAck bool           // the context of a signal ends at ackLimit
	slots     underway.Slots // of the deliveries that the app works on at once
	paused    atomic.Bool    // by Pause
}

// withMargin is how long a run may take that no request waits for: the minute is for the store and the journal, behind
// the receivers' own limit. The longest time that there is, which means no limit, stays as it is.
func (s *signalRules) withMargin() time.Duration {
	const margin = time.Minute
	return min(s.timeout, math.MaxInt64-margin) + margin
}

// answers is how refusals are answered.
type answers struct {
	status int  // of a failed authentication
	differ bool // the entry wants other answers than the usual ones
}

// tenants is whose deliveries an endpoint takes.
type tenants struct {
	key     TenantKey      // zero: the endpoint has no tenants
	rings   []ring         // of all lists of secrets
	owner   *keyring.Owner // of the rings
	warned  atomic.Bool    // that the path names no tenant
	letters tenantCase
}

// storeTimeout is how long a store, or a source of keys, may take to answer.
const storeTimeout = lease.StoreTimeout

// Endpoint returns the endpoint's name.
func (g *Guard) Endpoint() string { return g.endpoint }

// Provider returns the provider's name.
func (g *Guard) Provider() string { return g.provider }

// Unproved names what a delivery of the provider carries that nothing authenticates, in words for people. Empty: the
// proof covers all that is read.
func (g *Guard) Unproved() []string { return slices.Clone(g.entry.Unsigned) }

// String names the guard without its settings.
func (g *Guard) String() string { return "sallyport.Guard(" + g.endpoint + ")" }

// Format prints the same for every verb: %#v would read the guard's counters while deliveries write them.
func (g *Guard) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, g.String()) }

// forgetInFlight is the error of [Guard.Forget] for events that are being processed.
const forgetInFlight = "sallyport: to forget an event that is in flight would let it run twice at once: call Forget " +
	"again when its run has ended, or DangerouslyForgetInFlight where the process that ran it has died: %w"

// Forget makes the endpoint forget events, so that their next delivery runs again: for a provider's "resend" after a
// receiver was fixed. The identity is in the records and in [Event]; [Guard.IdentityOf] derives it from the provider's
// id. A named receiver of an event that is not done yet keeps what it has done. Workers of a watermillinbox that use
// the same store forget the event too.
//
// It fails closed: an event that is in flight keeps its claim, and a [*replay.InFlightError] names it. So does an event
// that the journal is running again. The other events are forgotten.
func (g *Guard) Forget(ctx context.Context, ids ...Identity) error {
	keys, err := g.keysOf(ids)
	if err != nil || len(keys) == 0 || g.memory.Store == nil {
		return err
	}
	var busy replay.InFlightError
	if keys, err = g.notRedriven(ctx, keys, &busy); err == nil {
		keys, err = g.forgetWork(ctx, keys, &busy)
	}
	if err == nil {
		err = g.memory.ForgetDone(ctx, keys)
	}
	var held *replay.InFlightError
	switch {
	case errors.As(err, &held):
		busy.Add(held.RetryAfter, held.Keys...)
	case err != nil:
		return err
	case len(busy.Keys) == 0:
		return nil
	}
	return fmt.Errorf(forgetInFlight, &busy)
}

// DangerouslyForgetInFlight is [Guard.Forget] for events that may be in flight. It fails open: an event whose run is
// still at work runs a second time with its next delivery, at the same time, and the first run cannot commit. Use it
// where the process that held the claim has died, and its lease is too long to wait for.
func (g *Guard) DangerouslyForgetInFlight(ctx context.Context, ids ...Identity) error {
	keys, err := g.keysOf(ids)
	if err != nil || g.memory.Store == nil {
		return err
	}
	// The workers first: the message of a delivery that comes in between is then not left out.
	if err := g.memory.Store.Forget(ctx, workersOf(keys)); err != nil {
		return err
	}
	return g.memory.Store.Forget(ctx, keys)
}

// keysOf returns the keys of events. It fails closed: without its marker, another application could take the endpoint's
// name in the store.
func (g *Guard) keysOf(ids []Identity) ([]replay.Key, error) {
	keys := make([]replay.Key, len(ids))
	for i, id := range ids {
		if g.memory.name.IsMarker(replay.Key(id)) {
			return nil, ownership.ErrMarker
		}
		keys[i] = replay.Key(id)
	}
	return keys, nil
}

// What keeps an id from naming an event. The verb stands for the provider's title.
const (
	fromTheLog        = "take the identity, 64 hexadecimal digits, from the log or a record"
	identityByApp     = "sallyport: Config.Identity names the events of %s: " + fromTheLog
	identityByContent = "sallyport: events of %s are not remembered by their id alone: " + fromTheLog
	identityOfTwo     = "sallyport: events of %s are remembered by two tenants: " + fromTheLog
	identityOfTenant  = "sallyport: events of %s are remembered by their tenant and their id: give the tenant too"
	identityOfNobody  = "sallyport: events of %s are not remembered by a tenant: leave it out"
)

// IdentityOf returns what an event is remembered by, from the provider's id and, where events have one, the tenant: the
// key of [Config.Tenant], or the tenant that the provider names (Event.Tenant). It is an error where an id and a tenant
// do not name an event, and where the source of secrets fails to say whether a tenant's key in another case is the same
// tenant.
func (g *Guard) IdentityOf(ctx context.Context, tenant, id string) (Identity, error) {
	ofProvider := len(g.entry.Event.Tenant) > 0
	// Fails closed: an identity that is derived from too little would be one that no event has. Whoever forgot it would
	// wait in vain for the next delivery to run.
	text := ""
	switch {
	case g.events.identity != nil:
		text = identityByApp
	case !g.entry.Identity.Kind.NamesID(), len(g.entry.Identity.And) > 0:
		text = identityByContent
	case g.tenants.key.set && ofProvider:
		text = identityOfTwo
	case (g.tenants.key.set || ofProvider) && tenant == "":
		text = identityOfTenant
	case !g.tenants.key.set && !ofProvider && tenant != "":
		text = identityOfNobody
	}
	if text != "" {
		return Identity{}, fmt.Errorf(text, g.entry.Title)
	}
	if g.tenants.key.set {
		var err error
		if tenant, err = g.tenantScope(ctx, tenant, time.Now()); err != nil {
			return Identity{}, err
		}
	}
	return Identity(identity.OfID(identity.Scope{Endpoint: g.endpoint, Tenant: tenant}, id, nil)), nil
}

// Flush waits until the log and the observers have everything so far, the counts of what is only counted included, or
// until ctx ends. Call it, or [Guard.Shutdown], before a program ends.
func (g *Guard) Flush(ctx context.Context) error {
	for _, o := range g.watch.outlets {
		o.pump.Start() // one that blocks must not keep the others waiting
	}
	err := g.watch.log.flush(ctx)
	for _, o := range g.watch.outlets {
		err = cmp.Or(err, o.pump.Flush(ctx))
	}
	return err
}

// Shutdown ends what a guard does in the background. It waits for redrives that are under way, for signals that go on
// behind a middleware which has answered for them (http.TimeoutHandler), until the log and the observers have
// everything, or until ctx ends. Then it ends the alarm and the timers of the log, makes the endpoint's name free for
// another guard with the same store, and returns the guard's part of its [Budget]. Call it after http.Server.Shutdown
// and before the store is closed. The guard goes on checking deliveries, in the room that all guards share. Calling it
// twice is not a mistake.
func (g *Guard) Shutdown(ctx context.Context) error {
	// Unless ctx ends first, the name is freed after the redrives: no other guard may have it while they still write.
	err := cmp.Or(g.journaling.wait(ctx), g.Flush(ctx))
	g.watch.log.close()
	g.watch.vitals.EndAlarm()
	g.memory.leave()
	g.bodies.share.close()
	return err
}

// CloseProcessed closes the journal's open entries of events that were processed since, by the provider's retry, and
// returns how many it closed. A guard does so by itself about every hour; call it before a list of what is open is
// shown. Without a journal, or with a store that is not a [replay.Looker], it does nothing.
func (g *Guard) CloseProcessed(ctx context.Context) (closed int, err error) {
	store, ok := g.memory.Store.(replay.Looker)
	if !ok || g.journaling.journal == nil {
		return 0, nil
	}
	return sweep.Close(ctx, g.journaling.journal, g.endpoint, store)
}

// sweepSometimes closes what was processed, where the last time is long ago. It is called where something was kept:
// without failures there is nothing to close, and no goroutine.
func (g *Guard) sweepSometimes() {
	store, ok := g.memory.Store.(replay.Looker)
	if !ok || !g.journaling.sweeps.Due(time.Now(), g.memory.Retention) {
		return
	}
	g.journaling.runs.Begin()
	go func() {
		defer g.journaling.runs.End()
		defer func() {
			if v := recover(); v != nil { // of a store: it must not take the process down
				g.logger.Error("sallyport: comparing the journal with the replay store panicked",
					"endpoint", g.endpoint, "provider", g.provider)
			}
		}()
		// Of its own: the delivery that started it may have been answered by then.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := sweep.Close(ctx, g.journaling.journal, g.endpoint, store); err != nil {
			g.logger.Warn("sallyport: entries of the journal could not be compared with the replay store",
				"endpoint", g.endpoint, "provider", g.provider, "error", err.Error())
		}
	}()
}

// hasControl reports whether s holds a control character, by which a name could forge lines in a log.
func hasControl(s string) bool {
	return slices.ContainsFunc([]byte(s), func(b byte) bool { return b < 0x20 || b == 0x7f })
}

const pausedDetail = "the endpoint is paused by Guard.Pause: the provider is asked to send the delivery again"

// Pause answers proved deliveries with 503 and Retry-After until [Guard.Resume], so that the provider sends them again.
// Nothing is claimed or remembered of them. Forgeries are refused and handshakes answered as ever, runs that are under
// way go on, and so do redrives, which a person asks for. It holds for this process, and ends with it.
//
// A provider that does not retry loses what it sends meanwhile: then Pause logs a warning. Pause no longer than the
// provider retries (docs/providers.md).
func (g *Guard) Pause() {
	// Swap makes the log line appear once, however many callers pause at the same time.
	if g.signals.paused.Swap(true) {
		return
	}
	if g.entry.RetryHorizon == 0 {
		g.logger.Warn("sallyport: the endpoint is paused, and this provider is not known to send again: what it sends "+
			"now may be lost", "endpoint", g.endpoint, "provider", g.provider)
		return
	}
	g.logger.Info("sallyport: the endpoint is paused", "endpoint", g.endpoint, "provider", g.provider)
}

// Resume ends a pause.
func (g *Guard) Resume() {
	if g.signals.paused.Swap(false) {
		g.logger.Info("sallyport: the endpoint is no longer paused", "endpoint", g.endpoint, "provider", g.provider)
	}
}

// Paused reports whether the endpoint is paused.
func (g *Guard) Paused() bool { return g.signals.paused.Load() }

// checkPause refuses a proved delivery while the endpoint is paused.
func (g *Guard) checkPause() fault.Failure {
	if !g.signals.paused.Load() {
		return fault.Failure{}
	}
	// It stands after the proof and before the claim: forgers learn nothing of the pause, and the event stays
	// unclaimed.
	return fault.New(reason.Paused, pausedDetail)
}
