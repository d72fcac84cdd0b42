package journal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

// Entries of one delivery change at the same time. The next page begins behind the last entry of the page before, and
// leaves none of them out.
func TestAQueryBeginsBehindTheLastEntryOfThePageBefore(t *testing.T) {
	t.Parallel()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	now := time.Now()
	var all []*journal.Entry
	for n := range 70 {
		all = append(all, &journal.Entry{
			Endpoint: "stripe", Identity: [32]byte{1, byte(n)}, State: journal.Open, EventID: fmt.Sprint(n), First: now,
			Last: now,
		})
	}
	require.NoError(t, kept.Keep(t.Context(), all))
	seen := map[string]bool{}
	q := journal.Query{Endpoint: "stripe", Limit: 30}
	for _, want := range []int{30, 30, 10, 0} {
		count := 0
		for e, err := range kept.Entries(t.Context(), q) {
			require.NoError(t, err)
			require.False(t, seen[e.EventID], "listed twice")
			seen[e.EventID] = true
			q.Before = e.Cursor()
			count++
		}
		require.Equal(t, want, count)
	}
	require.Len(t, seen, 70)
}
