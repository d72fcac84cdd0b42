package storebench_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/internal/bench/stores"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// BenchmarkRedis claims and commits new keys, beside the two plain commands that set a key if it is absent and set it
// again: same client, same connections, same server, in rounds that take turns. x/plain is our rate by theirs.
func BenchmarkRedis(b *testing.B) {
	server, err := engine.Redis(engine.Options{})
	engine.Need(b, err)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	const callers, each = 128, 20_000
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), PoolSize: callers, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	store, err := redisstore.New(ctx, client, "bench")
	if err != nil {
		b.Fatal(err)
	}
	all := stores.Make(each)

	ours := func(i int) error {
		key := all.Values[i]
		results, err := store.Claim(ctx, []replay.Item{{Key: key}}, stores.TTL)
		if err != nil {
			return err
		}
		if results[0].State != replay.Claimed {
			return errors.New("not new")
		}
		return store.Settle(ctx,
			[]replay.Settlement{{Key: key, Token: results[0].Token, Verdict: replay.Commit, TTL: stores.TTL}})
	}
	plain := func(i int) error {
		key := "plain:" + all.String(i)
		if err := client.SetArgs(ctx, key, 1, redis.SetArgs{Mode: "NX", TTL: stores.TTL}).Err(); err != nil {
			return err
		}
		return client.Set(ctx, key, 2, stores.TTL).Err()
	}
	took := map[string][]float64{}
	for b.Loop() {
		for name, do := range map[string]func(int) error{"ours": ours, "plain": plain} {
			if err := client.FlushDB(ctx).Err(); err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			if err := share(callers, each, do); err != nil {
				b.Fatal(err)
			}
			took[name] = append(took[name], float64(time.Since(start).Microseconds())/each)
		}
	}
	ratio := median(took["plain"]) / median(took["ours"])
	b.Logf("\nclaim + commit %6.1f us, SET NX + SET %6.1f us, %d callers", median(took["ours"]), median(took["plain"]),
		callers)
	b.ReportMetric(ratio, "x/plain")
	b.ReportMetric(0, "ns/op")
}

// share does n things by so many callers.
func share(callers, n int, do func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, callers)
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}
