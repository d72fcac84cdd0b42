package watermillinbox_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestAReceiverThatEndsItsGoroutineIsTriedAgain: the router's goroutine would be gone, and the message held for a day.
func TestAReceiverThatEndsItsGoroutineIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorker(t, func(c *watermillinbox.Config) { c.Backoff = func(int) time.Duration { return 0 } })
	calls := 0
	handle := watermillinbox.Handler(only(func(context.Context, core.Event) error {
		calls++
		runtime.Goexit()
		return nil
	}), w.Config)
	require.NoError(t, handle(messageOf(t, proved())))
	require.Equal(t, 3, calls)
	list := w.entries(t)
	require.Len(t, list, 1)
	require.Equal(t, reason.SignalPanicked, list[0].Reason)
	require.NoError(t, handle(messageOf(t, proved())), "it is parked, and does not run again")
	require.Equal(t, 3, calls)
}
