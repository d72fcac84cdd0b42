// Command river answers webhooks at once and does the work in jobs, in one PostgreSQL database: the job is enqueued in
// the transaction that says "done" of the event, and the work is done in the transaction that completes the job.
//
//	STRIPE_SECRET=whsec_... go -C examples run ./river -url 'postgres://owner@127.0.0.1/app?sslmode=disable'
//
// It receives on /webhooks/stripe and works, in one process; -role receive and -role work make two of it. The tables
// are created at start where they are missing: River's, the replay store's (sallyport_replay), the journal's
// (sallyport_journal), and the work's (payments).
//
//   - The job and "done" are committed together, or neither is: whatever crashes, an event that was answered 200 has
//     one job, and one that was not is sent again. There is no broker that could be down while the database is up.
//   - A duplicate delivery is answered 200 and enqueues nothing, for as long as the replay store remembers.
//   - Work in the database is done exactly once. Work elsewhere (a mail, a call to another service) is done at least
//     once: give the service Event.Identity as an idempotency key.
//   - What fails ten times, or for good, is parked in the journal in the transaction that completes the job. An
//     operator sees it there, and core.Redriver with its Inbox runs it again.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("river", flag.ContinueOnError)
	url := flags.String("url", "", "the URL of a PostgreSQL database")
	role := flags.String("role", "both", "receive, work or both")
	addr := flags.String("addr", "127.0.0.1:8080", "where to receive")
	insecureHTTP := flags.Bool("dangerously-allow-http", false, "receive over plain HTTP, for a try on one machine")
	if err := flags.Parse(args); err != nil {
		return err
	}
	receives, works := *role != "work", *role != "receive"
	if receives && works && *role != "both" {
		return fmt.Errorf("-role %q is none of receive, work and both", *role)
	}
	if *url == "" {
		return errors.New("-url is missing")
	}
	db, err := sql.Open("pgx", *url)
	if err != nil {
		// and may hold a password, which the error would quote
		return errors.New("-url is no URL of a PostgreSQL database")
	}
	defer func() { _ = db.Close() }()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	app, err := newApp(ctx, db, logger, works)
	if err != nil {
		return err
	}
	if works {
		if err := app.jobs.Start(ctx); err != nil {
			return err
		}
		defer func() {
			wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			_ = app.jobs.Stop(wait) // a job that is cut off is not completed, and runs again
		}()
	}
	if !receives {
		<-ctx.Done()
		return nil
	}
	handler, err := app.receiver(core.Config{
		Secrets:              secrets.FromEnv("STRIPE_SECRET", "STRIPE_SECRET_OLD"),
		TrustedProxies:       core.PrivateNetworks,
		DangerouslyAllowHTTP: *insecureHTTP,
	})
	if err != nil {
		return err
	}
	return serve(ctx, *addr, handler)
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
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(wait)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
