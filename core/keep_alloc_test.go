//go:build !race

package core_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestSuccessCostsTheJournalNothing: a store that fails the test when it is called. Not in parallel: it counts
// allocations.
func TestSuccessCostsTheJournalNothing(t *testing.T) { //nolint:paralleltest // see above
	// A collection empties the pools, and so does another number of processors.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, receivers := range map[string]int{"one receiver": 1, "several receivers": 5} {
		allocations := func(change func(*core.Config)) float64 {
			s := core.NewSignals()
			for range receivers {
				s.On("*", ok)
			}
			guard := newJournaled(t, timestamped(), change).Guard
			handler := httpwebhook.Handler(guard, s)
			n := 0
			serve := func() {
				for range 200 {
					n++
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, signed(fmt.Sprintf(`{"id":"evt_%07d","type":"invoice.paid"}`, n)))
					require.Equal(t, 200, w.Code)
				}
				require.NoError(t, guard.Flush(t.Context())) // its records are in the pool again
			}
			serve()
			least := 1e9
			for range 5 { // the store grows now and then
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				serve()
				runtime.ReadMemStats(&after)
				least = min(least, float64(after.Mallocs-before.Mallocs)/200)
			}
			return least
		}
		without := allocations(func(c *core.Config) { c.Journal = nil })
		with := allocations(func(c *core.Config) { c.Journal, _ = journal.New(untouchedStore{t}, journal.Config{}) })
		// One of the journal's for each delivery would be a whole one. Parts of one are what grows now and then.
		require.Less(t, with-without, 0.5, "%s: allocations of a delivery with a journal, and without one", name)
	}
}

// untouchedStore must not be called.
type untouchedStore struct{ t *testing.T }

func (s untouchedStore) Save(context.Context, []journal.Row) error {
	s.t.Error("Save was called")
	return nil
}

func (s untouchedStore) Load(context.Context, []journal.ID) ([]journal.Row, error) {
	s.t.Error("Load was called")
	return nil, nil
}

func (s untouchedStore) List(context.Context, journal.Page) ([]journal.Row, error) {
	s.t.Error("List was called")
	return nil, nil
}

func (s untouchedStore) Delete(context.Context, []journal.ID) error {
	s.t.Error("Delete was called")
	return nil
}
