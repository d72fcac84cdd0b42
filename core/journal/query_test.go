package journal_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

func names(list []*journal.Entry) (names []string) {
	for _, e := range list {
		names = append(names, e.EventID)
	}
	return names
}

func TestEntriesAreTheOnesOfTheQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, _ := inMemory(t, journal.Config{})
		begin := time.Now()
		for i := range 6 {
			e := entry(fmt.Sprint(i), journal.States()[i%2])
			if i >= 4 {
				e.Endpoint, e.Type, e.Err = "github", "push", "deadlock detected"
			}
			keep(t, j, e)
			time.Sleep(time.Second)
		}
		for _, row := range []struct {
			name string
			q    journal.Query
			want []string
		}{
			{"all of them, the newest first", journal.Query{}, []string{"5", "4", "3", "2", "1", "0"}},
			{"of an endpoint", journal.Query{Endpoint: "github"}, []string{"5", "4"}},
			{"in a state", journal.Query{State: journal.Parked}, []string{"5", "3", "1"}},
			{"of a type", journal.Query{Type: "invoice.paid"}, []string{"3", "2", "1", "0"}},
			{"with a part of an error", journal.Query{Err: "deadlock"}, []string{"5", "4"}},
			{"since a time", journal.Query{Since: begin.Add(3 * time.Second)}, []string{"5", "4", "3"}},
			{"until a time", journal.Query{Until: begin.Add(3 * time.Second)}, []string{"2", "1", "0"}},
			{
				"between two times",
				journal.Query{Since: begin.Add(time.Second), Until: begin.Add(3 * time.Second)}, []string{"2", "1"},
			},
			{"few of them", journal.Query{Limit: 2}, []string{"5", "4"}},
			{"few of those that match", journal.Query{State: journal.Open, Err: "currency", Limit: 1}, []string{"2"}},
			{"none", journal.Query{Endpoint: "strip"}, nil},
		} {
			require.Equal(t, row.want, names(all(t, j, row.q)), row.name)
		}
	})
}

// A loop that runs entries again, which moves them to the front, comes to each of them once.
func TestALoopThatChangesEntriesSeesEachOnce(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	var list []*journal.Entry
	for i := range 130 {
		list = append(list, entry(fmt.Sprint(i), journal.Parked))
	}
	keep(t, j, list...)
	seen := map[journal.ID]int{}
	for e, err := range j.Entries(t.Context(), journal.Query{State: journal.Parked}) {
		require.NoError(t, err)
		seen[e.ID]++
		state := journal.State(0)
		if len(seen)%2 == 0 {
			state = journal.Done
		}
		require.NoError(t, j.Ran(t.Context(), e, journal.Run{Err: "again"}, state, nil))
	}
	require.Len(t, seen, 130)
	for _, times := range seen {
		require.Equal(t, 1, times)
	}
	for range j.Entries(t.Context(), journal.Query{}) {
		break // a loop may end early
	}
}

func TestAStoreThatFailsEndsTheLoop(t *testing.T) {
	for fail := 1; fail <= 2; fail++ {
		j, store := counting(t, journal.Config{})
		keep(t, j, entry("evt_1", journal.Parked))
		store.calls, store.fail = nil, fail
		count := 0
		for e, err := range j.Entries(t.Context(), journal.Query{}) {
			require.Nil(t, e)
			require.ErrorIs(t, err, errDown)
			count++
		}
		require.Equal(t, 1, count)
	}
}
