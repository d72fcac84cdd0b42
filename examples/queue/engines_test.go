package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// engine is a real broker, which the tests start, kill and start again.
type engine struct {
	broker  string
	program string // also Debian's name of the package
	url     string
	args    func(dir, port string) []string
	connect func(context.Context, settings, watermill.LoggerAdapter) (*broker, error)

	// stored counts the messages in the queue, left those that no worker has acknowledged.
	stored, left func(url string) (int64, error)
}

func engines() []engine {
	return []engine{
		{
			broker: "redis", program: "redis-server", url: "redis://127.0.0.1:", connect: connectRedis,
			args: func(dir, port string) []string {
				return []string{"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always"}
			},
			stored: func(url string) (int64, error) {
				return withRedis(url, func(c *redis.Client) (int64, error) { return c.XLen(context.Background(), topic).Result() })
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
			broker: "nats", program: "nats-server", url: "nats://127.0.0.1:", connect: connectNATS,
			args: func(dir, port string) []string {
				return []string{"-js", "-sd", dir, "-a", "127.0.0.1", "-p", port}
			},
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

// TestMain says loudly which tests do not run. As a child of a test it is the program itself, to be killed.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	for _, e := range engines() {
		if e.find() == "" {
			fmt.Fprintf(os.Stderr, `
**********************************************************************
** NO %s: every test of the hand-over to it DOES NOT RUN.
** Install it: apt-get install %s
** SALLYPORT_REQUIRE_ENGINES=1 makes this a failure.
**********************************************************************
`, strings.ToUpper(e.program), e.program)
		}
	}
	os.Exit(m.Run())
}

// find looks in the PATH and where Debian puts servers.
func (e *engine) find() string {
	for _, name := range []string{e.program, filepath.Join("/usr/sbin", e.program)} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// eachEngine runs a test on every broker, with a server of its own.
func eachEngine(t *testing.T, test func(t *testing.T, s *server)) {
	t.Parallel()
	for _, e := range engines() {
		t.Run(e.broker, func(t *testing.T) {
			t.Parallel()
			path := e.find()
			if path == "" {
				if os.Getenv("SALLYPORT_REQUIRE_ENGINES") == "1" {
					t.Fatalf("%s is required and not there: apt-get install %s", e.program, e.program)
				}
				t.Skipf("NOT RUN: %s is not there: apt-get install %s", e.program, e.program)
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
			require.NoError(t, listener.Close())
			s := &server{engine: e, url: e.url + port, command: append([]string{path}, e.args(t.TempDir(), port)...)}
			t.Cleanup(s.kill)
			s.start(t)
			test(t, s)
		})
	}
}

// server is an engine at work.
type server struct {
	engine
	url     string
	command []string
	pid     int
	stdin   io.Closer
	over    chan error
}

// start starts the server, with what it kept, and waits until it answers. A shell stands between, which ends it when its
// standard input does: when this process dies.
func (s *server) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `"$@" >/dev/null 2>&1 </dev/null & echo $!; cat; kill -9 $! 2>/dev/null; wait $!`, "sh"}, s.command...)...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	s.stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	s.pid, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	over := make(chan error, 1)
	s.over = over
	go func() { over <- cmd.Wait() }()
	eventually(t, func() bool { _, err := s.stored(s.url); return err == nil }, "%s does not answer", s.program)
}

// kill ends the server without a chance to write anything more, and waits.
func (s *server) kill() {
	if s.over == nil {
		return
	}
	_ = syscall.Kill(s.pid, syscall.SIGKILL)
	_ = s.stdin.Close()
	<-s.over
	s.over = nil
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
