//go:build !race

package core_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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
	// A collection empties the pools, and what other goroutines allocate is counted too: the least of five counts.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for name, receivers := range map[string]int{"one receiver": 1, "several receivers": 5} {
		app := func(change func(*core.Config)) http.Handler {
			s := core.NewSignals()
			for range receivers {
				s.On("*", ok)
			}
			return httpwebhook.Handler(newJournaled(t, timestamped(), change).Guard, s)
		}
		handler := app(func(c *core.Config) { c.Journal, _ = journal.New(untouchedStore{t}, journal.Config{}) })
		plain := app(func(c *core.Config) { c.Journal = nil })
		n := 0
		serve := func(h http.Handler) {
			n++
			w := httptest.NewRecorder()
			h.ServeHTTP(w, signed(fmt.Sprintf(`{"id":"evt_%07d","type":"invoice.paid"}`, n)))
			require.Equal(t, 200, w.Code)
		}
		without, with := 1e9, 1e9
		for range 5 {
			without = min(without, testing.AllocsPerRun(200, func() { serve(plain) }))
			with = min(with, testing.AllocsPerRun(200, func() { serve(handler) }))
		}
		require.LessOrEqual(t, with, without, "%s: allocations of a delivery with a journal, and without one", name)
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
