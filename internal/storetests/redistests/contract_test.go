package redistests_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// shift brings the end of every key nearer by ARGV[1] milliseconds: to a store whose only clock is the server's that is
// as if so much time had passed.
const shift = `
for _, key in ipairs(redis.call('KEYS', '*')) do
	redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[1])
end`

func harness(t *testing.T, client redis.UniversalClient) storetest.Harness {
	t.Helper()
	return storetest.Harness{
		New: func(t *testing.T, _ int) replay.Store {
			require.NoError(t, client.FlushDB(t.Context()).Err())
			return open(t, client)
		},
		Namespace: func(t *testing.T, namespace string) replay.Store {
			store, err := redisstore.New(t.Context(), client, namespace)
			require.NoError(t, err)
			return store
		},
		Advance: func(d time.Duration) {
			err := client.Eval(t.Context(), shift, nil, d.Milliseconds()).Err()
			require.ErrorIs(t, err, redis.Nil)
		},
		Unbounded: true,
		Unit:      10 * time.Second,
		Skew:      time.Second,
	}
}

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, harness(t, connect(t, server(t).Addr())))
}

func TestStoreKeepsTheContractConcurrently(t *testing.T) {
	t.Parallel()
	storetest.RunConcurrent(t, harness(t, connect(t, server(t).Addr())))
}

// TestStoreAnswersAsTheModelDoes runs 100 histories; SALLYPORT_HISTORIES says otherwise.
func TestStoreAnswersAsTheModelDoes(t *testing.T) {
	t.Parallel()
	storetest.RunHistories(t, harness(t, connect(t, server(t).Addr())), number(t, "SALLYPORT_HISTORIES", 100), 1)
}

// A cluster of one server refuses, as a larger one does, every command whose keys lie in two slots.
func TestStoreKeepsTheContractInACluster(t *testing.T) {
	t.Parallel()
	s := server(t, "--cluster-enabled", "yes")
	single := connect(t, s.Addr())
	require.NoError(t, single.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	require.Eventually(t, func() bool {
		info, err := single.ClusterInfo(t.Context()).Result()
		return err == nil && len(info) > 20 && info[:16] == "cluster_state:ok"
	}, 20*time.Second, 20*time.Millisecond)
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.Addr()}, MaxRedirects: 3})
	t.Cleanup(func() { _ = cluster.Close() })
	h := harness(t, single)
	h.New = func(t *testing.T, _ int) replay.Store {
		require.NoError(t, single.FlushDB(t.Context()).Err())
		return open(t, cluster)
	}
	h.Namespace = func(t *testing.T, namespace string) replay.Store {
		store, err := redisstore.New(t.Context(), cluster, namespace)
		require.NoError(t, err)
		return store
	}
	storetest.Run(t, h)
	storetest.RunConcurrent(t, h)

	_, err := redisstore.New(t.Context(), cluster, namespace, redisstore.WithReplicas(1, time.Second))
	require.ErrorContains(t, err, "WithReplicas is not for clusters")
}

// Valkey is not among the engines that are required, because Debian 12 has it in its backports only. With
// SALLYPORT_REDIS set to valkey-server every other test runs on it as well.
func TestStoreKeepsTheContractOnValkey(t *testing.T) {
	t.Parallel()
	s, err := engine.Valkey(engine.Options{})
	engine.Want(t, err)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	h := harness(t, connect(t, s.Addr()))
	storetest.Run(t, h)
	storetest.RunConcurrent(t, h)
	storetest.RunHistories(t, h, number(t, "SALLYPORT_HISTORIES", 100), 1)
	storetest.RunFaultyHistories(t, h, number(t, "SALLYPORT_HISTORIES", 100), 1)
}

// The time that passes for a store is its server's.
func TestLeasesAndTTLsEndByThemselves(t *testing.T) {
	t.Parallel()
	s := open(t, connect(t, server(t).Addr()))
	const lease = 300 * time.Millisecond
	for _, ttl := range []time.Duration{0, lease} {
		begin := time.Now()
		held := claim(t, s, 1, lease)
		if ttl > 0 {
			st := commit(held)
			st[0].TTL = ttl
			require.NoError(t, s.Settle(t.Context(), st))
		}
		require.Eventually(t, func() bool { return stateOf(t, s, 1, lease).State == replay.Claimed }, 20*time.Second,
			5*time.Millisecond)
		require.GreaterOrEqual(t, time.Since(begin), lease-10*time.Millisecond)
		require.NoError(t, s.Forget(t.Context(), []replay.Key{keyOf(1)}))
	}
}

// TestStoreKeepsItsPromisesWhateverAnswersAreLost runs 100 histories; SALLYPORT_HISTORIES says otherwise.
func TestStoreKeepsItsPromisesWhateverAnswersAreLost(t *testing.T) {
	t.Parallel()
	storetest.RunFaultyHistories(t, harness(t, connect(t, server(t).Addr())), number(t, "SALLYPORT_HISTORIES", 100), 1)
}
