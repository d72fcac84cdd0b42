package redistests_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
)

// Two applications that share a database know nothing of each other; two processes of one share what they remember.
func TestNamespacesKeepApplicationsApart(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	var stores []*redisstore.Store
	for _, name := range []string{"billing", "billing2", "shop", "billing"} {
		s, err := redisstore.New(t.Context(), client, name)
		require.NoError(t, err)
		stores = append(stores, s)
	}
	for _, s := range stores[:3] {
		require.NoError(t, s.Settle(t.Context(), commit(claim(t, s, 1, time.Hour))))
	}
	require.Equal(t, replay.Done, stateOf(t, stores[3], 1, time.Hour).State)
	require.NoError(t, stores[1].Forget(t.Context(), []replay.Key{keyOf(1)}))
	require.Equal(t, replay.Done, stateOf(t, stores[0], 1, time.Hour).State)
	require.Equal(t, replay.Done, stateOf(t, stores[2], 1, time.Hour).State)
	require.Equal(t, replay.Claimed, stateOf(t, stores[1], 1, time.Hour).State)
}

func TestANamespaceIsRequired(t *testing.T) {
	t.Parallel()
	client := connect(t, "127.0.0.1:1")
	for _, name := range []string{"", "Billing", "a:b", "a b", strings.Repeat("a", 65)} {
		_, err := redisstore.New(t.Context(), client, name)
		require.ErrorContains(t, err, "redisstore: the namespace", name)
	}
}

func TestAKeyIsTheNamespaceAndTheIdentityAsLogsShowIt(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	claim(t, open(t, client), 1, time.Hour)
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Equal(t, []string{fmt.Sprintf("test:%x", keyOf(1))}, keys)
}

// A user that may use the keys of its namespace alone is enough.
func TestAUserNeedsTheKeysOfItsNamespaceOnly(t *testing.T) {
	t.Parallel()
	s := server(t)
	admin := connect(t, s.Addr())
	const commands = "+set +get +del +pttl +pexpire +evalsha +script|load +config|get"
	require.NoError(t, admin.Do(t.Context(), words("ACL SETUSER app on nopass ~test:* "+commands)...).Err())
	store := open(t, connect(t, s.Addr(), func(o *redis.Options) { o.Username, o.Password = "app", "x" }))
	require.NoError(t, store.Settle(t.Context(), commit(claim(t, store, 1, time.Hour))))
}

func words(command string) []any {
	var args []any
	for word := range strings.FieldsSeq(command) {
		args = append(args, word)
	}
	return args
}

// An older release that comes back after a newer one must not treat the newer one's values as absent, nor as its own.
func TestAValueOfALaterVersionIsNeitherFreeNorDone(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	s := open(t, client)
	require.Equal(t, 2, s.Version())
	key := fmt.Sprintf("test:%x", keyOf(1))
	for _, state := range []string{"c", "d"} {
		held := claim(t, s, 1, time.Hour)
		value, err := client.Get(t.Context(), key).Result()
		require.NoError(t, err)
		later := "3" + state + value[2:]
		require.NoError(t, client.Set(t.Context(), key, later, time.Hour).Err())

		_, err = s.Claim(t.Context(), []replay.Item{itemOf(1), itemOf(2)}, time.Hour)
		require.ErrorContains(t, err, "a value of version 3, and this release reads version 2")
		for _, st := range []replay.Verdict{replay.Commit, replay.Release} {
			err := s.Settle(t.Context(), []replay.Settlement{
				{Key: held.Key, Token: held.Token, Verdict: st, TTL: time.Hour},
			})
			require.ErrorIs(t, err, replay.ErrLeaseLost)
		}
		require.ErrorIs(t, s.Extend(t.Context(), []replay.Held{held}, 2*time.Hour), replay.ErrLeaseLost)
		require.Equal(t, later, client.Get(t.Context(), key).Val(), "it is left as it is")
		require.NoError(t, s.Forget(t.Context(), []replay.Key{keyOf(1), keyOf(2)}))
	}
}

// longestWait keeps the longest time that a command's context leaves it.
type longestWait struct{ wait atomic.Int64 }

func (l *longestWait) note(ctx context.Context) {
	if end, ok := ctx.Deadline(); ok {
		l.wait.Store(max(l.wait.Load(), int64(time.Until(end))))
	}
}

func (l *longestWait) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *longestWait) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { l.note(ctx); return next(ctx, cmd) }
}

func (l *longestWait) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { l.note(ctx); return next(ctx, cmds) }
}

// go-redis would dial, wait and repeat for seconds; this client does for minutes, so that a busy machine is not
// mistaken for one that waits.
func TestACallGivesUpSoonWhateverTheClientWouldDo(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		options []redisstore.Option
		most    time.Duration
	}{
		{"after a second", nil, time.Second},
		{"after what is configured", []redisstore.Option{
			redisstore.WithTimeout(200 * time.Millisecond),
		}, 200 * time.Millisecond},
	} {
		for _, heeds := range []bool{false, true} {
			t.Run(fmt.Sprint(row.name, ", by a client that heeds contexts: ", heeds), func(t *testing.T) {
				t.Parallel()
				server := server(t)
				const patience = 5 * time.Minute
				client := redis.NewClient(&redis.Options{
					Addr: server.Addr(), ContextTimeoutEnabled: heeds, DialTimeout: patience, ReadTimeout: patience,
					WriteTimeout: patience,
					PoolTimeout:  patience,
				})
				t.Cleanup(func() { _ = client.Close() })
				s, patient := open(t, client, row.options...), open(t, client, redisstore.WithTimeout(patience))
				one, other := claim(t, patient, 1, time.Hour), claim(t, patient, 2, time.Hour)
				longest := &longestWait{}
				client.AddHook(longest)
				require.NoError(t, server.Signal(syscall.SIGSTOP))
				for name, call := range callsOf(s, one, other) {
					begin := time.Now()
					require.ErrorContains(t, call(t.Context()), "did not answer in time", name)
					took := time.Since(begin)
					require.GreaterOrEqual(t, took, row.most-10*time.Millisecond, name)
					require.Less(t, took, patience/5, name)
				}
				require.LessOrEqual(t, longest.wait.Load(), int64(row.most), "what a command is given")
				require.Positive(t, longest.wait.Load())
				require.NoError(t, server.Signal(syscall.SIGCONT))
				server.Kill()
				begin := time.Now()
				_, err := s.Claim(t.Context(), []replay.Item{itemOf(3)}, time.Hour)
				require.Error(t, err)
				require.Less(t, time.Since(begin), patience/5, "nobody listens there")
			})
		}
	}
	_, err := redisstore.New(t.Context(), connect(t, "127.0.0.1:1"), namespace, redisstore.WithTimeout(0))
	require.ErrorContains(t, err, "WithTimeout needs at least 1ms")
}
