// Package receiver receives webhooks for any set of senders on any router, and prints a JSON line for each: "sallyport
// serve". "sallyport doctor" reads the same configuration.
package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/sallyport-go/sallyport/core/replay"
)

// ErrFailed is returned for what was printed to standard error already: mistakes in the configuration, a line each, or
// a line of the log.
var ErrFailed = errors.New("it was printed")

// Streams are what a run writes: JSON lines, and the log.
type Streams struct{ Out, Err io.Writer }

// Serve receives until ctx ends, and then drains. The opener opens the databases that the configuration names; nil:
// the program links none. Its error is [ErrFailed].
func Serve(ctx context.Context, o *Options, opener Opener, s Streams) error {
	return o.with(ctx, opener, s, func(c *config, endpoints []*endpoint, out *output, logger *slog.Logger) error {
		if err := serve(ctx, c, endpoints, o, out, s.Err, logger); err != nil {
			logger.Error("receiver", "error", err)
			return ErrFailed
		}
		return nil
	})
}

// with makes the endpoints of the configuration with their stores, lets work use them, and closes the stores.
func (o *Options) with(
	ctx context.Context, opener Opener, s Streams,
	work func(*config, []*endpoint, *output, *slog.Logger) error,
) error {
	logger := slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: o.level}))
	out := &output{w: s.Out}
	var m mistakes
	c := o.config(&m)
	// A trial first: a mistake must not cost a connection, and what guards log at their start would hide mistakes.
	trial := newStores(logger, nil)
	c.build(func(e *endpointConfig) (replay.Store, error) { return trial.trial(e), nil }, out,
		slog.New(slog.DiscardHandler), &m)
	_ = trial.closeAll() // in memory, and empty
	if err := m.err(); err != nil {
		_, _ = fmt.Fprintln(s.Err, err)
		return ErrFailed
	}
	if o.Page != "" {
		var err error
		if c.shown, err = newShown(); err != nil {
			return err
		}
	}
	opened := newStores(logger, opener)
	endpoints := c.build(func(e *endpointConfig) (replay.Store, error) { return opened.open(ctx, e) }, out, logger, &m)
	err := m.err()
	if err != nil {
		_, _ = fmt.Fprintln(s.Err, err)
		err = ErrFailed
	} else {
		err = work(c, endpoints, out, logger)
	}
	if closing := opened.closeAll(); closing != nil {
		logger.Error("receiver", "error", closing)
		err = errors.Join(err, ErrFailed)
	}
	return err
}
