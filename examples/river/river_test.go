package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/engine"
)

const secret = "whsec_made-up-for-tests-0123456789abcdef"

// bench is a database of its own, and the app on it.
type bench struct {
	engine *engine.Server
	url    string
	db     *sql.DB
	app    *app
}

func newBench(t *testing.T, works bool) *bench {
	t.Helper()
	e, err := engine.PostgreSQL(engine.Options{Durable: true})
	engine.Need(t, err)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	b := &bench{engine: e, url: "postgres://owner@" + e.Addr() + "/postgres?sslmode=disable"}
	b.db, err = sql.Open("pgx", b.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.db.Close() })
	b.app, err = newApp(t.Context(), b.db, slog.New(slog.DiscardHandler), works)
	require.NoError(t, err)
	return b
}

// count gives the number that a query returns.
func (b *bench) count(t *testing.T, query string) int {
	t.Helper()
	var n int
	require.NoError(t, b.db.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func (b *bench) jobs(t *testing.T) int {
	t.Helper()
	return b.count(t, "SELECT count(*) FROM river_job")
}

// done counts events. What is kept for longer than a year is the marker of the endpoint.
func (b *bench) done(t *testing.T) int {
	t.Helper()
	return b.count(t, "SELECT count(*) FROM sallyport_replay WHERE ends_at < done_at + 31536000000000")
}

// receiver is a guarded route behind TLS, as a provider sees it.
type receiver struct {
	*httptest.Server
	guard *core.Guard
}

// receive starts a receiver whose signals the test may add to.
func (b *bench) receive(t *testing.T, add func(*core.Signals)) *receiver {
	t.Helper()
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: b.app.store,
		Journal: b.app.kept,
		Logger:  slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	signals := b.app.route()
	if add != nil {
		add(signals)
	}
	r := &receiver{httptest.NewTLSServer(httpwebhook.Verify(guard)(httpwebhook.Dispatch(signals))), guard}
	t.Cleanup(r.Close)
	return r
}

const body = `{"id":"evt_%d","type":"invoice.paid","data":{"object":{"memo":"\u0000"}}}`

func (r *receiver) deliver(t *testing.T, event int) int {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+"/webhooks/stripe",
		bytes.NewReader(fmt.Appendf(nil, body, event)))
	require.NoError(t, err)
	q.Header.Set("Content-Type", "application/json")
	require.NoError(t, webhooktest.Sign(q, provider.Stripe(), secret, time.Now()))
	resp, err := r.Client().Do(q)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

func eventually(t *testing.T, reached func() bool, message string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(message)
		}
	}
}

func TestTheJobAndDoneAreOneTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	r := b.receive(t, nil)
	require.Equal(t, 200, r.deliver(t, 1))
	// xmin is the transaction that wrote a row.
	require.Equal(t, 1, b.count(t,
		"SELECT count(*) FROM river_job j JOIN sallyport_replay r ON j.xmin = r.xmin WHERE r.done_at IS NOT NULL"))
	require.Equal(t, 1, b.jobs(t))
	require.Equal(t, 1, b.done(t))
}

func TestADuplicateDeliveryEnqueuesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	first, second := b.receive(t, nil), b.receive(t, nil)
	var wait sync.WaitGroup
	for i := range 16 {
		r := first
		if i%2 == 1 {
			r = second
		}
		wait.Go(func() { r.deliver(t, 1) })
	}
	wait.Wait()
	require.Equal(t, 200, second.deliver(t, 1))
	require.Equal(t, 1, b.jobs(t))
}

func TestASignalThatFailsLeavesNoJob(t *testing.T) {
	t.Parallel()
	rows := map[string]func() error{
		"with an error": func() error { return errors.New("not today") },
		"by a panic":    func() error { panic("not today") },
	}
	for name, fail := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, false)
			failing := true
			r := b.receive(t, func(s *core.Signals) {
				s.On("*", func(_ context.Context, _ core.Event) error {
					if failing {
						return fail()
					}
					return nil
				})
			})
			require.Equal(t, 500, r.deliver(t, 1))
			require.Zero(t, b.jobs(t))
			require.Zero(t, b.done(t))
			failing = false
			require.Equal(t, 200, r.deliver(t, 1))
			require.Equal(t, 1, b.jobs(t))
			require.Equal(t, 1, b.done(t))
		})
	}
}

func TestAClaimThatIsLostLeavesNoJob(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	var r *receiver
	forgotten := false
	r = b.receive(t, func(s *core.Signals) {
		s.On("*", func(_ context.Context, e core.Event) error {
			if forgotten {
				return nil
			}
			forgotten = true
			return r.guard.Forget(context.WithoutCancel(e.Context()), e.Identity)
		})
	})
	require.GreaterOrEqual(t, r.deliver(t, 1), 500)
	require.Zero(t, b.jobs(t))
	require.Equal(t, 200, r.deliver(t, 1))
	require.Equal(t, 1, b.jobs(t))
}

func TestWhatWasAnsweredSurvivesTheDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	r := b.receive(t, nil)
	require.Equal(t, 200, r.deliver(t, 1))
	b.engine.Kill()
	require.Equal(t, 503, r.deliver(t, 2))
	require.NoError(t, b.engine.Start())
	eventually(t, func() bool { return r.deliver(t, 2) == 200 }, "the retry does not get through")
	require.Equal(t, 2, b.jobs(t))
	require.Equal(t, 2, b.done(t))
	require.Equal(t, 200, r.deliver(t, 1))
	require.Equal(t, 2, b.jobs(t))
}

func TestTheWorkAndTheJobsEndAreOneTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t, true)
	r := b.receive(t, nil)
	for i := range 5 {
		require.Equal(t, 200, r.deliver(t, i))
	}
	require.NoError(t, b.app.jobs.Start(t.Context()))
	t.Cleanup(func() { _ = b.app.jobs.Stop(context.Background()) })
	eventually(t, func() bool { return b.count(t, "SELECT count(*) FROM river_job WHERE state = 'completed'") == 5 },
		"not every job is completed")
	require.Equal(t, 5, b.count(t, "SELECT count(DISTINCT j.id) FROM river_job j JOIN payments p ON j.xmin = p.xmin"))
	require.Equal(t, 5, b.count(t,
		"SELECT count(*) FROM sallyport_replay r JOIN payments p ON encode(r.identity, 'hex') = p.identity"))
	require.Equal(t, 5, b.count(t, "SELECT count(*) FROM payments"))
}

// TestWhatFailsForGoodRunsAgainAfterTheFix: the work meets a table that lacks a column, and nothing is lost.
func TestWhatFailsForGoodRunsAgainAfterTheFix(t *testing.T) {
	t.Parallel()
	b := newBench(t, false)
	r := b.receive(t, nil)
	require.Equal(t, 200, r.deliver(t, 1))
	_, err := b.db.Exec("ALTER TABLE payments RENAME COLUMN event TO renamed")
	require.NoError(t, err)
	config := &river.Config{Logger: slog.New(slog.DiscardHandler)}
	riverinbox.AddTo(config, work(), riverinbox.Config{DB: b.db, Journal: b.app.kept, MaxAttempts: 1})
	jobs, err := river.NewClient(riverdatabasesql.New(b.db), config)
	require.NoError(t, err)
	require.NoError(t, jobs.Start(t.Context()))
	t.Cleanup(func() { _ = jobs.Stop(context.Background()) })
	eventually(t, func() bool { return b.count(t, "SELECT count(*) FROM river_job WHERE state = 'completed'") == 1 },
		"the job is not completed")
	_, err = b.db.Exec("ALTER TABLE payments RENAME COLUMN renamed TO event")
	require.NoError(t, err)
	redriver := &core.Redriver{Guards: []*core.Guard{r.guard}, Inbox: work()}
	runs := 0
	for _, err := range redriver.RedriveAll(t.Context(), journal.Query{State: journal.Parked}, core.RedriveOptions{}) {
		require.NoError(t, err)
		runs++
	}
	require.Equal(t, 1, runs)
	require.Equal(t, 1, b.count(t, "SELECT count(*) FROM payments"))
}

func TestMistakesInTheArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-url", "postgres://me:hush@%%"},
		{"-role", "watch", "-url", "postgres://127.0.0.1:1/x"}} {
		err := run(t.Context(), args)
		require.Error(t, err, args)
		require.NotContains(t, err.Error(), "hush")
	}
}
