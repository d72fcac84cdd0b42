package vitals_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/vitals"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestTheAlarmIsRaisedOnceForEachSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v vitals.Vitals
		var raised []time.Duration
		v.Begin(time.Now())
		v.Watch(time.Hour, func(quiet time.Duration) { raised = append(raised, quiet) })
		defer v.EndAlarm()
		time.Sleep(50 * time.Minute)
		v.Proved(time.Now())
		time.Sleep(59 * time.Minute)
		require.Empty(t, raised)
		time.Sleep(5 * time.Hour)
		require.Equal(t, []time.Duration{time.Hour}, raised)
		v.Proved(time.Now())
		time.Sleep(3 * time.Hour)
		require.Len(t, raised, 2, "another silence")
		v.EndAlarm()
		v.EndAlarm()
		v.Proved(time.Now())
		time.Sleep(3 * time.Hour)
		require.Len(t, raised, 2)
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
