package redistests_test

import (
	"crypto/sha256"
	"encoding/binary"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// server starts a redis-server of the test's own.
func server(t *testing.T, args ...string) *engine.Server {
	t.Helper()
	return serverWith(t, engine.Options{Args: args})
}

func serverWith(t *testing.T, o engine.Options) *engine.Server {
	t.Helper()
	s, err := engine.Redis(o)
	engine.Need(t, err)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// namespace is whose memory the stores of the tests are.
const namespace = "test"

// connect gives up soon and does not repeat commands, unless a test says otherwise.
func connect(t *testing.T, addr string, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{Addr: addr, ReadTimeout: 2 * time.Second, MaxRetries: -1}
	for _, c := range change {
		c(o)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func open(t *testing.T, client redis.UniversalClient, options ...redisstore.Option) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(t.Context(), client, namespace, options...)
	require.NoError(t, err)
	return store
}

func keyOf(n int) replay.Key { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func itemOf(n int) replay.Item { return replay.Item{Key: keyOf(n), Digest: replay.Digest(keyOf(-n))} }

// claim claims a key that is free.
func claim(t *testing.T, s replay.Store, n int, lease time.Duration) replay.Held {
	t.Helper()
	r := stateOf(t, s, n, lease)
	require.Equal(t, replay.Claimed, r.State)
	return replay.Held{Key: keyOf(n), Token: r.Token}
}

func stateOf(t *testing.T, s replay.Store, n int, lease time.Duration) replay.Result {
	t.Helper()
	results, err := s.Claim(t.Context(), []replay.Item{itemOf(n)}, lease)
	require.NoError(t, err)
	return results[0]
}

func commit(held replay.Held) []replay.Settlement {
	return []replay.Settlement{{Key: held.Key, Token: held.Token, Verdict: replay.Commit, TTL: time.Hour}}
}

// number reads a number from the environment.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, variable)
	return n
}
