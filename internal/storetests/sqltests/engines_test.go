package sqltests_test

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

	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// engine is a kind of database that the tests run on.
type engine struct {
	name    string
	dialect sqlstore.Dialect
	driver  string
	server  *server // nil: SQLite, or not there
	missing string  // what to install
}

var postgres = &engine{name: "postgres", dialect: sqlstore.PostgreSQL, driver: "pgx"}
var mariadb = &engine{name: "mariadb", dialect: sqlstore.MySQL, driver: "mysql"}
var sqlite = &engine{name: "sqlite", dialect: sqlstore.SQLite, driver: "sqlite"}
var engines = []*engine{postgres, mariadb, sqlite}

// folders of the servers, and SQLite's.
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
		for _, begin := range []func(durable bool) (*server, string, error){newPostgres, newMariaDB} {
			s, missing, err := begin(false)
			e := postgres
			if s == nil && strings.Contains(missing, "mariadb") || s != nil &&
				strings.Contains(s.command(s)[0], "maria") {
				e = mariadb
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, e.name+":", err)
				return 1
			}
			e.server, e.missing = s, missing
			if s != nil {
				defer func() { s.stop(); _ = os.RemoveAll(s.dir) }()
			}
		}
		shout()
		return m.Run()
	}()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// shout says which tests do not run.
func shout() {
	for _, e := range []*engine{postgres, mariadb} {
		if e.server == nil {
			fmt.Fprintf(os.Stderr, `
**********************************************************************
** NO %s: every test of sqlstore on it DOES NOT RUN.
** Install it: apt-get install %s
** SALLYPORT_REQUIRE_ENGINES=1 makes this a failure.
**********************************************************************
`, strings.ToUpper(e.name), e.missing)
		}
	}
}

// need skips the test, or fails it, where the engine is missing.
func (e *engine) need(t testing.TB) {
	t.Helper()
	if e.server != nil || e == sqlite {
		return
	}
	if os.Getenv("SALLYPORT_REQUIRE_ENGINES") == "1" {
		t.Fatalf("%s is required and not there: apt-get install %s", e.name, e.missing)
	}
	t.Skipf("NOT RUN: %s is not there: apt-get install %s", e.name, e.missing)
}

func newPostgres(durable bool) (*server, string, error) {
	const where = "/usr/lib/postgresql/*/bin"
	initdb, program := find("initdb", where), find("postgres", where)
	if initdb == "" || program == "" {
		return nil, "postgresql", nil
	}
	dir, err := folder()
	if err != nil {
		return nil, "", err
	}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil {
		return nil, "", err
	}
	data := filepath.Join(dir, "data")
	err = prepare(dir, initdb, "-D", data, "-U", "owner", "--auth=scram-sha-256", "--pwfile="+secret, "--no-sync", "-E",
		"UTF8", "--locale=C")
	if err != nil {
		return nil, "", err
	}
	s := &server{dir: dir, signal: "INT"}
	if s.port, err = freePort(); err != nil {
		return nil, "", err
	}
	s.command = func(s *server) []string {
		args := []string{program, "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprintf("port=%d", s.port),
			"-c", "unix_socket_directories=", "-c", "max_connections=200"}
		if !durable {
			args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
		}
		return args
	}
	s.ping = func(s *server) error { return ping("pgx", postgresDSN(s.port, "owner", "postgres")) }
	return s, "", s.start()
}

func postgresDSN(port int, name, database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", name, password, port, database)
}

func newMariaDB(durable bool) (*server, string, error) {
	install, program := find("mariadb-install-db"), find("mariadbd", "/usr/sbin")
	if install == "" || program == "" {
		return nil, "mariadb-server", nil
	}
	dir, err := folder()
	if err != nil {
		return nil, "", err
	}
	data := filepath.Join(dir, "data")
	if err := prepare(dir, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal",
		"--skip-test-db"); err != nil {
		return nil, "", err
	}
	s := &server{dir: dir, signal: "TERM"}
	if s.port, err = freePort(); err != nil {
		return nil, "", err
	}
	s.command = func(s *server) []string {
		args := []string{program, "--no-defaults", "--datadir=" + data, "--bind-address=127.0.0.1",
			fmt.Sprintf("--port=%d", s.port),
			"--socket=" + filepath.Join(dir, "socket"), "--max-connections=200"}
		if !durable {
			args = append(args, "--innodb-flush-log-at-trx-commit=0")
		}
		return args
	}
	root := func(s *server) string { return fmt.Sprintf("root@tcp(127.0.0.1:%d)/", s.port) }
	s.ping = func(s *server) error {
		if err := ping("mysql", root(s)); err == nil {
			return nil
		}
		return ping("mysql", mariaDSN(s.port, "owner", ""))
	}
	if err := s.start(); err != nil {
		return nil, "", err
	}
	db, err := sql.Open("mysql", root(s))
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		"CREATE USER owner@'%' IDENTIFIED BY '" + password + "'", "GRANT ALL ON *.* TO owner@'%' WITH GRANT OPTION",
		"CREATE DATABASE app",
	} {
		if _, err := db.Exec(statement); err != nil {
			return nil, "", err
		}
	}
	return s, "", nil
}

func mariaDSN(port int, name, database string) string {
	return fmt.Sprintf("%s:%s@tcp(127.0.0.1:%d)/%s", name, password, port, database)
}

func ping(driver, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(db.PingContext(ctx), db.Close())
}

// dsn is the address of the engine's database for a user; of a new SQLite file if there is no server.
func (e *engine) dsn(name string) string {
	switch e {
	case postgres:
		return postgresDSN(e.server.port, name, "postgres")
	case mariadb:
		return mariaDSN(e.server.port, name, "app")
	default:
		return sqliteDSN(filepath.Join(files, fmt.Sprintf("%d.db", counter.Add(1))))
	}
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
