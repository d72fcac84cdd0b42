package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// app is the receiver and the worker, on one pool of connections. The pool needs more connections than there are
// deliveries at a time, for each holds one while its signal runs.
type app struct {
	store  *sqlstore.Store
	driver *riverdatabasesql.Driver
	jobs   *river.Client[*sql.Tx]
}

func newApp(ctx context.Context, db *sql.DB, logger *slog.Logger, works bool) (*app, error) {
	driver := riverdatabasesql.New(db)
	if err := migrate(ctx, db, driver, logger); err != nil {
		return nil, err
	}
	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, "river-example", sqlstore.WithLogger(logger))
	if err != nil {
		return nil, err
	}
	config := &river.Config{Logger: logger}
	if works {
		config.Workers = river.NewWorkers()
		river.AddWorker(config.Workers, &eventWorker{db: db, work: recordPayment})
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}}
		// Through database/sql River hears of no notifications, and asks for jobs.
		config.PollOnly, config.FetchPollInterval = true, 500*time.Millisecond
	}
	jobs, err := river.NewClient(driver, config)
	if err != nil {
		return nil, err
	}
	return &app{store: store, driver: driver, jobs: jobs}, nil
}

// migrate makes the tables that are missing. An app with a migration tool gives it sqlstore.Schema and River's files.
func migrate(ctx context.Context, db *sql.DB, driver *riverdatabasesql.Driver, logger *slog.Logger) error {
	if err := sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL); err != nil {
		return err
	}
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("making River's tables: %w", err)
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS payments (identity text PRIMARY KEY, event text NOT NULL)")
	return err
}

// receiver is the guarded route. c says what differs between the program and its tests.
func (a *app) receiver(c core.Config) (http.Handler, error) {
	c.Endpoint, c.Provider, c.Replay = "stripe", provider.Stripe(), a.store
	guard, err := core.New(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, a.signals())
	return mux, nil
}

func (a *app) signals() *core.Signals {
	signals := core.NewSignals()
	signals.On("invoice.*", a.enqueue)
	return signals
}

// enqueue is the whole hand-over: the guard writes "done" in the same transaction, and commits it.
func (a *app) enqueue(_ context.Context, e core.Event) error {
	tx, err := sqltx.Tx(e.Context())
	if err != nil {
		return err
	}
	_, err = a.jobs.InsertTx(e.Context(), tx, eventArgs{
		Identity: e.Identity.String(), ID: e.ID, Type: e.Type, Payload: e.Payload,
	}, nil)
	return err
}
