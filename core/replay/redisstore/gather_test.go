package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
)

// atOnce is how many round trips a store has under way before calls share them.
const atOnce = 8

// fake answers the commands of a client in place of a server: every key is free, and every claim is held. It counts
// round trips, and holds them while it is closed.
type fake struct {
	mu    sync.Mutex
	trips int
	keys  []string      // of the scripts' calls, in the order in which they were sent
	fails string        // the call for this key fails
	gate  chan struct{} // closed: round trips end; nil: the same
	ends  func()        // ends each round trip; nil: it is answered
}

func (f *fake) DialHook(redis.DialHook) redis.DialHook { return nil }

func (f *fake) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := f.trip(ctx, []redis.Cmder{cmd}); err != nil {
			return err
		}
		return cmd.Err()
	}
}

func (f *fake) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return f.trip
}

func (f *fake) trip(ctx context.Context, cmds []redis.Cmder) error {
	f.mu.Lock()
	f.trips++
	gate := f.gate
	for _, cmd := range cmds {
		if args := cmd.Args(); len(args) > 3 {
			key, _ := args[3].(string)
			f.keys = append(f.keys, key)
		}
	}
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			for _, cmd := range cmds {
				cmd.SetErr(ctx.Err())
			}
			return ctx.Err()
		}
	}
	if f.ends != nil {
		f.ends()
	}
	for _, cmd := range cmds {
		if args := cmd.Args(); f.fails != "" && len(args) > 3 && args[3] == f.fails {
			cmd.SetErr(errFake)
		} else if c, ok := cmd.(*redis.Cmd); ok {
			c.SetVal(int64(1))
		}
	}
	return nil
}

var errFake = errors.New("this one fails")

func (f *fake) sent(n int) (times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range f.keys {
		if key == nameOf(n) {
			times++
		}
	}
	return times
}

func nameOf(n int) string {
	key := keyOf(n)
	return "test:" + hex.EncodeToString(key[:])
}

func keyOf(n int) replay.Key { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n))) }

// openFake opens a store on a fake whose gate is closed from then on. The function opens the gate.
func openFake(t *testing.T) (*redisstore.Store, *fake, func()) {
	t.Helper()
	client := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true})
	f := &fake{}
	client.AddHook(f)
	s, err := redisstore.New(t.Context(), client, "test", redisstore.DangerouslyAllowEviction())
	require.NoError(t, err)
	f.trips, f.gate = 0, make(chan struct{})
	return s, f, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		close(f.gate)
	}
}

// claims begins so many claims, of the keys from first on, and returns what they will have returned.
func claims(ctx context.Context, s *redisstore.Store, first, n int) (errs []error, wait func()) {
	errs = make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			results, err := s.Claim(ctx, []replay.Item{{Key: keyOf(first + i)}}, time.Minute)
			if err == nil && results[0].State != replay.Claimed {
				err = errors.New("not claimed")
			}
			errs[i] = err
		})
	}
	return errs, wg.Wait
}

func TestFewCallsSendTheirOwnCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, open := openFake(t)
		errs, wait := claims(t.Context(), s, 0, atOnce)
		synctest.Wait()
		require.Equal(t, atOnce, f.trips, "none waits for another")
		open()
		wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, atOnce, f.trips)
	})
}

func TestManyCallsAtOnceShareRoundTrips(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, open := openFake(t)
		errs, wait := claims(t.Context(), s, 0, atOnce+100)
		synctest.Wait()
		require.Equal(t, atOnce, f.trips, "the others wait for one of these")
		open()
		wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, atOnce+1, f.trips, "a hundred calls, one round trip")
		for i := range atOnce + 100 {
			require.Equal(t, 1, f.sent(i))
		}
		errs, wait = claims(t.Context(), s, 1000, 1)
		wait()
		require.NoError(t, errs[0], "and it goes on")
	})
}

func TestAPipelineOfManyCallsHasABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, open := openFake(t)
		errs, wait := claims(t.Context(), s, 0, atOnce+600)
		synctest.Wait()
		open()
		wait()
		require.NoError(t, errors.Join(errs...))
		require.GreaterOrEqual(t, f.trips, atOnce+3, "256 at most in each")
		require.Len(t, f.keys, atOnce+600+3, "and three of the trial at the start")
	})
}

func TestTheErrorOfACallIsItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, open := openFake(t)
		f.fails = nameOf(atOnce + 7)
		_, wait := claims(t.Context(), s, 0, atOnce)
		synctest.Wait()
		errs, waitForOthers := claims(t.Context(), s, atOnce, 20)
		synctest.Wait()
		open()
		wait()
		waitForOthers()
		for i, err := range errs {
			if i == 7 {
				require.ErrorIs(t, err, errFake)
			} else {
				require.NoError(t, err)
			}
		}
	})
}

func TestACallThatEndsWhileItWaitsIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, open := openFake(t)
		errs, wait := claims(t.Context(), s, 0, atOnce)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		ended, waitForEnded := claims(ctx, s, 100, 3)
		others, waitForOthers := claims(t.Context(), s, 200, 3)
		synctest.Wait()
		cancel()
		waitForEnded()
		for i := range ended {
			require.ErrorIs(t, ended[i], context.Canceled, "it returns at once")
		}
		open()
		wait()
		waitForOthers()
		require.NoError(t, errors.Join(append(errs, others...)...), "the end of a call ends no other")
		for i := range 3 {
			require.Zero(t, f.sent(100+i))
			require.Equal(t, 1, f.sent(200+i))
		}
	})
}

// TestACallThatEndsWhileItIsSentEndsNoOther ends calls whose commands are under way in a pipeline with those of others.
func TestACallThatEndsWhileItIsSentEndsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, open := openFake(t)
		first := f.gate
		_, wait := claims(t.Context(), s, 0, atOnce)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		ended, waitForEnded := claims(ctx, s, 100, 3)
		others, waitForOthers := claims(t.Context(), s, 200, 3)
		synctest.Wait()
		f.gate = make(chan struct{}) // the next round trips wait again
		close(first)
		wait()
		synctest.Wait()
		require.Equal(t, atOnce+1, f.trips, "a pipeline is under way")
		cancel()
		waitForEnded()
		for i := range ended {
			require.ErrorIs(t, ended[i], context.Canceled)
		}
		open()
		waitForOthers()
		require.NoError(t, errors.Join(others...))
		require.Equal(t, 1, f.sent(100), "it was sent: the lease ends what nobody holds")
	})
}

func TestAServerThatHangsEndsEveryCallInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, open := openFake(t)
		defer open()
		begin := time.Now()
		errs, wait := claims(t.Context(), s, 0, atOnce+100)
		wait()
		require.Equal(t, time.Second, time.Since(begin), "the store's timeout")
		for _, err := range errs {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.True(t, strings.Contains(err.Error(), "did not answer in time"), err)
		}
	})
}

// TestAClientThatPanicsIsAStoreThatFails: hooks of a client are the app's own code, and a call may send the commands of
// others. In a goroutine of the store a panic would end the process, and a round trip that never ends would keep the
// next ones waiting for ever.
func TestAClientThatPanicsIsAStoreThatFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		direct bool
		ends   func()
		want   string
	}{
		{"a panic in the caller's goroutine", true, func() { panic("a hook of the app's own") }, "panicked"},
		{"a panic in the store's", false, func() { panic("a hook of the app's own") }, "panicked"},
		{"the end of the store's goroutine", false, runtime.Goexit, "ended its goroutine"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { clientThatEnds(t, row.direct, row.ends, row.want) })
		})
	}
}

func clientThatEnds(t *testing.T, direct bool, ends func(), want string) {
	t.Helper()
	client := redis.NewClient(&redis.Options{ContextTimeoutEnabled: direct})
	f := &fake{}
	client.AddHook(f)
	s, err := redisstore.New(t.Context(), client, "test", redisstore.DangerouslyAllowEviction())
	require.NoError(t, err)
	gate := make(chan struct{})
	f.gate, f.ends = gate, ends
	errs, wait := claims(t.Context(), s, 0, 4*atOnce)
	synctest.Wait() // all of them wait for the gate, or for those that do
	close(gate)
	wait()
	for _, err := range errs {
		require.ErrorContains(t, err, want)
	}
	f.gate, f.ends = nil, nil
	errs, wait = claims(t.Context(), s, 100, 4*atOnce)
	wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// TestAClientThatEndsItsGoroutineLeavesOthersToTheirTurn: the first calls are in goroutines of the caller's, which the
// client ends with them. Those that wait are sent in one of the store's.
func TestAClientThatEndsItsGoroutineLeavesOthersToTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, f, _ := openFake(t)
		gate := f.gate
		f.ends = runtime.Goexit
		for i := range 4 * atOnce {
			go func() { _, _ = s.Claim(t.Context(), []replay.Item{{Key: keyOf(i)}}, time.Minute) }()
		}
		synctest.Wait()
		close(gate)
		synctest.Wait()
		f.gate, f.ends = nil, nil
		began := time.Now()
		errs, wait := claims(t.Context(), s, 100, 4*atOnce)
		wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(began), "no round trip counts as under way")
	})
}
