package vitals_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/vitals"
	"github.com/sallyport-go/sallyport/core/reason"
)

// pass lets time pass in a bubble of synctest, and timers do their work.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestTheAlarmIsRaisedOnceForEachSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v vitals.Vitals
		var mu sync.Mutex // the alarm is raised by a timer
		var raised []time.Duration
		v.Begin(time.Now())
		v.Watch(time.Hour, func(quiet time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			raised = append(raised, quiet)
		})
		all := func() []time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(raised)
		}
		defer v.EndAlarm()
		pass(50 * time.Minute)
		v.Proved(time.Now())
		pass(59 * time.Minute)
		require.Empty(t, all())
		pass(5 * time.Hour)
		require.Equal(t, []time.Duration{time.Hour}, all())
		v.Proved(time.Now())
		pass(3 * time.Hour)
		require.Len(t, all(), 2, "another silence")
		v.EndAlarm()
		v.EndAlarm()
		v.Proved(time.Now())
		pass(3 * time.Hour)
		require.Len(t, all(), 2)
	})
}

func TestWhatIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v vitals.Vitals
		begun := time.Now()
		v.Begin(begun)
		require.Equal(t, vitals.State{Since: begun}, v.State())
		require.Equal(t, begun, v.Last(), "a new process is not silent")
		time.Sleep(time.Second)
		v.Reject(reason.Stale, time.Now())
		v.Reject(reason.BadSignature, time.Now())
		s := v.State()
		require.EqualValues(t, 2, s.RejectedInARow)
		require.Equal(t, reason.BadSignature, s.LastReason)
		require.True(t, s.LastRejected.Equal(time.Now()))
		v.Proved(time.Now())
		s = v.State()
		require.Zero(t, s.RejectedInARow)
		require.True(t, s.LastProved.Equal(time.Now()))
	})
}

func TestACopyOfAnEventIsNotFresh(t *testing.T) {
	var v vitals.Vitals
	v.Begin(time.Now())
	require.True(t, v.IsFresh([32]byte{1}))
	require.True(t, v.IsFresh([32]byte{2}))
	require.False(t, v.IsFresh([32]byte{1}))
}
