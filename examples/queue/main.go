// Command queue acknowledges webhooks as soon as a broker has them, and does the work later: nothing is lost between
// the two, whatever crashes.
//
//	STRIPE_SECRET=whsec_... go -C examples run ./queue -broker redis -url redis://127.0.0.1:6379
//	STRIPE_SECRET=whsec_... go -C examples run ./queue -broker nats -url nats://127.0.0.1:4222
//
// It receives on /webhooks/stripe and works, in one process; -role receive and -role work make two of it, and either
// can be stopped, killed and started again while the other runs. Each piece of work prints a line of JSON. What to see:
//
//   - The 200 is sent once the broker has confirmed the event. While the broker is down it is a 500, and the provider's
//     retry hands the event over when the broker is back.
//   - A duplicate delivery is answered 200 by the guard and not published again. What the guard cannot see (it was
//     restarted with a memory of its own; a publish arrived whose confirmation was lost) comes twice with the same
//     UUID, and the worker, which remembers in the database -db what it has done, leaves it out.
//   - A worker that dies has not acknowledged what it was working on: another one gets it, at the latest after
//     -takeover. What it wrote in the transaction of the event (sqltx.Tx) is rolled back; work elsewhere is done twice.
//   - What fails is tried again, a few times. Then it is parked in the journal, in the same database, and its message
//     is acknowledged: nothing waits behind it for ever. "sallyport redrive", or core.Redriver with its Inbox, runs it
//     again.
//
// What a broker confirms is as safe as the broker is set up to keep it. Redis forgets a second of confirmed messages in
// a crash unless it runs with "--appendonly yes --appendfsync always", and keeps the stream only with a
// maxmemory-policy that does not evict it. NATS (nats-server -js -sd FOLDER) writes to files, by default without
// waiting for the disk: from 2.10 "sync_interval: always" waits; a stream of several replicas is the other answer to a
// machine that loses power.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/nats-io/nats.go"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

type settings struct {
	broker, url  string
	role         string
	addr         string
	db           string
	takes        time.Duration
	takeover     time.Duration
	insecureHTTP bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "queue:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("queue", flag.ContinueOnError)
	flags.StringVar(&s.broker, "broker", "redis", "redis (Redis Streams) or nats (NATS JetStream)")
	flags.StringVar(&s.url, "url", "", "where the broker is; by default on this machine, on its usual port")
	flags.StringVar(&s.role, "role", "both", "receive, work or both")
	flags.StringVar(&s.db, "db", "queue.db", "the SQLite database in which workers remember, and park what fails")
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to receive")
	flags.DurationVar(&s.takes, "takes", 0, "how long each piece of work takes")
	flags.DurationVar(&s.takeover, "takeover", time.Minute,
		"when another worker takes over what was not acknowledged; longer than any work takes")
	flags.BoolVar(&s.insecureHTTP, "dangerously-allow-http", false, "receive over plain HTTP, for a try on one machine")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	connect, usual := connectRedis, "redis://127.0.0.1:6379"
	switch s.broker {
	case "redis":
	case "nats":
		connect, usual = connectNATS, nats.DefaultURL
	default:
		return fmt.Errorf("-broker %q is neither redis nor nats", s.broker)
	}
	s.url = cmp.Or(s.url, usual)
	for part := range strings.SplitSeq(s.url, ",") { // NATS takes several
		if _, err := url.Parse(part); err != nil {
			return errors.New("-url is no URL") // and may hold a password, which the error would quote
		}
	}
	receives, works := s.role != "work", s.role != "receive"
	if receives && works && s.role != "both" {
		return fmt.Errorf("-role %q is none of receive, work and both", s.role)
	}
	if s.takeover <= 0 {
		return fmt.Errorf("-takeover %v is not positive", s.takeover)
	}
	b, err := connect(ctx, s, watermill.NewSlogLogger(logger))
	if err != nil {
		return err
	}
	defer b.close()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	running := 0
	if works {
		running++
		memory, err := openMemory(ctx, s.db)
		if err != nil {
			return err
		}
		defer memory.close()
		w := &worker{broker: b, handle: memory.handler(printing(stdout, s.takes), s.takeover, logger), logger: logger}
		go func() { ended <- w.run(ctx) }()
	}
	if receives {
		handler, err := newReceiver(b, core.Config{
			Secrets:              secrets.FromEnv("STRIPE_SECRET", "STRIPE_SECRET_OLD"),
			TrustedProxies:       core.PrivateNetworks,
			DangerouslyAllowHTTP: s.insecureHTTP,
		})
		if err != nil {
			return err
		}
		running++
		go func() { ended <- serve(ctx, s.addr, handler) }()
	}
	// What ends first ends the other.
	for range running {
		err = errors.Join(err, <-ended)
		cancel()
	}
	return err
}

// newReceiver fills in what the example decides. A receiver that remembers in a store which all of them share would
// publish less twice; the worker has to leave duplicates out either way.
func newReceiver(b *broker, c core.Config) (http.Handler, error) {
	c.Endpoint, c.Provider = "stripe", provider.Stripe()
	if c.Replay == nil {
		c.Replay = memstore.New()
	}
	guard, err := core.New(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, signalsTo(b))
	return mux, nil
}

func serve(ctx context.Context, addr string, handler http.Handler) error {
	server := &http.Server{
		Addr: addr, Handler: handler, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		// What is being handed over is finished, not cut off.
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(wait)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
