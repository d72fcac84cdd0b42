package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// Kinds of replay stores.
const (
	storeMemory   = "memory"
	storeNone     = "none"
	storeRedis    = "redis"
	storeSQLite   = "sqlite"
	storePostgres = "postgres"
	storeMySQL    = "mysql"
)

// openTimeout bounds how long a database is waited for at start.
const openTimeout = 15 * time.Second

// stores opens the replay stores of a configuration. Endpoints with the same URL share one.
type stores struct {
	logger *slog.Logger
	shared map[string]replay.Store
	close  []func() error
}

func newStores(logger *slog.Logger) *stores {
	return &stores{logger: logger, shared: map[string]replay.Store{}}
}

// trial gives a store of the right kind to try a configuration with, and opens nothing.
func (s *stores) trial(e *endpointConfig) replay.Store {
	if e.store == storeNone {
		return core.DangerouslyNoReplay
	}
	return s.keep(memstore.New())
}

// open gives an endpoint its store. Each endpoint in memory has one of its own, so that one that is flooded fills
// nobody else's.
func (s *stores) open(ctx context.Context, e *endpointConfig) (replay.Store, error) {
	switch e.store {
	case storeNone:
		return core.DangerouslyNoReplay, nil
	case "", storeMemory:
		return s.keep(memstore.NewWithConfig(memstore.Config{Logger: s.logger})), nil
	}
	name := e.store + " " + e.storeURL
	if have := s.shared[name]; have != nil {
		return have, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	var opened replay.Store
	var err error
	if e.store == storeRedis {
		opened, err = s.openRedis(ctx, e.storeURL)
	} else {
		opened, err = s.openSQL(ctx, e.store, e.storeURL)
	}
	if err != nil {
		return nil, err
	}
	s.shared[name] = s.keep(opened)
	return opened, nil
}

func (s *stores) keep(store replay.Store) replay.Store {
	s.close = append(s.close, store.Close)
	return store
}

// closeAll closes the stores, and then the connections they used.
func (s *stores) closeAll() error {
	var err error
	for i := range s.close {
		err = errors.Join(err, s.close[len(s.close)-1-i]())
	}
	s.close = nil
	return err
}

func (s *stores) openRedis(ctx context.Context, text string) (replay.Store, error) {
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, errors.New("must be a URL such as redis://user:password@127.0.0.1:6379/0") // the error may quote a password
	}
	o.ContextTimeoutEnabled = true
	client := redis.NewClient(o)
	s.close = append(s.close, client.Close)
	return redisstore.New(ctx, client)
}

// openSQL opens a database and makes the table if it is missing.
func (s *stores) openSQL(ctx context.Context, kind, text string) (replay.Store, error) {
	var driver string
	var dialect sqlstore.Dialect
	var err error
	switch kind {
	case storePostgres:
		driver, dialect = "pgx", sqlstore.PostgreSQL
	case storeMySQL:
		driver, dialect = "mysql", sqlstore.MySQL
		text, err = mysqlDSN(text)
	default:
		driver, dialect = "sqlite", sqlstore.SQLite
		text = sqliteDSN(text)
	}
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(driver, text)
	if err != nil {
		return nil, fmt.Errorf("is no URL of a %s database", kind) // the error may quote a password
	}
	s.close = append(s.close, db.Close)
	if err := sqlstore.Migrate(ctx, db, dialect); err != nil {
		return nil, err
	}
	return sqlstore.New(ctx, db, dialect, sqlstore.WithLogger(s.logger))
}

// mysqlDSN takes mysql://user:password@host:port/database, and the driver's own form.
func mysqlDSN(text string) (string, error) {
	wrong := errors.New("must be a URL such as mysql://user:password@127.0.0.1:3306/database")
	if !strings.HasPrefix(text, "mysql://") {
		if _, err := mysql.ParseDSN(text); err != nil {
			return "", wrong
		}
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", wrong
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	return c.FormatDSN(), nil
}

// sqliteDSN makes the driver wait for a lock, and readers not wait for writers.
func sqliteDSN(file string) string {
	file = strings.TrimPrefix(strings.TrimPrefix(file, "sqlite://"), "file:")
	file, query, _ := strings.Cut(file, "?")
	params, _ := url.ParseQuery(query)
	params["_pragma"] = append([]string{"busy_timeout(10000)", "journal_mode(WAL)"}, params["_pragma"]...)
	params.Set("_txlock", "immediate")
	return "file:" + file + "?" + params.Encode()
}
