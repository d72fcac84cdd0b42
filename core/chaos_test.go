package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestInAnyOrderEachEventSucceedsOnce: deliveries, runs and sweeps of a few events at once, whose receiver succeeds,
// fails, gives up and panics as it comes. An event that was ever answered 2xx is done, or an operator finds it.
func TestInAnyOrderEachEventSucceedsOnce(t *testing.T) {
	t.Parallel()
	for round := range 20 {
		j := newJournaled(t, timestamped(), nil)
		var calm atomic.Bool
		var done [4]atomic.Int32
		app := httpwebhook.Verify(j.Guard)(signal(func(_ context.Context, e core.Event) error {
			var n int
			_, err := fmt.Sscanf(e.ID, "evt_%d", &n)
			if err != nil {
				return err
			}
			if !calm.Load() {
				switch rand.IntN(5) {
				case 0:
					return errColumn
				case 1, 2:
					return core.Permanent(errColumn)
				case 3:
					panic("kaboom")
				}
			}
			done[n].Add(1)
			return nil
		}))
		deliver := func(n int) {
			body := fmt.Sprintf(`{"id":"evt_%d","type":"invoice.paid"}`, n)
			app.ServeHTTP(httptest.NewRecorder(), signed(body))
		}
		all := func() {
			for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
				require.NoError(t, err)
				_, _ = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
			}
		}
		var wg sync.WaitGroup
		for worker := range 6 {
			wg.Go(func() {
				for n := range 12 {
					switch worker % 3 {
					case 0:
						deliver(n % len(done))
					case 1:
						all()
					default:
						_, _ = j.CloseProcessed(t.Context())
						deliver(n % len(done))
					}
				}
			})
		}
		wg.Wait()
		calm.Store(true)
		for n := range done {
			deliver(n)
		}
		all()
		for n := range done {
			require.EqualValues(t, 1, done[n].Load(), "event %d in round %d: %v", n, round, j.entries(t))
		}
		for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
			require.NoError(t, err)
			require.Equal(t, journal.Done, e.State, e.EventID)
		}
	}
}
