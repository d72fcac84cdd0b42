package core_test

import (
	"context"
	"errors"
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
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// brokenStore fails on demand and counts what it is asked.
type brokenStore struct {
	replay.Store
	claimErr  error
	settleErr atomic.Pointer[error]
	failFirst atomic.Int32
	claims    atomic.Int32
	settles   atomic.Int32
}

func (s *brokenStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.claims.Add(1)
	if s.claimErr != nil {
		return nil, s.claimErr
	}
	return s.Store.Claim(ctx, items, lease)
}

func (s *brokenStore) Settle(ctx context.Context, st []replay.Settlement) error {
	s.settles.Add(1)
	if err := s.settleErr.Load(); err != nil {
		return *err
	}
	if s.failFirst.Add(-1) >= 0 {
		return errors.New("the connection was reset")
	}
	return s.Store.Settle(ctx, st)
}

func TestAProcessedEventDoesNotRunAgain(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, signed(event), ok).Code)
	// The retry is signed again; the event is the same.
	w := run(g, post(event, "Acme-Signature", pairs(testSecret, testTime.Add(time.Minute), event)), never(t))
	require.Equal(t, 200, w.Code)
	require.Regexp(t, `^already processed at \d{4}-`, w.Body.String())
	last := rec.last(t, g)
	require.Equal(t, reason.Duplicate, last.Reason)
	require.False(t, last.DoneAt.IsZero())
	require.Equal(t, core.ReplayDuplicate, last.Replay)
}

func TestAFailedEventRunsAgain(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	w := run(g, signed(event), func(context.Context, core.Event) error { return errors.New("the app's own trouble") })
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "trouble")
	require.Equal(t, reason.SignalFailed, rec.last(t, g).Reason)
	require.ErrorContains(t, rec.last(t, g).Err, "trouble")
	require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
	require.Equal(t, 200, run(g, signed(event), ok).Code)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

func TestTheSameIDWithAnotherBodyIsAConflict(t *testing.T) {
	t.Parallel()
	other := `{"id":"evt_1","type":"invoice.paid","data":{"n":2}}`
	c, rec := config(timestamped())
	g := mustNew(t, c)
	run(g, signed(event), ok)
	require.Equal(t, 200, run(g, signed(other), never(t)).Code)
	require.Equal(t, reason.Conflict, rec.last(t, g).Reason)
	c.Answers.RefuseConflicts = true
	g = mustNew(t, c)
	require.Equal(t, 400, run(g, signed(other), never(t)).Code)
}

func TestEqualDeliveriesAtOnceRunOneSignal(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	var runs, passed, refused atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			w := run(g, signed(event), func(context.Context, core.Event) error { runs.Add(1); return nil })
			switch w.Code {
			case 200:
				passed.Add(1)
			case 503:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, runs.Load())
	require.EqualValues(t, 64, passed.Load()+refused.Load())
}

func TestADeliveryInFlightIsAskedToComeBack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		after time.Duration // of a lease of one minute that is not renewed
		limit time.Duration // of the entry
		want  string
	}{
		{"after ten seconds, however long the lease still runs", 0, 0, "10"},
		{"after the rest of the lease where that is less", 57500 * time.Millisecond, 0, "3"},
		{"after a second where the lease is about to expire", 59900 * time.Millisecond, 0, "1"},
		{"after no longer than the provider waits", 0, 4 * time.Second, "4"},
		{"after no longer than ten seconds, whatever the provider accepts", 0, time.Hour, "10"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := timestamped()
				e.Answers.Transient.RetryAfter = row.limit
				c, rec := config(e)
				store := &frailStore{Store: memstore.New()}
				store.frail.Store(true)
				c.Replay = store
				g := mustNew(t, c)
				run(g, signed(event), func(context.Context, core.Event) error {
					time.Sleep(row.after)
					w := run(g, signed(event), never(t))
					require.Equal(t, 503, w.Code)
					require.Equal(t, row.want, w.Header().Get("Retry-After"))
					require.Equal(t, reason.InFlight, rec.last(t, g).Reason)
					return nil
				})
			})
		})
	}
}

func TestNothingForgedTouchesTheStore(t *testing.T) {
	t.Parallel()
	store := &brokenStore{Store: memstore.New()}
	c, _ := config(timestamped())
	c.Replay = store
	g := mustNew(t, c)
	run(g, post(event, "Acme-Signature", pairs(oldSecret, testTime, event)), never(t))
	run(g, post(event), never(t))
	require.Zero(t, store.claims.Load())
	// And it did not burn the identity of the true event.
	require.Equal(t, 200, run(g, signed(event), ok).Code)
}

func TestAStoreThatCannotAnswer(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		err    error
		reason reason.Reason
	}{
		{"is 503 when it is down", errors.New("connection refused"), reason.StoreUnavailable},
		{"is 503 when it is full", replay.ErrFull, reason.StoreFull},
		{"is 503 when it is closed", replay.ErrClosed, reason.StoreUnavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.Replay = &brokenStore{Store: memstore.New(), claimErr: row.err}
			g := mustNew(t, c)
			w := run(g, signed(event), never(t))
			require.Equal(t, 503, w.Code)
			require.NotEmpty(t, w.Header().Get("Retry-After"))
			require.Equal(t, row.reason, rec.last(t, g).Reason)
			require.ErrorIs(t, rec.last(t, g).Err, row.err)

			c.StoreFailure = core.DangerouslyAcceptUnclaimed
			g = mustNew(t, c)
			require.Equal(t, 200, run(g, signed(event), ok).Code)
			require.Equal(t, core.ReplayUnclaimed, rec.last(t, g).Replay)
		})
	}
}

func TestACommitIsTriedAgainUntilTheLeaseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &brokenStore{Store: memstore.New()}
		store.failFirst.Store(5)
		c, rec := config(timestamped())
		c.Replay = store
		g := mustNew(t, c)
		require.Equal(t, 200, run(g, signed(event), ok).Code)
		require.EqualValues(t, 6, store.settles.Load())
		require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
		require.Equal(t, 200, run(g, signed(event), never(t)).Code)

		// One that still fails is reported, and the answer stays a success: the work is done.
		down := errors.New("gone")
		store.settleErr.Store(&down)
		other := `{"id":"evt_2"}`
		start := time.Now()
		require.Equal(t, 200, run(g, signed(other), ok).Code)
		require.InDelta(t, time.Minute, time.Since(start), float64(2*time.Second))
		require.Equal(t, core.ReplayCommitFailed, rec.last(t, g).Replay)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
		require.ErrorIs(t, rec.last(t, g).Err, down)
	})
}

func TestForgetLetsAnEventRunAgain(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	run(g, signed(event), ok)
	id, err := core.ParseIdentity(rec.last(t, g).Identity.String())
	require.NoError(t, err)
	require.NoError(t, g.Forget(t.Context(), id))
	for _, bad := range []string{"", "ab", id.String() + "00", strings.Repeat("z", 64)} {
		_, err := core.ParseIdentity(bad)
		require.ErrorIs(t, err, core.ErrBadIdentity)
	}
	require.Equal(t, 200, run(g, signed(event), ok).Code)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	same, err := g.IdentityOf(t.Context(), "", "evt_1")
	require.NoError(t, err)
	require.Equal(t, id, same)
	require.NoError(t, g.Forget(t.Context(), same))
	run(g, signed(event), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

func TestIdentityComesFromAuthenticatedBytes(t *testing.T) {
	t.Parallel()
	deliver := func(g *core.Guard, kind, delivery string) *httptest.ResponseRecorder {
		return run(g, post("body", "X-Hub-Signature-256", "sha256="+mac(testSecret, "body"), "X-Event", kind,
			"X-Delivery", delivery), ok)
	}
	c, rec := config(plain())
	g := mustNew(t, c)
	deliver(g, "push", "1")
	deliver(g, "push", "2")
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason, "a fresh unsigned delivery id changes nothing")
	deliver(g, "ping", "3")
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason, "one body is another event under another type")
}

func TestAnIdentityOfTheAppsOwn(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Identity = func(e core.Event) string { return e.Type }
	g := mustNew(t, c)
	run(g, signed(`{"id":"1","type":"a"}`), ok)
	run(g, signed(`{"id":"2","type":"a"}`), never(t))
	require.Equal(t, reason.Conflict, rec.last(t, g).Reason)
}

func TestABodyWithoutTheIDFallsBackToItsDigest(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	for _, body := range []string{`not json`, `{}`, `{"id":null}`, `{"id":""}`, `{"id":"a","ID":"b"}`} {
		require.Equal(t, 200, run(g, signed(body), ok).Code)
		run(g, signed(body), never(t))
		require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
	}
}

func TestNoReplayRunsEveryDelivery(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Replay, c.Endpoint = core.DangerouslyNoReplay, ""
	g := mustNew(t, c)
	runs := 0
	for range 3 {
		run(g, signed(event), func(context.Context, core.Event) error { runs++; return nil })
	}
	require.Equal(t, 3, runs)
}

func TestPlainHandlers(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	rows := []struct {
		name      string
		handler   http.HandlerFunc
		ctx       context.Context
		committed bool
	}{
		{"a final 2xx commits", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, nil, true},
		{"a silent return commits", func(http.ResponseWriter, *http.Request) {}, nil, true},
		{"a body without a status commits",
			func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }, nil, true},
		{"1xx and then 200 commits",
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(200) }, nil, true},
		{"a silent return after the client is gone releases", func(http.ResponseWriter, *http.Request) {}, gone, false},
		{"a redirect releases", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) }, nil, false},
		{"a 500 releases", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, nil, false},
		{"a commit by hand stands against a 500", func(w http.ResponseWriter, r *http.Request) {
			_ = core.Commit(r.Context())
			w.WriteHeader(500)
		}, nil, true},
		{"a release by hand stands against a 200",
			func(_ http.ResponseWriter, r *http.Request) { _ = core.Release(r.Context()) }, nil, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			r := signed(event)
			if row.ctx != nil {
				r = r.WithContext(row.ctx)
			}
			httpwebhook.Verify(g)(row.handler).ServeHTTP(httptest.NewRecorder(), r)
			run(g, signed(event), ok)
			want := reason.Accepted
			if row.committed {
				want = reason.Duplicate
			}
			require.Equal(t, want, rec.last(t, g).Reason)
		})
	}
	require.ErrorIs(t, core.Commit(t.Context()), core.ErrNotVerified)
}

// wrapped is a writer that hides what it wraps from all but http.ResponseController.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAHijackedConnectionIsReleasedHoweverItIsReached(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	guarded := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	answered := make(chan struct{}) // the client hears of the end before, and no server waits for what was taken over
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(answered)
		guarded.ServeHTTP(wrapped{w}, r)
	}))
	defer server.Close()
	r := signed(event)
	out, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(event))
	require.NoError(t, err)
	out.Header = r.Header
	_, err = http.DefaultClient.Do(out) // there is no response
	require.Error(t, err)
	<-answered
	require.Equal(t, reason.SignalFailed, rec.last(t, g).Reason)
	require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
}
