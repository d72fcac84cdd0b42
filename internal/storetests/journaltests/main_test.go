package journaltests_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// database is a kind of database that the tests run on.
type database struct {
	name    string
	dialect sqltx.Dialect
	driver  string
	begin   func(engine.Options) (*engine.Server, error) // nil: SQLite
	dsn     func(s *engine.Server) string

	server *engine.Server
	err    error // of begin
}

var (
	folder  string // for the files of SQLite
	counter atomic.Int64
	engines = []*database{
		{
			name: "postgres", dialect: sqltx.PostgreSQL, driver: "pgx", begin: engine.PostgreSQL,
			dsn: func(s *engine.Server) string {
				return fmt.Sprintf("postgres://owner@%s/postgres?sslmode=disable", s.Addr())
			},
		},
		{
			name: "mariadb", dialect: sqltx.MySQL, driver: "mysql", begin: engine.MariaDB,
			dsn: func(s *engine.Server) string { return fmt.Sprintf("root@tcp(%s)/test", s.Addr()) },
		},
		{
			name: "sqlite", dialect: sqltx.SQLite, driver: "sqlite",
			dsn: func(*engine.Server) string { return sqliteDSN(fmt.Sprintf("%d.db", counter.Add(1))) },
		},
	}
)

func sqliteDSN(name string) string {
	return "file:" + filepath.Join(folder, name) +
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)"
}

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if folder, err = os.MkdirTemp("", "journaltests-"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		for _, d := range engines {
			if d.begin == nil {
				continue
			}
			var missing *engine.MissingError
			d.server, d.err = d.begin(engine.Options{})
			if d.err != nil && !errors.As(d.err, &missing) {
				fmt.Fprintln(os.Stderr, d.name+":", d.err)
				return 1
			}
			if d.server != nil {
				defer func() { _ = d.server.Close() }()
			}
		}
		return m.Run()
	}()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// open opens a pool of several connections; of a new file for SQLite.
func (d *database) open(t testing.TB) *sql.DB {
	t.Helper()
	engine.Need(t, d.err)
	db, err := sql.Open(d.driver, d.dsn(d.server))
	require.NoError(t, err)
	db.SetMaxOpenConns(12)
	db.SetMaxIdleConns(12)
	t.Cleanup(func() { _ = db.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, db.PingContext(ctx))
	return db
}

// openAs opens PostgreSQL as another user.
func (d *database) openAs(t testing.TB, user string) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, strings.Replace(d.dsn(d.server), "owner@", user+"@", 1))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// config returns the Config of the tests' journals. They are sealed, as an operator's should be.
func config() journal.Config {
	return journal.Config{Keys: secrets.Static(strings.Repeat("key of the tests", 3))}
}

// newName returns a name that nobody has used.
func newName(kind string) string { return fmt.Sprintf("%s_%d", kind, counter.Add(1)) }

// each runs a test on every engine.
func each(t *testing.T, test func(t *testing.T, d *database)) {
	t.Helper()
	for _, d := range engines {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// execute runs a statement, which must succeed.
func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err, statement)
}
