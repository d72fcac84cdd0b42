package replay_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
)

func TestARosterCountsOpenGuards(t *testing.T) {
	t.Parallel()
	var r replay.Roster
	enter := func(endpoint, provider string, want ...string) (leave func()) {
		t.Helper()
		present, leave := r.Enter(endpoint, provider)
		require.Equal(t, want, present)
		return leave
	}
	first := enter("a", "stripe")
	second := enter("a", "stripe", "stripe")
	third := enter("a", "github", "stripe")
	enter("b", "stripe")
	enter("a", "adyen", "github", "stripe")()
	first()
	first() // counts once
	enter("a", "adyen", "github", "stripe")()
	second()
	enter("a", "adyen", "github")()
	third()
	enter("a", "adyen")
}

func TestARosterIsForManyGoroutines(t *testing.T) {
	t.Parallel()
	var r replay.Roster
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 100 {
				_, leave := r.Enter("a", "stripe")
				leave()
			}
		})
	}
	work.Wait()
	present, _ := r.Enter("a", "stripe")
	require.Empty(t, present)
}
