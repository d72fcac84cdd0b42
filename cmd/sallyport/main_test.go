package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain fails where a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// command runs the command with an environment of its own, and a folder of its own for secrets.
type command struct {
	t   *testing.T
	env map[string]string
	in  string
}

func newCommand(t *testing.T) *command {
	t.Helper()
	return &command{t: t, env: map[string]string{"XDG_STATE_HOME": t.TempDir()}}
}

// run returns the exit status, standard output and standard error.
func (c *command) run(args ...string) (status int, out, err string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(c.t.Context(), args, streams{strings.NewReader(c.in), &stdout, &stderr},
		func(name string) string { return c.env[name] })
	return status, stdout.String(), stderr.String()
}

// good runs the command, which has to succeed, and returns its output.
func (c *command) good(args ...string) string {
	c.t.Helper()
	status, out, err := c.run(args...)
	require.Equal(c.t, good, status, "%s%s", out, err)
	return out
}

// endpoint is an app under test, which counts the events that its code handles.
type endpoint struct {
	*httptest.Server
	worked atomic.Int64
}

// serve serves an endpoint at /hook and its count at /runs. verify reports whether a delivery may be worked.
func serve(t *testing.T, timeout time.Duration, verify func(w http.ResponseWriter, r *http.Request) bool) *endpoint {
	t.Helper()
	e := &endpoint{}
	mux := http.NewServeMux()
	mux.HandleFunc("/runs", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strconv.FormatInt(e.worked.Load(), 10)))
	})
	mux.HandleFunc("/hook", func(w http.ResponseWriter, r *http.Request) {
		if verify(w, r) {
			e.worked.Add(1)
		}
	})
	e.Server = httptest.NewUnstartedServer(mux)
	e.Config.ReadTimeout = timeout
	e.Start()
	t.Cleanup(e.Close)
	return e
}

// lines is a writer that hands over whole lines as they come.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// waits until a text was written, and returns everything so far.
func (l *lines) waits(t *testing.T, text string) string {
	t.Helper()
	var all string
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		all = l.text.String()
		return strings.Contains(all, text)
	}, 20*time.Second, 5*time.Millisecond, "%q was not written", text)
	return all
}

// background runs a command until the test ends, and returns what it writes.
func (c *command) background(args ...string) *lines {
	c.t.Helper()
	out := &lines{}
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.t.Context()))
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, args, streams{strings.NewReader(""), out, out},
			func(name string) string { return c.env[name] })
	}()
	c.t.Cleanup(func() {
		cancel()
		require.Equal(c.t, good, <-ended, "%s", out.waits(c.t, ""))
	})
	return out
}
