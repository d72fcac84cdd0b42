package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// app is the receiver and the worker, on one pool of connections. The pool needs more connections than there are
// deliveries at a time, for each holds one while its signal runs.
type app struct {
	store *sqlstore.Store
	kept  *journal.Journal
	jobs  *river.Client[*sql.Tx]
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
	kept, err := sqljournal.New(ctx, store, journal.Config{})
	if err != nil {
		return nil, err
	}
	config := &river.Config{Logger: logger}
	if works {
		riverinbox.AddTo(config, work(), riverinbox.Config{DB: db, Journal: kept, MaxWorkers: 10})
	}
	jobs, err := river.NewClient(driver, config)
	if err != nil {
		return nil, err
	}
	return &app{store: store, kept: kept, jobs: jobs}, nil
}

// migrate makes the tables that are missing. An app with a migration tool gives it the schemas of sqlstore and
// sqljournal, and River's files.
func migrate(ctx context.Context, db *sql.DB, driver *riverdatabasesql.Driver, logger *slog.Logger) error {
	if err := sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL); err != nil {
		return err
	}
	if err := sqljournal.Migrate(ctx, sqljournal.In(db, sqlstore.PostgreSQL, "river-example")); err != nil {
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
	c.Endpoint, c.Provider, c.Replay, c.Journal = "stripe", provider.Stripe(), a.store, a.kept
	guard, err := core.New(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/webhooks/stripe", guard, a.route())
	return mux, nil
}

// route is what happens before the answer: the guard writes "done" in the transaction of the job, and commits it.
func (a *app) route() *core.Signals {
	route := core.NewSignals()
	route.On("invoice.*", riverinbox.Enqueue(a.jobs))
	return route
}

// work is what happens after the answer, in the transaction that completes the job.
func work() *core.Signals {
	signals := core.NewSignals()
	signals.On("invoice.*", recordPayment)
	return signals
}

// recordPayment is the work of this example.
func recordPayment(ctx context.Context, e core.Event) error {
	tx, err := sqltx.Tx(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO payments (identity, event) VALUES ($1, $2)", e.Identity.String(), e.ID)
	return err
}
