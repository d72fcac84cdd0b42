package core_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// A router whose handlers return errors reports them in addition to what was written.
func TestWhatAPlainHandlerEndedWithDecides(t *testing.T) {
	t.Parallel()
	failed := errors.New("the app's own")
	for _, row := range []struct {
		name      string
		outcome   adapter.Outcome
		committed bool
	}{
		{"silence", adapter.Outcome{}, true},
		{"a 204", adapter.Outcome{Written: adapter.Written{Status: 204}}, true},
		{"an error, and nothing written", adapter.Outcome{Err: failed}, false},
		{"an error after a 200", adapter.Outcome{Err: failed, Written: adapter.Written{Status: 200}}, false},
		{"a redirect", adapter.Outcome{Written: adapter.Written{Status: 302}}, false},
		{"a 500", adapter.Outcome{Written: adapter.Written{Status: 500}}, false},
		{"a connection that was taken over", adapter.Outcome{Written: adapter.Written{Status: 200, Hijacked: true}},
			false},
	} {
		c, rec := config(plain())
		c.Replay = memstore.New()
		g := mustNew(t, c)
		d, reply := g.Receive(nil, signedBody(event), adapter.Inbound{})
		require.Nil(t, reply, row.name)
		require.Nil(t, d.Finish(row.outcome), row.name)
		want := core.ReplayReleased
		if row.committed {
			want = core.ReplayCommitted
		}
		require.Equal(t, want, rec.last(t, g).Replay, row.name)
		ran := false
		run(g, signedBody(event), func(context.Context, core.Event) error { ran = true; return nil })
		require.Equal(t, !row.committed, ran, row.name)
	}
}
