package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// kind is a broker that the tests run on, a real one.
type kind struct {
	broker  string
	scheme  string
	begin   func(engine.Options) (*engine.Server, error)
	connect func(context.Context, settings, watermill.LoggerAdapter) (*broker, error)

	// stored counts the messages in the queue, left those that no worker has acknowledged.
	stored, left func(url string) (int64, error)
}

func kinds() []kind {
	return []kind{
		{
			broker: "redis", scheme: "redis://", begin: engine.Redis, connect: connectRedis,
			stored: func(url string) (int64, error) {
				return withRedis(url,
					func(c *redis.Client) (int64, error) { return c.XLen(context.Background(), topic).Result() })
			},
			left: func(url string) (int64, error) {
				return withRedis(url, func(c *redis.Client) (int64, error) {
					groups, err := c.XInfoGroups(context.Background(), topic).Result()
					if err != nil || len(groups) != 1 {
						return -1, err
					}
					return groups[0].Lag + groups[0].Pending, nil
				})
			},
		},
		{
			broker: "nats", scheme: "nats://", begin: engine.NATS, connect: connectNATS,
			stored: countNATS, left: countNATS, // what is acknowledged is not stored any more
		},
	}
}

func withRedis(url string, count func(*redis.Client) (int64, error)) (int64, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return -1, err
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	return count(client)
}

func countNATS(url string) (int64, error) {
	conn, err := connectTo(url)
	if err != nil {
		return -1, err
	}
	defer conn.Close()
	js, err := conn.JetStream()
	if err != nil {
		return -1, err
	}
	info, err := js.StreamInfo(streamName)
	if errors.Is(err, nats.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return -1, err
	}
	return int64(info.State.Msgs), nil
}

const childEnv = "SALLYPORT_QUEUE_CHILD"

// TestMain is the program itself where a test has started it, to kill it. Otherwise it fails where a goroutine outlives
// the tests.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m,
		// After an error the library's reader of Redis Streams sleeps half a second before it looks whether it was
		// closed.
		goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream.(*Subscriber).read"))
}

// server is a broker at work.
type server struct {
	kind
	url    string
	file   string // the database of the workers
	engine *engine.Server
}

// eachBroker runs a test on every broker, with a server of its own.
func eachBroker(t *testing.T, test func(t *testing.T, s *server)) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.broker, func(t *testing.T) {
			t.Parallel()
			e, err := k.begin(engine.Options{Durable: true})
			engine.Need(t, err)
			require.NoError(t, err)
			t.Cleanup(func() { _ = e.Close() })
			s := &server{kind: k, url: k.scheme + e.Addr(), file: filepath.Join(t.TempDir(), "queue.db"), engine: e}
			s.await(t)
			test(t, s)
		})
	}
}

// kill ends the server without a chance to write anything more.
func (s *server) kill() { s.engine.Kill() }

// start starts it again, with what it kept.
func (s *server) start(t *testing.T) {
	t.Helper()
	require.NoError(t, s.engine.Start())
	s.await(t)
}

func (s *server) await(t *testing.T) {
	t.Helper()
	eventually(t, func() bool { _, err := s.stored(s.url); return err == nil }, "%s does not answer", s.broker)
}

// eventually waits for other processes, whose clocks are the machine's.
func eventually(t *testing.T, reached func() bool, message string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf(message, args...)
		}
	}
}
