package main

import (
	"fmt"
	"os"
	"path/filepath"

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
	case inSQLite:
		dir, err := os.MkdirTemp("", "cluster-")
		return filepath.Join(dir, "replay.db"), func() { _ = os.RemoveAll(dir) }, err
	case inRedis:
		s, err = engine.Redis(engine.Options{Durable: true})
	case inPostgres:
		s, err = engine.PostgreSQL(engine.Options{})
	case inMySQL:
		s, err = engine.MariaDB(engine.Options{})
	default:
		return "", nil, fmt.Errorf("-store must be sqlite, redis, postgres or mysql, not %q", kind)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%w; or give the -url of one that runs", err)
	}
	urls := map[string]string{
		inRedis:    "redis://" + s.Addr() + "/0",
		inPostgres: "postgres://owner@" + s.Addr() + "/postgres?sslmode=disable",
		inMySQL:    "root@tcp(" + s.Addr() + ")/test",
	}
	return urls[kind], func() { _ = s.Close() }, nil
}
