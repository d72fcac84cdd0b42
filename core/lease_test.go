package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// frailStore does not renew leases while it is frail.
type frailStore struct {
	replay.Store
	frail   atomic.Bool
	extends atomic.Int32
}

var errFrail = errors.New("the connection was reset")

func (s *frailStore) Extend(ctx context.Context, held []replay.Held, lease time.Duration) error {
	s.extends.Add(1)
	if s.frail.Load() {
		return errFrail
	}
	return s.Store.Extend(ctx, held, lease)
}

func TestALeaseIsRenewedWhileTheSignalRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &frailStore{Store: memstore.New()}
		c, rec := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		w := run(g, signed(event), func(_ context.Context, e core.Event) error {
			for range 10 {
				time.Sleep(59 * time.Second)
				require.Equal(t, 503, run(g, signed(event), never(t)).Code)
			}
			return e.Context().Err()
		})
		require.Equal(t, 200, w.Code)
		require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
		renewed := store.extends.Load()
		require.InDelta(t, 30, renewed, 1, "every third of a minute, over ten minutes")
		time.Sleep(time.Hour)
		require.Equal(t, renewed, store.extends.Load(), "what is settled is not renewed")
		require.Equal(t, 200, run(g, signed(event), never(t)).Code)
	})
}

func TestARenewalIsTriedAgainUntilTheLeaseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &frailStore{Store: memstore.New()}
		c, _ := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		w := run(g, signed(event), func(_ context.Context, e core.Event) error {
			store.frail.Store(true)
			time.Sleep(50 * time.Second)
			require.NoError(t, e.Context().Err())
			store.frail.Store(false)
			time.Sleep(50 * time.Second)
			return e.Context().Err()
		})
		require.Equal(t, 200, w.Code)
	})
}

func TestAHolderThatLostItsLeaseIsCancelledAndCannotSettle(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		lose func(t *testing.T, s *frailStore, g *core.Guard, id core.Identity)
	}{
		{"because the store could not renew it",
			func(_ *testing.T, s *frailStore, _ *core.Guard, _ core.Identity) { s.frail.Store(true) }},
		{"because an operator forgot the event", func(t *testing.T, _ *frailStore, g *core.Guard, id core.Identity) {
			require.NoError(t, g.DangerouslyForgetInFlight(t.Context(), id))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &frailStore{Store: memstore.New()}
				c, rec := config(timestamped())
				c.Replay = store
				g := mustNew(t, c)
				start := time.Now()
				w := run(g, signed(event), func(_ context.Context, e core.Event) error {
					row.lose(t, store, g, e.Identity)
					<-e.Context().Done()
					require.ErrorIs(t, context.Cause(e.Context()), core.ErrLeaseLost)
					require.LessOrEqual(t, time.Since(start), time.Minute)
					time.Sleep(time.Second)
					store.frail.Store(false)
					require.Equal(t, 200, run(g, signed(event), ok).Code, "the retry takes over")
					return e.Context().Err()
				})
				require.Equal(t, 500, w.Code)
				require.Equal(t, 200, run(g, signed(event), never(t)).Code, "the retry's commit stands")
				require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
			})
		})
	}
}

// hangingStore is frail, and answers no settlement before its context ends.
type hangingStore struct {
	frailStore
	settles atomic.Int32
}

func (s *hangingStore) Settle(ctx context.Context, _ []replay.Settlement) error {
	s.settles.Add(1)
	<-ctx.Done()
	return ctx.Err()
}

// Once the lease has expired the retry can have the event already: there is nothing left to release.
func TestAReleaseIsNotWaitedForOnceTheLeaseHasExpired(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		works time.Duration
		waits time.Duration
		calls int32
	}{
		{"not at all where it has expired", 61 * time.Second, 0, 0},
		{"not where the store said that the claim is lost", 30 * time.Second, 0, 0},
		{"until it expires where the store does not answer", 58 * time.Second, 2 * time.Second, 1},
		{"no longer than a store has for its answer otherwise", time.Second, 5 * time.Second, 1},
	} {
		for name, handler := range map[string]func(g *core.Guard, work func() error) http.Handler{
			"by a signal": func(g *core.Guard, work func() error) http.Handler {
				return httpwebhook.Verify(g)(signal(func(context.Context, core.Event) error { return work() }))
			},
			"by a handler": func(g *core.Guard, work func() error) http.Handler {
				return httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_ = work()
					w.WriteHeader(500)
				}))
			},
		} {
			t.Run(row.name+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store := &hangingStore{frailStore: frailStore{Store: memstore.New()}}
					store.frail.Store(true)
					c, rec := config(timestamped())
					c.Replay = store
					g := mustNew(t, c)
					var done time.Time
					handler(g, func() error {
						if row.works == 30*time.Second {
							store.frail.Store(false)
							id := replay.Key(identityOf(t, c))
							require.NoError(t, store.Store.Forget(t.Context(), []replay.Key{id}))
						}
						time.Sleep(row.works)
						done = time.Now()
						return errors.New("failed")
					}).ServeHTTP(httptest.NewRecorder(), signed(event))
					require.InDelta(t, row.waits, time.Since(done), float64(50*time.Millisecond))
					require.Equal(t, row.calls, store.settles.Load())
					require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
				})
			})
		}
	}
}

// identityOf is the identity of event under the config.
func identityOf(t *testing.T, c core.Config) (id core.Identity) {
	c.Replay = memstore.New()
	run(mustNew(t, c), signed(event), func(_ context.Context, e core.Event) error {
		id = e.Identity
		return nil
	})
	return id
}

func TestTheLeaseLeavesTimeForTheProvidersRetries(t *testing.T) {
	t.Parallel()
	const warning = "the lease may outlive the provider's retries"
	for _, row := range []struct {
		name    string
		change  func(e *entry.Entry, c *core.Config)
		expires time.Duration
		warns   bool
	}{
		{"one minute where nothing is known", func(*entry.Entry, *core.Config) {}, time.Minute, false},
		{"one minute where retries go on for days", func(e *entry.Entry, _ *core.Config) {
			e.RetryHorizon = 72 * time.Hour
		}, time.Minute, false},
		{"half of a short time of retries", func(e *entry.Entry, _ *core.Config) {
			e.RetryHorizon = 40 * time.Second
		}, 20 * time.Second, false},
		{"half of the time of the quick ones", func(e *entry.Entry, _ *core.Config) {
			e.RetryHorizon, e.LastQuickRetry = time.Hour, time.Minute
		}, 30 * time.Second, false},
		{"as configured where that fits", func(e *entry.Entry, c *core.Config) {
			e.RetryHorizon, e.LastQuickRetry, c.Limits.Lease = time.Hour, time.Minute, 50*time.Second
		}, 50 * time.Second, false},
		{"as configured, with a warning, where the quick ones do not outlive it", func(e *entry.Entry, c *core.Config) {
			e.RetryHorizon, e.LastQuickRetry, c.Limits.Lease = time.Hour, time.Minute, time.Minute
		}, time.Minute, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := timestamped()
				c, _ := config(e)
				row.change(&e, &c)
				c.Provider = entry.NewProvider(e, nil)
				store := &frailStore{Store: memstore.New()}
				store.frail.Store(true)
				c.Replay = store
				var log strings.Builder
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
				g := mustNew(t, c)
				require.Equal(t, row.warns, strings.Contains(log.String(), warning), log.String())
				run(g, signed(event), func(context.Context, core.Event) error {
					time.Sleep(row.expires - time.Millisecond)
					require.Equal(t, 503, run(g, signed(event), never(t)).Code)
					time.Sleep(2 * time.Millisecond)
					require.Equal(t, 200, run(g, signed(event), ok).Code)
					return nil
				})
			})
		})
	}
}

func TestAPlainHandlerThatLostItsLeaseIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &frailStore{Store: memstore.New()}
		store.frail.Store(true)
		c, rec := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			require.ErrorIs(t, context.Cause(r.Context()), core.ErrLeaseLost)
		})).ServeHTTP(httptest.NewRecorder(), signed(event))
		require.Equal(t, reason.SignalFailed, rec.last(t, g).Reason, "its context is gone, so silence is no success")
		require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
	})
}

func TestASignalIsNotGivenLongerThanItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Limits.Lease, c.Limits.SignalTimeout = 30*time.Second, 2*time.Minute
		g := mustNew(t, c)
		run(g, signed(event), func(_ context.Context, e core.Event) error {
			deadline, _ := e.Context().Deadline()
			require.Equal(t, 2*time.Minute, time.Until(deadline))
			<-e.Context().Done()
			require.Equal(t, 503, run(g, signed(event), never(t)).Code, "the last lease still runs")
			time.Sleep(31 * time.Second) // the signal does not listen
			require.Equal(t, 200, run(g, signed(event), ok).Code, "a hung signal does not block its event for ever")
			return nil
		})
	})
}

func TestASignalMayHaveAllTheTimeThereIs(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Limits.SignalTimeout = math.MaxInt64
	require.Equal(t, 200, run(mustNew(t, c), signed(event), func(_ context.Context, e core.Event) error {
		deadline, _ := e.Context().Deadline()
		require.Greater(t, time.Until(deadline), 100*365*24*time.Hour)
		return e.Context().Err()
	}).Code)
}

func TestACrashedHolderBlocksOnlyUntilItsLeaseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &frailStore{Store: memstore.New()}
		c, _ := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		d, reply := g.Receive(httptest.NewRecorder(), signed(event), adapter.Inbound{})
		require.NotNil(t, d)
		require.Nil(t, reply)
		store.frail.Store(true) // the process dies
		require.Equal(t, 503, run(g, signed(event), never(t)).Code)
		time.Sleep(time.Minute + time.Second)
		require.Equal(t, 200, run(g, signed(event), ok).Code)
	})
}

func TestTimesThatContradictEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	hours := timestamped()
	hours.RetryHorizon = 8 * time.Hour
	for _, row := range []struct {
		name  string
		entry func(*core.Config)
		want  string
	}{
		{"a signal may not outlive the provider's last retry",
			func(c *core.Config) { c.Limits.SignalTimeout = 8 * time.Hour }, "a signal may hold its event for 8h0m0s " +
				"and a lease of 1m0s more, and Acme stops retrying after 8h0m0s"},
		{"a signal may not have all the time there is", func(c *core.Config) { c.Limits.SignalTimeout = math.MaxInt64 },
			"and Acme stops retrying after 8h0m0s"},
		{"a signal that must end within its lease", func(c *core.Config) { c.Limits.SignalTimeout = time.Second },
			"it is shorter than the lease of 1m0s"},
		{"a lease that outlives the provider's last retry", func(c *core.Config) { c.Limits.Lease = 9 * time.Hour },
			"Acme stops retrying after 8h0m0s"},
		{"a memory shorter than the provider retries", func(c *core.Config) { c.Limits.Retention = time.Hour },
			"for up to 8h0m0s"},
		{"a memory shorter than a timestamp is fresh", func(c *core.Config) { c.Limits.Retention = time.Minute },
			"remember at least 12m0s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(hours)
			row.entry(&c)
			_, err := core.New(c)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// lateStore answers a verdict a while after it took effect.
type lateStore struct{ replay.Store }

func (s lateStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	err := s.Store.Settle(ctx, settlements)
	time.Sleep(2 * time.Second)
	return err
}

// A renewal that reaches the store between the commit and its answer finds nothing to renew.
func TestARenewalThatComesAfterTheCommitCancelsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Replay = lateStore{memstore.New()}
		g := mustNew(t, c)
		h := httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			time.Sleep(19 * time.Second) // the first renewal is due after 20
			require.NoError(t, core.Commit(r.Context()))
			require.NoError(t, context.Cause(r.Context()))
		}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, signed(event))
		require.Equal(t, 200, w.Code)
	})
}

// wildStore panics where it should renew a lease, at first.
type wildStore struct {
	replay.Store
	wild atomic.Int32
}

func (s *wildStore) Extend(ctx context.Context, held []replay.Held, lease time.Duration) error {
	if s.wild.Add(-1) >= 0 {
		panic("a nil map in the app's own store")
	}
	return s.Store.Extend(ctx, held, lease)
}

// TestAStoreThatPanicsInARenewalIsTriedAgain: leases are renewed by a timer, where no router recovers anything.
func TestAStoreThatPanicsInARenewalIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &wildStore{Store: memstore.New()}
		store.wild.Store(2)
		c, rec := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		w := run(g, signed(event), func(_ context.Context, e core.Event) error {
			time.Sleep(5 * time.Minute)
			return e.Context().Err()
		})
		require.Equal(t, 200, w.Code)
		require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
	})
}

// rememberingStore notes whose leases were renewed.
type rememberingStore struct {
	replay.Store
	mu      sync.Mutex
	renewed map[replay.Key]int
}

func (s *rememberingStore) Extend(ctx context.Context, held []replay.Held, lease time.Duration) error {
	s.mu.Lock()
	for _, h := range held {
		s.renewed[h.Key]++
	}
	s.mu.Unlock()
	return s.Store.Extend(ctx, held, lease)
}

// What renews leases serves one delivery after another, and several at a time.
func TestEachDeliveryHasItsOwnLeaseRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &rememberingStore{Store: memstore.New(), renewed: map[replay.Key]int{}}
		c, _ := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		want := map[replay.Key]int{}
		deliver := func(id string, takes time.Duration) {
			body := `{"id":"` + id + `","type":"invoice.paid"}`
			w := run(g, signed(body), func(_ context.Context, e core.Event) error {
				if n := int(takes / (20 * time.Second)); n > 0 {
					store.mu.Lock()
					want[replay.Key(e.Identity)] = n
					store.mu.Unlock()
				}
				time.Sleep(takes + time.Second)
				return e.Context().Err()
			})
			require.Equal(t, 200, w.Code)
		}
		for _, takes := range []time.Duration{0, time.Minute, 0, 2 * time.Minute, 10 * time.Second, time.Minute} {
			deliver("alone "+takes.String(), takes) // the second of a minute is a duplicate
		}
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				for k := range 3 {
					deliver(fmt.Sprint("next to others ", n, k), time.Duration(n*k)*10*time.Second)
				}
			})
		}
		all.Wait()
		require.Equal(t, want, store.renewed)
	})
}

// A bubble's clock is its own, and the runtime ends a program that touches its timers from outside.
func TestAGuardMayBeUsedInBubblesAndOutsideThem(t *testing.T) {
	t.Parallel()
	store := &rememberingStore{Store: memstore.New(), renewed: map[replay.Key]int{}}
	c, _ := config(timestamped())
	c.Replay, c.Limits.Lease = store, time.Second
	g := mustNew(t, c)
	deliver := func(t *testing.T, id string, fn core.Receiver) {
		t.Helper()
		require.Equal(t, 200, run(g, signed(`{"id":"`+id+`"}`), fn).Code)
	}
	for n := range 2 {
		synctest.Test(t, func(t *testing.T) {
			for k := range 5 {
				deliver(t, fmt.Sprint("inside ", n, k), ok)
			}
			deliver(t, fmt.Sprint("inside for long ", n), func(_ context.Context, e core.Event) error {
				time.Sleep(10 * time.Second)
				return e.Context().Err()
			})
			require.NoError(t, g.Flush(t.Context()))
			require.Len(t, store.renewed, n+1, "by the bubble's clock")
		})
		for k := range 5 {
			deliver(t, fmt.Sprint("behind ", n, k), ok)
		}
		// What goes on outside a bubble may not end in one: a channel of the next one's Flush would be closed from
		// here.
		require.NoError(t, g.Flush(t.Context()))
	}
}

// extendedStore says that a lease was renewed.
type extendedStore struct {
	replay.Store
	extended chan replay.Key
}

func (s *extendedStore) Extend(ctx context.Context, held []replay.Held, lease time.Duration) error {
	err := s.Store.Extend(ctx, held, lease)
	s.extended <- held[0].Key
	return err
}

// Outside of bubbles, where timers serve one delivery after another.
func TestATimerThatServedADeliveryRenewsTheNext(t *testing.T) {
	t.Parallel()
	store := &extendedStore{memstore.New(), make(chan replay.Key, 16)}
	c, _ := config(timestamped())
	c.Replay, c.Limits.Lease, c.Limits.SignalTimeout = store, time.Second, 2*time.Second
	g := mustNew(t, c)
	for n := range 5 {
		require.Equal(t, 200, run(g, signed(fmt.Sprintf(`{"id":"short %d"}`, n)), ok).Code)
	}
	w := run(g, signed(`{"id":"long"}`), func(_ context.Context, e core.Event) error {
		select {
		case key := <-store.extended:
			require.Equal(t, e.Identity, core.Identity(key))
			return nil
		case <-e.Context().Done():
			return e.Context().Err()
		}
	})
	require.Equal(t, 200, w.Code, "its lease was renewed")
}
