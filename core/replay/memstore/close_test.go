package memstore_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// A call that found the store open and then waits for its lock, while Close sets about clearing, must not put anything
// into what was cleared, nor answer for it.
func TestACallThatCloseOvertakesIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, waitsIn string
		call          func(*memstore.Store, context.Context, replay.Token) error
	}{
		{"a claim of one item", "claimSingle", func(s *memstore.Store, ctx context.Context, _ replay.Token) error {
			_, err := s.Claim(ctx, itemsOf(1, 2), time.Hour)
			return err
		}},
		{"a claim of several", "claimBatch", func(s *memstore.Store, ctx context.Context, _ replay.Token) error {
			_, err := s.Claim(ctx, itemsOf(1, 3), time.Hour)
			return err
		}},
		{"a renewal", "onShard", func(s *memstore.Store, ctx context.Context, token replay.Token) error {
			return s.Extend(ctx, []replay.Held{{Key: keyOf(0), Token: token}}, time.Hour)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := memstore.New()
			token := hold(t, s, time.Hour, 0, 1)[0]
			answer, closed := make(chan error, 1), make(chan error, 1)
			s.Locked(func() {
				go func() { answer <- tt.call(s, t.Context(), token) }()
				require.Eventually(t, func() bool { return isCalled("memstore.(*Store)." + tt.waitsIn + "(") },
					10*time.Second, time.Millisecond)
				go func() { closed <- s.Close() }()
				require.Eventually(t, s.IsClosed, 10*time.Second, time.Millisecond)
			})
			require.ErrorIs(t, <-answer, replay.ErrClosed)
			require.NoError(t, <-closed)
			require.Zero(t, s.Kept())
		})
	}
}

// isCalled says whether a goroutine is inside a function.
func isCalled(function string) bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), function)
}
