package riverinbox_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestAReceiverThatEndsItsGoroutineTakesNoWorkerAway: River would count the job as one that runs, for ever.
func TestAReceiverThatEndsItsGoroutineTakesNoWorkerAway(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		e := p.endpoint(t, nil)
		require.Equal(t, 200, e.send(t, 1))
		require.Equal(t, 200, e.send(t, 2))
		p.work(t, only(func(ctx context.Context, e core.Event) error {
			if err := pay(ctx, e); e.ID == "evt_2" {
				return err
			}
			runtime.Goexit()
			return nil
		}), func(_ *river.Config, c *riverinbox.Config) { c.MaxWorkers, c.MaxAttempts = 1, 2 })
		p.completed(t, 2)
		require.Equal(t, 1, p.payments(t))
		parked := p.parkedOnly(t)
		require.Equal(t, reason.SignalPanicked, parked.Reason)
		require.Equal(t, "evt_1", parked.EventID)
		require.Equal(t, 2, parked.Attempts)
	})
}
