package core_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// keptWhole is a guard of batches with an entry that a plain handler has left, and its app, whose handler can change.
func keptWhole(t *testing.T) (j *journaled, app *httpwebhookApp, id journal.ID) {
	t.Helper()
	j = newJournaled(t, batched(), nil)
	app = &httpwebhookApp{t: t, guard: j.Guard}
	app.next = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	require.Equal(t, 500, app.deliver(list(1, 2, 3)))
	e := j.only(t)
	require.Len(t, e.Parts, 3)
	require.Equal(t, journal.FromBatch, e.Kind)
	return j, app, e.ID
}

type httpwebhookApp struct {
	t     *testing.T
	guard *core.Guard
	next  http.Handler
}

func (a *httpwebhookApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	httpwebhook.Verify(a.guard)(a.next).ServeHTTP(w, r)
}

func (a *httpwebhookApp) deliver(body string) int {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, signedBody(body))
	return w.Code
}

// byID lists what is kept: each entry's first id, kind and state.
func byID(t *testing.T, j *journaled) map[string]string {
	t.Helper()
	out := map[string]string{}
	for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		out[e.Kind.String()+" "+e.EventID] = e.State.String()
	}
	return out
}

// TestAWholeBatchIsSplitWhereSignalsRunIt: what fails has an entry of its own then, and what is done runs no more.
func TestAWholeBatchIsSplitWhereSignalsRunIt(t *testing.T) {
	t.Parallel()
	j, app, id := keptWhole(t)
	failures := map[string]error{"2": errColumn, "3": core.Permanent(errColumn)}
	ran := ""
	s := core.NewSignals()
	s.On("*", func(_ context.Context, e core.Event) error {
		ran += e.ID
		require.Equal(t, `{"id":"`+e.ID+`"`, string(e.Payload)[:len(`{"id":"`+e.ID+`"`)])
		return failures[e.ID]
	})
	app.next = httpwebhook.Dispatch(s)
	_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
	require.ErrorIs(t, err, errColumn)
	require.Equal(t, "123", ran)
	require.Equal(t, map[string]string{"batch 1": "done", "request 2": "open", "request 3": "parked"}, byID(t, j))
	failures, ran = nil, ""
	for _, err := range j.redriver(app).RedriveAll(t.Context(), journal.Query{}, core.RedriveOptions{}) {
		require.NoError(t, err)
	}
	require.Equal(t, map[string]string{"batch 1": "done", "request 2": "done", "request 3": "done"}, byID(t, j))
	require.Len(t, ran, 2)
	require.Equal(t, 200, app.deliver(list(1, 2, 3)))
	require.Len(t, ran, 2, "all of it is a duplicate")
}

// TestAWholeBatchExcludesItsRetries: a run runs next to none, leaves what is done since to signals, and is closed where
// all of it is done.
func TestAWholeBatchExcludesItsRetries(t *testing.T) {
	t.Parallel()
	good := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	t.Run("a retry that runs at the time", func(t *testing.T) {
		t.Parallel()
		j, app, id := keptWhole(t)
		var inner error
		app.next = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			_, inner = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		})
		require.Equal(t, 200, app.deliver(list(3, 4)))
		require.ErrorIs(t, inner, journal.ErrInFlight)
		require.Equal(t, journal.Open, j.only(t).State)
	})
	t.Run("a part that is done since", func(t *testing.T) {
		t.Parallel()
		j, app, id := keptWhole(t)
		app.next = good
		require.Equal(t, 200, app.deliver(list(2)))
		app.next = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			require.Empty(t, b, "it would do the second one again")
		})
		_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		require.ErrorIs(t, err, core.ErrBatchNeedsSignal)
		require.Equal(t, journal.Open, j.only(t).State)
		ran := ""
		app.next = signal(func(_ context.Context, e core.Event) error { ran += e.ID; return nil })
		_, err = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		require.NoError(t, err)
		require.Equal(t, "13", ran)
		require.Equal(t, journal.Done, j.only(t).State)
		_, err = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{EvenIfDone: true})
		require.NoError(t, err)
		require.Equal(t, "13123", ran)
	})
	t.Run("all of it is done since", func(t *testing.T) {
		t.Parallel()
		j, app, id := keptWhole(t)
		app.next = good
		n, err := j.CloseProcessed(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, 200, app.deliver(list(2)))
		n, err = j.CloseProcessed(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "two of three are open")
		require.Equal(t, 200, app.deliver(list(1, 3)))
		_, err = j.redriver(never200(t, app)).Redrive(t.Context(), id, core.RedriveOptions{})
		require.ErrorIs(t, err, journal.ErrAlreadyDone)
		require.Equal(t, journal.Done, j.only(t).State)
	})
	t.Run("the sweep closes it", func(t *testing.T) {
		t.Parallel()
		j, app, _ := keptWhole(t)
		app.next = good
		require.Equal(t, 200, app.deliver(list(1, 2, 3)))
		_, err := j.CloseProcessed(t.Context()) // or the sweep that the failure has begun
		require.NoError(t, err)
		require.Equal(t, journal.Done, j.only(t).State)
	})
}

// never200 is the app, whose handler must not be called.
func never200(t *testing.T, app *httpwebhookApp) *httpwebhookApp {
	return &httpwebhookApp{t: t, guard: app.guard, next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler was called")
	})}
}

// TestABatchWhoseBytesAHandlerChangedDoesNotRun: what nobody has proved.
func TestABatchWhoseBytesAHandlerChangedDoesNotRun(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, batched(), nil)
	app := &httpwebhookApp{t: t, guard: j.Guard}
	app.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, _ := core.FromContext(r.Context())
		copy(d.Body()[len(d.Body())-4:], "9")
		w.WriteHeader(500)
	})
	require.Equal(t, 500, app.deliver(list(1, 2)))
	require.False(t, j.only(t).Runnable)
}

// TestAStoreThatIsDownKeepsABatchWhole: nobody knows yet whether a handler or signals would have taken it.
func TestAStoreThatIsDownKeepsABatchWhole(t *testing.T) {
	t.Parallel()
	store := &downOnce{Store: memstore.New()}
	j := newJournaled(t, batched(), func(c *core.Config) { c.Replay = store })
	app := &httpwebhookApp{t: t, guard: j.Guard, next: signal(ok)}
	require.Equal(t, 503, app.deliver(list(1, 2)))
	e := j.only(t)
	require.Equal(t, reason.StoreUnavailable, e.Reason)
	_, err := j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, 200, app.deliver(list(1, 2)))
	require.Contains(t, strings.Join(j.entries(t), ""), "done")
}

// downOnce does not answer the first claim.
type downOnce struct {
	*memstore.Store
	asked bool
}

func (s *downOnce) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if !s.asked {
		s.asked = true
		return nil, errors.New("connection refused")
	}
	return s.Store.Claim(ctx, items, lease)
}

// TestAPlainHandlersBatchIsKeptAsAWhole: nobody knows which of its events the handler has done, and single ones could
// not be given to it again. An empty batch leaves nothing to keep, and nothing to fall over.
func TestAPlainHandlersBatchIsKeptAsAWhole(t *testing.T) {
	t.Parallel()
	released := func(w http.ResponseWriter, r *http.Request) {
		_ = core.Release(r.Context())
		w.WriteHeader(http.StatusNoContent)
	}
	done := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	for name, row := range map[string]struct {
		body   string
		do     http.HandlerFunc
		kept   map[string]string
		parked int32
	}{
		"done":                            {list(1, 2), done, map[string]string{"batch 1": "done"}, 0},
		"released behind its own success": {list(1, 2), released, map[string]string{"batch 1": "parked"}, 1},
		"empty and done":                  {"[]", done, map[string]string{}, 0},
		"empty and released":              {"[]", released, map[string]string{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var parked atomic.Int32
			j := newJournaled(t, batched(), func(c *core.Config) {
				var err error
				c.Journal, err = journal.InMemory(journal.Config{
					AlsoDone: true, OnParked: func(context.Context, *journal.Entry) { parked.Add(1) },
				})
				require.NoError(t, err)
			})
			app := &httpwebhookApp{t: t, guard: j.Guard, next: row.do}
			require.Equal(t, http.StatusNoContent, app.deliver(row.body))
			require.NoError(t, j.kept.Wait(t.Context()))
			require.Equal(t, row.kept, byID(t, j))
			require.Equal(t, row.parked, parked.Load())
		})
	}
}
