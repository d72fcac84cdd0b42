package riverinbox_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// postgres is the server of all tests; each has a database of its own.
var postgres = sync.OnceValues(func() (*engine.Server, error) { return engine.PostgreSQL(engine.Options{}) })

var databases atomic.Int64

func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) != "" {
		victim()
	}
	code := m.Run()
	if s, err := postgres(); err == nil {
		_ = s.Close()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// place is a database with all tables.
type place struct {
	dialect sqltx.Dialect
	dsn     string
	db      *sql.DB // of the replay store, the journal and the workers
	driver  riverdriver.Driver[*sql.Tx]
	store   *sqlstore.Store
	kept    *journal.Journal
	parked  atomic.Int32 // calls of OnParked
}

// connect opens a place whose tables are there.
func connect(ctx context.Context, dialect sqltx.Dialect, dsn string) (*place, func(), error) {
	p := &place{dialect: dialect, dsn: dsn}
	name := map[sqltx.Dialect]string{sqltx.PostgreSQL: "pgx", sqltx.SQLite: "sqlite"}[dialect]
	var err error
	if p.db, err = sql.Open(name, dsn); err != nil {
		return nil, nil, err
	}
	rivers := p.db
	p.db.SetMaxOpenConns(20)
	if dialect == sqltx.PostgreSQL {
		p.driver = riverdatabasesql.New(p.db)
	} else {
		if rivers, err = sql.Open(name, dsn); err != nil {
			return nil, nil, err
		}
		rivers.SetMaxOpenConns(1)
		p.driver = riversqlite.New(rivers)
	}
	closing := func() { _ = rivers.Close(); _ = p.db.Close() }
	if p.store, err = sqlstore.New(ctx, p.db, dialect, "test"); err == nil {
		p.kept, err = sqljournal.New(ctx, p.store, journal.Config{
			OnParked: func(context.Context, *journal.Entry) { p.parked.Add(1) },
		})
	}
	return p, closing, err
}

// migrate makes the tables.
func migrate(ctx context.Context, dialect sqltx.Dialect, dsn string) error {
	name := map[sqltx.Dialect]string{sqltx.PostgreSQL: "pgx", sqltx.SQLite: "sqlite"}[dialect]
	db, err := sql.Open(name, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	var driver riverdriver.Driver[*sql.Tx] = riverdatabasesql.New(db)
	if dialect == sqltx.SQLite {
		driver = riversqlite.New(db)
	}
	quiet := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	migrator, err := rivermigrate.New(driver, quiet)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	if err := sqlstore.Migrate(ctx, db, dialect); err != nil {
		return err
	}
	if err := sqljournal.Migrate(ctx, sqljournal.In(db, dialect, "test")); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE payments (event text NOT NULL)")
	return err
}

// newPlace makes a database.
func newPlace(t testing.TB, dialect sqltx.Dialect) *place {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "app.db") +
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(NORMAL)"
	if dialect == sqltx.PostgreSQL {
		s, err := postgres()
		engine.Need(t, err)
		require.NoError(t, err)
		name := fmt.Sprintf("inbox%d", databases.Add(1))
		admin, err := sql.Open("pgx", "postgres://owner@"+s.Addr()+"/postgres?sslmode=disable")
		require.NoError(t, err)
		_, err = admin.Exec("CREATE DATABASE " + name)
		require.NoError(t, err)
		require.NoError(t, admin.Close())
		dsn = "postgres://owner@" + s.Addr() + "/" + name + "?sslmode=disable"
	}
	require.NoError(t, migrate(t.Context(), dialect, dsn))
	p, closing, err := connect(context.Background(), dialect, dsn)
	require.NoError(t, err)
	t.Cleanup(closing)
	return p
}

// each runs a test on every database that River knows.
func each(t *testing.T, test func(t *testing.T, p *place)) {
	t.Helper()
	t.Parallel()
	for _, d := range []sqltx.Dialect{sqltx.PostgreSQL, sqltx.SQLite} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			test(t, newPlace(t, d))
		})
	}
}

func (p *place) count(t testing.TB, query string) (n int) {
	t.Helper()
	require.NoError(t, p.db.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func (p *place) jobs(t testing.TB, state string) int {
	t.Helper()
	return p.count(t, "SELECT count(*) FROM river_job WHERE state = '"+state+"'")
}

// payments counts what receivers have written and committed.
func (p *place) payments(t testing.TB) int {
	t.Helper()
	return p.count(t, "SELECT count(*) FROM payments")
}

// entries returns what the journal has.
func (p *place) entries(t testing.TB) (list []*journal.Entry) {
	t.Helper()
	for e, err := range p.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

func (p *place) parkedOnly(t testing.TB) *journal.Entry {
	t.Helper()
	list := p.entries(t)
	require.Len(t, list, 1)
	require.Equal(t, journal.Parked, list[0].State)
	require.Equal(t, journal.FromInbox, list[0].Kind)
	// The worker hands the entry to the hook behind the commit that makes it visible here.
	require.Eventually(t, func() bool { return p.parked.Load() > 0 }, 10*time.Second, time.Millisecond,
		"the hook is called once it is committed")
	require.NoError(t, p.kept.Wait(t.Context()))
	require.EqualValues(t, 1, p.parked.Load(), "and not again")
	return list[0]
}

// pay writes into the transaction of the event.
func pay(ctx context.Context, e core.Event) error {
	tx, err := sqltx.Tx(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO payments (event) VALUES ('"+e.ID+"')")
	return err
}

// often is a policy that does not wait.
type often struct{}

func (often) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(10 * time.Millisecond) }

// work starts a client that works the inbox.
func (p *place) work(t testing.TB, signals *core.Signals, change func(*river.Config, *riverinbox.Config)) *river.Client[*sql.Tx] {
	t.Helper()
	config := &river.Config{Logger: slog.New(slog.DiscardHandler), RetryPolicy: often{}, FetchPollInterval: 100 * time.Millisecond}
	inbox := riverinbox.Config{DB: p.db, Journal: p.kept, MaxWorkers: 4, MaxAttempts: 3}
	if change != nil {
		change(config, &inbox)
	}
	riverinbox.AddTo(config, signals, inbox)
	client, err := river.NewClient(p.driver, config)
	require.NoError(t, err)
	require.NoError(t, client.Start(context.Background()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, client.StopAndCancel(ctx))
	})
	return client
}

const secret = "whsec_made-up-for-tests-0123456789abcdef"

// endpoint is a guarded route that enqueues.
type endpoint struct {
	guard   *core.Guard
	handler http.Handler
}

func (p *place) endpoint(t testing.TB, add func(*core.Signals)) *endpoint {
	t.Helper()
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: p.store, Journal: p.kept,
		Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = guard.Shutdown(context.Background()) })
	client, err := river.NewClient(p.driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	signals := core.NewSignals()
	signals.On("*", riverinbox.Enqueue(client))
	if add != nil {
		add(signals)
	}
	return &endpoint{guard, httpwebhook.Handler(guard, signals)}
}

// send delivers an event as the provider does.
func (e *endpoint) send(t testing.TB, n int) int {
	t.Helper()
	body := fmt.Appendf(nil, `{"id":"evt_%d","type":"invoice.paid","data":{"object":{"memo":"\u0000"}}}`, n)
	r := httptest.NewRequest(http.MethodPost, "https://example.com/webhooks", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	require.NoError(t, webhooktest.Sign(r, provider.Stripe(), secret, time.Now()))
	w := httptest.NewRecorder()
	e.handler.ServeHTTP(w, r)
	return w.Code
}

// eventually waits for River's own goroutines.
func eventually(t testing.TB, reached func() bool, message string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(message)
		}
	}
}

func (p *place) completed(t testing.TB, n int) {
	t.Helper()
	eventually(t, func() bool { return p.jobs(t, "completed") == n }, "not every job is completed")
}
