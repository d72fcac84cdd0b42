package redistests_test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// pair is a primary and a replica that follows it.
func pair(t *testing.T) (primary, replica *engine.Server) {
	t.Helper()
	primary = server(t, "--repl-diskless-sync-delay", "0")
	replica = server(t, "--replicaof", "127.0.0.1", strconv.Itoa(primary.Port))
	client := connect(t, replica.Addr())
	require.Eventually(t, func() bool {
		info, err := client.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	}, 30*time.Second, 20*time.Millisecond)
	return primary, replica
}

// promote makes the replica the primary, as Sentinel does.
func promote(t *testing.T, replica *engine.Server) *redis.Client {
	t.Helper()
	client := connect(t, replica.Addr())
	require.NoError(t, client.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err())
	return client
}

// What the documentation does not promise, seen: Redis answers before its replicas have the write, and a failover at
// that moment forgets what was committed. The event runs again.
func TestAFailoverForgetsWhatTheReplicaDidNotHave(t *testing.T) {
	t.Parallel()
	primary, replica := pair(t)
	s := open(t, connect(t, primary.Addr()))
	early, late := claim(t, s, 1, time.Hour), claim(t, s, 2, time.Hour)
	require.NoError(t, s.Settle(t.Context(), commit(early)))
	require.Eventually(t, func() bool {
		n, err := connect(t, replica.Addr()).Exists(t.Context(), keyText(1), keyText(2)).Result()
		return err == nil && n == 2
	}, 10*time.Second, 10*time.Millisecond)
	// From here on the replica hears nothing.
	require.NoError(t, connect(t, replica.Addr()).Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err())
	require.NoError(t, s.Settle(t.Context(), commit(late)), "acknowledged by the primary alone")
	newest := claim(t, s, 3, time.Hour)
	require.NoError(t, s.Settle(t.Context(), commit(newest)))
	primary.Kill()

	after := open(t, promote(t, replica))
	require.Equal(t, replay.Done, stateOf(t, after, 1, time.Hour).State, "the replica had it")
	require.Equal(t, replay.InFlight, stateOf(t, after, 2, time.Hour).State,
		"the commit is forgotten, the claim is not")
	require.Equal(t, replay.Claimed, stateOf(t, after, 3, time.Hour).State, "committed, forgotten, and to run again")
}

// With WithReplicas a commit that no replica has is no commit: the guard tries it again, and says so at last.
func TestAReplicaThatIsWaitedForHasWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	primary, replica := pair(t)
	s := open(t, connect(t, primary.Addr()), redisstore.WithReplicas(1, time.Second))
	done, late := claim(t, s, 1, time.Hour), claim(t, s, 2, time.Hour)
	require.NoError(t, s.Settle(t.Context(), commit(done)))
	require.NoError(t, replica.Signal(syscall.SIGSTOP))
	require.ErrorContains(t, s.Settle(t.Context(), commit(late)), "0 of 1 replicas have it")
	primary.Kill()
	require.NoError(t, replica.Signal(syscall.SIGCONT))
	after := open(t, promote(t, replica))
	require.Equal(t, replay.Done, stateOf(t, after, 1, time.Hour).State)
}

// Leases and memories end by the server's clock. A server that takes over with a clock that is ahead ends all of them
// early by as much: a lease under its holder's hands, who is fenced, and a memory before its time.
func TestAClockThatIsAheadEndsLeasesAndMemoriesEarly(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	s, h := open(t, client), harness(t, client)
	held, done := claim(t, s, 1, 30*time.Second), claim(t, s, 2, 30*time.Second)
	require.NoError(t, s.Settle(t.Context(), commit(done))) // for an hour

	h.Advance(29 * time.Second)
	require.Equal(t, replay.InFlight, stateOf(t, s, 1, time.Minute).State, "a skew under the lease harms nobody")
	h.Advance(time.Minute)
	require.Equal(t, replay.Claimed, stateOf(t, s, 1, 2*time.Hour).State,
		"one beyond it lets another in next to the holder")
	require.ErrorIs(t, s.Settle(t.Context(), commit(held)), replay.ErrLeaseLost, "who is fenced")
	require.Equal(t, replay.Done, stateOf(t, s, 2, time.Minute).State)
	h.Advance(time.Hour)
	require.Equal(t, replay.Claimed, stateOf(t, s, 2, time.Minute).State)
}

func keyText(n int) string {
	return fmt.Sprintf("test:%x", keyOf(n))
}
