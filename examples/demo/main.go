// Command demo shows the module at work: it receives webhooks through every supported router on the loopback
// interface, sends genuine and forged deliveries over real HTTP, and prints what became of each.
//
//	go -C examples run ./demo          # one table; exit status 1 if any answer is wrong
//	go -C examples run ./demo -serve   # goes on serving and prints curl lines to try
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// limit bounds a run: it is long past what the slowest machine needs.
const limit = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, cases)
	stop()
	os.Exit(code)
}

// run is main without the process. makeCases is an argument so that a test can make an expectation wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, makeCases func(*server) []group) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	serving := flags.Bool("serve", false, "go on serving and print curl lines to try, until interrupted")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if err := demo(ctx, *serving, stdout, makeCases); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func demo(ctx context.Context, serving bool, stdout io.Writer, makeCases func(*server) []group) error {
	k, err := newKeys()
	if err != nil {
		return err
	}
	if serving {
		return serve(ctx, k, stdout)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	results, err := sendAll(ctx, k, makeCases)
	if err != nil {
		return err
	}
	return printTable(stdout, results, time.Since(start))
}
