// Package limittests runs the shared limiter on a real Redis.
package limittests

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/limit/redislimit"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// server starts a Redis of the test's own, on a socket.
func server(t *testing.T) *redis.Client {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("SKIPPED: THE SHARED LIMITER IS NOT TESTED: there is no redis-server here; install it (apt-get " +
			"install redis-server)")
	}
	folder := t.TempDir()
	socket := filepath.Join(folder, "redis.sock")
	// a test's own
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir",
		folder)
	require.NoError(t, cmd.Start())
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	t.Cleanup(func() {
		_ = client.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool { return client.Ping(t.Context()).Err() == nil }, 10*time.Second,
		10*time.Millisecond)
	return client
}

func limiter(t *testing.T, c redislimit.Config) *redislimit.Limiter {
	t.Helper()
	l, err := redislimit.New(c)
	require.NoError(t, err)
	return l
}

func TestTheBurstIsSharedByProcesses(t *testing.T) {
	t.Parallel()
	client := server(t)
	one := limiter(t, redislimit.Config{Client: client, PerSecond: 0.01, Burst: 20})
	two := limiter(t, redislimit.Config{Client: client, PerSecond: 0.01, Burst: 20})
	var allowed atomic.Int32
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			l := one
			if n%2 == 0 {
				l = two
			}
			ok, wait, err := l.Allow(context.Background(), "key", 1)
			if err == nil && ok {
				allowed.Add(1)
			}
			if err != nil || (!ok && (wait <= 0 || wait > 100*time.Second)) {
				t.Errorf("refused with %s, %v", wait, err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 20, allowed.Load())
	ok, _, err := one.Allow(t.Context(), "another key", 1)
	require.NoError(t, err)
	require.True(t, ok)
	ok, _, err = limiter(t,
		redislimit.Config{Client: client, PerSecond: 0.01, Burst: 20, Prefix: "other:"}).Allow(t.Context(), "key", 1)
	require.NoError(t, err)
	require.True(t, ok, "another prefix")
}

func TestTokensComeBackByTheClockOfRedis(t *testing.T) {
	t.Parallel()
	client := server(t)
	l := limiter(t, redislimit.Config{Client: client, PerSecond: 20, Burst: 2})
	for range 2 {
		ok, _, err := l.Allow(t.Context(), "key", 1)
		require.NoError(t, err)
		require.True(t, ok)
	}
	ok, wait, err := l.Allow(t.Context(), "key", 2)
	require.NoError(t, err)
	require.False(t, ok)
	require.LessOrEqual(t, wait, 100*time.Millisecond)
	require.Eventually(t, func() bool { ok, _, err := l.Allow(t.Context(), "key", 2); return err == nil && ok },
		5*time.Second, 10*time.Millisecond)
	ok, _, err = l.Allow(t.Context(), "key", 3)
	require.NoError(t, err)
	require.False(t, ok, "more than a whole bucket")
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		require.NotContains(t, key, "key", "keys are hashed")
	}
	require.Eventually(t, func() bool { return client.DBSize(t.Context()).Val() == 0 }, 5*time.Second,
		10*time.Millisecond, "a key goes when its bucket is full")
}

func TestAskingBeforeTheProofAsksNobody(t *testing.T) {
	t.Parallel()
	client := server(t)
	l := limiter(t, redislimit.Config{Client: client, PerSecond: 0.01, Burst: 1})
	commands := func() string {
		info, err := client.Info(t.Context(), "commandstats").Result()
		require.NoError(t, err)
		var out []string
		for line := range strings.Lines(info) {
			if strings.HasPrefix(line, "cmdstat_eval") {
				out = append(out, line[:strings.IndexByte(line, ',')])
			}
		}
		return strings.Join(out, " ")
	}
	before := commands()
	for range 10 {
		ok, _, err := l.Allow(t.Context(), "key", 0)
		require.NoError(t, err)
		require.True(t, ok)
	}
	require.Equal(t, before, commands())
	for _, want := range []bool{true, false} {
		ok, _, err := l.Allow(t.Context(), "key", 1)
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	after := commands()
	ok, wait, err := l.Allow(t.Context(), "key", 0)
	require.NoError(t, err)
	require.False(t, ok)
	require.Positive(t, wait)
	require.Equal(t, after, commands())
}

// TestWhatDoesNotFitAtOnceRefusesNobody: a batch that is too large says nothing of a single delivery.
func TestWhatDoesNotFitAtOnceRefusesNobody(t *testing.T) {
	t.Parallel()
	l := limiter(t, redislimit.Config{Client: server(t), PerSecond: 0.01, Burst: 5})
	ok, _, err := l.Allow(t.Context(), "key", 10)
	require.NoError(t, err)
	require.False(t, ok)
	for _, n := range []int{0, 1} {
		ok, _, err = l.Allow(t.Context(), "key", n)
		require.NoError(t, err)
		require.True(t, ok)
	}
}

func TestAGuardCountsByItselfWhileRedisIsGone(t *testing.T) {
	t.Parallel()
	client := server(t)
	codes := func() (out string) {
		l := limiter(t, redislimit.Config{Client: client, PerSecond: 0.01, Burst: 3})
		guard, err := core.New(core.Config{
			Endpoint: "shared", Provider: provider.Basic(), Secrets: secrets.Static("user:a-long-enough-password"),
			Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true,
			Logger: slog.New(slog.DiscardHandler), RateLimit: core.RateLimit{Limiter: l, PerSecond: 0.01, Burst: 2},
		})
		require.NoError(t, err)
		for range 5 {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
			r.SetBasicAuth("user", "a-long-enough-password")
			w := httptest.NewRecorder()
			httpwebhook.Verify(guard)(httpwebhook.Signal(func(*http.Request, core.Event) error { return nil })).ServeHTTP(w, r)
			out += fmt.Sprint(w.Code, " ")
		}
		return out
	}
	require.Equal(t, "200 200 200 429 429 ", codes())
	require.Equal(t, "429 429 429 429 429 ", codes(), "another process")
	require.NoError(t, client.Close())
	require.Equal(t, "200 200 429 429 429 ", codes(), "its own count")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{})
	defer func() { _ = client.Close() }()
	for _, c := range []redislimit.Config{
		{PerSecond: 1, Burst: 1}, {Client: client}, {Client: client, PerSecond: 1}, {Client: client, Burst: 1},
		{Client: client, PerSecond: 2e6, Burst: 1}, {Client: client, PerSecond: 1e-9, Burst: 10},
	} {
		_, err := redislimit.New(c)
		require.Error(t, err)
	}
}
