package memstore_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// What is remembered is bounded by the capacity, and so must be the memory: a store that takes new records while it has
// old ones to use again grows with every event there ever was.
func TestRecordsAreUsedAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, s *memstore.Store, n int, tokens []replay.Token)
	}{
		{"after a lease ended", func(*testing.T, *memstore.Store, int, []replay.Token) { time.Sleep(time.Minute) }},
		{"after a release", func(t *testing.T, s *memstore.Store, n int, tokens []replay.Token) {
			settle(t, s, replay.Release, 0, n, tokens)
		}},
		{"after a TTL ended", func(t *testing.T, s *memstore.Store, n int, tokens []replay.Token) {
			settle(t, s, replay.Commit, time.Second, n, tokens)
			time.Sleep(time.Second)
		}},
		{"after they were forgotten", func(t *testing.T, s *memstore.Store, n int, tokens []replay.Token) {
			require.NoError(t, s.Forget(t.Context(), keysOf(n, n+len(tokens))))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const batch, rounds = 1_000, 10
				s := memstore.NewWithConfig(memstore.Config{Capacity: batch, Logger: quiet})
				var first, segments int
				for n := 0; n < rounds*batch; n += batch {
					tt.end(t, s, n, hold(t, s, time.Minute, n, n+batch))
					if n == 0 {
						first, segments = s.Allocated(), s.Segments()
					}
				}
				require.Equal(t, first, s.Allocated())
				require.Equal(t, segments, s.Segments())
			})
		})
	}
}

// A wall clock that is set forward must not end a lease, nor one that is set back lengthen it. No test can set the
// clock, so this one looks at what time is counted from.
func TestTimeIsCountedOnTheMonotonicClock(t *testing.T) {
	require.True(t, memstore.New().KeepsMonotonicTime())
}

// The assertion is the race detector's.
func TestStatsMayBeReadWhileOthersClaim(t *testing.T) {
	s := memstore.New()
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				_, _ = s.Claim(ctx, []replay.Item{itemOf(100*i + n)}, time.Hour)
			}
		})
		wg.Go(func() {
			for range 50 {
				_ = s.Stats()
			}
		})
	}
	wg.Wait()
	require.Equal(t, 8*50, s.Stats().Live)
}

// The first default is one of the test's own: what goes to the default that Go starts with ends up, by way of the log
// package, in whichever is set later, and would hide which of the two was asked.
func TestTheDefaultLoggerIsTheOneOfTheMoment(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	var earlier, later bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&earlier, nil)))
	s := memstore.NewWithConfig(memstore.Config{Capacity: 1})
	slog.SetDefault(slog.New(slog.NewTextHandler(&later, nil)))
	hold(t, s, time.Hour, 0, 1)
	require.Contains(t, later.String(), "filling up")
	require.Empty(t, earlier.String())
}
