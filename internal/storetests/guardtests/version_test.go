package guardtests_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// A server of the wrong version is refused at the start, so that no guard has it. Servers that are that old cannot be
// installed next to today's: these are today's, which are made to say that they are old, or to lack what old ones lack.
// SQLite is linked with its driver, and has no version to choose.
func TestAServerThatIsTooOldIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	t.Run("Redis that knows no scripts", func(t *testing.T) {
		t.Parallel()
		s := start(t, engine.Redis, "--rename-command", "EVALSHA", "")
		client := redis.NewClient(&redis.Options{Addr: s.Addr()})
		t.Cleanup(func() { _ = client.Close() })
		_, err := redisstore.New(t.Context(), client, "test")
		require.ErrorContains(t, err, "needs Redis 7.0 or Valkey 7.2")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		s := start(t, engine.PostgreSQL)
		dsn := fmt.Sprintf("postgres://owner@%s/postgres?sslmode=disable&search_path=old,pg_catalog,public", s.Addr())
		db := openDB(t, "pgx", dsn)
		require.NoError(t, sqlstore.Migrate(t.Context(),
			openDB(t, "pgx", fmt.Sprintf("postgres://owner@%s/postgres?sslmode=disable", s.Addr())),
			sqlstore.PostgreSQL))
		for _, statement := range []string{"CREATE SCHEMA old",
			"CREATE FUNCTION old.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT '110022' $$"} {
			_, err := db.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		_, err := sqlstore.New(t.Context(), db, sqlstore.PostgreSQL, "test")
		require.ErrorIs(t, err, sqlstore.ErrServer)
		require.ErrorContains(t, err, "PostgreSQL 11 is too old, 12 is the oldest")
	})
	for version, want := range map[string]string{
		"10.4.34-MariaDB": "10.4.34-MariaDB is too old, 10.5 is the oldest MariaDB",
		"5.7.44":          "MySQL 5.7.44 is too old, 8.0 is the oldest",
	} {
		t.Run("MariaDB that says it is "+version, func(t *testing.T) {
			t.Parallel()
			s := start(t, engine.MariaDB, "--version="+version)
			db := openDB(t, "mysql", fmt.Sprintf("root@tcp(%s)/test", s.Addr()))
			_, err := sqlstore.New(t.Context(), db, sqlstore.MySQL, "test")
			require.ErrorIs(t, err, sqlstore.ErrServer)
			require.ErrorContains(t, err, want)
		})
	}
}
