package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sallyport-go/sallyport/examples/internal/database"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// startDatabase gives the URL of the database: the one given, or that of one that is started for this run.
func startDatabase(kind, url string) (string, func(), error) {
	if url != "" {
		return url, func() {}, nil
	}
	var s *engine.Server
	var err error
	switch kind {
	case database.SQLite:
		dir, err := os.MkdirTemp("", "cluster-")
		return filepath.Join(dir, "replay.db"), func() { _ = os.RemoveAll(dir) }, err
	case database.Redis:
		s, err = engine.Redis(engine.Options{Durable: true})
	case database.Postgres:
		s, err = engine.PostgreSQL(engine.Options{})
	case database.MySQL:
		s, err = engine.MariaDB(engine.Options{})
	default:
		return "", nil, fmt.Errorf("-store must be sqlite, redis, postgres or mysql, not %q", kind)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%w; or give the -url of one that runs", err)
	}
	urls := map[string]string{
		database.Redis:    "redis://" + s.Addr() + "/0",
		database.Postgres: "postgres://owner@" + s.Addr() + "/postgres?sslmode=disable",
		database.MySQL:    "mysql://root@" + s.Addr() + "/test",
	}
	return urls[kind], func() { _ = s.Close() }, nil
}
