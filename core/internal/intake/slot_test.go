package intake_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/intake"
)

func TestOnlyABodyThatIsStillReadMakesRoom(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name      string
		deadlines bool // the writer knows them
		read      bool // the body was read to its end before another one comes
		makesRoom bool
	}{
		{"a slow body makes room", true, false, true},
		{"a body that was read keeps its place", true, true, false},
		{"a body keeps its place where nothing can end its reading", false, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			room, err := intake.NewRoom(intake.Unit)
			require.NoError(t, err)
			share := room.Join()
			defer share.Close()
			var deadline time.Time
			var w http.ResponseWriter = httptest.NewRecorder()
			if row.deadlines {
				w = timed{w, nil, &deadline}
			}
			var first, second intake.Slot
			require.True(t, share.Enter(&first, w, netip.Addr{}, false, time.Now().Add(-time.Minute)))
			if row.read {
				require.True(t, first.Finish())
			}
			require.Equal(t, row.makesRoom, share.Enter(&second, nil, netip.Addr{}, false, time.Now()))
			require.Equal(t, row.makesRoom, !deadline.IsZero())
			require.Equal(t, !row.makesRoom, first.Finish(), "what has made room must be refused")
			first.Leave()
			require.Equal(t, row.makesRoom, share.Units() == 1, "the second one's")
		})
	}
}

// Bodies end while others need their room: each has either ended, or made room.
func TestABodyEndsOrMakesRoom(t *testing.T) {
	t.Parallel()
	for range 200 {
		room, err := intake.NewRoom(intake.Unit)
		require.NoError(t, err)
		share := room.Join()
		var deadline time.Time
		var first, second intake.Slot
		w := timed{httptest.NewRecorder(), nil, &deadline}
		require.True(t, share.Enter(&first, w, netip.Addr{}, false, time.Now().Add(-time.Minute)))
		ended := make(chan bool)
		go func() { ended <- first.Finish() }()
		entered := share.Enter(&second, nil, netip.Addr{}, false, time.Now())
		require.NotEqual(t, entered, <-ended)
		require.Equal(t, entered, !deadline.IsZero())
	}
}

// A body that is complete just then does not keep the next one from making room.
func TestABodyThatEndsLeavesItsTurnToTheNext(t *testing.T) {
	t.Parallel()
	for range 5000 {
		room, err := intake.NewRoom(2 * intake.Unit)
		require.NoError(t, err)
		share := room.Join()
		var deadline time.Time
		var slots [3]intake.Slot
		w := timed{httptest.NewRecorder(), nil, &deadline}
		for i := range 2 {
			require.True(t, share.Enter(&slots[i], w, netip.Addr{}, false, time.Now().Add(-time.Minute)))
		}
		ended := make(chan bool)
		go func() { ended <- slots[0].Finish() }()
		require.True(t, share.Enter(&slots[2], nil, netip.Addr{}, false, time.Now()))
		<-ended
	}
}
