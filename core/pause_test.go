package core_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestAPausedEndpointAsksForTheDeliveryAgain: nothing runs and nothing is remembered, and forgeries learn nothing of
// it.
func TestAPausedEndpointAsksForTheDeliveryAgain(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	j.Pause()
	j.Pause()
	require.True(t, j.Paused())
	w := run(j.Guard, signed(event), never(t))
	require.Equal(t, 503, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, reason.Paused, j.records.last(t, j.Guard).Reason)
	require.Zero(t, j.Health().LastProved, "it is no sign of life")
	require.Empty(t, j.entries(t), "the provider sends it again")
	require.Contains(t, log.String(), "may be lost", "this provider is not known to retry")
	require.Equal(t, 400, run(j.Guard, post(event), never(t)).Code, "a forgery is refused as ever")
	j.Resume()
	require.False(t, j.Paused())
	ran := 0
	require.Equal(t, 200,
		run(j.Guard, signed(event), func(context.Context, core.Event) error { ran++; return nil }).Code)
	require.Equal(t, 1, ran)
}

// TestABackfilledEventIsTheOneThatADeliveryBrings: one claim and one identity, whichever comes first.
func TestABackfilledEventIsTheOneThatADeliveryBrings(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	var seen []core.Event
	var broken error
	s := core.NewSignals()
	s.On("invoice.*", func(ctx context.Context, e core.Event) error {
		require.Equal(t, ctx, e.Context())
		seen = append(seen, e)
		return broken
	})
	broken = errColumn
	why, err := j.Backfill(t.Context(), s, []byte(event))
	require.ErrorIs(t, err, errColumn)
	require.Equal(t, reason.SignalFailed, why)
	require.Empty(t, j.entries(t), "the caller has the event")
	broken = nil
	why, err = j.Backfill(t.Context(), s, []byte(event))
	require.NoError(t, err)
	require.Equal(t, reason.Accepted, why)
	require.Equal(t, "evt_1", seen[1].ID)
	require.Equal(t, `{"n":1}`, string(seen[1].Data))
	require.True(t, j.records.last(t, j.Guard).Backfill)
	require.Zero(t, j.Health().LastProved, "it is no sign of life")
	require.Equal(t, 200, run(j.Guard, signed(event), never(t)).Code, "the delivery is a duplicate")

	other := `{"id":"evt_2","type":"invoice.paid"}`
	require.Equal(t, 200, run(j.Guard, signed(other), ok).Code)
	why, err = j.Backfill(t.Context(), s, []byte(other))
	require.NoError(t, err)
	require.Equal(t, reason.Duplicate, why)
	require.Len(t, seen, 2)
	why, err = j.Backfill(t.Context(), s, []byte(`{"id":"evt_3","type":"other"}`))
	require.NoError(t, err)
	require.Equal(t, reason.Unhandled, why)
}

func TestWhatCannotBeBackfilledSaysWhy(t *testing.T) {
	t.Parallel()
	s := core.NewSignals()
	s.On("*", never(t))
	ownContext := core.NewSignals()
	core.OnRouter(ownContext, "*", func(*otherRouter, core.Event) error { return nil })
	byHeader := timestamped()
	byHeader.Identity.With = []string{"X-Event"}
	for name, row := range map[string]struct {
		entry   entry.Entry
		signals *core.Signals
		body    string
		says    string
	}{
		"remembered by the body's digest": {plain(), s, event, "not remembered by an id in their payload"},
		"remembered by a header too":      {byHeader, s, event, "remembered by headers too"},
		"a sender of batches":             {batched(), s, event, "sends batches"},
		"a payload without an id": {timestamped(), s, `{"type":"invoice.paid"}`,
			"no id where events of Acme have theirs (/id)"},
		"a payload that is not JSON": {timestamped(), s, `hello`,
			"no id where events of Acme have theirs (/id)"},
		"a receiver in a router's own style":   {timestamped(), ownContext, event, "a backfill has no router"},
		"a set of receivers that is not there": {timestamped(), nil, event, "the signals are nil"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(row.entry)
			_, err := mustNew(t, c).Backfill(t.Context(), row.signals, []byte(row.body))
			require.ErrorContains(t, err, row.says)
			if row.signals == s {
				require.ErrorIs(t, err, core.ErrNoBackfill)
			}
		})
	}
	c, _ := config(timestamped())
	g := mustNew(t, c)
	panics := core.NewSignals()
	panics.On("*", func(context.Context, core.Event) error { panic("kaboom") })
	why, err := g.Backfill(t.Context(), panics, []byte(event))
	require.ErrorContains(t, err, "kaboom")
	require.Equal(t, reason.SignalPanicked, why)
	w := httptest.NewRecorder()
	require.Equal(t, 200, run(g, signed(event), ok).Code, w.Body)
}
