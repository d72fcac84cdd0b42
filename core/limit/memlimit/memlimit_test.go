package memlimit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/limit/memlimit"
)

func newLimiter(t *testing.T, c memlimit.Config) func(key string, n int) (bool, time.Duration) {
	t.Helper()
	l, err := memlimit.New(c)
	require.NoError(t, err)
	return func(key string, n int) (bool, time.Duration) {
		ok, wait, err := l.Allow(t.Context(), key, n)
		require.NoError(t, err)
		return ok, wait
	}
}

func TestABucketIsUsedUpAndRefilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		allow := newLimiter(t, memlimit.Config{PerSecond: 0.5, Burst: 3})
		for range 3 {
			ok, _ := allow("a", 0)
			require.True(t, ok, "asking takes nothing")
			ok, _ = allow("a", 1)
			require.True(t, ok)
		}
		for _, n := range []int{0, 1, 1, 0} {
			ok, wait := allow("a", n)
			require.False(t, ok)
			require.Equal(t, 2*time.Second, wait, "a refusal takes nothing either")
		}
		ok, _ := allow("b", 1)
		require.True(t, ok)
		time.Sleep(2 * time.Second)
		ok, _ = allow("a", 1)
		require.True(t, ok)
		ok, wait := allow("a", 4)
		require.False(t, ok, "more than a whole bucket")
		require.Positive(t, wait)
		time.Sleep(time.Hour)
		ok, _ = allow("a", 3)
		require.True(t, ok)
		ok, _ = allow("a", 1)
		require.False(t, ok)
	})
}

func TestTheTableIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		allow := newLimiter(t, memlimit.Config{PerSecond: 1, Burst: 2, MaxKeys: 10})
		allow("mine", 1)
		allow("mine", 1)
		for n := range 1000 {
			allow(fmt.Sprint(n), 1)
		}
		ok, _ := allow("mine", 1)
		require.False(t, ok, "a flood of keys does not make a debt forgotten")
		ok, _ = allow("newcomer", 1)
		require.False(t, ok, "newcomers share one bucket")
		time.Sleep(3 * time.Second)
		for range 2 {
			ok, _ = allow("newcomer", 1)
			require.True(t, ok)
		}
		ok, _ = allow("another", 1)
		require.True(t, ok)
	})
}

func TestOfManyAtOnceOnlyTheBurstIsAllowed(t *testing.T) {
	t.Parallel()
	allow := newLimiter(t, memlimit.Config{PerSecond: 0.001, Burst: 50})
	var allowed atomic.Int32
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if ok, _ := allow("a", 1); ok {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 50, allowed.Load())
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	zero := 0.0
	for _, c := range []memlimit.Config{{}, {PerSecond: 1}, {Burst: 1}, {PerSecond: -1, Burst: 1},
		{PerSecond: zero / zero, Burst: 1}, {PerSecond: 1 / zero, Burst: 1}, {PerSecond: 2e9, Burst: 1},
		{PerSecond: 1, Burst: 1, MaxKeys: -1}} {
		_, err := memlimit.New(c)
		require.Error(t, err)
	}
}
