package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// What a receiver's process is told by its environment.
const (
	roleVariable  = "SALLYPORT_CLUSTER_ROUTER"
	storeVariable = "SALLYPORT_CLUSTER_STORE"
	urlVariable   = "SALLYPORT_CLUSTER_URL"
)

const (
	path   = "/hooks/stripe"
	secret = "whsec_an-example-that-protects-nothing"
	lease  = 2 * time.Second
)

// routers are what the receivers run on.
var routers = [receivers]string{"gin", "echo", "chi"} //lint:immutable a table

// receive is one receiver: it prints where it listens, and drains when it is asked to stop or when its standard input
// ends.
func receive(stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if err := serve(ctx, stdout, logger); err != nil {
		logger.Error("receiver", "error", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, stdout io.Writer, logger *slog.Logger) error {
	kind, url := os.Getenv(storeVariable), os.Getenv(urlVariable)
	store, closing, err := openStore(ctx, kind, url, logger)
	if err != nil {
		return err
	}
	defer func() { _ = closing() }()
	work, err := openWork(ctx, kind, url)
	if err != nil {
		return err
	}
	defer func() { _ = work.close() }()
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret),
		Replay: store, Limits: core.Limits{Lease: lease}, Logger: logger,
		DangerouslyAllowHTTP: true, // between processes of one machine
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: mount(os.Getenv(roleVariable), guard, work), MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute,
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(stdout, ln.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(bound)
}

// mount puts the guard and the receiver's work on a router.
func mount(router string, guard *core.Guard, work *work) http.Handler {
	signals := core.NewSignals()
	signals.On("order.*", func(_ context.Context, e core.Event) error { return handle(e, work) })
	switch router {
	case "gin":
		gin.SetMode(gin.ReleaseMode)
		r := gin.New()
		ginwebhook.Handle(r, path, guard, signals)
		return r
	case "echo":
		r := echo.New()
		echowebhook.Handle(r, path, guard, signals)
		return r
	default:
		r := chi.NewRouter()
		chiwebhook.Handle(r, path, guard, signals)
		return r
	}
}

var errBadDay = errors.New("the app has a bad day")

// handle does an event's work, which takes a while, and at times fails before or after it was done: what was done in a
// transaction is then undone.
func handle(e core.Event, work *work) error {
	ctx := e.Context()
	if rand.IntN(20) == 0 {
		return errBadDay
	}
	if err := work.do(ctx, e.ID); err != nil {
		return err
	}
	time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	if work.undoes() && rand.IntN(20) == 0 {
		return errBadDay
	}
	return ctx.Err()
}
