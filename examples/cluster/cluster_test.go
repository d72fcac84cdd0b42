package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// receiverBinary builds the command without the race detector: it is started hundreds of times.
var receiverBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cluster-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "cluster")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return binary, err
})

// More tests run at a time than there are processors, because they mostly wait for programs to start; -parallel says
// otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	code := m.Run()
	if binary, err := receiverBinary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func binaryOf(t *testing.T) string {
	t.Helper()
	binary, err := receiverBinary()
	require.NoError(t, err)
	return binary
}

// rounds is how often receivers are killed; "make crash" asks for 200.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SALLYPORT_CRASH_ROUNDS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// TestNothingRunsTwiceAndNothingIsLost kills receivers with SIGKILL at random moments. In a SQL transaction the work
// and "done" are one step; with Redis they are two, and what falls between them runs again.
func TestNothingRunsTwiceAndNothingIsLost(t *testing.T) {
	for _, row := range []struct {
		name  string
		o     options
		twice bool
	}{
		{"SQLite, killed", options{store: inSQLite, kill: true}, false},
		{"Redis, killed", options{store: inRedis, kill: true}, true},
		{"PostgreSQL, killed", options{store: inPostgres, kill: true}, false},
		{"MariaDB, killed", options{store: inMySQL, kill: true}, false},
		{"Redis, restarted in an orderly way", options{store: inRedis}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.o.events, row.o.restarts, row.o.every, row.o.limit = 300, rounds(t), 50*time.Millisecond, 8*time.Minute
			var stdout, stderr bytes.Buffer
			code := report(t.Context(), &row.o, binaryOf(t), &stdout, &stderr)
			if text := stderr.String(); strings.Contains(text, "is not installed") {
				engine.Need(t, &engine.MissingError{Program: row.o.store, Package: strings.TrimSpace(text)})
			}
			lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
			var c count
			require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &c), "%s%s", stdout.String(),
				stderr.String())
			require.Zero(t, c.Lost)
			if !row.twice {
				require.Zero(t, c.RunTwice)
			}
			require.GreaterOrEqual(t, c.Sent, 300)
			require.Equal(t, c.Sent, c.RunOnce+c.RunTwice)
			require.Positive(t, c.Retried)
			require.Zero(t, code)
			t.Logf("%+v", c)
		})
	}
}

// TestEqualDeliveriesToThreeProcessesRunOneSignal sends 64 of one event at once.
func TestEqualDeliveriesToThreeProcessesRunOneSignal(t *testing.T) {
	for _, store := range []string{inSQLite, inRedis, inPostgres, inMySQL} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			url, closing, err := startDatabase(store, "")
			var missing *engine.MissingError
			if errors.As(err, &missing) {
				engine.Need(t, missing)
			}
			require.NoError(t, err)
			defer closing()
			work, err := openWork(t.Context(), store, url)
			require.NoError(t, err)
			defer func() { require.NoError(t, work.close()) }()
			require.NoError(t, work.prepare(t.Context()))
			c := &cluster{binary: binaryOf(t), store: store, url: url, stderr: io.Discard}
			defer c.stop()
			for i := range receivers {
				require.NoError(t, c.start(context.WithoutCancel(t.Context()), i))
			}
			front := httptest.NewServer(c)
			defer front.Close()
			s := &sender{url: front.URL + path}
			client := &http.Client{Timeout: time.Minute}
			for round := range 5 {
				// Until one succeeds: the app has its bad days.
				for ok := false; !ok; {
					var group sync.WaitGroup
					accepted := make(chan bool, 64)
					for range 64 {
						group.Go(func() { accepted <- s.attempt(t.Context(), client, round) == nil })
					}
					group.Wait()
					close(accepted)
					for a := range accepted {
						ok = ok || a
					}
				}
				runs, err := work.runs(t.Context())
				require.NoError(t, err)
				require.Equal(t, 1, runs[eventID(round)])
			}
		})
	}
}

func TestWrongArgumentsAreSaid(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a store that nobody knows", []string{"-store", "disk"}, 1,
			`-store must be sqlite, redis, postgres or mysql, not "disk"`},
		{"no events", []string{"-events", "0"}, 2, "-events must be at least 1"},
		{"an argument too many", []string{"x"}, 2, "no other arguments"},
		{"a time too short", []string{"-limit", "4s", "-restarts", "0", "-events", "1000000"}, 1,
			"acknowledged in time"},
		{"help", []string{"-h"}, 0, "the shared replay"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			require.Equal(t, row.code,
				command(t.Context(), row.args, func() (string, error) { return receiverBinary() }, &stdout, &stderr))
			require.Contains(t, stderr.String(), row.want)
		})
	}
}
