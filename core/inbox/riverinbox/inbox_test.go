package riverinbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

var errColumn = errors.New(`column "currency" does not exist`)

func only(fn core.Receiver) *core.Signals {
	s := core.NewSignals()
	s.On("*", fn)
	return s
}

func TestTheJobAndDoneAreOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		fails := true
		e := p.endpoint(t, func(s *core.Signals) {
			s.On("*", func(context.Context, core.Event) error {
				if fails {
					return errColumn
				}
				return nil
			})
		})
		require.Equal(t, 500, e.send(t, 1))
		require.Zero(t, p.jobs(t, "available"), "what is not done has no job")
		fails = false
		require.Equal(t, 200, e.send(t, 1))
		require.Equal(t, 200, e.send(t, 1), "a duplicate")
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() { e.send(t, 2) })
		}
		wait.Wait()
		require.Equal(t, 2, p.jobs(t, "available"), "each event has one job")
		if p.dialect == sqltx.PostgreSQL { // xmin is the transaction that wrote a row
			require.Equal(t, 2, p.count(t, "SELECT count(*) FROM river_job j JOIN sallyport_replay r ON j.xmin = r.xmin WHERE r.done_at IS NOT NULL"))
		}
	})
}

func TestWithoutATransactionNothingIsAcknowledged(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqltx.SQLite)
	client, err := river.NewClient(p.driver, &river.Config{})
	require.NoError(t, err)
	enqueue := riverinbox.Enqueue(client)
	err = enqueue(t.Context(), core.Event{ID: "evt_1", Identity: core.Identity{1}})
	require.ErrorIs(t, err, riverinbox.ErrNotEnqueued)
	require.ErrorContains(t, err, "make a sqlstore the guard's Replay store")
	require.Zero(t, p.jobs(t, "available"))
	require.NoError(t, enqueue(t.Context(), core.Event{ID: "evt_1"}), "an event that is not remembered has nothing to join")
	require.Equal(t, 1, p.jobs(t, "available"))
	require.Panics(t, func() { riverinbox.Enqueue(nil) })
}

// TestTheWorkAndTheJobsEndAreOneTransaction: the receivers get the event as it was proved, byte for byte.
func TestTheWorkAndTheJobsEndAreOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		e := p.endpoint(t, nil)
		for n := range 5 {
			require.Equal(t, 200, e.send(t, n))
		}
		seen := make(chan core.Event, 10)
		p.work(t, only(func(ctx context.Context, e core.Event) error {
			seen <- e
			require.NotNil(t, ctx.Done(), "it ends with the job")
			return pay(e.Context(), e)
		}), nil)
		p.completed(t, 5)
		require.Equal(t, 5, p.payments(t))
		got := <-seen
		require.Equal(t, fmt.Sprintf(`{"id":"%s","type":"invoice.paid","data":{"object":{"memo":"\u0000"}}}`, got.ID), string(got.Payload))
		require.Equal(t, `{"memo":"\u0000"}`, string(got.Data))
		require.True(t, got.Authenticated.ID)
		require.False(t, got.Identity.IsZero())
		if p.dialect == sqltx.PostgreSQL {
			require.Equal(t, 5, p.count(t, "SELECT count(DISTINCT j.id) FROM river_job j JOIN payments p ON j.xmin = p.xmin"))
		}
		require.Empty(t, p.entries(t), "success is not reported to the journal")
	})
}

func TestAnErrorIsRolledBackAndTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		var runs atomic.Int32
		p.work(t, only(func(ctx context.Context, e core.Event) error {
			if err := pay(ctx, e); err != nil {
				return err
			}
			switch runs.Add(1) {
			case 1:
				return errors.New("not today: \x00\xff" + strings.Repeat("x", 9000))
			case 2:
				panic("nor\x00tomorrow")
			}
			return nil
		}), nil)
		p.completed(t, 1)
		require.EqualValues(t, 3, runs.Load())
		require.Equal(t, 1, p.payments(t), "what failed was rolled back")
		require.Empty(t, p.entries(t))
	})
}

// TestWhatNobodyTriesAgainIsParked: what was answered 200 is never in none of the three ends.
func TestWhatNobodyTriesAgainIsParked(t *testing.T) {
	type row struct {
		signals  func() *core.Signals
		reason   reason.Reason
		err      string
		attempts int
		payments int // that are committed
	}
	fails := func(err error) func() *core.Signals {
		return func() *core.Signals {
			return only(func(ctx context.Context, e core.Event) error { return errors.Join(pay(ctx, e), err) })
		}
	}
	for name, row := range map[string]row{
		"a permanent error, with the work that was done": {fails(core.Permanent(errColumn)), reason.Permanent, errColumn.Error(), 1, 1},
		"what nobody can decode":                         {fails(core.Undecodable(errColumn)), reason.Undecodable, errColumn.Error(), 1, 0},
		"what nobody takes":                              {core.NewSignals, reason.Unhandled, "", 1, 0},
		"the last attempt":                               {fails(errColumn), reason.SignalFailed, errColumn.Error(), 3, 0},
		"a job that its receiver cancels":                {fails(river.JobCancel(errColumn)), reason.SignalFailed, errColumn.Error(), 1, 0},
		"a panic with hostile text": {func() *core.Signals {
			return only(func(context.Context, core.Event) error { panic("\x00\xff") })
		}, reason.SignalPanicked, "the signal panicked", 3, 0},
		"a timeout": {func() *core.Signals {
			return only(func(ctx context.Context, _ core.Event) error { <-ctx.Done(); return ctx.Err() })
		}, reason.SignalFailed, "deadline", 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, p *place) {
				require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
				p.work(t, row.signals(), func(_ *river.Config, c *riverinbox.Config) { c.Timeout = 300 * time.Millisecond })
				p.completed(t, 1)
				e := p.parkedOnly(t)
				require.Equal(t, row.reason, e.Reason)
				require.Contains(t, e.Err, row.err)
				require.Equal(t, row.attempts, e.Attempts)
				require.Equal(t, row.payments, p.payments(t))
				require.Equal(t, "evt_1", e.EventID)
				require.Equal(t, "stripe", e.Endpoint)
				require.Equal(t, journal.IDOf(journal.FromInbox, e.Identity), e.ID)
				require.True(t, e.Runnable)
				var kept core.Event
				require.NoError(t, kept.UnmarshalBinary(e.Body))
				require.Equal(t, `{"memo":"\u0000"}`, string(kept.Data))
				if p.dialect == sqltx.PostgreSQL {
					require.Equal(t, 1, p.count(t, "SELECT count(*) FROM river_job j JOIN sallyport_journal k ON j.xmin = k.xmin"), "in one transaction")
				}
			})
		})
	}
}

// TestAJobWhoseLastAttemptEndedWithoutAWordIsParked: River would discard it, and nobody would know of the event.
func TestAJobWhoseLastAttemptEndedWithoutAWordIsParked(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		_, err := p.db.Exec("UPDATE river_job SET attempt = 3")
		require.NoError(t, err)
		p.work(t, only(func(context.Context, core.Event) error {
			t.Error("it may be what kills the process")
			return nil
		}), nil)
		p.completed(t, 1)
		require.Contains(t, p.parkedOnly(t).Err, "the last of 3 attempts did not end by itself")
	})
}

// TestNamedReceiversThatFinishedDoNotRunAgain: but one whose writes were rolled back does.
func TestNamedReceiversThatFinishedDoNotRunAgain(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		var mails, ledgers, others atomic.Int32
		s := core.NewSignals()
		s.Named("mail").On("*", func(context.Context, core.Event) error { mails.Add(1); return nil })
		s.Named("ledger").On("*", func(ctx context.Context, e core.Event) error { ledgers.Add(1); return pay(ctx, e) })
		s.On("*", func(context.Context, core.Event) error {
			if others.Add(1) == 1 {
				panic("not today")
			}
			return errColumn
		})
		p.work(t, s, nil)
		p.completed(t, 1)
		require.EqualValues(t, 1, mails.Load())
		require.EqualValues(t, 3, ledgers.Load())
		require.Equal(t, []string{"mail"}, p.parkedOnly(t).Finished)
		require.Zero(t, p.payments(t))
	})
}

// TestAJobThatWasTakenOverCommitsNothing: the next attempt does the work.
func TestAJobThatWasTakenOverCommitsNothing(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		var runs atomic.Int32
		p.work(t, only(func(ctx context.Context, e core.Event) error {
			if runs.Add(1) == 1 {
				// What River's rescue and another client's fetch come to.
				if _, err := p.db.Exec("UPDATE river_job SET attempt = attempt + 1"); err != nil {
					return err
				}
			}
			return pay(ctx, e)
		}), nil)
		p.completed(t, 1)
		require.EqualValues(t, 2, runs.Load())
		require.Equal(t, 1, p.payments(t))
	})
}

// TestAReceiverThatEndsTheTransactionIsReported: the job is not completed by it.
func TestAReceiverThatEndsTheTransactionIsReported(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		p.work(t, only(func(ctx context.Context, _ core.Event) error {
			tx, err := sqltx.Tx(ctx)
			if err != nil {
				return err
			}
			return tx.Rollback()
		}), nil)
		p.completed(t, 1)
		require.Contains(t, p.parkedOnly(t).Err, "leave Commit and Rollback to the guard")
	})
}

// refusing is a journal's store that is down until it is asked often enough.
type refusing struct {
	journal.Store
	left atomic.Int32
}

func (s *refusing) Save(ctx context.Context, rows []journal.Row) error {
	if s.left.Add(-1) >= 0 {
		return errors.New("no space left on device")
	}
	return s.Store.Save(ctx, rows)
}

// TestWhileTheJournalIsDownTheJobStays: nothing is given up that nobody has.
func TestWhileTheJournalIsDownTheJobStays(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		down := &refusing{Store: p.kept.Store()}
		down.left.Store(2)
		kept, err := journal.New(down, journal.Config{})
		require.NoError(t, err)
		var runs atomic.Int32
		p.work(t, only(func(ctx context.Context, e core.Event) error {
			runs.Add(1)
			return errors.Join(pay(ctx, e), core.Permanent(errColumn))
		}), func(_ *river.Config, c *riverinbox.Config) { c.Journal = kept })
		p.completed(t, 1)
		require.EqualValues(t, 3, runs.Load())
		require.Equal(t, 1, p.payments(t), "only the attempt that was kept is committed")
		require.Len(t, p.entries(t), 1)
	})
}

// TestWhatCannotBeDecodedIsParkedAsItIs: an event of a later version waits for the worker's update first.
func TestWhatCannotBeDecodedIsParkedAsItIs(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		for name, want := range map[string]int{`"Ag=="`: 3, `"AQ=="`: 1} {
			_, err := p.db.Exec("DELETE FROM river_job")
			require.NoError(t, err)
			_, err = p.db.Exec("DELETE FROM sallyport_journal")
			require.NoError(t, err)
			p.parked.Store(0)
			require.Equal(t, 200, p.endpoint(t, nil).send(t, want))
			args := `'{"event":` + name + `}'`
			if p.dialect == sqltx.SQLite {
				args = "jsonb(" + args + ")"
			}
			_, err = p.db.Exec("UPDATE river_job SET args = " + args)
			require.NoError(t, err)
			client := p.work(t, only(pay), nil)
			p.completed(t, 1)
			require.NoError(t, client.StopAndCancel(t.Context()))
			e := p.parkedOnly(t)
			require.Equal(t, reason.Undecodable, e.Reason)
			require.False(t, e.Runnable)
			require.Equal(t, want, e.Attempts)
		}
	})
}

// TestTheStopOfAClientIsNoFailure: what was under way runs again, and no attempt is counted.
func TestTheStopOfAClientIsNoFailure(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		began := make(chan struct{}, 1)
		client := p.work(t, only(func(ctx context.Context, e core.Event) error {
			if err := pay(ctx, e); err != nil {
				return err
			}
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}), func(_ *river.Config, c *riverinbox.Config) { c.MaxAttempts = 1 })
		<-began
		require.NoError(t, client.StopAndCancel(t.Context()))
		require.Empty(t, p.entries(t))
		require.Zero(t, p.jobs(t, "completed"))
		require.Zero(t, p.payments(t))
		require.Equal(t, 1, p.count(t, "SELECT count(*) FROM river_job WHERE state IN ('available', 'retryable')"))
	})
}

// reports are the errors that River got.
type reports chan error

func (r reports) HandleError(_ context.Context, _ *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	r <- err
	return nil
}

func (r reports) HandlePanic(_ context.Context, _ *rivertype.JobRow, v any, _ string) *river.ErrorHandlerResult {
	r <- fmt.Errorf("panic: %v", v)
	return nil
}

// TestAnAttemptWhoseCommitWasDoneIsNotParked: the answer to a commit can be lost, and an entry would run it twice.
func TestAnAttemptWhoseCommitWasDoneIsNotParked(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		require.Equal(t, 200, p.endpoint(t, nil).send(t, 1))
		reported := make(reports, 10)
		p.work(t, only(func(context.Context, core.Event) error {
			if _, err := p.db.Exec("UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP"); err != nil {
				return err
			}
			return errColumn
		}), func(c *river.Config, inbox *riverinbox.Config) { c.ErrorHandler, inbox.MaxAttempts = reported, 1 })
		require.ErrorContains(t, <-reported, "is not this attempt's any more")
		require.Empty(t, p.entries(t))
	})
}

// TestWhatNothingHasProvedIsNotKept: it could be run out of the journal.
func TestWhatNothingHasProvedIsNotKept(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		client, err := river.NewClient(p.driver, &river.Config{})
		require.NoError(t, err)
		require.NoError(t, riverinbox.Enqueue(client)(t.Context(), core.Event{ID: "evt_1", Unproved: true}))
		p.work(t, core.NewSignals(), nil)
		eventually(t, func() bool { return p.jobs(t, "cancelled") == 1 }, "River does not show it")
		require.Empty(t, p.entries(t))
	})
}
