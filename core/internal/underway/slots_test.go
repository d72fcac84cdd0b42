package underway_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/underway"
)

func TestNoMoreSlotsThanThereAre(t *testing.T) {
	s := underway.Slots{Most: 3}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if s.Take() {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 3, taken.Load())
	s.Free()
	require.True(t, s.Take())
	require.False(t, s.Take())
}
