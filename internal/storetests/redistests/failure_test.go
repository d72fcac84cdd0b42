package redistests_test

import (
	"context"
	"fmt"
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

// callsOf are one call of each kind, on claims that are held.
func callsOf(s replay.Store, one, other replay.Held) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"claim": func(ctx context.Context) error {
			_, err := s.Claim(ctx, []replay.Item{itemOf(3)}, time.Hour)
			return err
		},
		"settle": func(ctx context.Context) error { return s.Settle(ctx, commit(one)) },
		"extend": func(ctx context.Context) error { return s.Extend(ctx, []replay.Held{other}, time.Hour) },
		"forget": func(ctx context.Context) error { return s.Forget(ctx, []replay.Key{keyOf(4)}) },
	}
}

func TestAServerThatIsKilledLosesNothingCommitted(t *testing.T) {
	t.Parallel()
	server := serverWith(t, engine.Options{Durable: true})
	s := open(t, connect(t, server.Addr()))
	done, held := claim(t, s, 1, time.Hour), claim(t, s, 2, time.Hour)
	require.NoError(t, s.Settle(t.Context(), commit(done)))

	server.Kill()
	for name, call := range callsOf(s, held, held) {
		require.ErrorContains(t, call(t.Context()), "cannot be reached", name)
	}
	require.NoError(t, server.Start())
	require.Eventually(t, func() bool { return s.Forget(t.Context(), []replay.Key{keyOf(9)}) == nil }, 20*time.Second,
		10*time.Millisecond)
	require.Equal(t, replay.Done, stateOf(t, s, 1, time.Hour).State)
	require.Equal(t, replay.InFlight, stateOf(t, s, 2, time.Hour).State)
	// The new process has never heard of the scripts.
	require.NoError(t, s.Settle(t.Context(), commit(held)))
}

func TestAServerThatStandsStillIsSlowAndThenRecovers(t *testing.T) {
	t.Parallel()
	for name, gives := range map[string]bool{"a client that heeds contexts": true, "a client that does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := server(t)
			s := open(t, connect(t, server.Addr(), func(o *redis.Options) {
				o.ContextTimeoutEnabled, o.ReadTimeout = gives, 5*time.Minute
			}), redisstore.WithTimeout(5*time.Minute))
			one, other := claim(t, s, 1, time.Hour), claim(t, s, 2, time.Hour)
			require.NoError(t, server.Signal(syscall.SIGSTOP))
			for name, call := range callsOf(s, one, other) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				begin := time.Now()
				err := call(ctx)
				cancel()
				require.ErrorContains(t, err, "did not answer in time", name)
				require.Less(t, time.Since(begin), time.Minute, "a call waits no longer than its context")
			}
			require.NoError(t, server.Signal(syscall.SIGCONT))
			calls := callsOf(s, one, other)
			for _, name := range []string{"extend", "settle", "forget"} {
				require.NoError(t, calls[name](t.Context()), name)
			}
			require.Equal(t, replay.Done, stateOf(t, s, 1, time.Hour).State)
		})
	}
}

// The race detector sees it where a call that has returned still reads its batch.
func TestACallThatGaveUpLeavesTheBatchAlone(t *testing.T) {
	t.Parallel()
	server := server(t)
	s := open(t, connect(t, server.Addr()))
	require.NoError(t, server.Signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	items := []replay.Item{itemOf(1)}
	_, err := s.Claim(ctx, items, time.Hour)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	items[0] = itemOf(2)
	require.NoError(t, server.Signal(syscall.SIGCONT))
	require.Eventually(t, func() bool { return stateOf(t, s, 1, time.Minute).State == replay.InFlight }, 10*time.Second,
		10*time.Millisecond)
	require.Equal(t, replay.Claimed, stateOf(t, s, 2, time.Minute).State)
}

// What is full forgets nothing, takes the verdicts of what is held, and has room again once it is given some.
func TestAFullServerIsAFullStore(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	s := open(t, client)
	one, other := claim(t, s, 1, time.Hour), claim(t, s, 2, time.Hour)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1mb").Err())
	calls := callsOf(s, one, other)
	require.ErrorIs(t, calls["claim"](t.Context()), replay.ErrFull)
	_, err := s.Claim(t.Context(), []replay.Item{itemOf(5), itemOf(6)}, time.Hour)
	require.ErrorIs(t, err, replay.ErrFull)
	require.ErrorContains(t, err, "maxmemory")
	for _, name := range []string{"extend", "settle", "forget"} {
		require.NoError(t, calls[name](t.Context()), name)
	}
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	require.Equal(t, replay.Done, stateOf(t, s, 1, time.Hour).State)
	require.NoError(t, calls["claim"](t.Context()))
	claim(t, s, 5, time.Hour)
}

func TestServersThatWillNotDoAreNamedAtTheStart(t *testing.T) {
	t.Parallel()
	const admin = "admin"
	for _, tt := range []struct {
		name, want string
		args       []string
		user       string
		setup      []string // of the admin
		options    []redisstore.Option
	}{
		{name: "keys are evicted", want: "maxmemory-policy is allkeys-lru",
			args: []string{"--maxmemory-policy", "allkeys-lru"}},
		{name: "even those with an end", want: "maxmemory-policy is volatile-ttl",
			args: []string{"--maxmemory-policy", "volatile-ttl"}},
		{name: "keys are evicted, and that is accepted", args: []string{"--maxmemory-policy", "allkeys-lru"},
			options: []redisstore.Option{redisstore.DangerouslyAllowEviction()}},
		{name: "no password is given", want: "no permission", args: []string{"--requirepass", admin}, user: "nobody"},
		{name: "the user may read only", want: "no permission", user: "reader",
			setup: []string{"ACL SETUSER reader on nopass ~* +@read +@connection"}},
		{name: "the user may not run scripts", want: "it needs SET, GET", user: "poor",
			setup: []string{"ACL SETUSER poor on nopass ~* +@all -@scripting"}},
		{name: "the user may not use these keys", want: "no permission", user: "other",
			setup: []string{"ACL SETUSER other on nopass ~other:* +@all"}},
		{name: "the user may not ask about eviction", want: "neither CONFIG GET nor INFO", user: "blind",
			setup: []string{"ACL SETUSER blind on nopass ~* +@all -config -info"}},
		{name: "the user may ask by INFO only", user: "managed",
			setup: []string{"ACL SETUSER managed on nopass ~* +@all -config"}},
		{name: "the server is a replica", want: "takes no writes", setup: []string{"REPLICAOF 127.0.0.1 1"}},
		{name: "the server has not enough replicas", want: "not ready",
			setup: []string{"CONFIG SET min-replicas-to-write 1"}},
		{name: "no replica is there to wait for", want: "0 of 1 replicas have it",
			options: []redisstore.Option{redisstore.WithReplicas(1, 10*time.Millisecond)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := server(t, tt.args...)
			for _, command := range tt.setup {
				var args []any
				for word := range strings.FieldsSeq(command) {
					args = append(args, word)
				}
				require.NoError(t, connect(t, server.Addr()).Do(t.Context(), args...).Err())
			}
			client := connect(t, server.Addr(), func(o *redis.Options) {
				if o.Username = tt.user; tt.user != "" {
					o.Password = "secret-of-the-user"
				}
			})
			_, err := redisstore.New(t.Context(), client, namespace, tt.options...)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "secret-of-the-user")
		})
	}
}

func TestAServerThatIsDownAtTheStartIsNamed(t *testing.T) {
	t.Parallel()
	_, err := redisstore.New(t.Context(), connect(t, "127.0.0.1:1"), namespace)
	require.ErrorContains(t, err, "cannot be reached")
}

func TestAForeignKeyIsNamed(t *testing.T) {
	t.Parallel()
	client := connect(t, server(t).Addr())
	s := open(t, client)
	key := keyOf(1)
	for _, value := range []string{"x", strings.Repeat("x", 41), "2d" + strings.Repeat("x", 40) + "yesterday"} {
		require.NoError(t, client.Set(t.Context(), fmt.Sprintf("test:%x", key), value, 0).Err())
		_, err := s.Claim(t.Context(), []replay.Item{itemOf(1)}, time.Hour)
		require.ErrorContains(t, err, "a namespace of its own", fmt.Sprintf("%.10s", value))
	}
}
