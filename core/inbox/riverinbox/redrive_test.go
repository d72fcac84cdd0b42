package riverinbox_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// TestWhatWasParkedRunsAgainOnce: after the fix, in one transaction, however many people ask; the delivery stays a
// duplicate, and no job is made.
func TestWhatWasParkedRunsAgainOnce(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		e := p.endpoint(t, nil)
		require.Equal(t, 200, e.send(t, 1))
		var fixed atomic.Bool
		signals := only(func(ctx context.Context, e core.Event) error {
			if err := pay(ctx, e); err != nil || fixed.Load() {
				return err
			}
			return errColumn
		})
		p.work(t, signals, func(_ *river.Config, c *riverinbox.Config) { c.MaxAttempts = 1 })
		p.completed(t, 1)
		id := p.parkedOnly(t).ID
		redriver := &core.Redriver{Guards: []*core.Guard{e.guard}, Inbox: signals}
		_, err := redriver.Redrive(t.Context(), id, core.RedriveOptions{})
		require.ErrorContains(t, err, errColumn.Error())
		require.Zero(t, p.payments(t), "it is rolled back")
		require.Equal(t, journal.Parked, p.entries(t)[0].State)

		fixed.Store(true)
		var wait sync.WaitGroup
		for range 6 {
			wait.Go(func() {
				_, err := redriver.Redrive(t.Context(), id, core.RedriveOptions{})
				if err != nil && !errors.Is(err, journal.ErrInFlight) && !errors.Is(err, journal.ErrAlreadyDone) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		require.Equal(t, 1, p.payments(t))
		require.Equal(t, journal.Done, p.entries(t)[0].State)
		if p.dialect == sqltx.PostgreSQL {
			require.Equal(t, 1, p.count(t, "SELECT count(*) FROM sallyport_replay r JOIN payments p ON r.xmin = p.xmin"), "with what remembers the run")
		}
		require.Equal(t, 200, e.send(t, 1), "a duplicate")
		require.Equal(t, 1, p.count(t, "SELECT count(*) FROM river_job"))
		require.NoError(t, e.guard.Shutdown(t.Context()))
	})
}
