package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Store is a [replay.Store] and a [replay.Transactor] in a SQL database. It is made by [New] and safe for concurrent
// use.
type Store struct {
	db        *sql.DB // the app's; the store never closes it
	table     table
	engine    engine
	txOptions *sql.TxOptions // of the app's transactions
	logger    *slog.Logger   // nil means slog.Default()
	closed    atomic.Bool
	pruning   pruning

	replay.Roster // of the guards that use it
}

var (
	_ replay.Transactor    = (*Store)(nil)
	_ replay.Versioned     = (*Store)(nil)
	_ replay.Rostered      = (*Store)(nil)
	_ replay.DigestReader  = (*Store)(nil)
	_ replay.Looker        = (*Store)(nil)
	_ replay.DoneForgetter = (*Store)(nil)
	_ sqltx.Source         = (*Store)(nil)
)

// engine is the part of a store that differs between the dialects. Keys must be sorted, and each must come once, so
// that two batches lock their common rows in the same order. Times and spans are microseconds.
type engine interface {
	// claim claims the keys that are free, and returns the rows of all keys: its own claims, and the live rows of
	// others. A key may be missing because another call changed it in between. The caller then tries it again.
	claim(ctx context.Context, wanted []claim, lease int64) (map[replay.Key]row, error)

	// settle applies the steps whose claims are held. The outcome has the live rows of the other keys.
	settle(ctx context.Context, steps []step) (outcome, error)

	// begin is called after a transaction of the app has begun, and before the app gets it.
	begin(ctx context.Context, tx *sql.Tx) error

	// finish commits claims in a transaction of the app. It reports whether all of them were held and not done. If not,
	// the caller must roll back.
	finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error)

	// look returns the live rows of keys.
	look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error)

	// remove deletes those rows of keys that are of the given kind, and returns how many it deleted.
	remove(ctx context.Context, keys []replay.Key, which removed) (int64, error)

	checker
}

// New returns a store in a table of db. It first checks that it can work there: the server's version, the table with
// its columns and its key, and the rights to SELECT, INSERT, UPDATE and DELETE. It creates nothing; [Migrate] does.
//
// The namespace is the name of the application that owns the memory, see [replay.CheckNamespace]. It is part of every
// key.
//
// The store never closes db. Errors of the database wrap one of the package's Err values where one matches. An app that
// must start while its database is down calls New again until it succeeds.
func New(ctx context.Context, db *sql.DB, dialect Dialect, namespace string, opts ...Option) (*Store, error) {
	// Checked first: the namespace becomes part of statements.
	if err := replay.CheckNamespace(namespace); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	s, err := prepare(db, dialect, namespace, opts)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare makes a store without a call to the database. Without a namespace, only the methods that concern the table
// itself may be called.
func prepare(db *sql.DB, dialect Dialect, namespace string, opts []Option) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the *sql.DB is nil")
	}
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	name, err := sqldb.ParseTable(dialect, o.table)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	t := table{name, namespace}
	s := &Store{db: db, table: t, txOptions: o.txOptions, logger: o.logger}
	s.pruning.off = o.noPruning
	if s.engine, err = engineFor(dialect, t, db); err != nil {
		return nil, err
	}
	// The default of MySQL and MariaDB is REPEATABLE READ. With that, MariaDB from 11.6.2 on refuses to commit a signal
	// whose lease was renewed, see WithTxOptions. SQLite has only one level.
	if s.txOptions == nil && dialect != SQLite {
		s.txOptions = &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return s, nil
}

// engineFor returns the engine of a dialect.
func engineFor(dialect Dialect, t table, db *sql.DB) (engine, error) {
	switch dialect {
	case PostgreSQL:
		return newPostgres(t, db), nil
	case SQLite:
		return &sqlite{table: t, db: db, writer: sqldb.NewWriter()}, nil
	case MySQL:
		return &mysql{table: t, db: db}, nil
	default:
		return nil, fmt.Errorf("sqlstore: %v is not a dialect: use sqlstore.PostgreSQL, SQLite or MySQL", dialect)
	}
}

// Database implements [sqltx.Source]. A journal or a worker uses it to write to the same database.
func (s *Store) Database() sqltx.Database {
	return sqltx.Database{DB: s.db, Dialect: s.table.Dialect, Namespace: s.table.namespace}
}

// Scope returns [replay.Shared]. It is so for SQLite too: several processes of one machine may use the same file.
func (s *Store) Scope() replay.Scope { return replay.Shared }

// Version returns the version of the schema.
func (s *Store) Version() int { return schemaVersion }

// Close makes every later call return [replay.ErrClosed]. Calls under way finish. The rows stay in the database, and
// the *sql.DB stays open because it is the app's. Close returns nil.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// ready returns the error with which a call must return at once, or nil.
func (s *Store) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return replay.ErrClosed
	}
	return nil
}

// micros rounds up: a lease must not expire early, and a positive one must not become 0.
func micros(d time.Duration) int64 {
	us := d.Microseconds()
	if d%time.Microsecond > 0 {
		us++
	}
	return us
}
