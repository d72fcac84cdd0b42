package sqltests_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	servers "github.com/sallyport-go/sallyport/internal/engine"
)

const password = "p-not-to-be-printed"

// engine is a kind of database that the tests run on.
type engine struct {
	name    string
	dialect sqlstore.Dialect
	driver  string
	start   func(servers.Options) (*servers.Server, error) // nil: SQLite
	address func(s *servers.Server, user string) string
	first   string                        // of the user that the engine begins with, and of its database, with %s for host and port
	setup   []string                      // makes the user "owner", with a password
	protect func(s *servers.Server) error // makes the engine ask for passwords; nil: it does

	server *servers.Server
	err    error // of begin
}

var postgres = &engine{
	name: "postgres", dialect: sqlstore.PostgreSQL, driver: "pgx", start: servers.PostgreSQL,
	address: func(s *servers.Server, user string) string {
		return fmt.Sprintf("postgres://%s:%s@%s/postgres?sslmode=disable", user, password, s.Addr())
	},
	first: "postgres://owner@%s/postgres?sslmode=disable",
	setup: []string{"ALTER USER owner PASSWORD '" + password + "'", "SELECT pg_reload_conf()"},
	protect: func(s *servers.Server) error {
		return os.WriteFile(filepath.Join(s.Dir, "data", "pg_hba.conf"), []byte("host all all all scram-sha-256\n"), 0o600)
	},
}

var mariadb = &engine{
	name: "mariadb", dialect: sqlstore.MySQL, driver: "mysql", start: servers.MariaDB,
	address: func(s *servers.Server, user string) string {
		return fmt.Sprintf("%s:%s@tcp(%s)/app", user, password, s.Addr())
	},
	first: "root@tcp(%s)/",
	setup: []string{
		"CREATE USER owner@'%' IDENTIFIED BY '" + password + "'", "GRANT ALL ON *.* TO owner@'%' WITH GRANT OPTION",
		"CREATE DATABASE app",
	},
}

var sqlite = &engine{name: "sqlite", dialect: sqlstore.SQLite, driver: "sqlite"}
var engines = []*engine{postgres, mariadb, sqlite}

// begin starts a server that asks for passwords.
func (e *engine) begin(o servers.Options) (*servers.Server, error) {
	s, err := e.start(o)
	if err != nil {
		return nil, err
	}
	if e.protect != nil {
		err = e.protect(s)
	}
	db, err2 := sql.Open(e.driver, fmt.Sprintf(e.first, s.Addr()))
	if err := errors.Join(err, err2); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for _, statement := range e.setup {
		if _, err = db.Exec(statement); err != nil {
			return nil, errors.Join(err, db.Close(), s.Close())
		}
	}
	return s, db.Close()
}

// files is the folder of SQLite's files.
var files string

func TestMain(m *testing.M) {
	if role := os.Getenv("SQLTESTS_ROLE"); role != "" {
		os.Exit(victim(role))
	}
	code := func() int {
		var err error
		if files, err = os.MkdirTemp("", "sqltests-"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(files) }()
		for _, e := range []*engine{postgres, mariadb} {
			var missing *servers.MissingError
			e.server, e.err = e.begin(servers.Options{})
			if e.err != nil && !errors.As(e.err, &missing) {
				fmt.Fprintln(os.Stderr, e.name+":", e.err)
				return 1
			}
			if e.server != nil {
				defer func() { _ = e.server.Close() }()
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

// need skips the test, or fails it, where the engine is missing.
func (e *engine) need(t testing.TB) {
	t.Helper()
	servers.Need(t, e.err)
}

// dsn is the address of the engine's database for a user; of a new SQLite file if there is no server.
func (e *engine) dsn(name string) string {
	if e == sqlite {
		return sqliteDSN(filepath.Join(files, fmt.Sprintf("%d.db", counter.Add(1))))
	}
	return e.address(e.server, name)
}

func sqliteDSN(path string) string {
	return "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)"
}

var counter atomic.Int64

// open opens a pool of several connections.
func (e *engine) open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(e.driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// namespace is whose memory the stores of the tests are.
const namespace = "test"

// newTable is a name that nobody has used.
func newTable() string { return fmt.Sprintf("replay_%d", counter.Add(1)) }

// newStore makes a table and a store in it.
func (e *engine) newStore(t testing.TB, db *sql.DB, opts ...sqlstore.Option) (*sqlstore.Store, string) {
	t.Helper()
	name := newTable()
	opts = append(opts, sqlstore.WithTable(name))
	require.NoError(t, sqlstore.Migrate(t.Context(), db, e.dialect, opts...))
	store, err := sqlstore.New(t.Context(), db, e.dialect, namespace, opts...)
	require.NoError(t, err)
	return store, name
}

// each runs a test on every engine.
func each(t *testing.T, test func(t *testing.T, e *engine)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.need(t)
			test(t, e)
		})
	}
}
