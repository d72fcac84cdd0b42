package journaltests_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

// tried are the calls whose time must not grow with the journal.
func tried(t *testing.T, store journal.Store, made int) map[string]func(n int) {
	t.Helper()
	list := func(page journal.Page) func(int) {
		page.Limit = 25
		return func(int) {
			rows, err := store.List(t.Context(), page)
			require.NoError(t, err)
			require.NotEmpty(t, rows)
		}
	}
	middle := journal.Cursor{At: grownAt(made / 2), ID: "8"}
	both := journal.Page{Endpoint: "endpoint 3", States: []journal.State{journal.Open}}
	later := both
	later.Before = middle
	return map[string]func(n int){
		"save": func(n int) {
			require.NoError(t, store.Save(t.Context(), []journal.Row{grown(made + n)}))
		},
		"save again": func(n int) {
			r := grown(made + n)
			r.Revision = 1
			require.NoError(t, store.Save(t.Context(), []journal.Row{r}))
			require.NoError(t, store.Delete(t.Context(), []journal.ID{r.ID}))
		},
		"load": func(n int) {
			rows, err := store.Load(t.Context(), []journal.ID{grown(n * 7).ID})
			require.NoError(t, err)
			require.Len(t, rows, 1)
		},
		"first page":                           list(journal.Page{}),
		"first page of a state":                list(journal.Page{States: []journal.State{journal.Parked}}),
		"first page of an endpoint":            list(journal.Page{Endpoint: "endpoint 3"}),
		"first page of both":                   list(both),
		"a page in the middle":                 list(journal.Page{Before: middle}),
		"a page in the middle, of an endpoint": list(later),
	}
}

func grownAt(n int) time.Time { return time.Date(2026, 11, 1, 0, 0, n/100, 0, time.UTC) } // a hundred at one time

// grown is the n-th row: mostly closed ones of ten endpoints, as an operator's journal after months.
func grown(n int) journal.Row {
	state := journal.Done
	switch n % 20 {
	case 3:
		state = journal.Open
	case 7:
		state = journal.Parked
	}
	return journal.Row{
		ID: journal.IDOf(0, sha256.Sum256(fmt.Append(nil, n))), State: state, Endpoint: fmt.Sprint("endpoint ", n%10),
		At: grownAt(n), Blob: make([]byte, 200),
	}
}

// medians returns how long the calls take in a journal of so many entries.
func medians(t *testing.T, store journal.Store, made int) map[string]time.Duration {
	t.Helper()
	const times = 15
	out := map[string]time.Duration{}
	calls := tried(t, store, made)
	for _, name := range []string{
		"save", "save again", "load", "first page", "first page of a state", "first page of an endpoint",
		"first page of both",
		"a page in the middle", "a page in the middle, of an endpoint",
	} {
		took := make([]time.Duration, times)
		for n := range took {
			began := time.Now()
			calls[name](n)
			took[n] = time.Since(began)
		}
		slices.Sort(took)
		out[name] = took[times/2]
	}
	return out
}

// What an operator and a failing event do takes as long in a large journal as in a small one. With
// SALLYPORT_MILLION=1 the large one has a million entries.
func TestALargeJournalIsAsFastAsASmallOne(t *testing.T) {
	small, large := 1000, 20_000
	if os.Getenv("SALLYPORT_MILLION") == "1" {
		large = 1_000_000
	}
	for _, d := range engines { // one after the other: it is about time
		t.Run(d.name, func(t *testing.T) {
			store := d.newJournal(t, config()).Store()
			fill := func(from, to int) {
				for ; from < to; from += 1000 {
					rows := make([]journal.Row, 1000)
					for i := range rows {
						rows[i] = grown(from + i)
					}
					require.NoError(t, store.Save(t.Context(), rows))
				}
			}
			fill(0, small)
			before := medians(t, store, small)
			fill(small, large)
			for name, after := range medians(t, store, large) {
				t.Logf("%s: %v with %d entries, %v with %d", name, before[name], small, after, large)
				// Generous, for a busy machine: a scan of the table would take a hundred times as long.
				require.Less(t, after, 10*before[name]+5*time.Millisecond, name)
			}
		})
	}
}
