package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core"
)

// Timeouts of the server. What a simulated delay takes comes on top.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = time.Minute
	drainTimeout  = 15 * time.Second
	maxHeader     = 64 << 10
)

// serve receives until ctx ends, and then finishes what has begun.
func serve(
	ctx context.Context, c *config, endpoints []*endpoint, o *Options, out *output, stderr io.Writer,
	logger *slog.Logger,
) error {
	for _, e := range endpoints {
		if err := e.wait.tryOut(); err != nil {
			return err
		}
	}
	app, err := newApp(c.router, endpoints, logger)
	if err != nil {
		return err
	}
	defer app.follow(ctx)()
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	// The name localhost was taken for loopback; here is its address.
	if addr, ok := ln.Addr().(*net.TCPAddr); c.needsLoopback() != "" && (!ok || !addr.IP.IsLoopback()) {
		_ = ln.Close()
		return fmt.Errorf("%s needs a loopback address, and %s came to %s", c.needsLoopback(), c.listen, ln.Addr())
	}
	server := &http.Server{
		Handler:           app,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout + c.longestDelay(),
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	for _, mistake := range core.CheckServer(server) {
		logger.Warn("the server lacks a limit", "error", mistake)
	}
	if !c.clock.IsZero() {
		// A tunnel or a proxy to the loopback address would let unverified senders replay what was fresh then.
		logger.Warn("the clock is frozen: what was fresh then stays fresh; for this machine alone", "clock", c.clock)
	}
	endPage, err := c.shown.serve(o, app, stderr, logger)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if err := out.print(map[string]string{"listening": ln.Addr().String()}); err != nil {
		return errors.Join(err, ln.Close(), endPage(ctx))
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	var failed error
	select {
	case failed = <-ended:
	case <-ctx.Done():
		logger.Info("draining")
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout+c.longestDelay())
	defer cancel()
	return errors.Join(failed, drain(bound, server, app), endPage(bound))
}

// drain waits for what has begun, and until its lines are printed.
func drain(ctx context.Context, server *http.Server, app *app) error {
	err := server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("deliveries were cut off: %w", err), server.Close())
	}
	return errors.Join(err, app.flush(ctx))
}

func (c *config) longestDelay() time.Duration {
	longest := time.Duration(0)
	for _, e := range c.endpoints {
		longest = max(longest, e.simulate.delay)
	}
	return longest
}
