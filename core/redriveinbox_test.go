package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// worked is a guard whose events are enqueued, and what their worker has parked.
type worked struct {
	*journaled
	app    http.Handler
	event  core.Event
	parked *journal.Entry
}

// newWorked delivers an event, and parks it as a worker does whose receivers are given.
func newWorked(t *testing.T, change func(*core.Config), fails func(*core.Signals)) *worked {
	t.Helper()
	w := &worked{journaled: newJournaled(t, timestamped(), change)}
	w.app = httpwebhook.Handler(w.Guard, inSignals(func(_ context.Context, e core.Event) error {
		e.Payload, e.Data = []byte(string(e.Payload)), nil
		w.event = e
		return nil
	}))
	rec := httptest.NewRecorder()
	w.app.ServeHTTP(rec, signed(event))
	require.Equal(t, 200, rec.Code)
	s := core.NewSignals()
	fails(s)
	result := s.Run(t.Context(), w.event)
	w.parked = result.Entry(&w.event, 3)
	require.NoError(t, w.kept.Keep(t.Context(), []*journal.Entry{w.parked}))
	return w
}

func inSignals(fn core.Receiver) *core.Signals {
	s := core.NewSignals()
	s.On("*", fn)
	return s
}

func alwaysFails(err error) func(*core.Signals) {
	return func(s *core.Signals) { s.On("*", func(context.Context, core.Event) error { return err }) }
}

func (w *worked) redrive(t *testing.T, inbox *core.Signals, o core.RedriveOptions) (core.RedriveResult, error) {
	t.Helper()
	return (&core.Redriver{Guards: []*core.Guard{w.Guard}, Inbox: inbox}).Redrive(t.Context(), w.parked.ID, o)
}

// TestAnEntryOfAnInboxRunsAsInItsWorker: without a request, with the event that was proved, and once.
func TestAnEntryOfAnInboxRunsAsInItsWorker(t *testing.T) {
	t.Parallel()
	w := newWorked(t, nil, alwaysFails(core.Permanent(errColumn)))
	var got core.Event
	ran := 0
	inbox := inSignals(func(ctx context.Context, e core.Event) error {
		ran++
		got = e
		_, inDelivery := core.FromContext(ctx)
		require.False(t, inDelivery)
		require.ErrorIs(t, core.Release(ctx), core.ErrNotVerified)
		_, limited := ctx.Deadline()
		require.True(t, limited)
		return nil
	})
	result, err := w.redrive(t, inbox, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, reason.Accepted, result.Reason)
	require.Equal(t, 1, got.Redrive)
	require.Equal(t, w.event.Payload, got.Payload)
	require.Equal(t, w.event.Identity, got.Identity)
	require.Equal(t, w.event.Authenticated, got.Authenticated)
	e := w.only(t)
	require.Equal(t, journal.Done, e.State)
	require.Len(t, e.Runs, 1)
	_, err = w.redrive(t, inbox, core.RedriveOptions{})
	require.ErrorIs(t, err, journal.ErrAlreadyDone)
	require.Equal(t, 1, ran)
	_, err = w.redrive(t, inbox, core.RedriveOptions{EvenIfDone: true})
	require.NoError(t, err)
	require.Equal(t, 2, ran)
	require.NoError(t, w.Flush(t.Context()))
	require.Equal(t, 2, w.records.last(t, w.Guard).Redrive)
	require.NotZero(t, w.Health().LastProved, "the delivery is a sign of life")
}

// TestARunOfAnInboxThatFailsChangesNothingButTheEntry: the delivery stays a duplicate, and the next run is another one.
func TestARunOfAnInboxThatFailsChangesNothingButTheEntry(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err  error
		want reason.Reason
		run  reason.Reason // of the run in the entry
	}{
		"an error":               {errColumn, reason.SignalFailed, reason.SignalFailed},
		"a permanent error":      {core.Permanent(errColumn), reason.Permanent, reason.Permanent},
		"what nobody can decode": {core.Undecodable(errColumn), reason.Undecodable, reason.Undecodable},
		"what nobody takes":      {core.Unhandled, reason.Unhandled, reason.Unhandled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorked(t, nil, alwaysFails(errColumn))
			for n := range 2 {
				result, err := w.redrive(t, inSignals(func(context.Context, core.Event) error { return row.err }), core.RedriveOptions{})
				require.Error(t, err)
				require.Equal(t, row.want, result.Reason)
				e := w.only(t)
				require.Equal(t, journal.Parked, e.State)
				require.Equal(t, n+1, e.RunCount)
				require.Equal(t, row.run, e.Runs[n].Reason)
			}
			rec := httptest.NewRecorder()
			w.app.ServeHTTP(rec, signed(event))
			require.Contains(t, rec.Body.String(), "already processed")
			_, err := w.redrive(t, inSignals(func(context.Context, core.Event) error { return nil }), core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, journal.Done, w.only(t).State)
		})
	}
}

// TestARunOfAnInboxEndsWhateverItsReceiverDoes: nobody waits for ever.
func TestARunOfAnInboxEndsWhateverItsReceiverDoes(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]func(){
		"a panic":             func() { panic("kaboom") },
		"an abort":            func() { panic(http.ErrAbortHandler) },
		"a goroutine's end":   runtime.Goexit,
		"a panic with an err": func() { panic(errColumn) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorked(t, nil, alwaysFails(errColumn))
			_, err := w.redrive(t, inSignals(func(context.Context, core.Event) error { fn(); return nil }), core.RedriveOptions{})
			require.Error(t, err)
			require.Equal(t, journal.Parked, w.only(t).State)
			_, err = w.redrive(t, inSignals(func(context.Context, core.Event) error { return nil }), core.RedriveOptions{})
			require.NoError(t, err, "the claim is released")
			require.NoError(t, w.Shutdown(t.Context()))
		})
	}
}

// TestOfAnInboxOneRunIsUnderWayAtATime: two people click at once, and one succeeds.
func TestOfAnInboxOneRunIsUnderWayAtATime(t *testing.T) {
	t.Parallel()
	for range 30 {
		w := newWorked(t, nil, alwaysFails(errColumn))
		var ran, at atomic.Int32
		inbox := inSignals(func(context.Context, core.Event) error {
			if at.Add(1) != 1 {
				t.Error("it runs twice at once")
			}
			time.Sleep(time.Millisecond)
			at.Add(-1)
			ran.Add(1)
			return nil
		})
		together(func(int) {
			_, err := w.redrive(t, inbox, core.RedriveOptions{})
			if err != nil && !errors.Is(err, journal.ErrAlreadyDone) && !errors.Is(err, journal.ErrInFlight) {
				t.Error(err)
			}
		}, 8)
		require.EqualValues(t, 1, ran.Load())
		require.Equal(t, journal.Done, w.only(t).State)
	}
}

// TestNamedReceiversOfAnInboxThatFinishedDoNotRunAgain: neither those of the worker, nor those of an earlier run.
func TestNamedReceiversOfAnInboxThatFinishedDoNotRunAgain(t *testing.T) {
	t.Parallel()
	var mails, ledgers, broken int
	fail := errColumn
	register := func(s *core.Signals) {
		s.Named("mail").On("*", func(context.Context, core.Event) error { mails++; return nil })
		s.Named("ledger").On("*", func(context.Context, core.Event) error {
			if ledgers++; ledgers == 1 {
				return errColumn
			}
			return nil
		})
		s.On("*", func(context.Context, core.Event) error { broken++; return fail })
	}
	w := newWorked(t, nil, register)
	inbox := core.NewSignals()
	register(inbox)
	_, err := w.redrive(t, inbox, core.RedriveOptions{})
	require.Error(t, err)
	require.Equal(t, []string{"mail", "ledger"}, w.only(t).Finished)
	fail = nil
	_, err = w.redrive(t, inbox, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, []int{mails, ledgers, broken})
}

// TestASuccessThatWasNotRecordedIsFound: the process died behind the commit, and the event does not run again.
func TestASuccessThatWasNotRecordedIsFound(t *testing.T) {
	t.Parallel()
	flaky := &flakyStore{Memory: journal.NewMemory()}
	w := newWorked(t, func(c *core.Config) {
		var err error
		c.Journal, err = journal.New(flaky, journal.Config{})
		require.NoError(t, err)
	}, alwaysFails(errColumn))
	ran := 0
	inbox := inSignals(func(context.Context, core.Event) error { ran++; return nil })
	flaky.down.Store(true)
	_, err := w.redrive(t, inbox, core.RedriveOptions{})
	require.ErrorContains(t, err, "the run succeeded, and the journal did not record it")
	flaky.down.Store(false)
	_, err = w.redrive(t, inbox, core.RedriveOptions{})
	require.ErrorIs(t, err, journal.ErrAlreadyDone)
	require.Equal(t, 1, ran)
	require.Equal(t, journal.Done, w.only(t).State)
}

// flakyStore is down for writes at times.
type flakyStore struct {
	*journal.Memory
	down atomic.Bool
}

func (s *flakyStore) Save(ctx context.Context, rows []journal.Row) error {
	if s.down.Load() {
		return errors.New("no space left on device")
	}
	return s.Memory.Save(ctx, rows)
}

// TestWhatDoesNotRunOfAnInbox: it fails closed, and says why.
func TestWhatDoesNotRunOfAnInbox(t *testing.T) {
	t.Parallel()
	must := inSignals(func(context.Context, core.Event) error { t.Error("it ran"); return nil })
	changed := func(edit func(*core.Event)) func(t *testing.T, w *worked) {
		return func(t *testing.T, w *worked) {
			t.Helper()
			e := w.event
			edit(&e)
			body, err := e.MarshalBinary()
			require.NoError(t, err)
			w.parked.Body, w.parked.Length = body, 0
			require.NoError(t, w.kept.Keep(t.Context(), []*journal.Entry{w.parked}))
		}
	}
	for name, row := range map[string]struct {
		change func(t *testing.T, w *worked)
		inbox  *core.Signals
		want   string
	}{
		"nobody works the inbox":      {nil, nil, "Redriver.Inbox is nil"},
		"a body of another endpoint":  {changed(func(e *core.Event) { e.Endpoint = "another" }), must, "not the event that the entry names"},
		"a body of another event":     {changed(func(e *core.Event) { e.Identity[0]++ }), must, "not the event that the entry names"},
		"an event that is not proved": {changed(func(e *core.Event) { e.Unproved = true }), must, "not the event that the entry names"},
		"a body that is not an event": {func(t *testing.T, w *worked) {
			t.Helper()
			w.parked.Body, w.parked.Length = []byte("x"), 0
			require.NoError(t, w.kept.Keep(t.Context(), []*journal.Entry{w.parked}))
		}, must, "later version"},
		"a body that is half an event": {func(t *testing.T, w *worked) {
			t.Helper()
			w.parked.Body, w.parked.Length = []byte{1, 0}, 0
			require.NoError(t, w.kept.Keep(t.Context(), []*journal.Entry{w.parked}))
		}, must, "not an encoded event"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorked(t, nil, alwaysFails(errColumn))
			if row.change != nil {
				row.change(t, w)
			}
			r := &core.Redriver{App: w.app, Guards: []*core.Guard{w.Guard}, Inbox: row.inbox}
			_, err := r.Redrive(t.Context(), w.parked.ID, core.RedriveOptions{})
			require.ErrorIs(t, err, journal.ErrNotRunnable)
			require.ErrorContains(t, err, row.want)
			require.Equal(t, journal.Parked, w.only(t).State)
			require.Zero(t, w.only(t).RunCount)
		})
	}
}

// TestASweepLeavesEntriesOfAnInboxAlone: that their event is done means that it was enqueued.
func TestASweepLeavesEntriesOfAnInboxAlone(t *testing.T) {
	t.Parallel()
	w := newWorked(t, nil, alwaysFails(errColumn))
	open := w.parked.Clone()
	require.NoError(t, w.kept.Delete(t.Context(), w.parked.ID))
	open.State = journal.Open // a worker of one's own may keep what is tried again
	require.NoError(t, w.kept.Keep(t.Context(), []*journal.Entry{open}))
	require.Equal(t, journal.Open, w.only(t).State)
	closed, err := w.CloseProcessed(t.Context())
	require.NoError(t, err)
	require.Zero(t, closed)
	require.Equal(t, journal.Open, w.only(t).State)
}

// TestARedriverNeedsWhatItsEntriesRunBy: an app for requests, receivers for an inbox.
func TestARedriverNeedsWhatItsEntriesRunBy(t *testing.T) {
	t.Parallel()
	w := newWorked(t, nil, alwaysFails(errColumn))
	_, err := (&core.Redriver{Guards: []*core.Guard{w.Guard}}).Redrive(t.Context(), w.parked.ID, core.RedriveOptions{})
	require.ErrorContains(t, err, "Redriver.App is nil")
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = memstore.New() })
	require.Equal(t, 500, run(j.Guard, signed(event), func(context.Context, core.Event) error { return errColumn }).Code)
	_, err = (&core.Redriver{Guards: []*core.Guard{j.Guard}, Inbox: core.NewSignals()}).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.ErrorContains(t, err, "Redriver.App is nil")
	ofARouter := core.NewSignals()
	core.OnRouter(ofARouter, "*", func(*http.Request, core.Event) error { return nil })
	require.Panics(t, func() { _, _ = w.redrive(t, ofARouter, core.RedriveOptions{}) })
}

// TestWhatNobodyCanDecodeIsReportedSo: also where a journal has it and the event is committed.
func TestWhatNobodyCanDecodeIsReportedSo(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	require.Equal(t, 200, run(j.Guard, signed(event), func(context.Context, core.Event) error { return core.Undecodable(errColumn) }).Code)
	require.Equal(t, reason.Undecodable, j.records.last(t, j.Guard).Reason)
}
