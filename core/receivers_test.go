package core_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestTheJournalKeepsWhatEachReceiverDid: of a delivery that failed, of its run, of a success, and in a worker.
func TestTheJournalKeepsWhatEachReceiverDid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var broken error = errColumn
		s := core.NewSignals()
		s.Named("ledger").On("*", func(context.Context, core.Event) error {
			time.Sleep(3 * time.Second)
			return nil
		})
		s.On("invoice.*", func(context.Context, core.Event) error {
			time.Sleep(time.Second)
			return broken
		})
		s.On("*", func(context.Context, core.Event) error { return core.Unhandled })
		s.On("refund.*", func(context.Context, core.Event) error { return nil })
		j := newJournaled(t, timestamped(), func(c *core.Config) {
			c.Journal, _ = journal.InMemory(journal.Config{AlsoDone: true})
		})
		app := httpwebhook.Handler(j.Guard, s)
		body := strings.Replace(event, "evt_1", "evt_2", 1)
		app.ServeHTTP(httptest.NewRecorder(), signed(event))
		e := j.only(t)
		const ms = time.Millisecond
		ledger := journal.Receiver{Name: "ledger", Pattern: "*", Took: 3000 * ms, Reason: reason.Accepted}
		failed := journal.Receiver{Pattern: "invoice.*", Took: 1000 * ms, Reason: reason.SignalFailed,
			Err: errColumn.Error()}
		declined := journal.Receiver{Pattern: "*", Took: 1, Reason: reason.Unhandled}
		require.Equal(t, []journal.Receiver{ledger, failed, declined}, e.Receivers)

		app.ServeHTTP(httptest.NewRecorder(), signed(event)) // the provider's retry
		before := journal.Receiver{Name: "ledger", Pattern: "*", Reason: reason.Duplicate}
		before.Took = j.only(t).Receivers[0].Took
		require.Less(t, before.Took, ms)
		require.Equal(t, []journal.Receiver{before, failed, declined}, j.only(t).Receivers)

		before.Took = 0
		_, err := j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
		require.ErrorIs(t, err, errColumn)
		require.Equal(t, []journal.Receiver{before, failed, declined}, j.only(t).Runs[0].Receivers)
		broken = nil
		_, err = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
		require.NoError(t, err)
		fine := failed
		fine.Reason, fine.Err = reason.Accepted, ""
		require.Equal(t, []journal.Receiver{before, fine, declined}, j.only(t).Runs[1].Receivers)

		app.ServeHTTP(httptest.NewRecorder(), signed(body))
		for e, err := range j.kept.Entries(t.Context(), journal.Query{Limit: 1}) {
			require.NoError(t, err)
			require.Equal(t, journal.Done, e.State)
			require.Equal(t, []journal.Receiver{ledger, fine, declined}, e.Receivers, "a success, with AlsoDone")
		}
		worked := workersSet().Run(t.Context(), core.Event{Type: "invoice.paid"}, "before")
		require.Equal(t, []journal.Receiver{
			{Name: "before", Pattern: "*", Reason: reason.Duplicate},
			{Pattern: "*", Took: 2000 * ms, Reason: reason.SignalPanicked, Err: "the signal panicked: kaboom"},
		}, worked.Receivers)
		require.Equal(t, worked.Receivers, worked.Entry(&core.Event{}, 1).Receivers)
	})
}

// workersSet is a set for a worker, with a receiver that has done its part before.
func workersSet() *core.Signals {
	s := core.NewSignals()
	s.Named("before").On("*", func(context.Context, core.Event) error { return nil })
	s.On("*", func(context.Context, core.Event) error {
		time.Sleep(2 * time.Second)
		panic("kaboom")
	})
	return s
}

// TestThePageLearnsWhatTheStoreKnowsOfAnEntry: without a claim, and without a run.
func TestThePageLearnsWhatTheStoreKnowsOfAnEntry(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	var failure error = errColumn
	var during core.ClaimState
	app := httpwebhook.Verify(j.Guard)(signal(func(ctx context.Context, e core.Event) error {
		if e.Redrive > 0 {
			var err error
			during, err = j.ClaimState(ctx, j.only(t))
			require.NoError(t, err)
		}
		return failure
	}))
	state := func() core.ClaimState {
		s, err := j.ClaimState(t.Context(), j.only(t))
		require.NoError(t, err)
		return s
	}
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	require.Equal(t, core.ClaimState{Events: make([]replay.Result, 1)}, state(), "it is released: nothing holds it")
	failure = core.Permanent(errColumn)
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	require.Equal(t, replay.Done, state().Events[0].State, "it is parked, so that no retry runs it")
	require.Zero(t, state().Redrive)
	failure = nil
	_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, replay.InFlight, during.Redrive.State)

	for name, e := range map[string]*journal.Entry{
		"no identity": {}, "a whole batch without identities": {Kind: journal.FromBatch},
	} {
		_, err := j.ClaimState(t.Context(), e)
		require.ErrorIs(t, err, errors.ErrUnsupported, name)
	}
	blind := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = struct{ replay.Store }{memstore.New()} })
	_, err = blind.ClaimState(t.Context(), j.only(t))
	require.ErrorIs(t, err, errors.ErrUnsupported, "a store that cannot be asked")
}
