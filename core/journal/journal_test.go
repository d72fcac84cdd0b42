package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

func TestAnEntryIsReadAsItWasKept(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	e.Token, e.Finished, e.Outer = []byte{1, 2}, []string{"suppress"}, []string{"outer"}
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
