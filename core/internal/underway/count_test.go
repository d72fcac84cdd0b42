package underway_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/underway"
)

func TestWaitEndsWithTheLastRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c underway.Count
		require.NoError(t, c.Wait(t.Context()), "nothing runs")
		start := time.Now()
		for n := range 3 {
			c.Begin()
			time.AfterFunc(time.Duration(n+1)*time.Second, c.End)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		require.ErrorIs(t, c.Wait(short), context.DeadlineExceeded)
		require.NoError(t, c.Wait(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(start))
		c.Begin()
		c.End()
		require.NoError(t, c.Wait(t.Context()))
	})
}
