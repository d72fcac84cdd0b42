package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// plainStore has the methods of a replay.Store alone.
type plainStore struct{ replay.Store }

// lookingStore can be asked, and cannot forget what is done alone.
type lookingStore struct{ replay.Looker }

// embeddingStore has the methods of the store that is embedded in it, and a Forget of its own.
type embeddingStore struct {
	*memstore.Store
	forgets int
}

func (s *embeddingStore) Forget(ctx context.Context, keys []replay.Key) error {
	s.forgets++
	return s.Store.Forget(ctx, keys)
}

func TestForgetRefusesAnEventThatIsInFlight(t *testing.T) {
	t.Parallel()
	embedding := &embeddingStore{Store: memstore.New()}
	for name, store := range map[string]replay.Store{
		"a store that forgets what is done alone":     memstore.New(),
		"a store that can be looked into":             lookingStore{memstore.New()},
		"a store that has nothing but what it must":   plainStore{memstore.New()},
		"a store that has another one embedded in it": embedding,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.Replay = store
			g := mustNew(t, c)
			done := `{"id":"evt_done"}`
			require.Equal(t, 200, run(g, signed(done), ok).Code)
			other := rec.last(t, g).Identity
			unknown, err := g.IdentityOf(t.Context(), "", "evt_unknown")
			require.NoError(t, err)
			w := run(g, signed(event), func(_ context.Context, e core.Event) error {
				err := g.Forget(t.Context(), other, e.Identity, unknown, e.Identity)
				var busy *replay.InFlightError
				require.ErrorAs(t, err, &busy)
				require.Contains(t, busy.Keys, replay.Key(e.Identity))
				require.NotContains(t, busy.Keys, replay.Key(other))
				require.NotContains(t, busy.Keys, replay.Key(unknown))
				require.Positive(t, busy.RetryAfter)
				require.ErrorContains(t, err, "DangerouslyForgetInFlight")
				require.Equal(t, http.StatusServiceUnavailable, run(g, signed(event), never(t)).Code,
					"it still has its claim")
				return nil
			})
			require.Equal(t, 200, w.Code)
			require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay, "the claim was its own to the end")
			require.Equal(t, 200, run(g, signed(done), ok).Code)
			require.Equal(t, reason.Accepted, rec.last(t, g).Reason, "what was done is forgotten")
			require.NoError(t, g.Forget(t.Context(), unknown), "and nothing is left of the question")
			require.Equal(t, 200, run(g, signed(`{"id":"evt_unknown"}`), ok).Code)
			require.NoError(t, g.Forget(t.Context()))
		})
	}
	t.Cleanup(func() { require.Equal(t, 1, embedding.forgets, "the outer store's own Forget was called") })
}

func TestForgetInFlightIsThereByADangerousName(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	var again int
	w := run(g, signed(event), func(_ context.Context, e core.Event) error {
		require.NoError(t, g.DangerouslyForgetInFlight(t.Context(), e.Identity))
		again = run(g, signed(event), ok).Code
		return nil
	})
	require.Equal(t, 200, again, "it runs twice at once")
	require.Equal(t, 200, w.Code)
}

// An event that is done, and that the journal runs again, is in flight too.
func TestForgetRefusesAnEventThatIsBeingRedriven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept, err := journal.InMemory(journal.Config{})
		require.NoError(t, err)
		c, rec := config(timestamped())
		c.Journal = kept
		g := mustNew(t, c)
		began, end := make(chan struct{}), make(chan struct{})
		fail := true
		handler := httpwebhook.Verify(g)(signal(func(context.Context, core.Event) error {
			if fail {
				return core.Permanent(errors.New("no such plan"))
			}
			close(began)
			<-end
			return nil
		}))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, signed(event))
		require.Equal(t, 200, w.Code)
		id := rec.last(t, g).Identity
		fail = false
		redriver := &core.Redriver{App: handler, Guards: []*core.Guard{g}}
		result := make(chan error)
		go func() {
			entry := journal.IDOf(journal.FromRequest, id)
			_, err := redriver.Redrive(context.Background(), entry, core.RedriveOptions{})
			result <- err
		}()
		<-began
		var busy *replay.InFlightError
		require.ErrorAs(t, g.Forget(t.Context(), id), &busy)
		require.Equal(t, []replay.Key{replay.Key(id)}, busy.Keys)
		close(end)
		require.NoError(t, <-result)
		require.NoError(t, g.Forget(t.Context(), id))
	})
}
