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

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// buggyStore panics in the calls that are named.
type buggyStore struct {
	*journal.Memory
	in atomic.Value // the name of the call
}

func (s *buggyStore) bug(call string) {
	if in, _ := s.in.Load().(string); strings.Contains(in, call) {
		panic("the store has a bug in " + call)
	}
}

func (s *buggyStore) Save(ctx context.Context, rows []journal.Row) error {
	s.bug("Save")
	return s.Memory.Save(ctx, rows)
}

func (s *buggyStore) Load(ctx context.Context, ids []journal.ID) ([]journal.Row, error) {
	s.bug("Load")
	return s.Memory.Load(ctx, ids)
}

func (s *buggyStore) List(ctx context.Context, p journal.Page) ([]journal.Row, error) {
	s.bug("List")
	return s.Memory.List(ctx, p)
}

func (s *buggyStore) Prune(ctx context.Context, rows []journal.Row) error {
	s.bug("Prune")
	return s.Memory.Prune(ctx, rows)
}

// TestAJournalThatPanicsIsAJournalThatFails: the claim is given back, the transaction ends, and the retry runs.
func TestAJournalThatPanicsIsAJournalThatFails(t *testing.T) {
	t.Parallel()
	for _, calls := range []string{"Save", "List", "Save List Load Prune"} {
		for name, failure := range map[string]error{"an error": errColumn, "a permanent error": core.Permanent(errColumn)} {
			for way, begins := range map[string]bool{"in a transaction": true, "without one": false} {
				t.Run(calls+", "+name+", "+way, func(t *testing.T) {
					t.Parallel()
					store := &buggyStore{Memory: journal.NewMemory()}
					kept, err := journal.New(store, journal.Config{})
					require.NoError(t, err)
					units := &unitStore{Store: memstore.New()}
					j := newJournaled(t, timestamped(), func(c *core.Config) { c.Journal, c.Replay = kept, units })
					store.in.Store(calls)
					fails := func(ctx context.Context, _ core.Event) error {
						if begins {
							begin(ctx)
						}
						return failure
					}
					want := 500
					if calls == "List" && name == "a permanent error" {
						want = 200 // it is kept without a list
					}
					require.Equal(t, want, run(j.Guard, signed(event), fails).Code)
					for _, u := range units.units {
						require.Equal(t, u.begun, u.end != "", "the transaction is ended")
					}
					store.in.Store("")
					if want == 500 {
						ran := 0
						require.Equal(t, 200, run(j.Guard, signed(event), func(context.Context, core.Event) error { ran++; return nil }).Code)
						require.Equal(t, 1, ran)
					}
				})
			}
		}
	}
}

// TestARunWhoseJournalPanicsEnds: at whichever call.
func TestARunWhoseJournalPanicsEnds(t *testing.T) {
	t.Parallel()
	for _, calls := range []string{"Save", "Load"} {
		t.Run(calls, func(t *testing.T) {
			t.Parallel()
			store := &buggyStore{Memory: journal.NewMemory()}
			kept, err := journal.New(store, journal.Config{})
			require.NoError(t, err)
			j := newJournaled(t, timestamped(), func(c *core.Config) { c.Journal = kept })
			var failure error = core.Permanent(errColumn)
			app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error { return failure }))
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
			id := j.only(t).ID
			store.in.Store(calls)
			for _, failure = range []error{errColumn, core.Permanent(errColumn)} {
				_, err = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
				require.Error(t, err)
			}
			store.in.Store("")
			failure = nil
			_, err = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, journal.Done, j.only(t).State)
		})
	}
}

// TestNoHeaderOfAnyGateIsKept: whatever names it, the provider's entry or the journal's config, and of outer guards
// too.
func TestNoHeaderOfAnyGateIsKept(t *testing.T) {
	t.Parallel()
	const token, outerToken = "a-token-that-is-long-enough", "another-token-that-is-long-enough"
	kept, err := journal.InMemory(journal.Config{Headers: []string{"X-Gate", "X-Outer-Gate", "Acme-Signature", "X-Lang"}})
	require.NoError(t, err)
	e := timestamped()
	e.Event.Action = append(e.Event.Action, e.Event.ID...)
	e.Event.Action[0].JSON, e.Event.Action[0].Header = "", "X-Request-Id"
	j := newJournaled(t, e, func(c *core.Config) {
		c.Journal = kept
		c.Credentials = []core.Credential{
			core.HeaderToken("X-Gate", secrets.Static(token)), core.HeaderToken("X-Request-Id", secrets.Static(token)),
		}
	})
	gate := basicOnly()
	gate.Credential = entry.Credential{Kind: entry.HeaderToken, Name: "X-Outer-Gate"}
	oc, _ := config(gate)
	oc.Endpoint, oc.Secrets = "outer", secrets.Static(outerToken)
	r := signed(event)
	for name, value := range map[string]string{"X-Gate": token, "X-Request-Id": token, "X-Outer-Gate": outerToken, "X-Lang": "en"} {
		r.Header.Set(name, value)
	}
	inside := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error { return errColumn }))
	httpwebhook.Verify(mustNew(t, oc))(inside).ServeHTTP(httptest.NewRecorder(), r)
	is := j.only(t)
	require.Equal(t, []string{"outer"}, is.Outer)
	require.Equal(t, http.Header{"Content-Type": {"application/json"}, "X-Lang": {"en"}}, is.Request.Header)
	require.Equal(t, []string{"Acme-Signature", "X-Gate", "X-Outer-Gate", "X-Request-Id"}, is.Request.Dropped)
}

// TestWhatIsNotWhatWasProvedDoesNotRun: a receiver has written into the payload, or the endpoint is another provider's
// by now.
func TestWhatIsNotWhatWasProvedDoesNotRun(t *testing.T) {
	t.Parallel()
	t.Run("a payload that a receiver has changed", func(t *testing.T) {
		t.Parallel()
		for name, failure := range map[string]error{"open": errColumn, "parked": core.Permanent(errColumn)} {
			j := newJournaled(t, timestamped(), nil)
			run(j.Guard, signed(event), func(_ context.Context, e core.Event) error {
				copy(e.Payload[strings.Index(event, "invoice"):], "refunds")
				return failure
			})
			is := j.only(t)
			require.Equal(t, name, is.State.String())
			require.False(t, is.Runnable)
			_, err := j.redriver(httpwebhook.Verify(j.Guard)(signal(never(t)))).Redrive(t.Context(), is.ID, core.RedriveOptions{})
			require.ErrorIs(t, err, journal.ErrNotRunnable)
		}
	})
	t.Run("an event of another provider", func(t *testing.T) {
		t.Parallel()
		j := newJournaled(t, timestamped(), nil)
		run(j.Guard, signed(event), func(context.Context, core.Event) error { return errColumn })
		other := timestamped()
		other.Name = "emca"
		now := newJournaled(t, other, func(c *core.Config) { c.Journal = j.kept })
		_, err := now.redriver(httpwebhook.Verify(now.Guard)(signal(never(t)))).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
		require.ErrorIs(t, err, journal.ErrNotRunnable)
		require.ErrorContains(t, err, "emca")
	})
}

// TestARecordNumbersItsRun: as the event does, whether it failed or not.
func TestARecordNumbersItsRun(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	var failure error = core.Permanent(errColumn)
	app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error { return failure }))
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	for n, next := range []error{errColumn, core.Permanent(errColumn), nil} {
		failure = next
		_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
		require.Equal(t, next == nil, err == nil, err)
		require.Equal(t, n+1, j.records.last(t, j.Guard).Redrive)
	}
}

// TestEvenIfDoneRunsAllReceivers: those too that had done their part in a run before that failed.
func TestEvenIfDoneRunsAllReceivers(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	mail, ran := errors.New("smtp is down"), 0
	s := core.NewSignals()
	s.Named("ledger").On("*", func(context.Context, core.Event) error { ran++; return nil })
	s.Named("mail").On("*", func(context.Context, core.Event) error { return mail })
	app := httpwebhook.Handler(j.Guard, s)
	mail = core.Permanent(mail)
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	for n := range 3 {
		mail = errColumn
		_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{EvenIfDone: true})
		require.ErrorIs(t, err, errColumn)
		require.Equal(t, n+2, ran)
	}
}

// TestShutdownAndRunsBeginAtOnce: and Shutdown leaves nothing waiting.
func TestShutdownAndRunsBeginAtOnce(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	var failing atomic.Bool
	failing.Store(true)
	app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error {
		if failing.Load() {
			return errColumn
		}
		return nil
	}))
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	id := j.only(t).ID
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			if n%2 == 0 {
				_ = j.Shutdown(t.Context())
				return
			}
			_, _ = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		})
	}
	wg.Wait()
	failing.Store(false)
	result, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, reason.Accepted, result.Reason)
}
