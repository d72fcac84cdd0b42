package core_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestRunsOfAnEntryThatWasRemovedAreNotThoseOfTheNext: an entry is removed once its event is done, or a restart forgets
// it, and the replay store remembers its runs for longer. The event, forgotten and given up again, must not pass for
// done by them.
func TestRunsOfAnEntryThatWasRemovedAreNotThoseOfTheNext(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	var result error
	ran := 0
	receiver := func(context.Context, core.Event) error { ran++; return result }
	app := httpwebhook.Verify(j.Guard)(signal(receiver))
	for round := range 3 {
		result = core.Permanent(errColumn)
		require.Equal(t, 200, answerOf(app, signed(event)).Code)
		parked := j.only(t)
		require.Equal(t, journal.Parked, parked.State)
		result = nil
		for run := range 2 {
			_, err := j.redriver(app).Redrive(t.Context(), parked.ID, core.RedriveOptions{EvenIfDone: run > 0})
			require.NoError(t, err)
			require.Equal(t, 3*round+run+2, ran, "round %d", round)
		}
		require.NoError(t, j.kept.Delete(t.Context(), parked.ID))
		require.NoError(t, j.Forget(t.Context(), core.Identity(parked.Identity)))
	}
	// What a worker has parked runs under such keys alone.
	ran = 0
	inbox := core.NewSignals()
	inbox.On("*", receiver)
	e := core.Event{Endpoint: "test", Provider: j.Provider(), ID: "1", Type: "x", Identity: core.Identity{1}}
	redriver := &core.Redriver{Guards: []*core.Guard{j.Guard}, Inbox: inbox}
	for round := range 3 {
		failed := core.RunResult{Handled: true, Reason: reason.SignalFailed, Err: errColumn}
		entry := failed.Entry(&e, 3)
		require.NoError(t, j.kept.Keep(t.Context(), []*journal.Entry{entry}))
		_, err := redriver.Redrive(t.Context(), entry.ID, core.RedriveOptions{})
		require.NoError(t, err)
		require.Equal(t, round+1, ran)
		require.NoError(t, j.kept.Delete(t.Context(), entry.ID))
	}
}
