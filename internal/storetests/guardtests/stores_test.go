package guardtests_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// bench is a store with the means to break it.
type bench struct {
	store  replay.Store
	server *engine.Server // nil: SQLite
	redis  *redis.Client
	admin  *sql.DB // has every right; the store's own user may have lost some
	app    *sql.DB // the store's
	dir    string  // SQLite's
	holder *sql.Conn
	of     func(t *testing.T, namespace string) replay.Store // another store value in the same database
}

// exec runs statements of the administrator.
func (b *bench) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := b.admin.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
}

// lock takes what the statements lock, until unlock, so that whoever wants it waits.
func (b *bench) lock(t *testing.T, statements string) {
	t.Helper()
	var err error
	b.holder, err = b.admin.Conn(t.Context())
	require.NoError(t, err)
	_, err = b.holder.ExecContext(t.Context(), statements)
	require.NoError(t, err)
}

func (b *bench) unlock(t *testing.T) {
	t.Helper()
	_, err := b.holder.ExecContext(t.Context(), "COMMIT")
	require.NoError(t, err)
	require.NoError(t, b.holder.Close())
}

// fill remembers made-up identities until none fits: a page that has room for one more is not found in many attempts.
func (b *bench) fill(t *testing.T, full string) {
	t.Helper()
	soon := time.Now().Add(time.Hour).UnixMicro()
	for n, refused := int64(0), 0; refused < 1000; n++ {
		var key [32]byte
		_, _ = rand.Read(key[:])
		ends := int64(9e15)
		if n%2 == 0 {
			ends = soon - n // before all the others, as a new claim's: the index has no room there either
		}
		_, err := b.app.ExecContext(t.Context(), fmt.Sprintf(
			"INSERT INTO %s (namespace, identity, digest, token, ends_at) VALUES ('test', x'%x', x'%x', 1, %d)",
			sqlstore.DefaultTable, key, key, ends))
		if err == nil {
			refused = 0
			continue
		}
		require.ErrorContains(t, err, full)
		refused++
	}
}

func start(t *testing.T, begin func(engine.Options) (*engine.Server, error), args ...string) *engine.Server {
	t.Helper()
	s, err := begin(engine.Options{Durable: true, Args: args})
	engine.Need(t, err)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func onRedis(t *testing.T) *bench { t.Helper(); return onRedisBy(t, direct) }

// direct is the way to a server without anything between.
func direct(addr string) string { return addr }

func onRedisBy(t *testing.T, way func(addr string) string) *bench {
	t.Helper()
	server := start(t, engine.Redis, "--user", "app", "on", "nopass", "~*", "+@all")
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	client := redis.NewClient(&redis.Options{Addr: way(server.Addr()), Username: "app", Password: "x",
		ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = admin.Close(); _ = client.Close() })
	of := func(t *testing.T, namespace string) replay.Store {
		t.Helper()
		store, err := redisstore.New(t.Context(), client, namespace)
		require.NoError(t, err)
		return store
	}
	return &bench{store: of(t, "test"), server: server, redis: admin, of: of}
}

func onSQL(
	t *testing.T, driver string, dialect sqlstore.Dialect, server *engine.Server, admin, app string,
	statements ...string,
) *bench {
	t.Helper()
	b := &bench{server: server, admin: openDB(t, driver, admin)}
	require.NoError(t, sqlstore.Migrate(t.Context(), b.admin, dialect))
	b.exec(t, statements...)
	b.app = openDB(t, driver, app)
	b.of = func(t *testing.T, namespace string) replay.Store {
		t.Helper()
		store, err := sqlstore.New(t.Context(), b.app, dialect, namespace)
		require.NoError(t, err)
		return store
	}
	b.store = b.of(t, "test")
	return b
}

func onPostgreSQL(t *testing.T) *bench { t.Helper(); return onPostgreSQLBy(t, direct) }

func onPostgreSQLBy(t *testing.T, way func(addr string) string) *bench {
	t.Helper()
	s := start(t, engine.PostgreSQL)
	dsn := func(user, addr string) string {
		return fmt.Sprintf("postgres://%s@%s/postgres?sslmode=disable", user, addr)
	}
	return onSQL(t, "pgx", sqlstore.PostgreSQL, s, dsn("owner", s.Addr()), dsn("app", way(s.Addr())),
		"CREATE ROLE app LOGIN", "GRANT ALL ON "+sqlstore.DefaultTable+" TO app")
}

func onMariaDB(t *testing.T) *bench { t.Helper(); return onMariaDBWith(t) }

// onSmallMariaDB has one tablespace for everything, which does not grow beyond 16 MiB.
func onSmallMariaDB(t *testing.T) *bench {
	t.Helper()
	return onMariaDBWith(t, "--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:16M")
}

func onMariaDBWith(t *testing.T, args ...string) *bench {
	t.Helper()
	s := start(t, engine.MariaDB, args...)
	dsn := func(user string) string { return fmt.Sprintf("%s@tcp(%s)/replay", user, s.Addr()) }
	// In the database that is called test everybody may do everything.
	_, err := openDB(t, "mysql", fmt.Sprintf("root@tcp(%s)/test", s.Addr())).ExecContext(t.Context(),
		"CREATE DATABASE replay")
	require.NoError(t, err)
	return onSQL(t, "mysql", sqlstore.MySQL, s, dsn("root"), dsn("app"), "CREATE USER app@'%'",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON replay."+sqlstore.DefaultTable+" TO app@'%'")
}

func onSQLite(t *testing.T) *bench { t.Helper(); return onSQLiteWith(t, "") }

// onSmallSQLite does not let the store's file grow beyond 160 KiB.
func onSmallSQLite(t *testing.T) *bench {
	t.Helper()
	return onSQLiteWith(t, "&_pragma=max_page_count(40)&_pragma=synchronous(OFF)")
}

func onSQLiteWith(t *testing.T, pragmas string) *bench {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "volume")
	require.NoError(t, os.Mkdir(dir, 0o700))
	dsn := "file:" + filepath.Join(dir, "a.db") + "?_pragma=journal_mode(WAL)"
	b := onSQL(t, "sqlite", sqlstore.SQLite, nil, dsn, dsn+pragmas)
	b.dir = dir
	return b
}

func openDB(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { _ = db.Close() })
	return db
}
