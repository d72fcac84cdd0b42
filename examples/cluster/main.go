// Command cluster shows that nothing runs twice and nothing is lost: three receivers, one on each router, behind a
// round-robin share one replay store; a sender retries like a provider, and sends some events twice on purpose;
// receivers are restarted all the while. At the end it counts what ran how often. The last line of standard output is
// JSON:
//
//	{"sent":300,"retried":57,"run_once":300,"run_twice":0,"lost":0}
//
//	go -C examples run ./cluster                      # SQLite, nothing to install
//	go -C examples run ./cluster -store postgres      # starts one of its own, or -url postgres://...
//	go -C examples run ./cluster -store redis -kill   # SIGKILL in the midst of the work, not an orderly stop
//
// With a SQL store the receivers write in the transaction that says "done" (sqltx.Tx), so that even a receiver that
// is killed runs every event exactly once. With Redis the work and "done" are two steps: a receiver that is killed
// between them runs its event again. That is at least once, and what -kill shows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	if os.Getenv(roleVariable) != "" {
		os.Exit(receive(os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the arguments of the command.
type options struct {
	store, url string
	events     int
	restarts   int
	every      time.Duration
	kill       bool
	limit      time.Duration
}

// count is the last line.
type count struct {
	Sent     int `json:"sent"`
	Retried  int `json:"retried"`
	RunOnce  int `json:"run_once"`
	RunTwice int `json:"run_twice"`
	Lost     int `json:"lost"`
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command(ctx, args, os.Executable, stdout, stderr)
}

// command is run with receivers that are processes of another program than this one.
func command(ctx context.Context, args []string, program func() (string, error), stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.store, "store", "sqlite", "the shared replay `store`: sqlite, redis, postgres or mysql")
	flags.StringVar(&o.url, "url", "",
		"`URL` of the database, in the form of its driver; default: one is started, and removed at the end")
	flags.IntVar(&o.events, "events", 300,
		"how many events are sent at least; more, as long as receivers are restarted")
	flags.IntVar(&o.restarts, "restarts", 12, "how often a receiver is restarted")
	flags.DurationVar(&o.every, "every", 300*time.Millisecond, "the `time` between two restarts, about")
	flags.BoolVar(&o.kill, "kill", false, "restart by SIGKILL, in the midst of the work")
	flags.DurationVar(&o.limit, "limit", 3*time.Minute, "give up after this time")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 || o.events < 1 || o.restarts < 0 || o.every <= 0 {
		_, _ = fmt.Fprintln(stderr, "cluster: -events must be at least 1, -restarts not negative, -every positive; "+
			"there are no other arguments; see -h")
		return 2
	}
	binary, err := program()
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "cluster:", err)
		return 1
	}
	return report(ctx, &o, binary, stdout, stderr)
}

// report runs the cluster, whose receivers are processes of binary, and prints what came of it.
func report(ctx context.Context, o *options, binary string, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	c, err := conduct(ctx, o, binary, stdout, &lockedWriter{w: stderr})
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "cluster:", err)
		return 1
	}
	line, err := json.Marshal(c)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "cluster:", err)
		return 1
	}
	_, _ = fmt.Fprintf(stdout, "%d events sent, %d attempts more; %d ran once, %d more than once, %d never\n%s\n",
		c.Sent, c.Retried, c.RunOnce, c.RunTwice, c.Lost, line)
	atLeastOnce := o.kill && o.store == "redis"
	if c.Lost > 0 || (c.RunTwice > 0 && !atLeastOnce) {
		return 1
	}
	return 0
}

// lockedWriter is the standard error of several processes.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write writes.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
