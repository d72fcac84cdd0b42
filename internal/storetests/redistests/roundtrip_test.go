package redistests_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
)

// counter is a hook that counts how often a client goes to the server and back.
type counter struct{ trips atomic.Int32 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.trips.Add(1); return next(ctx, cmd) }
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.trips.Add(1); return next(ctx, cmds) }
}

// A call is one round trip, however many keys it has and whatever is found under them.
func TestACallIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	s := open(t, client)
	var count counter
	client.AddHook(&count)
	one := func(what string, call func()) {
		t.Helper()
		count.trips.Store(0)
		call()
		require.EqualValues(t, 1, count.trips.Load(), what)
	}
	var held, done replay.Held
	one("a claim of what is new", func() { held = claim(t, s, 1, time.Hour) })
	one("a claim of what is new", func() { done = claim(t, s, 2, time.Hour) })
	one("a commit", func() { require.NoError(t, s.Settle(t.Context(), commit(done))) })
	one("a claim of what is in flight", func() {
		r := stateOf(t, s, 1, time.Minute)
		require.Equal(t, replay.InFlight, r.State)
		require.InDelta(t, time.Hour, r.RetryAfter, float64(time.Minute), "what is left of the other's lease")
	})
	one("a claim of what is done", func() { require.Equal(t, replay.Done, stateOf(t, s, 2, time.Minute).State) })
	one("a claim of all of these at once", func() {
		results, err := s.Claim(t.Context(), []replay.Item{itemOf(1), itemOf(2), itemOf(3), itemOf(3)}, time.Minute)
		require.NoError(t, err)
		var states []replay.State
		for _, r := range results {
			states = append(states, r.State)
		}
		require.Equal(t, []replay.State{replay.InFlight, replay.Done, replay.Claimed, replay.InFlight}, states)
		require.InDelta(t, time.Hour, results[0].RetryAfter, float64(time.Minute))
		require.InDelta(t, time.Minute, results[3].RetryAfter, float64(10*time.Second))
	})
	one("a renewal", func() { require.NoError(t, s.Extend(t.Context(), []replay.Held{held}, time.Hour)) })
	one("forgetting two", func() { require.NoError(t, s.Forget(t.Context(), []replay.Key{keyOf(1), keyOf(2)})) })
}

// A server whose scripts were flushed is given them again, in the middle of a batch too.
func TestAServerWithoutTheScriptsIsGivenThem(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	s := open(t, client)
	require.NoError(t, client.ScriptFlush(t.Context()).Err())
	one := claim(t, s, 1, time.Hour)
	require.NoError(t, client.ScriptFlush(t.Context()).Err())
	results, err := s.Claim(t.Context(), []replay.Item{itemOf(1), itemOf(2)}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, replay.InFlight, results[0].State)
	require.Equal(t, replay.Claimed, results[1].State)
	require.NoError(t, s.Settle(t.Context(), commit(one)), "the script of verdicts is given again as well")
}
