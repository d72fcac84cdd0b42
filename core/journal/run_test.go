package journal_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestARunIsRecordedOnce(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	keep(t, j, e)
	one, other := load(t, j, e.ID), load(t, j, e.ID)
	require.NoError(t, j.Ran(t.Context(), one, journal.Run{Reason: reason.SignalFailed, Err: "again"}, 0, nil))
	require.ErrorIs(t, j.Ran(t.Context(), other, journal.Run{}, journal.Done, nil), journal.ErrChanged)
	is := load(t, j, e.ID)
	require.Equal(t, one, is)
	require.Equal(t, journal.Parked, is.State)
	require.Equal(t, 1, is.RunCount)
	require.Error(t, j.Ran(t.Context(), one, journal.Run{}, 9, nil))
}

// While a run is at work the provider may retry, and fail: the run is recorded all the same, or the next one would be
// the same run again.
func TestARunIsRecordedWhileARetryIs(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Open)
	keep(t, j, e)
	seen := load(t, j, e.ID)
	keep(t, j, entry("evt_1", journal.Open))
	require.NoError(t, j.Ran(t.Context(), seen, journal.Run{Err: "again"}, journal.Parked, []byte("token")))
	require.Equal(t, 2, seen.Attempts)
	require.Equal(t, journal.Parked, seen.State)
	require.Equal(t, "token", string(seen.Token))
	require.Equal(t, seen, load(t, j, e.ID))
}

func TestOfManyRunsAtOnceEachNumberIsRecordedOnce(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	keep(t, j, e)
	var recorded atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		mine := e.Clone()
		wg.Go(func() {
			if j.Ran(t.Context(), mine, journal.Run{}, 0, nil) == nil {
				recorded.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(1), recorded.Load())
}

func TestOldRunsAreForgottenAndCounted(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	keep(t, j, e)
	for i := range 60 {
		require.NoError(t, j.Ran(t.Context(), e, journal.Run{Err: fmt.Sprint(i)}, 0, nil))
	}
	require.Len(t, e.Runs, 50)
	require.Equal(t, "59", e.Runs[49].Err)
	require.Equal(t, 60, load(t, j, e.ID).RunCount)
}

func TestAPersonDismissesWhatTheyLookedAt(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	keep(t, j, e)
	looked := e.Revision
	keep(t, j, entry("evt_1", journal.Parked))
	require.ErrorIs(t, j.Dismiss(t.Context(), e.ID, looked), journal.ErrChanged)
	require.NoError(t, j.Dismiss(t.Context(), e.ID, looked+1))
	require.Equal(t, journal.Dismissed, load(t, j, e.ID).State)
	done := entry("evt_2", journal.Done)
	keep(t, j, done)
	require.ErrorIs(t, j.Dismiss(t.Context(), done.ID, 0), journal.ErrAlreadyDone)
}

func TestOnlyWhatHasNotChangedIsClosedAsDone(t *testing.T) {
	j, store := inMemory(t, journal.Config{})
	open, again := entry("open", journal.Open), entry("again", journal.Open)
	parked, gone := entry("parked", journal.Parked), entry("gone", journal.Open)
	keep(t, j, open, again, parked, gone)
	rows, err := j.List(t.Context(), journal.Page{Endpoint: "stripe", Limit: 10})
	require.NoError(t, err)
	require.Len(t, rows, 4)
	keep(t, j, entry("again", journal.Open)) // it failed again since
	require.NoError(t, store.Delete(t.Context(), []journal.ID{gone.ID}))
	closed, err := j.CloseDone(t.Context(), rows)
	require.NoError(t, err)
	require.Equal(t, 1, closed)
	require.Equal(t, journal.Done, load(t, j, open.ID).State)
	require.Equal(t, journal.Open, load(t, j, again.ID).State)
	require.Equal(t, journal.Parked, load(t, j, parked.ID).State)
}
