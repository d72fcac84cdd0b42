package receiver

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// Kinds of replay stores.
const (
	storeMemory   = "memory"
	storeNone     = "none"
	storeRedis    = database.Redis
	storeSQLite   = database.SQLite
	storePostgres = database.Postgres
	storeMySQL    = database.MySQL
)

// openTimeout bounds how long a database is waited for at start.
const openTimeout = 15 * time.Second

// Opener opens a replay store in a database. It is handed over, because a driver is linked only by a program that needs
// it.
type Opener func(ctx context.Context, at database.Place, logger *slog.Logger) (store replay.Store, closing func() error,
	err error)

// errNoDriver is the mistake of a store in a database where the program links no driver.
var errNoDriver = errors.New("this build of sallyport links no database: " + database.Full)

// stores opens the replay stores of a configuration. Endpoints with the same URL and namespace share one.
type stores struct {
	logger *slog.Logger
	opener Opener // nil where only trials are made
	shared map[string]replay.Store
	close  []func() error
}

func newStores(logger *slog.Logger, opener Opener) *stores {
	return &stores{logger: logger, opener: opener, shared: map[string]replay.Store{}}
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
	name := e.store + " " + e.namespace + " " + e.storeURL
	if have := s.shared[name]; have != nil {
		return have, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if s.opener == nil {
		return nil, errNoDriver
	}
	at := database.Place{Kind: e.store, URL: e.storeURL, Namespace: e.namespace}
	opened, closing, err := s.opener(ctx, at, s.logger)
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, closing)
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

// Databases returns where the replay stores of a configuration are, each once. Its error is [Mistakes].
func Databases(file string) ([]database.Place, error) {
	m := mistakes{file: file}
	c := load(file, &m)
	if err := m.err(); err != nil {
		return nil, err
	}
	var all []database.Place
	for _, e := range c.endpoints {
		at := database.Place{Kind: e.store, URL: e.storeURL, Namespace: e.namespace}
		if at.URL != "" && !slices.Contains(all, at) {
			all = append(all, at)
		}
	}
	return all, nil
}
