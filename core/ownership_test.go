package core_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// sharedStore is a store that several processes could use, as each of them opens it: they have the memory in common.
type sharedStore struct {
	*sharedMemory
	version   int
	claimErr  func(items []replay.Item) error
	settleErr func(settlements []replay.Settlement) error
	forgetErr error
	slow      time.Duration // of each call, which gives up when its context ends
	claims    atomic.Int32
}

type sharedMemory struct {
	replay.Store
	mu      sync.Mutex
	digests map[replay.Key]replay.Digest
	keeps   map[replay.Key]time.Duration
}

func newShared() *sharedStore {
	return &sharedStore{version: 2, sharedMemory: &sharedMemory{
		Store: memstore.New(), digests: map[replay.Key]replay.Digest{}, keeps: map[replay.Key]time.Duration{},
	}}
}

// another opens the same memory in another process.
func (s *sharedStore) another() *sharedStore {
	return &sharedStore{version: s.version, sharedMemory: s.sharedMemory}
}

func (*sharedStore) Scope() replay.Scope { return replay.Shared }
func (s *sharedStore) Version() int      { return s.version }

func (s *sharedStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.claims.Add(1)
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	if s.claimErr != nil {
		if err := s.claimErr(items); err != nil {
			return nil, err
		}
	}
	results, err := s.Store.Claim(ctx, items, lease)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range results {
		if results[i].State == replay.Claimed {
			s.digests[items[i].Key] = items[i].Digest
		}
	}
	return results, err
}

func (s *sharedStore) wait(ctx context.Context) error {
	if s.slow == 0 {
		return nil
	}
	select {
	case <-time.After(s.slow):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *sharedStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	if s.settleErr != nil {
		if err := s.settleErr(settlements); err != nil {
			return err
		}
	}
	s.mu.Lock()
	for _, st := range settlements {
		s.keeps[st.Key] = st.TTL
	}
	s.mu.Unlock()
	return s.Store.Settle(ctx, settlements)
}

func (s *sharedStore) Forget(ctx context.Context, keys []replay.Key) error {
	if s.forgetErr != nil {
		return s.forgetErr
	}
	return s.Store.Forget(ctx, keys)
}

func (s *sharedStore) Digests(_ context.Context, keys []replay.Key) ([]replay.Digest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digests := make([]replay.Digest, len(keys))
	for i, key := range keys {
		digests[i] = s.digests[key]
	}
	return digests, nil
}

// opaque hides what a store can do beyond the interface, as a wrapper of the app's own does.
type opaque struct{ replay.Store }

// application is a guard of its own process, with its log.
type application struct {
	*core.Guard
	log *bytes.Buffer
	rec *records
}

func openFor(t *testing.T, store replay.Store, provider string, change ...func(*core.Config)) *application {
	t.Helper()
	e := timestamped()
	e.Name = provider
	c, rec := config(e)
	a := &application{log: &bytes.Buffer{}, rec: rec}
	c.Replay, c.Logger = store, slog.New(slog.NewTextHandler(a.log, nil))
	for _, f := range change {
		f(&c)
	}
	a.Guard = mustNew(t, c)
	return a
}

func (a *application) deliver(id string, fn core.Receiver) int {
	return run(a.Guard, signed(`{"id":"`+id+`"}`), fn).Code
}

// complaints counts the lines of a level that name the ownership.
func (a *application) complaints(t *testing.T, level string) int {
	t.Helper()
	require.NoError(t, a.Flush(t.Context()))
	n := 0
	for line := range strings.Lines(a.log.String()) {
		if strings.Contains(line, "level="+level) && !strings.Contains(line, "genuine webhook delivery refused") &&
			!strings.Contains(line, "a protection is switched off") {
			n++
		}
	}
	return n
}

const (
	errorLevel = "ERROR"
	warnLevel  = "WARN"
)

func failingOpen(c *core.Config) { c.StoreFailure = core.DangerouslyAcceptUnclaimed }

func TestAnEndpointNameOfAnotherProviderIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		hide   bool
		holder string
		owner  string
		change []func(*core.Config)
	}{
		{name: "by its name", holder: "acme", owner: `the provider "acme"`},
		{name: "by a long name's beginning", holder: "acme-with-a-very-long-name",
			owner: `the provider "acme-with-..."`},
		{name: "a name in letters that are not plain", holder: "äcme", owner: "another provider"},
		{name: "a store that cannot be read", holder: "acme", hide: true, owner: "another provider"},
		{name: "where an outage would open", holder: "acme", owner: `the provider "acme"`,
			change: []func(*core.Config){failingOpen}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := newShared()
			first := openFor(t, store, row.holder)
			require.Equal(t, 200, first.deliver("1", ok))

			var theirs replay.Store = store.another()
			if row.hide {
				theirs = opaque{theirs}
			}
			second := openFor(t, theirs, "other", row.change...)
			before := second.complaints(t, errorLevel)
			for range 5 {
				require.Equal(t, 503, second.deliver("1", never(t)),
					"an event of the other application is not its duplicate")
				last := second.rec.last(t, second.Guard)
				require.Equal(t, reason.StoreUnavailable, last.Reason)
				require.Contains(t, last.Detail, "belongs to "+row.owner+": ")
				require.Contains(t, last.Detail, "a namespace of its own")
				require.Contains(t, last.Detail, "Guard.TakeOver")
			}
			require.Equal(t, before+1, second.complaints(t, errorLevel), "once a minute")
			require.Equal(t, 200, first.deliver("2", ok), "the first goes on")
		})
	}
}

func TestARefusedNameIsWrittenIntoNoEventOfTheStore(t *testing.T) {
	t.Parallel()
	store := newShared()
	require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
	live := func() int { return store.Store.(*memstore.Store).Stats().Live }
	before := live()
	second := openFor(t, store.another(), "other")
	for _, id := range []string{"1", "2", "3"} {
		require.Equal(t, 503, second.deliver(id, never(t)))
	}
	require.Equal(t, before, live())
}

// Where the replay check only reports, a name of another provider lets the delivery through and leaves the store alone.
func TestARefusedNameThatIsOnlyReported(t *testing.T) {
	t.Parallel()
	store := newShared()
	require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
	second := openFor(t, store.another(), "other",
		func(c *core.Config) { c.DangerouslyReportOnly = []core.Check{core.CheckReplay} })
	require.Equal(t, 200, second.deliver("1", ok))
	last := second.rec.last(t, second.Guard)
	require.Equal(t, core.ReplayUnclaimed, last.Replay)
	require.Len(t, last.WouldRefuse, 1)
	require.Equal(t, reason.StoreUnavailable, last.WouldRefuse[0].Reason)
}

func TestEqualGuardsOnOneSharedStoreAreSilent(t *testing.T) {
	t.Parallel()
	store := newShared()
	blue := openFor(t, store, "acme")
	require.Equal(t, 200, blue.deliver("1", ok))
	green := openFor(t, store.another(), "acme")
	require.Equal(t, 200, green.deliver("1", never(t)), "they share what they remember")
	require.Equal(t, 200, green.deliver("2", ok))
	for _, a := range []*application{blue, green} {
		require.Zero(t, a.complaints(t, errorLevel))
		require.Zero(t, a.complaints(t, warnLevel))
	}
	other := openFor(t, store.another(), "other", func(c *core.Config) { c.Endpoint = "test2" })
	require.Equal(t, 200, other.deliver("1", ok), "another name is another matter")
}

func TestTheMarkerCostsNothingOnceTheNameIsKnown(t *testing.T) {
	t.Parallel()
	store := newShared()
	a := openFor(t, store, "acme")
	require.Equal(t, 200, a.deliver("1", ok))
	first := store.claims.Load()
	require.EqualValues(t, 3, first, "the owner, the versions, the event")
	for _, id := range []string{"2", "3"} {
		require.Equal(t, 200, a.deliver(id, ok))
	}
	require.Equal(t, first+2, store.claims.Load())
	for _, kept := range store.keeps {
		require.True(t, kept > 20*365*24*time.Hour || kept <= 31*24*time.Hour, kept)
	}
}

func TestAnotherVersionWarnsOnceAndIsNoted(t *testing.T) {
	t.Parallel()
	store := newShared()
	require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
	next := store.another()
	next.version = 3
	second := openFor(t, next, "acme")
	require.Equal(t, 200, second.deliver("1", never(t)), "version n reads n-1")
	require.Equal(t, 200, second.deliver("2", ok))
	require.Equal(t, 1, second.complaints(t, warnLevel))
	require.Contains(t, second.log.String(), `before="ids 1 values 2"`)
	require.Contains(t, second.log.String(), `now="ids 1 values 3"`)

	third := openFor(t, next.another(), "acme")
	require.Equal(t, 200, third.deliver("3", ok))
	require.Zero(t, third.complaints(t, warnLevel), "it was rewritten")
}

// An outage while the marker is read is answered as any other outage.
func TestAnOutageWhileTheMarkerIsRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		err    error
		reason reason.Reason
	}{
		{"a store that is down", errors.New("connection refused"), reason.StoreUnavailable},
		{"a store that is full", replay.ErrFull, reason.StoreFull},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := newShared()
			down := func([]replay.Item) error { return row.err }
			store.claimErr = down
			a := openFor(t, store, "acme")
			require.Equal(t, 503, a.deliver("1", never(t)))
			require.Equal(t, row.reason, a.rec.last(t, a.Guard).Reason)
			store.claimErr = nil
			require.Equal(t, 200, a.deliver("1", ok))

			open := store.another()
			open.claimErr = down
			b := openFor(t, open, "acme", failingOpen)
			require.Equal(t, 200, b.deliver("2", ok))
			require.Equal(t, core.ReplayUnclaimed, b.rec.last(t, b.Guard).Replay)
		})
	}
}

// A conflict that was seen is not forgotten because the store went down since.
func TestAnOutageAfterAConflictDoesNotOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShared()
		require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
		theirs := store.another()
		second := openFor(t, theirs, "other", failingOpen)
		require.Equal(t, 503, second.deliver("2", never(t)))
		theirs.claimErr = func([]replay.Item) error { return errors.New("connection refused") }
		time.Sleep(time.Minute)
		require.Equal(t, 503, second.deliver("2", never(t)))
	})
}

// The operator gives the name away, or the other application leaves it: no restart is needed.
func TestAFixIsNoticedWithoutARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShared()
		require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
		theirs := store.another()
		second := openFor(t, theirs, "other")
		require.Equal(t, 503, second.deliver("2", never(t)))
		asked := theirs.claims.Load()
		for range 50 {
			require.Equal(t, 503, second.deliver("2", never(t)))
		}
		require.Equal(t, asked, theirs.claims.Load(), "a flood of refusals is no load on the store")

		require.NoError(t, openFor(t, store.another(), "other").TakeOver(t.Context()))
		time.Sleep(5 * time.Second)
		require.Equal(t, 200, second.deliver("2", ok))
	})
}

func TestTheRefusedNameIsLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShared()
		require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
		second := openFor(t, store.another(), "other")
		for range 30 {
			require.Equal(t, 503, second.deliver("2", never(t)))
			time.Sleep(5 * time.Second)
		}
		require.Equal(t, 3, strings.Count(second.log.String(),
			"the endpoint's name belongs to another provider in the replay store"))
		require.NoError(t, second.Shutdown(t.Context()))
	})
}

func TestTakeOverHandsTheNameOver(t *testing.T) {
	t.Parallel()
	store := newShared()
	first := openFor(t, store, "acme")
	require.Equal(t, 200, first.deliver("1", ok))
	require.NoError(t, first.TakeOver(t.Context()), "its own already")
	require.Zero(t, first.complaints(t, warnLevel))

	second := openFor(t, store.another(), "other")
	require.Equal(t, 503, second.deliver("2", never(t)))
	require.NoError(t, second.TakeOver(t.Context()))
	require.Contains(t, second.log.String(), "from=acme")
	require.Equal(t, 200, second.deliver("2", ok), "at once")
	require.Equal(t, 200, second.deliver("1", never(t)), "what is remembered stays")

	third := openFor(t, store.another(), "acme")
	require.Equal(t, 503, third.deliver("3", never(t)), "now it is the other's")

	alone := openFor(t, memstore.New(), "acme")
	require.NoError(t, alone.TakeOver(t.Context()), "nothing to hand over")
	none := openFor(t, core.DangerouslyNoReplay, "acme")
	require.NoError(t, none.TakeOver(t.Context()))

	down := store.another()
	down.claimErr = func([]replay.Item) error { return errors.New("connection refused") }
	require.ErrorContains(t, openFor(t, down, "acme").TakeOver(t.Context()), "connection refused")
	stubborn := store.another()
	stubborn.forgetErr = errors.New("forgetting is not allowed")
	require.ErrorContains(t, openFor(t, stubborn, "acme").TakeOver(t.Context()), "forgetting is not allowed")
}

// A process that died after it had claimed the name holds it for seconds.
func TestACrashBetweenClaimAndCommitOfTheMarker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShared()
		dying := store.another()
		dying.settleErr = func([]replay.Settlement) error { return errors.New("the process is gone") }
		dying.claimErr = func(items []replay.Item) error {
			if dying.claims.Load() > 1 {
				return errors.New("the process is gone")
			}
			return nil
		}
		require.Equal(t, 503, openFor(t, dying, "acme").deliver("1", never(t)))

		same, other := openFor(t, store.another(), "acme"), openFor(t, store.another(), "other")
		require.Equal(t, 200, same.deliver("1", ok), "a guard of the same provider goes on")
		require.Equal(t, 503, other.deliver("2", never(t)), "another one waits")
		time.Sleep(15 * time.Second)
		require.Equal(t, 200, other.deliver("2", ok), "the lease has expired, and nothing was committed")
		require.Zero(t, same.complaints(t, errorLevel))
	})
}

// Two guards that make the first claim at the same time: one has the name, and events run for one of them only.
func TestOneOfTwoGuardsGetsTheNameAtOnce(t *testing.T) {
	t.Parallel()
	for range 50 {
		store := newShared()
		codes := map[string]*[8]int{"acme": {}, "other": {}}
		var work sync.WaitGroup
		start := make(chan struct{})
		for name, mine := range codes {
			a := openFor(t, store.another(), name)
			for i := range mine {
				work.Go(func() {
					<-start
					mine[i] = a.deliver("1", ok)
				})
			}
		}
		close(start)
		work.Wait()
		all := func(code int) [8]int { return [8]int{code, code, code, code, code, code, code, code} }
		winner, loser := codes["acme"], codes["other"]
		if winner[0] == 503 && *winner == all(503) {
			winner, loser = loser, winner
		}
		require.Equal(t, all(503), *loser)
		require.Contains(t, *winner, 200)
	}
}

// A store that does not take the marker, but everything else, goes on working.
func TestAStoreThatFailsOnTheMarkerOnly(t *testing.T) {
	t.Parallel()
	long := func(settlements []replay.Settlement) error {
		if settlements[0].TTL > 365*24*time.Hour {
			return errors.New("a TTL of decades is not possible")
		}
		return nil
	}
	store := newShared()
	store.settleErr = long
	a := openFor(t, store, "acme")
	for _, id := range []string{"1", "2", "3"} {
		require.Equal(t, 200, a.deliver(id, ok))
	}
	require.Equal(t, 200, a.deliver("1", never(t)))
	require.Equal(t, 1, a.complaints(t, warnLevel))
	require.Contains(t, a.log.String(), "a TTL of decades is not possible")

	stubborn := newShared()
	require.Equal(t, 200, openFor(t, stubborn, "acme").deliver("1", ok))
	next := stubborn.another()
	next.version, next.forgetErr = 3, errors.New("forgetting is not allowed")
	require.Equal(t, 200, openFor(t, next, "acme").deliver("2", ok))
}

// The claim of the marker was lost to another guard while it was committed: the delivery is not let in on it.
func TestAMarkerThatIsLostWhileItIsCommittedIsNotTrusted(t *testing.T) {
	t.Parallel()
	store := newShared()
	slow := store.another()
	slow.settleErr = func(settlements []replay.Settlement) error {
		slow.settleErr = nil
		require.NoError(t, store.Store.Forget(t.Context(), []replay.Key{settlements[0].Key}))
		require.Equal(t, 200, openFor(t, store.another(), "other").deliver("1", ok))
		return nil
	}
	a := openFor(t, slow, "acme", failingOpen)
	require.Equal(t, 200, a.deliver("2", ok), "unclaimed, as in an outage")
	require.Equal(t, core.ReplayUnclaimed, a.rec.last(t, a.Guard).Replay)
	require.Equal(t, 503, a.deliver("2", never(t)))
}

func TestNamesOfEndpointsDoNotMix(t *testing.T) {
	t.Parallel()
	store := newShared()
	names := []string{"a", "a:b", "a/b", "ab", "a b", "a.b", "ä", "a\u0308", "A", strings.Repeat("a", 200),
		"stripe provider", "provider"}
	for i, name := range names {
		a := openFor(t, store.another(), "p"+string(rune('a'+i)), func(c *core.Config) { c.Endpoint = name })
		require.Equal(t, 200, a.deliver("1", ok), name)
	}
	for _, name := range names {
		a := openFor(t, store.another(), "other", func(c *core.Config) { c.Endpoint = name })
		require.Equal(t, 503, a.deliver("2", never(t)), name)
	}
}

// An operator who copies every key of the store into Forget does not give the name away.
func TestForgetDoesNotForgetTheMarkers(t *testing.T) {
	t.Parallel()
	store := newShared()
	a := openFor(t, store, "acme")
	require.Equal(t, 200, a.deliver("1", ok))
	refused := 0
	for key := range store.digests {
		if err := a.Forget(t.Context(), core.Identity(key)); err != nil {
			require.ErrorContains(t, err, "Guard.TakeOver")
			refused++
		}
	}
	require.Equal(t, 2, refused)
	require.Equal(t, 503, openFor(t, store.another(), "other").deliver("1", never(t)))
	require.Equal(t, 200, a.deliver("1", ok), "the event was forgotten")
}

// An event without an identity is not remembered, and does not need the store.
func TestAnEventWithoutAnIdentityDoesNotNeedTheMarker(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Identity = entry.Identity{Kind: entry.None}
	store := newShared()
	store.claimErr = func([]replay.Item) error { return errors.New("connection refused") }
	c, _ := config(e)
	c.Replay = store
	require.Equal(t, 200, run(mustNew(t, c), signed(event), ok).Code)
	require.Zero(t, store.claims.Load())
}

// A guard that awaits its secret runs no event: the one with the secret takes its place without a warning.
func TestAGuardThatAwaitsItsSecretHoldsNoName(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	awaiting := openFor(t, store, "acme", func(c *core.Config) { c.Secrets, c.Setup.AwaitingSecret = nil, true })
	require.NotContains(t, openFor(t, store, "acme").log.String(), "two open guards")
	require.NoError(t, awaiting.Shutdown(t.Context()))
}

// A store that answers slowly delays the first delivery by no more than one call of it may take.
func TestTheFirstDeliveryWaitsForTheMarkerNoLongerThanForOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShared()
		store.slow = 3 * time.Second
		a := openFor(t, store, "acme")
		begin := time.Now()
		require.Equal(t, 200, a.deliver("1", func(context.Context, core.Event) error {
			require.LessOrEqual(t, time.Since(begin), 5*time.Second+3*time.Second)
			return nil
		}))
		require.NoError(t, a.Shutdown(t.Context()))
	})
}

func TestTenantsShareTheMarkerOfTheirEndpoint(t *testing.T) {
	t.Parallel()
	store := newShared()
	tenants := func(c *core.Config) {
		c.Tenant = core.TenantFromHeader("X-Tenant")
		c.Secrets = secrets.ByTenant(map[string]secrets.Source{
			"a": secrets.Static(testSecret), "b": secrets.Static(testSecret),
		})
	}
	first, second := openFor(t, store, "acme", tenants), openFor(t, store.another(), "other", tenants)
	send := func(a *application, tenant string) int {
		r := signed(event)
		r.Header.Set("X-Tenant", tenant)
		return run(a.Guard, r, ok).Code
	}
	require.Equal(t, 200, send(first, "a"))
	require.Equal(t, 200, send(first, "b"))
	require.EqualValues(t, 4, store.claims.Load(), "the owner, the versions, two events")
	require.Equal(t, 503, send(second, "b"))
}

func TestTwoOpenGuardsOfOneNameOnOneStore(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	first := openFor(t, store, "acme")
	require.NotContains(t, first.log.String(), "two open guards")
	second := openFor(t, store, "acme")
	require.Contains(t, second.log.String(), "two open guards have one endpoint name in one replay store")
	require.NotContains(t, openFor(t, store, "acme", func(c *core.Config) { c.Endpoint = "other" }).log.String(),
		"two open guards")

	e := timestamped()
	e.Name = "other"
	c, _ := config(e)
	c.Replay = store
	_, err := core.New(c)
	var mistake *core.ConfigError
	require.ErrorAs(t, err, &mistake)
	require.Equal(t, "Endpoint", mistake.Field)
	require.ErrorContains(t, err, `an open guard of "acme" has this name in the same replay store`)

	require.NoError(t, first.Shutdown(t.Context()))
	require.NoError(t, first.Shutdown(t.Context()), "closing twice lets nobody else in")
	_, err = core.New(c)
	require.Error(t, err, "the second is still open")
	require.NoError(t, second.Shutdown(t.Context()))
	g, err := core.New(c)
	require.NoError(t, err, "a guard that New refused is not counted")
	require.NoError(t, g.Shutdown(t.Context()))
	require.NotContains(t, openFor(t, store, "acme").log.String(), "two open guards")
}

// Markers tell the versions of everything else apart, so that nothing about them may change.
func TestMarkersNeverChange(t *testing.T) {
	t.Parallel()
	store := newShared()
	require.Equal(t, 200, openFor(t, store, "acme").deliver("1", ok))
	text := func(key string) string {
		id, err := core.ParseIdentity(key)
		require.NoError(t, err)
		digest := store.digests[replay.Key(id)]
		return strings.TrimRight(string(digest[:]), "\x00")
	}
	require.Equal(t, "acme", text("4ea4ea0ab6035e39517b5155373c08dc3e80e131afd468cabff3e72f4f2e8f4e"))
	require.Equal(t, "ids 1 values 2", text("e7a15ddce5e8bc5fc3e89c1925829fa563a3114d21b6159825a1fb066434da93"))
}
