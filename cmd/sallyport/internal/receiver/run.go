// Package receiver is the receiver that examples/receiver runs. It is a package so that examples/doctor can read the
// same configuration.
package receiver

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Main is the program. It ends the process. The opener opens the databases that the configuration names.
func Main(opener Opener) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], opener, os.Stdout, os.Stderr))
}

// run is Main without the process: it returns the exit status. Ending ctx drains.
func run(ctx context.Context, args []string, opener Opener, stdout, stderr io.Writer) int {
	opts, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	out := &output{w: stdout, logger: logger}
	var m mistakes
	c := opts.config(&m)
	// A trial first: a mistake must not cost a connection, and what guards log at their start is noise beside mistakes.
	trial := newStores(logger, nil)
	c.build(func(e *endpointConfig) (replay.Store, error) { return trial.trial(e), nil }, out,
		slog.New(slog.DiscardHandler), &m)
	_ = trial.closeAll() // in memory, and empty
	if err := m.err(); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	opened := newStores(logger, opener)
	endpoints := c.build(func(e *endpointConfig) (replay.Store, error) { return opened.open(ctx, e) }, out, logger, &m)
	err = m.err()
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, err)
	case len(opts.forget) > 0:
		if err = forget(ctx, c, endpoints, opts, out); err != nil {
			logger.Error("receiver", "error", err)
		}
	default:
		if err = serve(ctx, c, endpoints, out, stderr, logger); err != nil {
			logger.Error("receiver", "error", err)
		}
	}
	if closing := opened.closeAll(); closing != nil {
		logger.Error("receiver", "error", closing)
		err = errors.Join(err, closing)
	}
	if err != nil {
		return 1
	}
	return 0
}
