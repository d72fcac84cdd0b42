package pump_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/pump"
)

func TestValuesComeInOrderAndTheDroppedOnesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		var got, lost []int
		dropped := 0
		p := pump.Pump[int]{
			Deliver: func(v, before int) {
				<-open
				got, dropped = append(got, v), dropped+before
			},
			Drop: func(v int) { lost = append(lost, v) },
		}
		p.Put(0)
		synctest.Wait()
		p.Start() // the first value is taken, and waits in Deliver
		synctest.Wait()
		for v := 1; v <= 1030; v++ {
			p.Put(v)
		}
		require.Equal(t, []int{1025, 1026, 1027, 1028, 1029, 1030}, lost, "the newest go, and nobody waits")
		close(open)
		require.NoError(t, p.Flush(t.Context()))
		p.Put(1031)
		require.NoError(t, p.Flush(t.Context()))
		require.Len(t, got, 1026)
		require.Equal(t, []int{1023, 1024, 1031}, got[1023:])
		require.Equal(t, 6, dropped)
	})
}

func TestFlushGivesUpWithItsContext(t *testing.T) {
	open := make(chan struct{})
	p := pump.Pump[int]{Deliver: func(int, int) { <-open }}
	p.Put(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Flush(ctx), context.Canceled)
	close(open)
	require.NoError(t, p.Flush(t.Context()))
	require.NoError(t, p.Flush(ctx), "nothing is left to wait for")
}

func TestAValueWhoseDeliveryEndsTheGoroutineIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		p := pump.Pump[int]{Deliver: func(v, _ int) {
			if v%2 == 0 {
				runtime.Goexit()
			}
			got = append(got, v)
		}}
		for v := range 6 {
			p.Put(v)
		}
		require.NoError(t, p.Flush(t.Context()))
		require.Equal(t, []int{1, 3, 5}, got)
		p.Put(6)
		require.NoError(t, p.Flush(t.Context()))
		p.Put(7)
		require.NoError(t, p.Flush(t.Context()))
		require.Equal(t, []int{1, 3, 5, 7}, got)
	})
}
