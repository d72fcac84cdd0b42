package watermillinbox_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestARedriveOfANewEntryIsAnotherMessage: the entry of an event is removed once it is closed, and the runs of its next
// one are numbered from 1 again. Under the UUID of an earlier run, a worker would leave its message out.
func TestARedriveOfANewEntryIsAnotherMessage(t *testing.T) {
	t.Parallel()
	var sent []*message.Message
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	e := newEndpoint(t, publisherFunc(func(_ string, list ...*message.Message) error {
		sent = append(sent, list...)
		return nil
	}), func(c *core.Config) { c.Journal = kept })
	broken := true
	signals := core.NewSignals()
	signals.On("*", func(context.Context, core.Event) error {
		if broken {
			return core.Permanent(errors.New("gave up"))
		}
		return nil
	})
	signals.On("*", watermillinbox.Enqueue(publisherFunc(func(_ string, list ...*message.Message) error {
		sent = append(sent, list...)
		return nil
	}), topic))
	e.handler = httpwebhook.Handler(e.guard, signals)
	w := newWorker(t, nil)
	worked := 0
	handle := watermillinbox.Handler(only(func(context.Context, core.Event) error { worked++; return nil }), w.Config)
	for range 2 {
		broken = true
		require.Equal(t, 200, e.send(delivery(body)).Code)
		for parked, err := range kept.Entries(t.Context(), journal.Query{}) {
			require.NoError(t, err)
			broken = false
			redriver := &core.Redriver{App: e.handler, Guards: []*core.Guard{e.guard}}
			_, err = redriver.Redrive(t.Context(), parked.ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.NoError(t, kept.Delete(t.Context(), parked.ID))
			require.NoError(t, e.guard.Forget(t.Context(), core.Identity(parked.Identity)))
		}
	}
	require.Len(t, sent, 4)
	require.NotEqual(t, sent[1].UUID, sent[3].UUID)
	for _, m := range []*message.Message{sent[1], sent[3], sent[3]} {
		m.SetContext(t.Context())
		require.NoError(t, handle(m))
	}
	require.Equal(t, 2, worked, "each run's message is worked once")
}
