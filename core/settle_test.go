package core_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// A router whose handlers return errors tells of them beside what was written.
func TestWhatAPlainHandlerEndedWithDecides(t *testing.T) {
	t.Parallel()
	failed := errors.New("the app's own")
	for _, row := range []struct {
		name      string
		outcome   core.Outcome
		committed bool
	}{
		{"silence", core.Outcome{}, true},
		{"a 204", core.Outcome{Written: core.Written{Status: 204}}, true},
		{"an error, and nothing written", core.Outcome{Err: failed}, false},
		{"an error after a 200", core.Outcome{Err: failed, Written: core.Written{Status: 200}}, false},
		{"a redirect", core.Outcome{Written: core.Written{Status: 302}}, false},
		{"a 500", core.Outcome{Written: core.Written{Status: 500}}, false},
		{"a connection that was taken over", core.Outcome{Written: core.Written{Status: 200, Hijacked: true}}, false},
	} {
		c, rec := config(plain())
		c.Replay = memstore.New()
		g := mustNew(t, c)
		d, reply := g.Receive(nil, signedBody(event), core.Inbound{})
		require.Nil(t, reply, row.name)
		require.Nil(t, d.Finish(row.outcome), row.name)
		want := core.ReplayReleased
		if row.committed {
			want = core.ReplayCommitted
		}
		require.Equal(t, want, rec.last(t, g).Replay, row.name)
		ran := false
		run(g, signedBody(event), func(*http.Request, core.Event) error { ran = true; return nil })
		require.Equal(t, !row.committed, ran, row.name)
	}
}
