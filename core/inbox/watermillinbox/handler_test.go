package watermillinbox_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

var errColumn = errors.New(`column "currency" does not exist`)

func only(fn core.Receiver) *core.Signals {
	s := core.NewSignals()
	s.On("*", fn)
	return s
}

// messageOf is what Enqueue publishes of an event.
func messageOf(t testing.TB, e core.Event) *message.Message {
	t.Helper()
	var m *message.Message
	enqueue := watermillinbox.Enqueue(publisherFunc(func(_ string, list ...*message.Message) error { m = list[0]; return nil }), topic)
	require.NoError(t, enqueue(context.Background(), e))
	m.SetContext(context.Background())
	return m
}

func proved() core.Event {
	return core.Event{
		Endpoint: "stripe", Provider: "stripe", ID: "evt_1", Type: "invoice.paid", Payload: []byte(body), Identity: core.Identity{1},
	}
}

// worker is a handler with a journal and a store in memory.
type worker struct {
	watermillinbox.Config
	parked atomic.Int32 // calls of OnParked
}

func newWorker(t testing.TB, change func(*watermillinbox.Config)) *worker {
	t.Helper()
	w := &worker{}
	kept, err := journal.InMemory(journal.Config{OnParked: func(context.Context, *journal.Entry) { w.parked.Add(1) }})
	require.NoError(t, err)
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	w.Config = watermillinbox.Config{Replay: store, Journal: kept, MaxAttempts: 3, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&w.Config)
	}
	return w
}

func (w *worker) entries(t testing.TB) (list []*journal.Entry) {
	t.Helper()
	require.NoError(t, w.Journal.Wait(context.Background()))
	for e, err := range w.Journal.Entries(context.Background(), journal.Query{}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

// TestEachMessageEnds: acknowledged once its event is done or parked, after as many attempts as make sense.
func TestEachMessageEnds(t *testing.T) {
	t.Parallel()
	times := func(n int, err error) func() *core.Signals {
		return func() *core.Signals {
			left := n
			return only(func(context.Context, core.Event) error {
				if left--; left >= 0 {
					return err
				}
				return nil
			})
		}
	}
	for name, row := range map[string]struct {
		signals func() *core.Signals
		took    time.Duration // of waiting
		reason  reason.Reason // of the entry; empty: there is none
		tries   int
	}{
		"a success":              {times(0, nil), 0, "", 0},
		"an ignored event":       {times(9, core.Ignore), 0, "", 0},
		"an error that passes":   {times(2, errColumn), 3 * time.Second, "", 0},
		"an error that stays":    {times(9, errColumn), 3 * time.Second, reason.SignalFailed, 3},
		"a panic":                {func() *core.Signals { return only(func(context.Context, core.Event) error { panic("kaboom") }) }, 3 * time.Second, reason.SignalPanicked, 3},
		"a permanent error":      {times(9, core.Permanent(errColumn)), 0, reason.Permanent, 1},
		"what nobody can decode": {times(9, core.Undecodable(errColumn)), 0, reason.Undecodable, 1},
		"what nobody takes":      {core.NewSignals, 0, reason.Unhandled, 1},
		"a receiver that never returns": {func() *core.Signals {
			return only(func(ctx context.Context, _ core.Event) error { <-ctx.Done(); return ctx.Err() })
		}, 3*time.Second + 3*5*time.Minute, reason.SignalFailed, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, remembers := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					w := newWorker(t, func(c *watermillinbox.Config) {
						if !remembers {
							c.Replay = nil
						}
					})
					m := messageOf(t, proved())
					began := time.Now()
					require.NoError(t, watermillinbox.Handler(row.signals(), w.Config)(m))
					require.Equal(t, row.took, time.Since(began))
					list := w.entries(t)
					if row.reason == "" {
						require.Empty(t, list)
						return
					}
					require.Len(t, list, 1)
					require.Equal(t, journal.Parked, list[0].State)
					require.Equal(t, journal.FromInbox, list[0].Kind)
					require.Equal(t, row.reason, list[0].Reason)
					require.Equal(t, row.tries, list[0].Attempts)
					require.EqualValues(t, 1, w.parked.Load())
					var kept core.Event
					require.NoError(t, kept.UnmarshalBinary(list[0].Body))
					require.Equal(t, proved(), kept)
				})
			}
		})
	}
}

// TestAMessageThatComesTwiceIsWorkedOnce: whatever became of the first, and in the store that the guard uses.
func TestAMessageThatComesTwiceIsWorkedOnce(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"done": nil, "parked": core.Permanent(errColumn), "parked uncommitted": core.Undecodable(errColumn)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorker(t, nil)
			_, claimErr := w.Replay.Claim(t.Context(), []replay.Item{{Key: replay.Key{1}}}, time.Minute) // by the guard, whose event it is
			require.NoError(t, claimErr)
			runs := 0
			handle := watermillinbox.Handler(only(func(context.Context, core.Event) error { runs++; return err }), w.Config)
			require.NoError(t, handle(messageOf(t, proved())))
			require.NoError(t, handle(messageOf(t, proved())))
			require.Equal(t, 1, runs)
			again := proved()
			again.Redrive = 1
			require.NoError(t, handle(messageOf(t, again)))
			require.Equal(t, 2, runs, "an operator wants it")
			other := messageOf(t, core.Event{ID: "evt_2"})
			require.NoError(t, handle(other))
			require.NoError(t, handle(other))
			require.Equal(t, 3, runs, "one without an identity is known by its UUID")
		})
	}
}

// TestTwoWorkersDoNotRunOneEventAtOnce: the second waits for the first, and leaves out what is done.
func TestTwoWorkersDoNotRunOneEventAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, nil)
		var runs atomic.Int32
		handle := watermillinbox.Handler(only(func(context.Context, core.Event) error {
			runs.Add(1)
			time.Sleep(3 * time.Minute) // longer than a lease
			return nil
		}), w.Config)
		began := time.Now()
		ended := make(chan error, 2)
		for range 2 {
			m := messageOf(t, proved())
			go func() { ended <- handle(m) }()
		}
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
		require.EqualValues(t, 1, runs.Load())
		require.Less(t, time.Since(began), 3*time.Minute+6*time.Second, "it does not wait for the end of a lease")
	})
}

// TestAWorkerThatLostItsClaimAsksAgain: what it did without the store's transaction cannot be undone, and is not
// parked.
func TestAWorkerThatLostItsClaimAsksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, nil)
		forgets := &forgetting{Store: w.Replay}
		w.Replay = forgets
		runs := 0
		handle := watermillinbox.Handler(only(func(ctx context.Context, _ core.Event) error {
			if runs++; runs == 1 {
				forgets.now(t)
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}), w.Config)
		require.NoError(t, handle(messageOf(t, proved())))
		require.Equal(t, 2, runs)
		require.Empty(t, w.entries(t))
	})
}

// forgetting is a store whose operator forgets what is claimed.
type forgetting struct {
	replay.Store
	key replay.Key
}

func (f *forgetting) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	f.key = items[0].Key
	return f.Store.Claim(ctx, items, lease)
}

func (f *forgetting) now(t *testing.T) {
	t.Helper()
	require.NoError(t, f.Forget(context.Background(), []replay.Key{f.key}))
}

// TestNamedReceiversThatFinishedDoNotRunAgain: in the next attempt.
func TestNamedReceiversThatFinishedDoNotRunAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, nil)
		mails, others := 0, 0
		s := core.NewSignals()
		s.Named("mail").On("*", func(context.Context, core.Event) error { mails++; return nil })
		s.On("*", func(context.Context, core.Event) error { others++; return errColumn })
		require.NoError(t, watermillinbox.Handler(s, w.Config)(messageOf(t, proved())))
		require.Equal(t, []int{1, 3}, []int{mails, others})
		require.Equal(t, []string{"mail"}, w.entries(t)[0].Finished)
	})
}

// TestWhileTheJournalIsDownTheMessageWaits: an acknowledgement would lose the event, and a refusal would bring it back
// at once.
func TestWhileTheJournalIsDownTheMessageWaits(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"a permanent error": core.Permanent(errColumn), "what nobody can decode": core.Undecodable(errColumn)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &downJournal{Store: journal.NewMemory()}
				store.left.Store(2)
				kept, newErr := journal.New(store, journal.Config{})
				require.NoError(t, newErr)
				w := newWorker(t, func(c *watermillinbox.Config) { c.Journal = kept })
				began := time.Now()
				require.NoError(t, watermillinbox.Handler(only(func(context.Context, core.Event) error { return err }), w.Config)(messageOf(t, proved())))
				require.Equal(t, 3*time.Second, time.Since(began))
				require.Len(t, w.entries(t), 1)
			})
		})
	}
}

type downJournal struct {
	journal.Store
	left atomic.Int32
}

func (d *downJournal) Save(ctx context.Context, rows []journal.Row) error {
	if d.left.Add(-1) >= 0 {
		return errors.New("no space left on device")
	}
	return d.Store.Save(ctx, rows)
}

type downReplay struct {
	replay.Store
	left atomic.Int32
}

func (d *downReplay) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if d.left.Add(-1) >= 0 {
		return nil, errors.New("connection refused")
	}
	return d.Store.Claim(ctx, items, lease)
}

func TestWhileTheReplayStoreIsDownTheMessageWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, nil)
		store := &downReplay{Store: w.Replay}
		store.left.Store(2)
		w.Replay = store
		runs := 0
		began := time.Now()
		require.NoError(t, watermillinbox.Handler(only(func(context.Context, core.Event) error { runs++; return nil }), w.Config)(messageOf(t, proved())))
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Equal(t, 1, runs)
	})
}

// TestTheEndOfTheRouterIsNoFailureOfTheEvent: the message is not acknowledged, nothing is parked, and the next worker
// does not wait.
func TestTheEndOfTheRouterIsNoFailureOfTheEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, func(c *watermillinbox.Config) { c.MaxAttempts = 1 })
		m := messageOf(t, proved())
		ctx, cancel := context.WithCancel(t.Context())
		m.SetContext(ctx)
		err := watermillinbox.Handler(only(func(ctx context.Context, _ core.Event) error { cancel(); <-ctx.Done(); return ctx.Err() }), w.Config)(m)
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, w.entries(t))
		began := time.Now()
		require.NoError(t, watermillinbox.Handler(only(func(context.Context, core.Event) error { return nil }), w.Config)(messageOf(t, proved())))
		require.Zero(t, time.Since(began), "the claim is released")

		w.MaxAttempts = 2
		waiting := messageOf(t, core.Event{Identity: core.Identity{2}})
		ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		waiting.SetContext(ctx)
		err = watermillinbox.Handler(only(func(context.Context, core.Event) error { return errColumn }), w.Config)(waiting)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, w.entries(t))
	})
}

// TestWhatIsNotAnEventIsParkedAsItIs: what a later version of the app has published waits a little for its update.
func TestWhatIsNotAnEventIsParkedAsItIs(t *testing.T) {
	t.Parallel()
	for payload, tries := range map[string]int{"\x02": 3, "": 1, "\x01\x00": 1} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorker(t, nil)
			m := message.NewMessage("1", []byte(payload))
			require.NoError(t, watermillinbox.Handler(core.NewSignals(), w.Config)(m))
			list := w.entries(t)
			require.Len(t, list, 1)
			require.Equal(t, tries, list[0].Attempts)
			require.False(t, list[0].Runnable)
			require.Equal(t, payload, string(list[0].Body))
		})
	}
}

func TestWhatNothingHasProvedIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorker(t, nil)
	for _, err := range []error{core.Permanent(errColumn), core.Undecodable(errColumn)} {
		handle := watermillinbox.Handler(only(func(context.Context, core.Event) error { return err }), w.Config)
		require.NoError(t, handle(messageOf(t, core.Event{ID: "evt_1", Unproved: true})))
	}
	require.Empty(t, w.entries(t))
}

func TestMistakesOfAHandlerPanicWithTheCallersLine(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	ofARouter := core.NewSignals()
	core.OnRouter(ofARouter, "*", func(*http.Request, core.Event) error { return nil })
	for name, mistake := range map[string]func(){
		"no signals": func() { watermillinbox.Handler(nil, watermillinbox.Config{Journal: kept}) },
		"no journal": func() { watermillinbox.Handler(core.NewSignals(), watermillinbox.Config{}) },
		"a negative number": func() {
			watermillinbox.Handler(core.NewSignals(), watermillinbox.Config{Journal: kept, MaxAttempts: -1})
		},
		"a set of one router": func() { watermillinbox.Handler(ofARouter, watermillinbox.Config{Journal: kept}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() { require.Contains(t, recover(), "handler_test.go:") }()
			mistake()
		})
	}
}
