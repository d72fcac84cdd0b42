package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// The kinds of databases.
const (
	inRedis    = "redis"
	inSQLite   = "sqlite"
	inPostgres = "postgres"
	inMySQL    = "mysql"
)

// namespace is whose memory it is in the store.
const namespace = "cluster"

// openStore opens a replay store, and makes its table if it is missing. The caller must call closing after it has
// closed the store.
func openStore(
	ctx context.Context, kind, url string, logger *slog.Logger,
) (store replay.Store, closing func() error, err error) {
	if kind == inRedis {
		client, err := openRedis(url)
		if err != nil {
			return nil, nil, err
		}
		opened, err := redisstore.New(ctx, client, namespace)
		if err != nil {
			return nil, nil, errors.Join(err, client.Close())
		}
		return opened, client.Close, nil
	}
	db, dialect, err := openSQL(kind, url)
	if err != nil {
		return nil, nil, err
	}
	err = sqlstore.Migrate(ctx, db, dialect)
	if err == nil {
		store, err = sqlstore.New(ctx, db, dialect, namespace, sqlstore.WithLogger(logger))
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, db.Close, nil
}

func openRedis(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("-url must be one such as redis://127.0.0.1:6379/0") // it may hold a password
	}
	o.ContextTimeoutEnabled = true
	return redis.NewClient(o), nil
}

// openSQL opens a pool of connections. The URL is in the driver's own form; of SQLite it is a path.
func openSQL(kind, url string) (db *sql.DB, dialect sqlstore.Dialect, err error) {
	switch kind {
	case inPostgres:
		dialect = sqlstore.PostgreSQL
		db, err = sql.Open("pgx", url)
	case inMySQL:
		dialect = sqlstore.MySQL
		db, err = sql.Open("mysql", url)
	case inSQLite:
		dialect = sqlstore.SQLite
		// The driver waits for a lock, and readers do not wait for writers.
		db, err = sql.Open("sqlite",
			"file:"+url+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	default:
		return nil, 0, fmt.Errorf("-store must be redis, sqlite, postgres or mysql, not %q", kind)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("-url is not one of a %s database", kind) // it may hold a password
	}
	return db, dialect, nil
}
