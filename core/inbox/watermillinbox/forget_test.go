package watermillinbox_test

import (
	"context"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/replay"
)

// TestAForgottenEventIsWorkedAgain: the worker remembers the event for longer than the guard, and would leave out the
// message of the next delivery behind a 200. While it works the event, that is in flight.
func TestAForgottenEventIsWorkedAgain(t *testing.T) {
	t.Parallel()
	var sent []*message.Message
	var store replay.Store
	e := newEndpoint(t, publisherFunc(func(_ string, list ...*message.Message) error {
		sent = append(sent, list...)
		return nil
	}), func(c *core.Config) { store = c.Replay })
	w := newWorker(t, func(c *watermillinbox.Config) { c.Replay = store })
	var during error
	var forget core.Identity
	worked := 0
	handle := watermillinbox.Handler(only(func(ctx context.Context, got core.Event) error {
		worked++
		forget = got.Identity
		during = e.guard.Forget(ctx, got.Identity)
		return nil
	}), w.Config)
	for round := range 2 {
		require.Equal(t, 200, e.send(delivery(body)).Code)
		require.Len(t, sent, round+1)
		for range 2 { // a broker may send a message again
			sent[round].SetContext(t.Context())
			require.NoError(t, handle(sent[round]))
		}
		require.Equal(t, round+1, worked)
		var busy *replay.InFlightError
		require.ErrorAs(t, during, &busy)
		require.Equal(t, []replay.Key{replay.Key(forget)}, busy.Keys)
		require.NoError(t, e.guard.Forget(t.Context(), forget))
	}
}

// TestAnEventThatIsForgottenByForceIsWorkedAgain: whatever a worker remembers of it, or has in hand.
func TestAnEventThatIsForgottenByForceIsWorkedAgain(t *testing.T) {
	t.Parallel()
	var sent []*message.Message
	var store replay.Store
	e := newEndpoint(t, publisherFunc(func(_ string, list ...*message.Message) error {
		sent = append(sent, list...)
		return nil
	}), func(c *core.Config) { store = c.Replay })
	w := newWorker(t, func(c *watermillinbox.Config) { c.Replay = store })
	worked := 0
	handle := watermillinbox.Handler(only(func(ctx context.Context, got core.Event) error {
		worked++
		return e.guard.DangerouslyForgetInFlight(ctx, got.Identity)
	}), w.Config)
	for round := range 3 {
		require.Equal(t, 200, e.send(delivery(body)).Code)
		require.Len(t, sent, round+1)
		sent[round].SetContext(t.Context())
		require.NoError(t, handle(sent[round]))
		require.Equal(t, round+1, worked)
		id, err := core.ParseIdentity(sent[round].UUID)
		require.NoError(t, err)
		require.NoError(t, e.guard.DangerouslyForgetInFlight(t.Context(), id))
	}
}
