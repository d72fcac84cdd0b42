package core_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// wrongShape is not what the event holds: an object.
type wrongShape []int

func TestAnEventThatNobodyCanDecodeIsReportedAndRunsAgain(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Replay = memstore.New()
	g := mustNew(t, c)
	cannot := core.Typed(func(context.Context, core.Event, wrongShape) error { return nil })
	for range 3 { // a retry, or a resend before the fix, is no duplicate
		require.Equal(t, 200, run(g, signed(event), cannot).Code)
		last := rec.last(t, g)
		require.Equal(t, reason.Undecodable, last.Reason)
		require.Equal(t, core.ReplayReleased, last.Replay)
		require.Len(t, last.Failed, 1)
		require.Equal(t, reason.Undecodable, last.Failed[0].Reason)
		require.NotEmpty(t, last.Failed[0].ID)
		require.False(t, last.Failed[0].Identity.IsZero())
		require.ErrorContains(t, last.Failed[0].Err, "decoding")
	}
	require.Equal(t, 200, run(g, signed(event), ok).Code)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

func TestWhatBecomesOfAnEventThatOneReceiverCannotDecode(t *testing.T) {
	t.Parallel()
	cannot := core.Typed(func(context.Context, core.Event, wrongShape) error { return nil })
	returns := func(err error) core.Receiver {
		return func(context.Context, core.Event) error { return err }
	}
	for _, row := range []struct {
		name   string
		beside core.Receiver
		status int
		reason reason.Reason
		second reason.Reason // of the same event, once more
	}{
		{"and the other ignores", returns(core.Ignore), 200, reason.Undecodable, reason.Undecodable},
		{"and the other has done its work", returns(nil), 200, reason.Permanent, reason.Duplicate},
		{"and the other gives up", returns(core.Permanent(errors.New("x"))), 200, reason.Permanent, reason.Duplicate},
		{"and the other wants a retry", returns(errors.New("x")), 500, reason.SignalFailed, reason.SignalFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.Replay = memstore.New()
			g := mustNew(t, c)
			signals := core.NewSignals()
			signals.On("*", cannot)
			signals.On("*", row.beside)
			for _, want := range []reason.Reason{row.reason, row.second} {
				require.Equal(t, row.status, serve(g, signals, signed(event)).Code)
				require.Equal(t, want, rec.last(t, g).Reason)
			}
		})
	}
}
