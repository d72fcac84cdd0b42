package killtests_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// database is a kind of database that the tests run on.
type database struct {
	name    string
	dialect sqltx.Dialect
	driver  string
	begin   func(engine.Options) (*engine.Server, error) // nil: SQLite
	first   string                                       // a database that is there
	dsn     func(s *engine.Server, name string) string

	start  sync.Once // a run of some of the tests starts what they need
	server *engine.Server
	err    error // of begin
}

var (
	folder  string // for the files of SQLite
	engines = []*database{
		{
			name: "PostgreSQL", dialect: sqltx.PostgreSQL, driver: "pgx", begin: engine.PostgreSQL, first: "postgres",
			dsn: func(s *engine.Server, name string) string {
				return fmt.Sprintf("postgres://owner@%s/%s?sslmode=disable", s.Addr(), name)
			},
		},
		{
			name: "MariaDB", dialect: sqltx.MySQL, driver: "mysql", begin: engine.MariaDB, first: "test",
			dsn: func(s *engine.Server, name string) string { return fmt.Sprintf("root@tcp(%s)/%s", s.Addr(), name) },
		},
		{
			name: "SQLite", dialect: sqltx.SQLite, driver: "sqlite",
			dsn: func(_ *engine.Server, name string) string {
				return "file:" + filepath.Join(folder, name+".db") +
					"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)"
			},
		},
	}
)

// TestMain is the app where the test says so.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(runApp(role))
	}
	code := func() int {
		var err error
		if folder, err = os.MkdirTemp("", "killtests-"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		defer func() {
			for _, d := range engines {
				if d.server != nil {
					_ = d.server.Close()
				}
			}
		}()
		return m.Run()
	}()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// create makes a database and returns its address.
func (d *database) create(t *testing.T, name string) string {
	t.Helper()
	if d.begin != nil {
		// The servers outlive the app, so that what it has committed need not outlive theirs.
		d.start.Do(func() { d.server, d.err = d.begin(engine.Options{}) })
		engine.Need(t, d.err)
		require.NoError(t, d.err)
		_, err := d.open(t, d.dsn(d.server, d.first)).ExecContext(t.Context(), "CREATE DATABASE "+name)
		require.NoError(t, err)
	}
	return d.dsn(d.server, name)
}

func (d *database) open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}
