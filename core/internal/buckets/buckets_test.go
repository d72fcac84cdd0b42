package buckets_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/buckets"
)

func TestABucketIsUsedUpAndRefilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := buckets.New[int](2, 3, 10)
		for _, step := range []struct {
			after time.Duration
			n     int
			ok    bool
			wait  time.Duration
		}{
			{0, 0, true, 0},
			{0, 2, true, 0},
			{0, 2, false, 500 * time.Millisecond},
			{0, 4, false, 1500 * time.Millisecond}, // more than a whole bucket
			{0, 1, true, 0},
			{0, 1, false, 500 * time.Millisecond},
			{0, 0, false, 500 * time.Millisecond}, // asking takes nothing, and a refusal neither
			{0, 1, false, 500 * time.Millisecond},
			{400 * time.Millisecond, 1, false, 100 * time.Millisecond},
			{100 * time.Millisecond, 1, true, 0},
			{time.Hour, 3, true, 0}, // no more than a whole bucket has come back
			{0, 1, false, 500 * time.Millisecond},
		} {
			time.Sleep(step.after)
			ok, wait := table.Allow(1, step.n, time.Now())
			require.Equal(t, step.ok, ok, "%+v", step)
			require.Equal(t, step.wait, wait, "%+v", step)
		}
		ok, _ := table.Allow(2, 3, time.Now())
		require.True(t, ok, "another key's bucket is another one")
	})
}

// TestOddRatesStayWithinWhatADurationHolds: no number makes a bucket that never empties, or one that never fills.
func TestOddRatesStayWithinWhatADurationHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, perSecond := range []float64{math.SmallestNonzeroFloat64, 1e-30, 1e-6, 1, 1e9, 1e30, math.MaxFloat64} {
			for _, burst := range []int{1, 2, 1e9, math.MaxInt} {
				table := buckets.New[int](perSecond, burst, 1)
				ok, wait := table.Allow(1, burst, time.Now())
				require.True(t, ok, "%g, %d", perSecond, burst)
				require.Zero(t, wait)
				ok, wait = table.Allow(1, burst, time.Now())
				require.False(t, ok, "%g, %d", perSecond, burst)
				require.Positive(t, wait)
				if burst < math.MaxInt {
					ok, wait = table.Allow(1, math.MaxInt, time.Now())
					require.False(t, ok)
					require.Positive(t, wait)
				}
			}
		}
	})
}

func TestTheTableOfSourcesIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := buckets.New[int](1, 2, 100)
		allow := func(key, n int) bool {
			ok, _ := table.Allow(key, n, time.Now())
			return ok
		}
		require.True(t, allow(0, 1))
		for n := range 5000 {
			allow(n+1, 1)
		}
		require.Equal(t, 100, table.Len())
		require.True(t, allow(0, 1), "who is in the table is not touched by those who are not")
		require.False(t, allow(0, 1), "and its debt is not forgotten")
		require.False(t, allow(9000, 1), "newcomers share one bucket")
		require.False(t, allow(9000, 0))
		time.Sleep(3 * time.Second)
		require.True(t, allow(9000, 0))
		require.True(t, allow(9000, 1), "full buckets have left the table")
		require.Equal(t, 1, table.Len())
		require.True(t, allow(9000, 1))
		require.False(t, allow(9000, 1))
	})
}
