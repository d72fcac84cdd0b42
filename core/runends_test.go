package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// countedStore fails from a claim on.
type countedStore struct {
	replay.Store
	left atomic.Int64 // claims that succeed
}

func (s *countedStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if s.left.Add(-1) < 0 {
		return nil, errors.New("connection refused")
	}
	return s.Store.Claim(ctx, items, lease)
}

// twoNames is a set of two named receivers, whose claims are asked for when the event's is held.
func twoNames(fn core.Receiver) *core.Signals {
	s := core.NewSignals()
	s.Named("ledger").On("*", fn)
	s.Named("mail").On("*", fn)
	return s
}

// TestARunEndsWhereTheStoreFailsInIt: at whichever claim, and it is no sign of life.
func TestARunEndsWhereTheStoreFailsInIt(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"open": errColumn, "parked": core.Permanent(errColumn)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &countedStore{Store: memstore.New()}
			store.left.Store(1000)
			j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = store })
			failing := failure
			app := httpwebhook.Handler(j.Guard, twoNames(func(context.Context, core.Event) error { return failing }))
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
			before := j.Health()
			for claims := range int64(3) {
				store.left.Store(claims)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				result, err := j.redriver(app).Redrive(ctx, j.only(t).ID, core.RedriveOptions{})
				require.NoError(t, ctx.Err())
				cancel()
				require.Error(t, err)
				if claims < 2 {
					require.Contains(t, []reason.Reason{reason.StoreUnavailable, reason.SignalFailed, reason.Permanent},
						result.Reason)
				}
				require.NoError(t, j.Flush(t.Context()))
				require.Equal(t, before, ignoreSilence(j.Health(), before))
			}
			store.left.Store(1000)
			failing = nil
			_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.NoError(t, j.Shutdown(t.Context()))
		})
	}
}

// TestASecondDispatchInARunIsNoSignOfLife: its record is the run's.
func TestASecondDispatchInARunIsNoSignOfLife(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	failure := errColumn
	receiver := signal(func(context.Context, core.Event) error { return failure })
	httpwebhook.Verify(j.Guard)(receiver).ServeHTTP(httptest.NewRecorder(), signed(event))
	failure = nil
	twice := httpwebhook.Verify(j.Guard)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		receiver.ServeHTTP(w, r)
		receiver.ServeHTTP(w, r)
	}))
	before := j.Health()
	_, _ = j.redriver(twice).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.NoError(t, j.Flush(t.Context()))
	require.Equal(t, before, ignoreSilence(j.Health(), before))
}

// TestABackfillSaysHowItEnded: an event that did not run must not pass for one that nobody takes.
func TestABackfillSaysHowItEnded(t *testing.T) {
	t.Parallel()
	store := &countedStore{Store: memstore.New()}
	store.left.Store(1)
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = store })
	why, err := j.Backfill(t.Context(), twoNames(never(t)), []byte(event))
	require.ErrorContains(t, err, "connection refused")
	require.Equal(t, reason.StoreUnavailable, why)
	store.left.Store(1000)
	why, err = j.Backfill(t.Context(),
		twoNames(func(context.Context, core.Event) error { panic(http.ErrAbortHandler) }), []byte(event))
	require.ErrorIs(t, err, http.ErrAbortHandler)
	require.Equal(t, reason.SignalPanicked, why)
	why, err = j.Backfill(t.Context(), twoNames(ok), []byte(event))
	require.NoError(t, err)
	require.Equal(t, reason.Accepted, why)
}

// TestWhatEndedBeforeAReceiverEndsItsGoroutineStands: what succeeded stays done, and the hook learns what is parked.
func TestWhatEndedBeforeAReceiverEndsItsGoroutineStands(t *testing.T) {
	t.Parallel()
	parked := atomic.Int32{}
	kept, err := journal.InMemory(journal.Config{
		AlsoDone: true, OnParked: func(context.Context, *journal.Entry) { parked.Add(1) },
	})
	require.NoError(t, err)
	j := newJournaled(t, batched(), func(c *core.Config) { c.Journal, c.Ordered = kept, true })
	ran := map[string]int{}
	app := httpwebhook.Verify(j.Guard)(signal(func(_ context.Context, e core.Event) error {
		ran[e.ID]++
		switch {
		case e.ID == "2":
			return core.Permanent(errColumn)
		case e.ID == "3" && ran["3"] == 1:
			runtime.Goexit()
		}
		return nil
	}))
	var wg sync.WaitGroup
	wg.Go(func() { app.ServeHTTP(httptest.NewRecorder(), signedBody(list(1, 2, 3))) })
	wg.Wait()
	require.NoError(t, kept.Wait(t.Context()))
	require.EqualValues(t, 1, parked.Load())
	app.ServeHTTP(httptest.NewRecorder(), signedBody(list(1, 2, 3)))
	require.Equal(t, map[string]int{"1": 1, "2": 1, "3": 2}, ran)
}

// TestASuccessStaysDoneThoughTheJournalWantsIt: a receiver of the same batch ends the goroutine before it is written.
func TestASuccessStaysDoneThoughTheJournalWantsIt(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, batched(), func(c *core.Config) {
		c.Journal, _ = journal.InMemory(journal.Config{AlsoDone: true})
	})
	ran := map[string]int{}
	app := httpwebhook.Verify(j.Guard)(signal(func(_ context.Context, e core.Event) error {
		if ran[e.ID]++; e.ID == "2" && ran["2"] == 1 {
			runtime.Goexit()
		}
		return nil
	}))
	var wg sync.WaitGroup
	wg.Go(func() { app.ServeHTTP(httptest.NewRecorder(), signedBody(list(1, 2))) })
	wg.Wait()
	app.ServeHTTP(httptest.NewRecorder(), signedBody(list(1, 2)))
	require.Equal(t, map[string]int{"1": 1, "2": 2}, ran)
}

// TestAnEntryRunsBehindAStrippedPrefix: the URL is the one that the server got.
func TestAnEntryRunsBehindAStrippedPrefix(t *testing.T) {
	t.Parallel()
	const token = "a-token-in-the-query-that-is-long"
	for name, gate := range map[string]bool{"without a token": false, "with a token in the query": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), func(c *core.Config) {
				if gate {
					c.Credentials = []core.Credential{core.QueryToken("token", secrets.Static(token))}
				}
			})
			failure := errColumn
			mux := http.NewServeMux()
			guarded := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error { return failure }))
			mux.Handle("/api/", http.StripPrefix("/api", guarded))
			r := signed(event)
			r.URL.Path, r.URL.RawQuery = "/api/hooks", "lang=en&token="+token
			r.RequestURI = r.URL.RequestURI()
			if !gate {
				r.URL.RawQuery, r.RequestURI = "lang=en", "/api/hooks?lang=en"
			}
			mux.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, "/api/hooks?lang=en", j.only(t).Request.URL)
			failure = nil
			_, err := j.redriver(mux).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.NoError(t, err)
		})
	}
}

// TestNoProvidersEventRunsOnceMoreByBackfill: what was delivered is known, or the provider's events cannot be
// backfilled.
func TestNoProvidersEventRunsOnceMoreByBackfill(t *testing.T) {
	t.Parallel()
	known := 0
	for _, p := range provider.All() {
		sender := webhooktest.NewSender(p)
		c, _ := config(timestamped())
		c.Provider, c.Secrets, c.Now = p, secrets.Static(sender.Secret()), nil
		g, err := core.New(c)
		if err != nil {
			continue // it needs settings of its own
		}
		ran := 0
		s := core.NewSignals()
		s.On("*", func(context.Context, core.Event) error { ran++; return nil })
		app := httpwebhook.Handler(g, s)
		for _, sample := range sender.Samples() {
			ran = 0
			r := sender.Request("/hooks", sample)
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			if w.Code != 200 || ran != 1 {
				continue
			}
			why, err := g.Backfill(t.Context(), s, []byte(sample.Body))
			if !errors.Is(err, core.ErrNoBackfill) {
				require.NoError(t, err, p.Name())
				require.Equal(t, reason.Duplicate, why, p.Name())
				known++
			}
			require.Equal(t, 1, ran, p.Name())
		}
	}
	require.Greater(t, known, 30)
}
