package journal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestAnEntryIsReadAsItWasKept(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	e.Token, e.Finished, e.Outer = []byte{1, 2}, []string{"suppress"}, []string{"outer"}
	e.Receivers = []journal.Receiver{
		{Name: "suppress", Pattern: "*", Took: 3 * time.Millisecond, Reason: reason.Accepted},
		{Pattern: "invoice.paid", Took: time.Second, Reason: reason.SignalFailed, Err: "no such column"},
	}
	keep(t, j, e)
	require.Equal(t, journal.IDOf(journal.FromRequest, identity("evt_1")), e.ID)
	require.Equal(t, uint64(1), e.Revision)
	require.Equal(t, 1, e.Attempts)
	require.True(t, e.Runnable, e.WhyNot)
	require.Equal(t, e, load(t, j, e.ID))
}

func TestRetriesAreOneEntry(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	first := entry("evt_1", journal.Open)
	keep(t, j, first)
	for range 4 {
		again := entry("evt_1", journal.Open)
		again.Err = "the newest"
		keep(t, j, again)
	}
	list := all(t, j, journal.Query{})
	require.Len(t, list, 1)
	require.Equal(t, 5, list[0].Attempts)
	require.Equal(t, "the newest", list[0].Err)
	require.Equal(t, first.First, list[0].First)
	require.Equal(t, uint64(5), list[0].Revision)
}

func TestAnIDSaysWhatKindOfEntryItIs(t *testing.T) {
	t.Parallel()
	for _, kind := range []journal.Kind{journal.FromRequest, journal.FromInbox} {
		require.Equal(t, kind, journal.IDOf(kind, [32]byte{1}).Kind())
		require.Equal(t, kind, journal.IDOf(kind, [32]byte{}).Kind())
	}
}

// An app may have any number of receivers, with errors of any length: the entry stays small.
func TestWhatReceiversDidIsBounded(t *testing.T) {
	j, store := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	for range 1000 {
		e.Receivers = append(e.Receivers, journal.Receiver{Err: strings.Repeat("x", 1<<20)})
	}
	keep(t, j, e)
	require.Len(t, e.Receivers, 50)
	require.LessOrEqual(t, len(e.Receivers[0].Err), 1<<10)
	for range 60 {
		did := []journal.Receiver{{Pattern: "*", Took: 1, Err: strings.Repeat("y", 1<<20)}}
		require.NoError(t, j.Ran(t.Context(), e, journal.Run{Receivers: did}, 0, nil))
	}
	require.Len(t, e.Runs, 50)
	for i, run := range e.Runs {
		require.Equal(t, i == 49, run.Receivers != nil, "only the newest run keeps what its receivers did")
	}
	require.LessOrEqual(t, len(e.Runs[49].Receivers[0].Err), 1<<10)
	require.Equal(t, e, load(t, j, e.ID))
	rows, err := store.Load(t.Context(), []journal.ID{e.ID})
	require.NoError(t, err)
	require.Less(t, len(rows[0].Blob), 100<<10)
}

// A filter that was written before receivers were kept removes the error. Their errors are its parts.
func TestWhatAFilterRemovesFromTheErrorIsGoneEverywhere(t *testing.T) {
	for name, c := range map[string]struct {
		filter func(*journal.Entry) bool
		want   string
	}{
		"the error": {func(e *journal.Entry) bool { e.Err = "(removed)"; return true }, ""},
		"a part of a receiver": {func(e *journal.Entry) bool {
			e.Err, e.Receivers[0].Err = "(removed)", "no person"
			return true
		}, "no person"},
		"nothing of the error":  {func(e *journal.Entry) bool { e.Tenant = ""; return true }, "of jane@example.com"},
		"there is not a filter": {nil, "of jane@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			j, _ := inMemory(t, journal.Config{Filter: c.filter})
			e := entry("evt_1", journal.Parked)
			e.Err, e.Receivers = "of jane@example.com", []journal.Receiver{{Pattern: "*", Err: "of jane@example.com"}}
			keep(t, j, e)
			require.Equal(t, c.want, load(t, j, e.ID).Receivers[0].Err)
			run := journal.Run{Err: "of jane@example.com", Receivers: []journal.Receiver{{Err: "of jane@example.com"}}}
			require.NoError(t, j.Ran(t.Context(), e, run, 0, nil))
			require.Equal(t, c.want, e.Runs[0].Receivers[0].Err)
			require.Equal(t, e.Err, e.Runs[0].Err, "the texts of a run are filtered as well")
		})
	}
}

func TestARunHasNoTextsWhereTheFilterPanics(t *testing.T) {
	panics := false
	j, _ := inMemory(t, journal.Config{Filter: func(*journal.Entry) bool {
		if panics {
			panic("kaboom")
		}
		return true
	}})
	e := entry("evt_1", journal.Parked)
	keep(t, j, e)
	panics = true
	run := journal.Run{Err: "of jane@example.com", Receivers: []journal.Receiver{{Err: "of jane@example.com"}}}
	require.NoError(t, j.Ran(t.Context(), e, run, journal.Done, nil), "a run that happened is recorded")
	require.Equal(t, journal.Done, e.State)
	require.Empty(t, e.Runs[0].Err)
	require.Empty(t, e.Runs[0].Receivers)
}
