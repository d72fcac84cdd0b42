package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/internal/bench/stores"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// benchRedis claims and commits next to the two plain commands of the same client that set a key if it is absent, and
// set it again. What counts is the time on the wall: most of it is the server's and the network's.
func benchRedis(s settings, w io.Writer) error {
	fmt.Fprint(w, "## Replay stores in Redis\n\nClaim and commit, next to the plain commands SET NX and SET: one "+
		"client, one server on loopback, time on the wall for each key, all callers together.\n\n")
	server, err := engine.Redis(engine.Options{})
	if _, ok := errors.AsType[*engine.MissingError](err); ok {
		fmt.Fprintln(os.Stderr, "** NOT MEASURED: "+err.Error())
		fmt.Fprintf(w, "Not measured here: %v.\n\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	for _, callers := range []int{1, 16, 128} {
		if err := redisTable(s, w, server.Addr(), callers); err != nil {
			return err
		}
	}
	return nil
}

func redisTable(s settings, w io.Writer, addr string, callers int) error {
	client := redis.NewClient(&redis.Options{Addr: addr, PoolSize: callers, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	store, err := redisstore.New(ctx, client, "bench")
	if err != nil {
		return err
	}
	n := callers * max(1, min(int(s.each/(200*time.Microsecond)), 200))
	all := stores.Make(n)
	const mine = "**redisstore** Claim and Settle"
	names := []string{"go-redis SET NX and SET", mine}
	run := []func(i int) error{
		func(i int) error {
			key := "plain:" + all.String(i)
			if err := client.SetArgs(ctx, key, 1, redis.SetArgs{Mode: "NX", TTL: stores.TTL}).Err(); err != nil {
				return err
			}
			return client.Set(ctx, key, 2, stores.TTL).Err()
		},
		func(i int) error {
			key := all.Values[i]
			results, err := store.Claim(ctx, []replay.Item{{Key: key}}, stores.TTL)
			if err != nil {
				return err
			}
			if results[0].State != replay.Claimed {
				return errors.New("the key was not new")
			}
			return store.Settle(ctx,
				[]replay.Settlement{{Key: key, Token: results[0].Token, Verdict: replay.Commit, TTL: stores.TTL}})
		},
	}
	took := make([][]float64, len(run))
	for range s.rounds {
		for i := range run {
			if err := client.FlushDB(ctx).Err(); err != nil {
				return err
			}
			start := time.Now()
			if err := share(callers, n, run[i]); err != nil {
				return fmt.Errorf("%s: %w", names[i], err)
			}
			took[i] = append(took[i], float64(time.Since(start))/float64(n))
		}
	}
	figures := make([]figure, len(run))
	for i := range figures {
		figures[i].name = names[i]
		figures[i].of(took[i])
	}
	what := "Redis, claim and commit, " + plural(callers, "caller") + " at once"
	rate := figures[0].median / figures[1].median
	if callers < 128 {
		s.goals.state(what, "× the rate of SET NX and SET", rate)
	} else {
		s.goals.holdAtLeast(what, "× the rate of SET NX and SET", rate, 0.9)
		s.goals.because(1, "more than eight calls at once share pipelines, so that this is the server's time for two "+
			"scripts, which compare the token of the claim (law 12): a plain SET compares nothing")
	}
	fmt.Fprintf(w, "### %s at once\n\n", plural(callers, "caller"))
	writeTimes(w, figures, mine)
	return nil
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// share does n things by so many callers.
func share(callers, n int, do func(i int) error) error {
	var wg sync.WaitGroup
	failed := make([]error, callers)
	for c := range callers {
		wg.Go(func() {
			for i := c; i < n && failed[c] == nil; i += callers {
				failed[c] = do(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}
